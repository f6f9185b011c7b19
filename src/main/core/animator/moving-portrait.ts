import { setImmediate as nextTurn } from 'node:timers/promises'
import { StudioError } from '../../../shared/errors.ts'
import { decodeImage } from '../lib/decode-image.ts'
import type { RgbaImage } from '../lib/rgba-image.ts'
import type { ClipParameters } from './clip-parameters.ts'
import { decodeVideo, perSecond, probeVideo, VIDEO_INPUT_ARGS } from './encode/decode-video.ts'
import type { Rate, VideoFacts } from './encode/decode-video.ts'
import { openFrameEncoder } from './encode/frame-encoder.ts'
import { analyseFaces } from './face/analyse-faces.ts'
import type { FaceModels } from './face/face-models.ts'
import { createFaceTracker } from './face/track-face.ts'
import { createFaceReader } from './motion/read-face.ts'
import { createDriverReader } from './motion/driver-reader.ts'
import { poseFor } from './motion/retarget.ts'
import type { Performance } from './motion/retarget.ts'
import { cropImage, MAX_OUTPUT_SIDE, moveFace } from './picture.ts'
import type { ClipJob, ClipLook, ClipResult, RenderProgress } from './protocol.ts'
import { createPuppet } from './raster/puppet.ts'
import type { Puppet } from './raster/puppet.ts'
import type { Box, Face } from './types.ts'

/** Longest side of a driver's pictures: whole small pictures, or enough pixels for a face far away. */
const DRIVER_SIDE = 512
const DRIVER_CROP_SIDE = 1280
/** A look before the job: so many pictures, two a second. */
const LOOK_FRAMES = 8
const LOOK_RATE: Rate = [2, 1]
/** Lips nearer than this are closed lips that the mesh sees as slightly open. */
const CLOSED_GAP = 0.045
const SOUND_RATE = 48_000

type Watch = { readonly signal: AbortSignal; readonly onProgress: (progress: RenderProgress) => void }

/** A picture, or undefined when the file is something else. */
const openStill = async (path: string, ffmpegPath: string, signal: AbortSignal | undefined) => {
  try {
    return await decodeImage(path, { ffmpegPath, maxSide: MAX_OUTPUT_SIDE, ...(signal ? { signal } : {}) })
  } catch (thrown) {
    if (thrown instanceof StudioError && thrown.code === 'E-INPUT-TYPE') return undefined
    throw thrown
  }
}

/** The part of the picture that moves: a square of `scale` sizes of the face's box, shifted along the face's own axes, inside the picture. */
export const movingArea = (
  image: RgbaImage,
  { box, landmarks }: Face,
  { scale, vx_ratio, vy_ratio }: ClipParameters,
): Box => {
  const side = scale * Math.max(box.width, box.height)
  const [dx, dy] = [263 * 3, 263 * 3 + 1].map(
    (at, k) => (landmarks[at] as number) - (landmarks[33 * 3 + k] as number),
  ) as [number, number]
  const length = Math.hypot(dx, dy) || 1
  const x = box.x + box.width / 2 + (side * (vx_ratio * dx - vy_ratio * dy)) / length - side / 2
  const y = box.y + box.height / 2 + (side * (vx_ratio * dy + vy_ratio * dx)) / length - side / 2
  const inside = (value: number, limit: number): number => Math.round(Math.min(limit, Math.max(0, value)))
  const left = inside(x, image.width)
  const top = inside(y, image.height)
  return { x: left, y: top, width: inside(x + side, image.width) - left, height: inside(y + side, image.height) - top }
}

/** Whether the face lies in the area so far that moving it makes sense: its middle, and a few pixels around it. */
const holdsFace = (area: Box, { box }: Face): boolean => {
  const [x, y] = [box.x + box.width / 2 - area.x, box.y + box.height / 2 - area.y]
  return area.width >= 16 && area.height >= 16 && x > 0 && y > 0 && x < area.width && y < area.height
}

const puppetFor = (image: RgbaImage, face: Face, area: Box, stitching: boolean, isLayered: boolean): Puppet =>
  createPuppet(cropImage(image, area), moveFace(face, area), { isLayered, isSoft: stitching })

/** Puts the puppet's pixels into the picture, in place. */
const paste = (image: RgbaImage, area: Box, pixels: Uint8Array): void => {
  for (let row = 0; row < area.height; row++)
    image.data.set(
      pixels.subarray(row * area.width * 4, (row + 1) * area.width * 4),
      ((area.y + row) * image.width + area.x) * 4,
    )
}

/** Makes pictures of one source do what a driver does at a moment; hands back the picture itself, changed. */
const createMover = (parameters: ClipParameters, performance: Performance, isStill: boolean) => {
  let read: ReturnType<typeof createFaceReader>['read'] | undefined
  let stillPuppet: Puppet | undefined
  return (image: RgbaImage, face: Face, moment: number): Uint8Array | Uint8ClampedArray => {
    read ??= createFaceReader(face).read
    const area = movingArea(image, face, parameters)
    if (!holdsFace(area, face)) return image.data
    const { gap, width } = read(face)
    const own = { gap: gap < CLOSED_GAP ? 0 : gap, width, rotation: face.rotation }
    const pose = poseFor(parameters, performance, moment, own)
    const puppet = stillPuppet ?? puppetFor(image, face, area, parameters.stitching, isStill)
    if (isStill) stillPuppet = puppet
    paste(image, area, puppet.render(pose))
    return image.data
  }
}

/** Everything that turns sources and drivers into videos, in one thread. */
export type ClipStudio = {
  /** Faces in the first pictures of a video or in a picture. E-INPUT-CORRUPT, E-TOOL-*. */
  readonly look: (path: string, ffprobePath: string, signal?: AbortSignal) => Promise<ClipLook>
  /** Makes one video. E-INPUT-NO-FACE (params `file`), E-INPUT-CORRUPT, E-TOOL-*; the signal's reason when cancelled. */
  readonly render: (job: ClipJob, watch: Watch) => Promise<ClipResult>
}

export const createClipStudio = (models: FaceModels, ffmpegPath: string): ClipStudio => {
  const trackDriver = async (
    job: ClipJob,
    facts: VideoFacts,
    rate: Rate,
    { signal, onFrame }: { signal: AbortSignal; onFrame: (count: number) => void },
  ): Promise<{ performance: Performance; faces: number }> => {
    const { crop_drive_face: isCropped, video_frame_load_cap: cap, drive_face_index } = job.parameters
    const maxFrames = cap > 0 ? Math.max(1, Math.round((cap / facts.ownFps) * perSecond(rate))) : undefined
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
      onFrame(driver.count())
      await nextTurn(undefined, { signal })
    }
    return { performance: driver.performance(perSecond(rate), job.driverPath), faces: tracker.facts().facesAtFirst }
  }

  const render = async (job: ClipJob, { signal, onProgress }: Watch): Promise<ClipResult> => {
    const { sourcePath, driverPath, outputPath, parameters, ffprobePath, aiTag } = job
    const still = await openStill(sourcePath, ffmpegPath, signal)
    const driverFacts = await probeVideo(ffprobePath, driverPath, signal)
    const sourceFacts = still ? undefined : await probeVideo(ffprobePath, sourcePath, signal)
    const rate = (sourceFacts ?? driverFacts).rate
    const fps = perSecond(rate)
    const cap = parameters.video_frame_load_cap || Infinity
    const guess = Math.min(cap, Math.round(driverFacts.durationSeconds * fps))
    const { performance, faces: driverFaces } = await trackDriver(job, driverFacts, rate, {
      signal,
      onFrame: (count) => onProgress({ framesDone: count, frameCount: Math.max(count, 2 * guess) }),
    })
    const driverFrames = performance.relative.length
    const ownFrames = sourceFacts ? Math.max(1, Math.round(sourceFacts.durationSeconds * fps)) : driverFrames
    const isCircle = parameters.mismatch_method === 'circle'
    const frameCount = Math.min(cap, isCircle ? Math.max(driverFrames, ownFrames) : Math.min(driverFrames, ownFrames))
    const durationSeconds = frameCount / fps

    const soundFacts = parameters.driving_audio ? driverFacts : sourceFacts
    const soundPath = !soundFacts?.hasSound ? null : parameters.driving_audio ? driverPath : sourcePath
    const soundFrames = parameters.driving_audio ? driverFrames : ownFrames

    const decode = (): AsyncGenerator<RgbaImage> =>
      decodeVideo({
        ffmpegPath,
        path: sourcePath,
        rate,
        maxSide: MAX_OUTPUT_SIDE,
        matrix: sourceFacts?.matrix ?? 'auto',
        maxFrames: Math.min(ownFrames, frameCount),
        signal,
      })
    const tracker = createFaceTracker(models, parameters.input_face_index)
    const mover = createMover(parameters, performance, sourceFacts === undefined)
    const counts = { width: 0, height: 0, moved: 0 }
    let encoder: ReturnType<typeof openFrameEncoder> | undefined
    let frames = 0
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
      if (face) counts.moved++
      await encoder.write(face ? mover(image, face, frames % driverFrames) : image.data)
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
        for await (const image of decode()) {
          await push(image, tracker.next(image))
          if (frames === frameCount) break
        }
        if (!isCircle || frames === before) break
      }
      if (counts.moved === 0) throw new StudioError('E-INPUT-NO-FACE', { params: { file: sourcePath } })
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
      hasSound: soundPath !== null,
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

  return { look, render }
}

/** Sound that begins with the picture and is as long, and that begins anew with it where the clip is repeated. */
const soundFilter = (clipSeconds: number, isRepeated: boolean): string => {
  const samples = Math.round(clipSeconds * SOUND_RATE)
  const whole = `aresample=${SOUND_RATE}:async=1:first_pts=0,apad=whole_len=${samples}`
  return isRepeated ? `${whole},atrim=end_sample=${samples},aloop=loop=-1:size=${samples}` : whole
}
