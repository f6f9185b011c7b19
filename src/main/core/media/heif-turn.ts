/** Boxes of ISO base media files: their names and contents, as far as they lie whole in `bytes`. */
function* boxesIn(bytes: Buffer, from: number, end: number): Generator<{ name: string; start: number; end: number }> {
  for (let at = from; at + 8 <= end;) {
    const size = bytes.readUInt32BE(at)
    const isLarge = size === 1
    const length = isLarge ? (at + 16 <= end ? Number(bytes.readBigUInt64BE(at + 8)) : 0) : size === 0 ? end - at : size
    if (length < 8 || at + length > end) return
    yield { name: bytes.toString('latin1', at + 4, at + 8), start: at + (isLarge ? 16 : 8), end: at + length }
    at += length
  }
}

type Box = { readonly start: number; readonly end: number }

function boxNamed(bytes: Buffer, name: string, { start, end }: Box): Box | null {
  for (const box of boxesIn(bytes, start, end)) if (box.name === name) return box
  return null
}

/**
 * Whether readers turn the main picture of a HEIC or AVIF by a quarter (its `irot` property, ISO/IEC 23008-12): then its
 * stored width is its upright height. `head` holds the boxes before the pixels. False for what cannot be followed.
 */
export function isQuarterTurned(head: Buffer): boolean {
  try {
    const meta = boxNamed(head, 'meta', { start: 0, end: head.length })
    if (meta === null) return false
    const inside = { start: meta.start + 4, end: meta.end }
    const main = boxNamed(head, 'pitm', inside)
    const properties = boxNamed(head, 'iprp', inside)
    if (main === null || properties === null) return false
    const container = boxNamed(head, 'ipco', properties)
    const associations = boxNamed(head, 'ipma', properties)
    if (container === null || associations === null) return false
    const mainId = head[main.start] === 0 ? head.readUInt16BE(main.start + 4) : head.readUInt32BE(main.start + 4)
    const all = [...boxesIn(head, container.start, container.end)]
    return propertiesOf(head, associations, mainId).some((index) => {
      const property = all[index - 1]
      return property?.name === 'irot' && ((head[property.start] ?? 0) & 1) === 1
    })
  } catch (thrown) {
    // A box that promises more bytes than there are.
    if (thrown instanceof RangeError) return false
    throw thrown
  }
}

/** Numbers, from 1, of the properties of one item. */
function propertiesOf(bytes: Buffer, { start }: Box, itemId: number): number[] {
  const isLongId = bytes[start] !== 0
  const isLongIndex = ((bytes[start + 3] ?? 0) & 1) === 1
  const entries = bytes.readUInt32BE(start + 4)
  let at = start + 8
  for (let entry = 0; entry < entries; entry++) {
    const id = isLongId ? bytes.readUInt32BE(at) : bytes.readUInt16BE(at)
    at += isLongId ? 4 : 2
    const count = bytes.readUInt8(at)
    at += 1
    const width = isLongIndex ? 2 : 1
    if (id === itemId) {
      return Array.from({ length: count }, (_, i) =>
        isLongIndex ? bytes.readUInt16BE(at + i * 2) & 0x7fff : bytes.readUInt8(at + i) & 0x7f,
      )
    }
    at += count * width
  }
  return []
}
