import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import type { Sharp } from 'sharp'
import { decodeImage } from '../lib/decode-image.ts'
import { asOutputError } from '../lib/publish-file.ts'
import { MAX_DRAWN_SIDE_PX } from './repair-plan.ts'
import type { PictureFormat, PicturePlan } from './repair-plan.ts'
import { extensionOf } from './sniff-format.ts'

type Repaint = Omit<PicturePlan, 'kind'> & {
  /** Absolute paths. */
  readonly path: string
  readonly folder: string
  readonly ffmpegPath: string
}

type Pixels = {
  readonly data: Buffer | Uint8Array
  readonly width: number
  readonly height: number
  readonly channels: 3 | 4
}

const BEST_QUALITY = 95
/** Below this a smaller picture looks better than a coarser one. */
const LEAST_QUALITY = 60
const SMALLEST_SIDE = 256

/**
 * Draws a picture anew as planned and saves it in `folder`, in the first format and the best quality that fit; one that
 * never fits is made smaller step by step. Returns the path. Throws what `decodeImage` throws, and E-DISK-FULL.
 */
export async function repaint(task: Repaint, signal: AbortSignal): Promise<string> {
  const { path, folder, ffmpegPath, region, content, canvas, maxSizeBytes } = task
  const wanted = { ffmpegPath, maxSourceSide: MAX_DRAWN_SIDE_PX, region, size: content, signal }
  const drawn = await decodeImage(path, wanted)
  let pixels: Pixels = { data: drawn.data as Uint8Array, width: drawn.width, height: drawn.height, channels: 4 }
  if (content.width !== canvas.width || content.height !== canvas.height) pixels = await pad(pixels, canvas)
  for (;;) {
    const { bytes, format } = await encodeToFit(pixels, task.formats, maxSizeBytes, signal)
    if (bytes.length <= maxSizeBytes || Math.min(pixels.width, pixels.height) <= SMALLEST_SIDE) {
      const target = join(folder, `image.${extensionOf(format)}`)
      await save(target, bytes)
      return target
    }
    const factor = Math.min(0.9, Math.sqrt(maxSizeBytes / bytes.length))
    pixels = await scaleDown(pixels, factor)
  }
}

const open = ({ data, ...raw }: Pixels): Sharp => sharp(data, { raw })

async function scaleDown(pixels: Pixels, factor: number): Promise<Pixels> {
  // Even sides stay even, and one factor for both keeps the ratio.
  const side = (value: number) => Math.max(2, 2 * Math.ceil((value * factor) / 2))
  return toPixels(
    open(pixels).resize({ width: side(pixels.width), height: side(pixels.height), fit: 'fill', kernel: 'lanczos3' }),
  )
}

async function toPixels(picture: Sharp): Promise<Pixels> {
  const { data, info } = await picture.removeAlpha().raw().toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height, channels: 3 }
}

const BACKDROP_SIDE = 256
const BACKDROP_BLUR = 12

/** Lays a picture in the middle of a larger canvas whose rest continues its edges, out of focus. */
async function pad(pixels: Pixels, canvas: { readonly width: number; readonly height: number }): Promise<Pixels> {
  const scale = BACKDROP_SIDE / Math.max(canvas.width, canvas.height)
  const side = (value: number) => Math.max(1, Math.round(value * scale))
  const [width, height] = [side(canvas.width), side(canvas.height)]
  const [innerWidth, innerHeight] = [Math.min(width, side(pixels.width)), Math.min(height, side(pixels.height))]
  const [left, top] = [Math.floor((width - innerWidth) / 2), Math.floor((height - innerHeight) / 2)]
  const small = await toPixels(open(pixels).resize({ width: innerWidth, height: innerHeight, fit: 'fill' }))
  const extended = await toPixels(
    open(small).extend({
      left,
      top,
      right: width - innerWidth - left,
      bottom: height - innerHeight - top,
      extendWith: 'copy',
    }),
  )
  const backdrop = await toPixels(
    open(await toPixels(open(extended).blur(BACKDROP_BLUR))).resize({ ...canvas, fit: 'fill', kernel: 'cubic' }),
  )
  const inner = {
    left: Math.floor((canvas.width - pixels.width) / 2),
    top: Math.floor((canvas.height - pixels.height) / 2),
  }
  const { data, ...raw } = pixels
  return toPixels(
    open(backdrop).composite([{ input: Buffer.from(data.buffer, data.byteOffset, data.length), raw, ...inner }]),
  )
}

type Encoded = { readonly bytes: Buffer; readonly format: PictureFormat }

/** The best that fits; when nothing does, the smallest that was tried. */
async function encodeToFit(
  pixels: Pixels,
  formats: readonly PictureFormat[],
  maxSizeBytes: number,
  signal: AbortSignal,
): Promise<Encoded> {
  let smallest: Encoded | null = null
  for (const format of formats) {
    const encode = async (quality: number): Promise<Encoded> => {
      signal.throwIfAborted()
      const bytes = await encodeAs(open(pixels), format, quality)
      const made = { bytes, format }
      if (smallest === null || bytes.length < smallest.bytes.length) smallest = made
      return made
    }
    const best = await encode(BEST_QUALITY)
    if (best.bytes.length <= maxSizeBytes) return best
    if (format === 'png') continue
    let [low, high] = [LEAST_QUALITY, BEST_QUALITY - 1]
    let fitting: Encoded | null = null
    while (low <= high) {
      const quality = Math.floor((low + high) / 2)
      const made = await encode(quality)
      if (made.bytes.length <= maxSizeBytes) {
        fitting = made
        low = quality + 1
      } else high = quality - 1
    }
    if (fitting !== null) return fitting
  }
  if (smallest === null) throw new Error('A plan without a format')
  return smallest
}

function encodeAs(picture: Sharp, format: PictureFormat, quality: number): Promise<Buffer> {
  const flat = picture.removeAlpha()
  switch (format) {
    case 'png':
      return flat.png().toBuffer()
    case 'webp':
      return flat.webp({ quality, smartSubsample: true }).toBuffer()
    case 'jpeg':
      return flat.jpeg({ quality, chromaSubsampling: '4:4:4' }).toBuffer()
  }
}

async function save(target: string, bytes: Buffer): Promise<void> {
  try {
    await writeFile(target, bytes, { mode: 0o600, flag: 'wx' })
  } catch (thrown) {
    throw asOutputError(thrown, target)
  }
}
