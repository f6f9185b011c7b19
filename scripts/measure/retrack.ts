import { analyseFaces, followFace } from '../../src/main/core/animator/face/analyse-faces.ts'
import type { FaceModels } from '../../src/main/core/animator/face/face-models.ts'
import type { Face } from '../../src/main/core/animator/types.ts'
import { readFrames, videoFacts } from './video-frames.ts'
import type { VideoFacts } from './video-frames.ts'

/** What the face models see in one frame of a produced video. */
export type TrackedFrame = {
  readonly face: Face
  /** Between the inner lips, in mouth widths of the first frame. */
  readonly mouthGap: number
  /** Between the mouth's corners, in face heights. */
  readonly mouthWidth: number
  /** Lid gap in eye widths, image-left and image-right eye. */
  readonly eyesOpen: readonly [number, number]
}

export type Track = VideoFacts & { readonly tracked: readonly TrackedFrame[] }

const distance = (points: Float32Array, a: number, b: number): number =>
  Math.hypot(
    (points[a * 3] as number) - (points[b * 3] as number),
    (points[a * 3 + 1] as number) - (points[b * 3 + 1] as number),
  )

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

const INNER_LIPS: readonly (readonly [number, number])[] = [
  [82, 87],
  [13, 14],
  [312, 317],
]
const EYES = [
  {
    corners: [33, 133],
    lids: [
      [160, 144],
      [159, 145],
      [158, 153],
    ],
  },
  {
    corners: [263, 362],
    lids: [
      [387, 373],
      [386, 374],
      [385, 380],
    ],
  },
] as const

export const faceHeight = ({ landmarks }: Face): number => distance(landmarks, 10, 152)

const measure = (face: Face, mouthWidthPx: number): TrackedFrame => {
  const points = face.landmarks
  const openness = ({ corners, lids }: (typeof EYES)[number]): number =>
    mean(lids.map(([a, b]) => distance(points, a, b))) / distance(points, corners[0], corners[1])
  return {
    face,
    mouthGap: mean(INNER_LIPS.map(([a, b]) => distance(points, a, b))) / mouthWidthPx,
    mouthWidth: distance(points, 61, 291) / faceHeight(face),
    eyesOpen: [openness(EYES[0]), openness(EYES[1])],
  }
}

/** Follows a face in every `every`th frame; searches the whole picture when it is lost. Throws when there is none in some frame. */
export const trackVideo = async (
  models: FaceModels,
  tools: { readonly ffmpegPath: string; readonly ffprobePath: string },
  path: string,
  every = 1,
): Promise<Track> => {
  const facts = videoFacts(tools.ffprobePath, path)
  const tracked: TrackedFrame[] = []
  let last: Face | undefined
  let mouthWidthPx = 0
  let index = 0
  for await (const image of readFrames(tools.ffmpegPath, path, facts)) {
    if (index++ % every !== 0) continue
    const face = (last && followFace(models, image, last)) ?? analyseFaces(models, image)[0]
    if (!face) throw new Error(`no face in frame ${tracked.length} of ${path}`)
    mouthWidthPx ||= distance(face.landmarks, 61, 291)
    tracked.push(measure(face, mouthWidthPx))
    last = face
  }
  return { ...facts, fps: facts.fps / every, tracked }
}
