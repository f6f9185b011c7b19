import sharp from 'sharp'
import { clipParametersSchema } from '../../src/main/core/animator/clip-parameters.ts'
import type { ClipParameters } from '../../src/main/core/animator/clip-parameters.ts'
import { openFrameEncoder } from '../../src/main/core/animator/encode/frame-encoder.ts'
import { analyseFaces } from '../../src/main/core/animator/face/analyse-faces.ts'
import type { FaceModels } from '../../src/main/core/animator/face/face-models.ts'
import { findPerson } from '../../src/main/core/animator/raster/person.ts'
import { createPuppet } from '../../src/main/core/animator/raster/puppet.ts'
import { REST_POSE } from '../../src/main/core/animator/types.ts'
import type { Face, FramePose } from '../../src/main/core/animator/types.ts'
import type { RgbaImage } from '../../src/main/core/lib/rgba-image.ts'
import { defaultParameters, ENGINE_PARAMETERS } from '../../src/shared/model/parameters.ts'
import { makerPath } from '../fixtures/media-tools.ts'

export const CLIP_FPS = 25

export const clipParameters = (changed: Partial<ClipParameters> = {}): ClipParameters => ({
  ...clipParametersSchema.parse(defaultParameters(ENGINE_PARAMETERS.offline)),
  ...changed,
})

/** Curves of different rhythm for every control: what a driver did, to be found again. */
export const knownPoses = (count: number): FramePose[] =>
  Array.from({ length: count }, (_, i) => {
    const wave = (hz: number, phase: number): number =>
      Math.sin(2 * Math.PI * ((hz * i) / CLIP_FPS + phase)) - Math.sin(2 * Math.PI * phase)
    const blinking = i % 19
    return {
      ...REST_POSE,
      yaw: 0.13 * wave(0.9, 0),
      pitch: 0.12 * wave(1.1, 0),
      roll: 0.06 * wave(0.7, 0.5),
      jaw: 0.4 * Math.max(0, 1 - Math.cos((2 * Math.PI * 1.9 * i) / CLIP_FPS)),
      wide: 0.25 * wave(1.3, 0.5),
      brow: 0.8 * wave(0.8, 0),
      blink: blinking >= 8 && blinking < 13 ? ([0.5, 1, 1, 0.7, 0.2][blinking - 8] ?? 0) : 0,
    }
  })

export type Posed = { readonly image: RgbaImage; readonly face: Face; readonly frames: readonly RgbaImage[] }

/** A portrait at `side` pixels, and its pictures in the given poses. */
export const poseFrames = async (
  models: FaceModels,
  portrait: string,
  side: number,
  poses: readonly FramePose[],
): Promise<Posed> => {
  const png = await sharp(portrait).resize(side, side).png().toBuffer()
  const { data, info } = await sharp(png).ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  const image = { width: info.width, height: info.height, data: Uint8Array.from(data) }
  const face = analyseFaces(models, image)[0]
  if (!face) throw new Error(`no face in ${portrait}`)
  const puppet = createPuppet(image, face, { person: findPerson(models, image, face) })
  return { image, face, frames: poses.map((pose) => ({ ...image, data: puppet.render(pose).slice() })) }
}

/** Writes pictures as a video, with the sound of a file where one is given. */
export const writeClip = async (
  outputPath: string,
  frames: readonly RgbaImage[],
  { fps = CLIP_FPS, voicePath = null }: { fps?: number | string; voicePath?: string | null } = {},
): Promise<string> => {
  const [first] = frames
  if (!first) throw new Error('no pictures')
  const [over = 25, under = 1] = String(fps).split('/').map(Number)
  const encoder = openFrameEncoder({
    ffmpegPath: makerPath,
    voicePath,
    outputPath,
    width: first.width,
    height: first.height,
    fps,
    durationSeconds: (frames.length * under) / over,
    aiTag: false,
  })
  for (const { data } of frames) await encoder.write(data)
  await encoder.finish()
  return outputPath
}

/** Pictures side by side on grey, `height` pixels high. */
export const sideBySide = (images: readonly RgbaImage[], height: number, gap = 0): RgbaImage => {
  const width = images.reduce((sum, image) => sum + image.width + gap, gap)
  const data = new Uint8Array(width * height * 4).fill(128)
  for (let i = 3; i < data.length; i += 4) data[i] = 255
  let left = gap
  for (const image of images) {
    for (let y = 0; y < Math.min(height, image.height); y++)
      data.set(image.data.subarray(y * image.width * 4, (y + 1) * image.width * 4), (y * width + left) * 4)
    left += image.width + gap
  }
  return { width, height, data }
}
