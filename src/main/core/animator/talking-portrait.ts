import { setImmediate as nextTurn } from 'node:timers/promises'
import sharp from 'sharp'
import { decodeVoice, VOICE_RATE } from './encode/decode-voice.ts'
import { openFrameEncoder } from './encode/frame-encoder.ts'
import type { FaceModels } from './face/face-models.ts'
import { createFileCache } from './file-cache.ts'
import { planMotion } from './motion/plan-motion.ts'
import { chooseFace, cropImage, MAX_OUTPUT_SIDE, moveFace, openPicture, outputArea } from './picture.ts'
import type { Picture, PictureFacts } from './picture.ts'
import type { PortraitParameters } from './portrait-parameters.ts'
import { previewVoice } from './preview-voice.ts'
import type { PortraitJob, PortraitResult, PreviewRequest, RenderProgress } from './protocol.ts'
import { createPuppet } from './raster/puppet.ts'
import type { Puppet } from './raster/puppet.ts'
import type { FramePose, MouthCurves } from './types.ts'
import { mouthCurves } from './voice/mouth-curves.ts'

/** Longest side of a preview, pixels: enough for a window, small enough for a slider. */
const PREVIEW_SIDE = 1080
const PREVIEW_QUALITY = 88

export type SpokenCurves = { readonly curves: MouthCurves; readonly durationSeconds: number }

/** Everything that turns portraits and voices into videos, in one thread. */
export type Studio = {
  /** Faces of a picture, largest first. Errors as in `decodeImage`; none is not an error. */
  readonly findFaces: (imagePath: string, signal?: AbortSignal) => Promise<PictureFacts>
  /** Makes one video. E-INPUT-NO-FACE, E-INPUT-FACE-INDEX, E-INPUT-CORRUPT, E-TOOL-*; the signal's reason when cancelled. */
  readonly render: (
    job: PortraitJob,
    options: { readonly signal: AbortSignal; readonly onProgress: (progress: RenderProgress) => void },
  ) => Promise<PortraitResult>
  /** One frame as JPEG, at most 1,080 pixels a side. Picture, face, puppet and voice are kept between calls. */
  readonly preview: (request: PreviewRequest, signal?: AbortSignal) => Promise<Uint8Array>
}

/** The pose of every frame of a video. */
export const planPoses = (parameters: PortraitParameters, { curves, durationSeconds }: SpokenCurves): FramePose[] =>
  planMotion({
    curves,
    durationSeconds,
    fps: parameters.video_fps,
    template: parameters.template_id,
    blinksPerSecond: parameters.eye_move_freq,
    mouthStrength: parameters.mouth_move_strength,
    headStrength: parameters.head_move_strength,
    seed: parameters.seed,
  })

/** The chosen face of a picture, ready to be posed in the pixels of the video. Errors as in `chooseFace`. */
export const stagePuppet = (picture: Picture, file: string, { face_index, paste_back }: PortraitParameters): Puppet => {
  const face = chooseFace(picture, file, face_index)
  const area = outputArea(picture.image, face, paste_back)
  return createPuppet(cropImage(picture.image, area), moveFace(face, area))
}

/** A studio around loaded models and an ffmpeg. */
export const createStudio = (models: FaceModels, ffmpegPath: string): Studio => {
  const pictures = createFileCache<Picture>(3)
  const voices = createFileCache<SpokenCurves>(4)
  const previewPuppets = createFileCache<Puppet>(1)

  const picture = (path: string, maxSide: number, signal?: AbortSignal): Promise<Picture> =>
    pictures.get(path, `${maxSide}`, () =>
      openPicture(models, path, { ffmpegPath, maxSide, ...(signal ? { signal } : {}) }),
    )

  const voice = (path: string, signal?: AbortSignal): Promise<SpokenCurves> =>
    voices.get(path, '', async () => {
      const { samples, durationSeconds } = await decodeVoice(ffmpegPath, path, signal ? { signal } : {})
      return { curves: mouthCurves(samples, VOICE_RATE), durationSeconds }
    })

  return {
    findFaces: async (imagePath, signal) => (await picture(imagePath, MAX_OUTPUT_SIDE, signal)).facts,

    render: async ({ imagePath, voicePath, outputPath, parameters, aiTag }, { signal, onProgress }) => {
      // The voice is read by another process while this one looks for the face.
      const speaking = voice(voicePath, signal)
      speaking.catch(() => undefined)
      const opened = await picture(imagePath, MAX_OUTPUT_SIDE, signal)
      chooseFace(opened, imagePath, parameters.face_index)
      const spoken = await speaking
      // A cancel that came during a long stretch of computing is heard before the next one.
      await nextTurn(undefined, { signal })
      const { durationSeconds } = spoken
      const poses = planPoses(parameters, spoken)
      const puppet = stagePuppet(opened, imagePath, parameters)
      await nextTurn(undefined, { signal })
      const { width, height } = puppet
      const fps = parameters.video_fps
      // From the first progress on, this thread hears a cancel within a frame and cleans up after itself.
      onProgress({ framesDone: 0, frameCount: poses.length })
      const encoder = openFrameEncoder(
        { ffmpegPath, voicePath, outputPath, width, height, fps, durationSeconds, aiTag },
        signal,
      )
      let frames = 0
      try {
        for (const pose of poses) {
          await encoder.write(puppet.render(pose))
          signal.throwIfAborted()
          frames++
          onProgress({ framesDone: frames, frameCount: poses.length })
        }
        await encoder.finish()
      } catch (thrown) {
        await encoder.discard()
        throw thrown
      }
      const fromSide = Math.max(opened.facts.width, opened.facts.height)
      const toSide = Math.max(opened.image.width, opened.image.height)
      return {
        width,
        height,
        frames,
        durationSeconds,
        picture: opened.facts,
        ...(toSide < fromSide ? { scaledDown: { fromSide, toSide } } : {}),
      }
    },

    preview: async ({ imagePath, parameters, timeSeconds, voicePath }, signal) => {
      const opened = await picture(imagePath, PREVIEW_SIDE, signal)
      const spoken = voicePath === undefined ? previewVoice(timeSeconds) : await voice(voicePath, signal)
      const variant = `${parameters.face_index}:${parameters.paste_back}`
      const puppet = await previewPuppets.get(imagePath, variant, async () =>
        stagePuppet(opened, imagePath, parameters),
      )
      const poses = planPoses(parameters, spoken)
      const index = Math.min(poses.length - 1, Math.max(0, Math.round(timeSeconds * parameters.video_fps)))
      const { width, height } = puppet
      const jpeg = await sharp(puppet.render(poses[index] as FramePose), { raw: { width, height, channels: 4 } })
        .jpeg({ quality: PREVIEW_QUALITY })
        .toBuffer()
      signal?.throwIfAborted()
      return Uint8Array.from(jpeg)
    },
  }
}
