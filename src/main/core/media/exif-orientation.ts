/** The orientation tag (1..8) of an EXIF block that begins at its TIFF header; 1 when absent or odd. */
export function exifOrientation(tiff: Buffer): number {
  const order = tiff.toString('latin1', 0, 2)
  if (tiff.length < 14 || (order !== 'II' && order !== 'MM')) return 1
  const isBig = order === 'MM'
  const u16 = (at: number) => (isBig ? tiff.readUInt16BE(at) : tiff.readUInt16LE(at))
  const start = isBig ? tiff.readUInt32BE(4) : tiff.readUInt32LE(4)
  if (start + 2 > tiff.length) return 1
  const count = u16(start)
  for (let i = 0; i < count; i++) {
    const at = start + 2 + i * 12
    if (at + 12 > tiff.length) return 1
    if (u16(at) === 0x0112) {
      const value = u16(at + 8)
      return value >= 1 && value <= 8 ? value : 1
    }
  }
  return 1
}
