import { rename, writeFile } from 'node:fs/promises'
import sharp from 'sharp'
import { decodeImage } from '../lib/decode-image.ts'
import { MAX_DRAWN_SIDE_PX } from './repair-plan.ts'

/** One picture at a time in memory: this process stays small beside the core. */
sharp.cache(false)
sharp.concurrency(1)

const THUMBNAIL_QUALITY = 82

/** Decodes every pixel of a picture. Throws E-INPUT-CORRUPT when that fails, and the other errors of `decodeImage`. */
export async function decodeWhole(path: string, ffmpegPath: string, signal: AbortSignal): Promise<void> {
  await decodeImage(path, { ffmpegPath, signal })
}

/** Writes an upright JPEG whose longest side is at most `sidePx`; another process sees the whole file or none. */
export async function writeThumbnail(
  task: { readonly path: string; readonly ffmpegPath: string; readonly sidePx: number; readonly target: string },
  signal: AbortSignal,
): Promise<void> {
  const { data, width, height } = await decodeImage(task.path, {
    ffmpegPath: task.ffmpegPath,
    maxSide: task.sidePx,
    maxSourceSide: MAX_DRAWN_SIDE_PX,
    signal,
  })
  const jpeg = await sharp(data, { raw: { width, height, channels: 4 } })
    .removeAlpha()
    .jpeg({ quality: THUMBNAIL_QUALITY })
    .toBuffer()
  const temp = `${task.target}.${process.pid}.part`
  await writeFile(temp, jpeg, { mode: 0o600 })
  await rename(temp, task.target)
}

const REDRAW_QUALITY = 97
const MAX_SIDE = 8192

/** Copies a JPEG, PNG or WebP with its orientation tag turned into pixels; PNG loses nothing, the others next to nothing. */
export async function redrawUpright(task: {
  readonly path: string
  readonly format: string
  readonly hasEvenSides: boolean
  readonly target: string
}): Promise<void> {
  const picture = sharp(task.path, { failOn: 'error', limitInputPixels: MAX_SIDE * MAX_SIDE })
    .autoOrient()
    .keepIccProfile()
  const { autoOrient: upright } = await picture.metadata()
  const [width, height] = [upright.width - (upright.width % 2), upright.height - (upright.height % 2)]
  const cut = task.hasEvenSides ? picture.extract({ left: 0, top: 0, width, height }) : picture
  const encoded =
    task.format === 'png'
      ? cut.png()
      : task.format === 'webp'
        ? cut.webp({ quality: REDRAW_QUALITY, smartSubsample: true })
        : cut.jpeg({ quality: REDRAW_QUALITY, chromaSubsampling: '4:4:4' })
  await encoded.toFile(task.target)
}
