import { setImmediate as nextTurn } from 'node:timers/promises'
import sharp from 'sharp'
import { decodeVoice, VOICE_RATE } from './encode/decode-voice.ts'
import { openFrameEncoder } from './encode/frame-encoder.ts'
import type { FaceModels } from './face/face-models.ts'
import { createFileCache } from './file-cache.ts'
import { clamp } from './mesh/easing.ts'
import { motionOf, type Spoken } from './motion/plan-motion.ts'
import { chooseFace, cropImage, MAX_OUTPUT_SIDE, moveFace, openPicture, outputArea } from './picture.ts'
import type { Picture, PictureFacts } from './picture.ts'
import type { PortraitParameters } from './portrait-parameters.ts'
import { PREVIEW_SECONDS, previewVoice } from './preview-voice.ts'
import type { PortraitJob, PortraitResult, PreviewRequest, RenderProgress } from './protocol.ts'
import { findPerson } from './raster/person.ts'
import { createPuppet } from './raster/puppet.ts'
import type { Puppet } from './raster/puppet.ts'
import { REST_POSE, type FramePose } from './types.ts'
import { mouthCurves } from './voice/mouth-curves.ts'

/** Longest side of a preview, pixels: enough for a window, small enough for a slider. */
const PREVIEW_SIDE = 1080
const PREVIEW_QUALITY = 88
/** A thread that is asked nothing for so long after a face was found has time to make its preview ready. */
const IDLE_MS = 100
/** Moves everything once, so that the first preview finds compiled code. */
const WARM_POSE: FramePose = { ...REST_POSE, yaw: 0.05, jaw: 0.5, wide: 0.5, press: 0.1, blink: 0.5, gazeX: 0.02 }

type Shown = Pick<PortraitParameters, 'face_index' | 'paste_back'>

const raw = ({ width, height }: Puppet) => ({ raw: { width, height, channels: 4 as const } })

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

/** The chosen face of a picture, ready to be posed in the pixels of the video. Errors as in `chooseFace`. */
export const stagePuppet = (
  models: FaceModels,
  picture: Picture,
  file: string,
  { face_index, paste_back }: Shown,
): Puppet => {
  const chosen = chooseFace(picture, file, face_index)
  const area = outputArea(picture.image, chosen, paste_back)
  const [image, face] = [cropImage(picture.image, area), moveFace(chosen, area)]
  const others = picture.faces.filter((other) => other !== chosen).map((other) => moveFace(other, area).box)
  return createPuppet(image, face, { person: findPerson(models, image, face, others) })
}

/** A studio around loaded models and an ffmpeg. */
export const createStudio = (models: FaceModels, ffmpegPath: string, hasViewer = false): Studio => {
  const pictures = createFileCache<Picture>(3)
  const voices = createFileCache<Spoken>(4)
  const previewPuppets = createFileCache<Puppet>(2)
  const madeUp = previewVoice()
  let idle: NodeJS.Timeout | undefined
  /** The picture of the latest preview. */
  let shownPath: string | undefined

  const picture = (path: string, maxSide: number, signal?: AbortSignal): Promise<Picture> =>
    pictures.get(path, `${maxSide}`, () =>
      openPicture(models, path, { ffmpegPath, maxSide, ...(signal ? { signal } : {}) }),
    )

  const voice = (path: string, signal?: AbortSignal): Promise<Spoken> =>
    voices.get(path, '', async () => {
      const { samples, durationSeconds } = await decodeVoice(ffmpegPath, path, signal ? { signal } : {})
      return { curves: mouthCurves(samples, VOICE_RATE), durationSeconds }
    })

  const previewPuppet = async (path: string, shown: Shown, signal?: AbortSignal): Promise<Puppet> => {
    const whole = await picture(path, MAX_OUTPUT_SIDE, signal)
    const isSmall = Math.max(whole.image.width, whole.image.height) <= PREVIEW_SIDE
    const opened = isSmall ? whole : await picture(path, PREVIEW_SIDE, signal)
    const variant = `${shown.face_index}:${shown.paste_back}`
    return previewPuppets.get(path, variant, async () => stagePuppet(models, opened, path, shown))
  }

  /**
   * A face that was looked at, and nothing after it, is about to be shown; one whose settings are being tried may next be
   * shown alone instead of whole, or the other way round: that preview is made ready.
   */
  const warmUp = (path: string, shown: Shown): void => {
    idle = setTimeout(() => {
      previewPuppet(path, shown)
        .then((puppet) => sharp(puppet.render(WARM_POSE), raw(puppet)).jpeg().toBuffer())
        // What is wrong with the picture is said by the call that wants it.
        .catch(() => undefined)
    }, IDLE_MS).unref()
  }

  return {
    findFaces: async (imagePath, signal) => {
      clearTimeout(idle)
      const { facts } = await picture(imagePath, MAX_OUTPUT_SIDE, signal)
      clearTimeout(idle)
      if (hasViewer && facts.faces.length > 0) warmUp(imagePath, { face_index: 0, paste_back: true })
      return facts
    },

    render: async ({ imagePath, voicePath, outputPath, parameters, aiTag }, { signal, onProgress }) => {
      clearTimeout(idle)
      // The voice is read by another process while this one looks for the face.
      const speaking = voice(voicePath, signal)
      speaking.catch(() => undefined)
      const opened = await picture(imagePath, MAX_OUTPUT_SIDE, signal)
      chooseFace(opened, imagePath, parameters.face_index)
      const spoken = await speaking
      // A cancel that came during a long stretch of computing is heard before the next one.
      await nextTurn(undefined, { signal })
      const { durationSeconds } = spoken
      const { frameCount, poseAt } = motionOf(parameters, spoken)
      const puppet = stagePuppet(models, opened, imagePath, parameters)
      await nextTurn(undefined, { signal })
      const { width, height } = puppet
      const fps = parameters.video_fps
      // From the first progress on, this thread hears a cancel within a frame and cleans up after itself.
      onProgress({ framesDone: 0, frameCount })
      const encoder = openFrameEncoder(
        { ffmpegPath, voicePath, outputPath, width, height, fps, durationSeconds, aiTag },
        signal,
      )
      try {
        for (let frame = 0; frame < frameCount; frame++) {
          await encoder.write(puppet.render(poseAt(frame)))
          signal.throwIfAborted()
          onProgress({ framesDone: frame + 1, frameCount })
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
        frames: frameCount,
        durationSeconds,
        picture: opened.facts,
        ...(toSide < fromSide ? { scaledDown: { fromSide, toSide } } : {}),
      }
    },

    preview: async ({ imagePath, parameters, timeSeconds, voicePath }, signal) => {
      clearTimeout(idle)
      const spoken = voicePath === undefined ? madeUp : await voice(voicePath, signal)
      const seconds = voicePath === undefined ? timeSeconds % PREVIEW_SECONDS : timeSeconds
      const puppet = await previewPuppet(imagePath, parameters, signal)
      const { frameCount, poseAt } = motionOf(parameters, spoken)
      const frame = clamp(Math.round(seconds * parameters.video_fps), 0, frameCount - 1)
      const jpeg = await sharp(puppet.render(poseAt(frame)), raw(puppet))
        .jpeg({ quality: PREVIEW_QUALITY })
        .toBuffer()
      signal?.throwIfAborted()
      if (shownPath === imagePath) warmUp(imagePath, { ...parameters, paste_back: !parameters.paste_back })
      shownPath = imagePath
      return Uint8Array.from(jpeg)
    },
  }
}
