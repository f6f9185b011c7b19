/**
 * The bytes of a file name as text. Bytes that are not UTF-8 become \xNN, and `isExact` is false: such a name can be
 * shown, but not handed to another program.
 */
export function readableName(name: Buffer): { readonly text: string; readonly isExact: boolean } {
  const whole = name.toString('utf8')
  if (!whole.includes('\ufffd') || Buffer.from(whole, 'utf8').equals(name)) return { text: whole, isExact: true }
  let text = ''
  for (let at = 0; at < name.length;) {
    const lead = name[at] as number
    const length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0
    const piece = name.subarray(at, at + Math.max(1, length))
    const decoded = piece.toString('utf8')
    if (length > 0 && piece.length === length && !decoded.includes('\ufffd')) {
      text += decoded
      at += length
    } else {
      text += `\\x${lead.toString(16).padStart(2, '0')}`
      at += 1
    }
  }
  return { text, isExact: false }
}
