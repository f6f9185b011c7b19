import { imageSize } from 'image-size'
import type { FileReader } from './file-reader.ts'
import type { Picture } from './inspection.ts'
import { exifOrientation } from './exif-orientation.ts'
import { isQuarterTurned } from './heif-turn.ts'

/** Why a picture's header is not believed. `truncated`: the file ends before what its header promises. */
export type PictureProblem = 'broken' | 'truncated' | 'no-pixels'
export type PictureResult =
  | { readonly kind: 'picture'; readonly picture: Picture; readonly problem: PictureProblem | null }
  | { readonly kind: 'bad'; readonly problem: PictureProblem }

const bad = (problem: PictureProblem): PictureResult => ({ kind: 'bad', problem })
const good = (
  width: number,
  height: number,
  rest: { orientation?: number; animated?: boolean; problem?: PictureProblem | null } = {},
): PictureResult =>
  width < 1 || height < 1
    ? bad('broken')
    : {
        kind: 'picture',
        picture: { width, height, orientation: rest.orientation ?? 1, animated: rest.animated ?? false },
        problem: rest.problem ?? null,
      }

const MAX_PARTS = 20_000

/**
 * Size, orientation and animation of a picture from its own header. ffprobe and decoders are not asked: they answer
 * 0x0 or decode a bomb. Sizes come back unlimited, as claimed; whether all pixels decode is for the later, deep pass.
 */
export async function readPictureHeader(file: FileReader, format: string): Promise<PictureResult> {
  switch (format) {
    case 'jpeg':
      return readJpeg(file)
    case 'png':
      return readPng(file)
    case 'bmp':
      return readBmp(file)
    case 'webp':
      return readWebp(file)
    case 'gif':
      return readGif(file)
    case 'tiff':
      return readTiff(file)
    default:
      return readOther(file)
  }
}

async function readJpeg(file: FileReader): Promise<PictureResult> {
  let at = 2
  let orientation = 1
  let size: { width: number; height: number } | null = null
  for (let part = 0; part < MAX_PARTS; part++) {
    const head = await file.read(at, 4)
    if (head.length < 4) break
    if (head[0] !== 0xff)
      return size === null ? bad('broken') : good(size.width, size.height, { orientation, problem: 'broken' })
    const marker = head[1] as number
    if (marker === 0xff || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += marker === 0xff ? 1 : 2
      continue
    }
    const length = head.readUInt16BE(2)
    if (length < 2) return bad('broken')
    if (marker === 0xda) {
      if (size === null) return bad('broken')
      const hasPixels = at + 2 + length < file.sizeBytes
      return good(size.width, size.height, { orientation, problem: hasPixels ? null : 'no-pixels' })
    }
    // Every start of frame but DHT (C4), JPG (C8) and DAC (CC), which share the range.
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      const frame = await file.read(at + 4, 5)
      if (frame.length < 5) break
      size = { height: frame.readUInt16BE(1), width: frame.readUInt16BE(3) }
    }
    if (marker === 0xe1) {
      const exif = await file.read(at + 4, length - 2)
      if (exif.toString('latin1', 0, 6) === 'Exif\0\0') orientation = exifOrientation(exif.subarray(6))
    }
    at += 2 + length
  }
  return size === null ? bad('truncated') : good(size.width, size.height, { orientation, problem: 'truncated' })
}

async function readPng(file: FileReader): Promise<PictureResult> {
  const first = await file.read(8, 25)
  if (first.length < 25 || first.toString('latin1', 4, 8) !== 'IHDR') return bad('broken')
  const width = first.readUInt32BE(8)
  const height = first.readUInt32BE(12)
  let orientation = 1
  let animated = false
  let at = 33
  for (let part = 0; part < MAX_PARTS; part++) {
    const head = await file.read(at, 8)
    if (head.length < 8) return good(width, height, { orientation, animated, problem: 'no-pixels' })
    const length = head.readUInt32BE(0)
    const type = head.toString('latin1', 4, 8)
    if (type === 'IDAT') {
      const fits = at + 12 + length <= file.sizeBytes
      return good(width, height, { orientation, animated, problem: fits ? null : 'truncated' })
    }
    if (type === 'IEND') return good(width, height, { orientation, animated, problem: 'no-pixels' })
    if (type === 'acTL') {
      const frames = await file.read(at + 8, 4)
      animated = frames.length === 4 && frames.readUInt32BE(0) > 1
    }
    if (type === 'eXIf') orientation = exifOrientation(await file.read(at + 8, Math.min(length, 65_536)))
    at += 12 + length
  }
  return good(width, height, { orientation, animated, problem: 'broken' })
}

async function readBmp(file: FileReader): Promise<PictureResult> {
  const head = await file.read(0, 54)
  if (head.length < 26) return bad('truncated')
  const dataAt = head.readUInt32LE(10)
  const isCore = head.readUInt32LE(14) === 12
  const width = isCore ? head.readUInt16LE(18) : Math.abs(head.readInt32LE(18))
  const height = isCore ? head.readUInt16LE(20) : Math.abs(head.readInt32LE(22))
  const bits = head.readUInt16LE(isCore ? 24 : 28)
  const isRaw = isCore || [0, 3].includes(head.readUInt32LE(30))
  const rowBytes = Math.ceil((width * bits) / 32) * 4
  if (file.sizeBytes <= dataAt) return good(width, height, { problem: 'no-pixels' })
  return good(width, height, { problem: isRaw && dataAt + rowBytes * height > file.sizeBytes ? 'truncated' : null })
}

async function readWebp(file: FileReader): Promise<PictureResult> {
  const head = await file.read(0, 64)
  if (head.length < 30) return bad('truncated')
  const problem = head.readUInt32LE(4) + 8 > file.sizeBytes + 1 ? ('truncated' as const) : null
  switch (head.toString('latin1', 12, 16)) {
    case 'VP8 ':
      return good(head.readUInt16LE(26) & 0x3fff, head.readUInt16LE(28) & 0x3fff, { problem })
    case 'VP8L': {
      const bits = head.readUInt32LE(21)
      return good((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1, { problem })
    }
    case 'VP8X': {
      const animated = ((head[20] as number) & 0x02) !== 0
      const hasExif = ((head[20] as number) & 0x08) !== 0
      const orientation = hasExif ? await webpOrientation(file) : 1
      return good(head.readUIntLE(24, 3) + 1, head.readUIntLE(27, 3) + 1, { animated, orientation, problem })
    }
    default:
      return bad('broken')
  }
}

async function webpOrientation(file: FileReader): Promise<number> {
  let at = 12
  for (let part = 0; part < MAX_PARTS; part++) {
    const head = await file.read(at, 8)
    if (head.length < 8) return 1
    const length = head.readUInt32LE(4)
    if (head.toString('latin1', 0, 4) === 'EXIF') {
      const exif = await file.read(at + 8, Math.min(length, 65_536))
      return exifOrientation(exif.toString('latin1', 0, 6) === 'Exif\0\0' ? exif.subarray(6) : exif)
    }
    at += 8 + length + (length % 2)
  }
  return 1
}

async function readGif(file: FileReader): Promise<PictureResult> {
  const head = await file.read(0, 13)
  if (head.length < 13) return bad('truncated')
  const size = [head.readUInt16LE(6), head.readUInt16LE(8)] as const
  const tableBytes = (flags: number) => ((flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1))
  const skipBlocks = async (from: number): Promise<number> => {
    let at = from
    for (let part = 0; part < MAX_PARTS; part++) {
      const length = (await file.read(at, 1))[0]
      if (length === undefined) return at
      at += 1 + length
      if (length === 0) break
    }
    return at
  }
  let at = 13 + tableBytes(head[10] as number)
  let frames = 0
  for (let part = 0; part < MAX_PARTS && frames < 2; part++) {
    const block = await file.read(at, 10)
    if (block.length === 0 || block[0] === 0x3b) break
    if (block[0] === 0x21) {
      at = await skipBlocks(at + 2)
    } else if (block[0] === 0x2c && block.length === 10) {
      frames += 1
      at = await skipBlocks(at + 10 + tableBytes(block[9] as number) + 1)
    } else {
      break
    }
  }
  return good(size[0], size[1], { animated: frames > 1, problem: frames === 0 ? 'no-pixels' : null })
}

/** The first directory of a TIFF: tags 256 and 257 are the sides, 274 the orientation. */
async function readTiff(file: FileReader): Promise<PictureResult> {
  const head = await file.read(0, 8)
  if (head.length < 8) return bad('truncated')
  const isBig = head[0] === 0x4d
  const u16 = (bytes: Buffer, at: number) => (isBig ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at))
  const u32 = (bytes: Buffer, at: number) => (isBig ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at))
  if (u16(head, 2) !== 42) return readOther(file)
  const directoryAt = u32(head, 4)
  const count = await file.read(directoryAt, 2)
  if (count.length < 2) return bad('truncated')
  const entries = await file.read(directoryAt + 2, u16(count, 0) * 12)
  const tags = new Map<number, number>()
  for (let at = 0; at + 12 <= entries.length; at += 12) {
    tags.set(u16(entries, at), u16(entries, at + 2) === 3 ? u16(entries, at + 8) : u32(entries, at + 8))
  }
  const orientation = tags.get(274) ?? 1
  return good(tags.get(256) ?? 0, tags.get(257) ?? 0, {
    orientation: orientation >= 1 && orientation <= 8 ? orientation : 1,
  })
}

/** How much of a HEIC or AVIF file holds its boxes of properties, which come before the pixels. */
const OTHER_HEAD_BYTES = 1 << 20

async function readOther(file: FileReader): Promise<PictureResult> {
  const head = await file.read(0, Math.min(file.sizeBytes, OTHER_HEAD_BYTES))
  try {
    const { width, height, orientation } = imageSize(head)
    return isQuarterTurned(head) ? good(height, width) : good(width, height, { orientation: orientation ?? 1 })
  } catch {
    return bad('broken')
  }
}
