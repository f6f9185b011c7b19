import { setImmediate as nextTurn } from 'node:timers/promises'
import { StudioError } from '../../../shared/errors.ts'
import { decodeImage } from '../lib/decode-image.ts'
import type { RgbaImage } from '../lib/rgba-image.ts'
import { createMover } from './clip-mover.ts'
import { decodeVideo, perSecond, probeVideo, VIDEO_INPUT_ARGS } from './encode/decode-video.ts'
import type { Rate } from './encode/decode-video.ts'
import { openFrameEncoder } from './encode/frame-encoder.ts'
import { analyseFaces } from './face/analyse-faces.ts'
import type { FaceModels } from './face/face-models.ts'
import { createFaceTracker } from './face/track-face.ts'
import { createDriverReader } from './motion/driver-reader.ts'
import { cropImage, MAX_OUTPUT_SIDE } from './picture.ts'
import type { ClipJob, ClipLook, ClipResult, Driver, DriverRead, RenderProgress } from './protocol.ts'
import type { Face } from './types.ts'

/** Longest side of a driver's pictures: whole small pictures, or enough pixels for a face far away. */
const DRIVER_SIDE = 512
const DRIVER_CROP_SIDE = 1280
/** A look before the job: so many pictures, two a second. */
const LOOK_FRAMES = 8
const LOOK_RATE: Rate = [2, 1]
const SOUND_RATE = 48_000

/** So many faces of a source, 6 kB each, are kept while its driver is read. */
const MOST_AHEAD = 4000

type Watch = { readonly signal: AbortSignal; readonly onProgress: (progress: RenderProgress) => void }

/** Makes a performance of a driver. Errors as in `render`. */
export type ReadDriver = (driver: Driver, watch: Watch) => Promise<DriverRead>

/** A picture, or undefined when the file is something else. */
const openStill = async (path: string, ffmpegPath: string, signal: AbortSignal | undefined) => {
  try {
    return await decodeImage(path, { ffmpegPath, maxSide: MAX_OUTPUT_SIDE, ...(signal ? { signal } : {}) })
  } catch (thrown) {
    if (thrown instanceof StudioError && thrown.code === 'E-INPUT-TYPE') return undefined
    throw thrown
  }
}

/** Everything that turns sources and drivers into videos, in one thread. */
export type ClipStudio = {
  /** Faces in the first pictures of a video or in a picture. E-INPUT-CORRUPT, E-TOOL-*. */
  readonly look: (path: string, ffprobePath: string, signal?: AbortSignal) => Promise<ClipLook>
  /**
   * Makes one video. E-INPUT-NO-FACE (params `file`), E-INPUT-CORRUPT, E-TOOL-*; the signal's reason when cancelled. The driver of a source
   * that is a video is read by `readBeside` where it is given; what is made is the same.
   */
  readonly render: (job: ClipJob, watch: Watch, readBeside?: ReadDriver) => Promise<ClipResult>
  readonly readDriver: ReadDriver
}

export const createClipStudio = (models: FaceModels, ffmpegPath: string): ClipStudio => {
  const readDriver: ReadDriver = async ({ job, facts, rate }, { signal, onProgress }) => {
    const { crop_drive_face: isCropped, video_frame_load_cap: cap, drive_face_index } = job.parameters
    const maxFrames = cap > 0 ? Math.max(1, Math.round((cap / facts.ownFps) * perSecond(rate))) : undefined
    const guess = Math.min(cap || Infinity, Math.round(facts.durationSeconds * perSecond(rate)))
    const tracker = createFaceTracker(models, drive_face_index)
    const driver = createDriverReader(!isCropped)
    const pictures = decodeVideo({
      ffmpegPath,
      path: job.driverPath,
      rate,
      maxSide: isCropped ? DRIVER_CROP_SIDE : DRIVER_SIDE,
      matrix: facts.matrix,
      signal,
      ...(maxFrames === undefined ? {} : { maxFrames }),
    })
    for await (const image of pictures) {
      driver.add(image, tracker.next(image))
      onProgress({ framesDone: driver.count(), frameCount: Math.max(driver.count(), 2 * guess) })
      await nextTurn(undefined, { signal })
    }
    return { performance: driver.performance(perSecond(rate), job.driverPath), faces: tracker.facts().facesAtFirst }
  }

  const render: ClipStudio['render'] = async (job, { signal, onProgress }, readBeside) => {
    const { sourcePath, driverPath, outputPath, parameters, ffprobePath, aiTag } = job
    const still = await openStill(sourcePath, ffmpegPath, signal)
    const driverFacts = await probeVideo(ffprobePath, driverPath, signal)
    const sourceFacts = still ? undefined : await probeVideo(ffprobePath, sourcePath, signal)
    const rate = (sourceFacts ?? driverFacts).rate
    const fps = perSecond(rate)
    const cap = parameters.video_frame_load_cap || Infinity
    const decode = (maxFrames: number): AsyncGenerator<RgbaImage> =>
      decodeVideo({
        ffmpegPath,
        path: sourcePath,
        rate,
        maxSide: MAX_OUTPUT_SIDE,
        matrix: sourceFacts?.matrix ?? 'auto',
        maxFrames,
        signal,
      })
    const tracker = createFaceTracker(models, parameters.input_face_index)
    const sourceFrames = sourceFacts && Math.max(1, Math.round(sourceFacts.durationSeconds * fps))
    /** The source's face in its first pictures, followed while the driver is read by another thread. */
    const ahead: (Face | undefined)[] = []
    let isRead = false
    const followAhead = async (maxFrames: number): Promise<void> => {
      for await (const image of decode(maxFrames)) {
        if (isRead) break
        ahead.push(tracker.next(image))
        await nextTurn(undefined, { signal })
      }
    }
    const driver = { job, facts: driverFacts, rate }
    const reading = (sourceFrames && readBeside ? readBeside : readDriver)(driver, { signal, onProgress }).finally(
      () => (isRead = true),
    )
    reading.catch(() => undefined)
    // What is wrong with the source is met again where its pictures are moved; the driver's faults are told first.
    if (sourceFrames && readBeside) await followAhead(Math.min(sourceFrames, cap, MOST_AHEAD)).catch(() => undefined)
    const { performance, faces: driverFaces } = await reading
    const driverFrames = performance.relative.length
    // A picture, and with `circle` a video, goes on as long as the driver does.
    const ownFrames = sourceFrames ?? driverFrames
    const isCircle = parameters.mismatch_method === 'circle'
    const frameCount = Math.min(cap, isCircle ? driverFrames : Math.min(driverFrames, ownFrames))
    const durationSeconds = frameCount / fps

    // A picture has no sound of its own.
    const isDriversSound = parameters.driving_audio || sourceFacts === undefined
    const hasSound = (isDriversSound ? driverFacts : sourceFacts).hasSound
    const soundPath = !hasSound ? null : isDriversSound ? driverPath : sourcePath
    const soundFrames = isDriversSound ? driverFrames : ownFrames

    const move = createMover(parameters, performance, sourceFacts ? undefined : models)
    const counts = { width: 0, height: 0, moved: 0 }
    let encoder: ReturnType<typeof openFrameEncoder> | undefined
    let frames = 0
    // A picture goes to the encoder while the next one comes from the decoder.
    let written: Promise<void> = Promise.resolve()
    const push = async (image: RgbaImage, face: Face | undefined): Promise<void> => {
      if (!encoder) {
        counts.width = image.width
        counts.height = image.height
        encoder = openFrameEncoder(
          {
            ffmpegPath,
            voicePath: soundPath,
            sound: { inputArgs: VIDEO_INPUT_ARGS, filter: soundFilter(soundFrames / fps, frameCount > soundFrames) },
            outputPath,
            width: image.width,
            height: image.height,
            fps: rate.join('/'),
            durationSeconds,
            aiTag,
          },
          signal,
        )
      }
      await written
      if (face) counts.moved++
      if (face) move(image, face, frames)
      written = encoder.write(image.data)
      written.catch(() => undefined)
      frames++
      onProgress({ framesDone: driverFrames + frames, frameCount: driverFrames + frameCount })
      await nextTurn(undefined, { signal })
    }
    try {
      if (still) {
        const image = cropImage(still, { x: 0, y: 0, width: still.width & ~1, height: still.height & ~1 })
        const face = tracker.next(image)
        while (frames < frameCount) await push(image, face)
      }
      while (frames < frameCount) {
        const before = frames
        for await (const image of decode(Math.min(ownFrames, frameCount))) {
          await push(image, frames < ahead.length ? ahead[frames] : tracker.next(image))
          if (frames === frameCount) break
        }
        if (!isCircle || frames === before) break
      }
      if (counts.moved === 0) throw new StudioError('E-INPUT-NO-FACE', { params: { file: sourcePath } })
      await written
      await encoder?.finish()
    } catch (thrown) {
      await encoder?.discard()
      throw thrown
    }
    return {
      width: counts.width,
      height: counts.height,
      frames,
      durationSeconds: frames / fps,
      hasSound,
      framesWithoutFace: frames - counts.moved,
      driverFramesWithoutFace: performance.missing,
      sourceFaces: tracker.facts().facesAtFirst,
      driverFaces,
    }
  }

  const look = async (path: string, ffprobePath: string, signal = new AbortController().signal): Promise<ClipLook> => {
    const still = await openStill(path, ffmpegPath, signal)
    if (still) return { faces: analyseFaces(models, still).length, firstFrame: 0 }
    const { matrix } = await probeVideo(ffprobePath, path, signal)
    let index = 0
    const options = {
      ffmpegPath,
      path,
      rate: LOOK_RATE,
      maxSide: DRIVER_CROP_SIDE,
      matrix,
      maxFrames: LOOK_FRAMES,
      signal,
    }
    for await (const image of decodeVideo(options)) {
      const faces = analyseFaces(models, image).length
      if (faces > 0) return { faces, firstFrame: index }
      index++
      await nextTurn(undefined, { signal })
    }
    return { faces: 0, firstFrame: index }
  }

  return { look, render, readDriver }
}

/** Sound that begins with the picture and is as long, and that begins anew with it where the clip is repeated. */
const soundFilter = (clipSeconds: number, isRepeated: boolean): string => {
  const samples = Math.round(clipSeconds * SOUND_RATE)
  const whole = `aresample=${SOUND_RATE}:async=1:first_pts=0,apad=whole_len=${samples}`
  return isRepeated ? `${whole},atrim=end_sample=${samples},aloop=loop=-1:size=${samples}` : whole
}
