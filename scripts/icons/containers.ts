/** The two icon containers of the desktop systems, written by hand: both are a table of contents and the pictures. */

/** A square picture: PNG bytes, or for small Windows icons raw RGBA rows from top to bottom. */
export type IconImage = { sidePixels: number; png: Buffer; rgba: Buffer }

/**
 * A Windows device-independent bitmap without file header: BGRA from bottom to top, then an empty one-bit mask. The height field
 * counts both. Old readers know no PNG below 256 pixels.
 */
function bitmap({ sidePixels, rgba }: IconImage): Buffer {
  const header = Buffer.alloc(40)
  header.writeUInt32LE(40, 0)
  header.writeInt32LE(sidePixels, 4)
  header.writeInt32LE(sidePixels * 2, 8)
  header.writeUInt16LE(1, 12)
  header.writeUInt16LE(32, 14)
  const rowBytes = sidePixels * 4
  const rows = Array.from({ length: sidePixels }, (_, i) => {
    const start = (sidePixels - 1 - i) * rowBytes
    const row = Buffer.from(rgba.subarray(start, start + rowBytes))
    for (let x = 0; x < rowBytes; x += 4) {
      const red = row.readUInt8(x)
      row.writeUInt8(row.readUInt8(x + 2), x)
      row.writeUInt8(red, x + 2)
    }
    return row
  })
  const maskRowBytes = Math.ceil(sidePixels / 32) * 4
  return Buffer.concat([header, ...rows, Buffer.alloc(maskRowBytes * sidePixels)])
}

/** A Windows .ico: a side of 256 is kept as PNG (and written as 0, its field has one byte), smaller ones as bitmaps. */
export function windowsIcon(images: readonly IconImage[]): Buffer {
  const bodies = images.map((image) => (image.sidePixels >= 256 ? image.png : bitmap(image)))
  const head = Buffer.alloc(6 + 16 * images.length)
  head.writeUInt16LE(1, 2)
  head.writeUInt16LE(images.length, 4)
  let offset = head.length
  for (const [index, { sidePixels }] of images.entries()) {
    const sizeBytes = bodies[index]?.length ?? 0
    const entry = 6 + 16 * index
    head.writeUInt8(sidePixels % 256, entry)
    head.writeUInt8(sidePixels % 256, entry + 1)
    head.writeUInt16LE(1, entry + 4)
    head.writeUInt16LE(32, entry + 6)
    head.writeUInt32LE(sizeBytes, entry + 8)
    head.writeUInt32LE(offset, entry + 12)
    offset += sizeBytes
  }
  return Buffer.concat([head, ...bodies])
}

/** The four-letter kinds of PNG pictures in an .icns and the side each one holds; those with two sides are for dense screens. */
const appleKinds: readonly (readonly [kind: string, sidePixels: number])[] = [
  ['icp4', 16],
  ['icp5', 32],
  ['ic11', 32],
  ['ic12', 64],
  ['ic07', 128],
  ['ic13', 256],
  ['ic08', 256],
  ['ic14', 512],
  ['ic09', 512],
  ['ic10', 1024],
]

export const appleSides: readonly number[] = [...new Set(appleKinds.map(([, sidePixels]) => sidePixels))]

/** An Apple .icns. Throws a RangeError when a side of `appleSides` is missing. */
export function appleIcon(images: readonly IconImage[]): Buffer {
  const chunk = (kind: string, body: Buffer) => {
    const head = Buffer.alloc(8)
    head.write(kind, 0, 'latin1')
    head.writeUInt32BE(body.length + 8, 4)
    return Buffer.concat([head, body])
  }
  const chunks = appleKinds.map(([kind, sidePixels]) => {
    const image = images.find((candidate) => candidate.sidePixels === sidePixels)
    if (!image) throw new RangeError(`no picture of ${sidePixels} pixels for ${kind}`)
    return chunk(kind, image.png)
  })
  return chunk('icns', Buffer.concat(chunks))
}
