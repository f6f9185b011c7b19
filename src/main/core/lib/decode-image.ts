import { open, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import sharp from 'sharp'
import type { Sharp } from 'sharp'
import { StudioError } from '../../../shared/errors.ts'
import type { RgbaImage } from './rgba-image.ts'
import { runTool } from './run-tool.ts'

/** A decoded picture and the upright size that the file has before any scaling. */
export type DecodedImage = RgbaImage & {
  readonly sourceWidth: number
  readonly sourceHeight: number
}

export type DecodeImageOptions = {
  /** Absolute path; reads BMP files, which sharp does not. */
  readonly ffmpegPath: string
  /** The longest side of the result, pixels; larger pictures are scaled down. Absent: the file's own size. */
  readonly maxSide?: number
  /** Longest side of the file that is accepted, pixels; 8,192 unless said. */
  readonly maxSourceSide?: number
  /** The part of the upright picture that is wanted, whole pixels inside it. */
  readonly region?: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }
  /** Exact size of the result instead of `maxSide`. */
  readonly size?: { readonly width: number; readonly height: number }
  readonly signal?: AbortSignal
}

// Every picture is decoded once; remembered operations would only hold memory.
sharp.cache(false)

/** Longest side that is accepted unless a larger one is asked for, pixels. */
const MAX_SIDE = 8192
/** With a larger side: memory stays below half a gigabyte. */
const MAX_PIXELS = 150_000_000
const BMP_TIMEOUT_MS = 20_000
const BMP_HEADER_BYTES = 26

type PictureKind = 'sharp' | 'bmp' | 'heic' | 'unknown'

const HEVC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs']

/** Decided by the first bytes alone, so that no reader meets a format that nobody asked for (SVG, PDF, playlists). */
const kindOf = (head: Buffer): PictureKind => {
  const text = head.toString('latin1')
  if (text.startsWith('BM')) return 'bmp'
  if (text.slice(4, 8) === 'ftyp') {
    const brands: readonly string[] =
      text.slice(8, Math.min(head.length, Math.max(16, head.readUInt32BE(0)))).match(/.{4}/gs) ?? []
    if (brands.includes('avif') || brands.includes('avis')) return 'sharp'
    return brands.some((brand) => HEVC_BRANDS.includes(brand)) ? 'heic' : 'unknown'
  }
  const isKnown =
    head.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff])) ||
    text.startsWith('\x89PNG\r\n\x1a\n') ||
    (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') ||
    text.startsWith('II*\0') ||
    text.startsWith('MM\0*') ||
    text.startsWith('GIF8')
  return isKnown ? 'sharp' : 'unknown'
}

const readHead = async (path: string): Promise<Buffer> => {
  const file = await open(path, 'r')
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(64), 0, 64, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

const readBmp = async (path: string, head: Buffer, options: DecodeImageOptions): Promise<Sharp> => {
  if (head.length < BMP_HEADER_BYTES) throw new Error('the BMP header is cut off')
  // A 12-byte core header has 16-bit sides; every later one 32-bit sides, the height negative when stored top-down.
  const isCore = head.readUInt32LE(14) === 12
  const width = isCore ? head.readUInt16LE(18) : Math.abs(head.readInt32LE(18))
  const height = isCore ? head.readUInt16LE(20) : Math.abs(head.readInt32LE(22))
  assertSides(width, height, options)
  const expectedBytes = width * height * 3
  const args = ['-v', 'error', '-nostdin', '-protocol_whitelist', 'file,pipe', '-f', 'bmp_pipe', '-i', `file:${path}`]
  args.push('-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1')
  const { exitCode, stdout, errorText } = await runTool({
    path: options.ffmpegPath,
    args,
    timeoutMs: BMP_TIMEOUT_MS,
    maxOutputBytes: expectedBytes + 1024,
    signal: options.signal,
  })
  if (exitCode !== 0) throw new Error(errorText.trim())
  if (stdout.length !== expectedBytes) throw new Error(`${stdout.length} of ${expectedBytes} bytes of pixels`)
  return sharp(stdout, { raw: { width, height, channels: 3 } })
}

const assertSides = (width: number, height: number, { maxSourceSide: limit = MAX_SIDE }: DecodeImageOptions): void => {
  if (width < 1 || height < 1) throw new Error('a side is 0')
  const isTooMuch = limit > MAX_SIDE && width * height > MAX_PIXELS
  if (Math.max(width, height) > limit || isTooMuch) {
    throw new StudioError('E-INPUT-DIMENSIONS', { params: { value: `${width}x${height}`, limit } })
  }
}

const readHeic = async (path: string, options: DecodeImageOptions): Promise<Sharp> => {
  // libheif is 1.5 MB of WebAssembly: loaded only when a HEIC file comes.
  const { default: decodeHeic } = await import('heic-decode')
  const { width, height, data } = await decodeHeic({ buffer: await readFile(path) })
  assertSides(width, height, options)
  return sharp(data, { raw: { width, height, channels: 4 } })
}

const openPicture = async (path: string, options: DecodeImageOptions): Promise<Sharp> => {
  const head = await readHead(path)
  switch (kindOf(head)) {
    case 'bmp':
      return readBmp(path, head, options)
    case 'heic':
      return readHeic(path, options)
    case 'sharp':
      // 'error' and worse: a picture that is cut off is refused, an odd tag is not.
      return sharp(path, { failOn: 'error', limitInputPixels: MAX_PIXELS, pages: 1 }).autoOrient()
    case 'unknown':
      throw new StudioError('E-INPUT-TYPE', { params: { file: path } })
  }
}

/**
 * Decodes any accepted picture (JPEG, PNG, WebP, AVIF, TIFF, first frame of a GIF, BMP, HEIC) to an upright 8-bit sRGB image:
 * orientation tag applied, CMYK, grey and 16-bit converted, transparency laid on white, so every alpha byte is 255.
 *
 * Throws E-INPUT-TYPE (not one of these by its first bytes), E-INPUT-DIMENSIONS (a side over the accepted one), E-INPUT-CORRUPT
 * (param `detail`), E-INPUT-MISSING, E-INPUT-PERMISSION, E-TOOL-MISSING and E-TOOL-TIMEOUT (a BMP's reader); the signal's own reason when
 * aborted.
 */
export const decodeImage = async (path: string, options: DecodeImageOptions): Promise<DecodedImage> => {
  options.signal?.throwIfAborted()
  try {
    const picture = await openPicture(resolve(path), options)
    const { autoOrient: upright } = await picture.metadata()
    assertSides(upright.width, upright.height, options)
    const { maxSide, region, size } = options
    const cut =
      region === undefined
        ? picture
        : picture.extract({ left: region.x, top: region.y, width: region.width, height: region.height })
    const { width, height } = region ?? upright
    const sized =
      size !== undefined && (size.width !== width || size.height !== height)
        ? cut.resize({ ...size, fit: 'fill', kernel: 'lanczos3' })
        : maxSide !== undefined && Math.max(width, height) > maxSide
          ? cut.resize({ width: maxSide, height: maxSide, fit: 'inside', kernel: 'lanczos3' })
          : cut
    const { data, info } = await sized
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .ensureAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
    options.signal?.throwIfAborted()
    return { width: info.width, height: info.height, data, sourceWidth: upright.width, sourceHeight: upright.height }
  } catch (thrown) {
    options.signal?.throwIfAborted()
    // More pixels than the header of a BMP promises.
    const isTooMuch = thrown instanceof StudioError && thrown.code === 'E-TOOL-FAILED'
    if (thrown instanceof StudioError && !isTooMuch) throw thrown
    throw asStudioError(path, thrown)
  }
}

const asStudioError = (file: string, cause: unknown): StudioError => {
  const reason = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (reason === 'ENOENT' && cause instanceof Error && 'path' in cause && cause.path === resolve(file)) {
    return new StudioError('E-INPUT-MISSING', { params: { file }, cause })
  }
  if (reason === 'EACCES' || reason === 'EPERM')
    return new StudioError('E-INPUT-PERMISSION', { params: { file }, cause })
  const detail = (cause instanceof Error ? cause.message : String(cause)).slice(0, 300)
  return new StudioError('E-INPUT-CORRUPT', { params: { file, detail }, cause })
}
