import type { RgbaImage } from '../../lib/rgba-image.ts'
import { IRIS_SIZE, MESH_SIZE } from './face-models.ts'
import type { FaceModels } from './face-models.ts'
import { sampleSquare } from './sample-square.ts'
import type { Square } from './sample-square.ts'

const POINTS = 468
const ROI_SCALE = 1.5
const EYE_SCALE = 2.3
/** Share of the iris model's answer in the second contour of the eye; the first one takes it whole. */
const SECOND_CONTOUR = 0.6

/** Rows of the published face-mesh map, image-left eye, outer corner to inner corner. */
const LEFT_EYE = {
  outer: 33,
  inner: 133,
  lower0: [33, 7, 163, 144, 145, 153, 154, 155, 133],
  upper0: [246, 161, 160, 159, 158, 157, 173],
  lower1: [130, 25, 110, 24, 23, 22, 26, 112, 243],
  upper1: [247, 30, 29, 27, 28, 56, 190],
}
const RIGHT_EYE = {
  outer: 263,
  inner: 362,
  lower0: [263, 249, 390, 373, 374, 380, 381, 382, 362],
  upper0: [466, 388, 387, 386, 385, 384, 398],
  lower1: [359, 255, 339, 254, 253, 252, 256, 341, 463],
  upper1: [467, 260, 259, 257, 258, 286, 414],
}
/** First index of the same rows in the iris model's 71 contour points. */
const IRIS_ROWS = { lower0: 0, upper0: 9, lower1: 16, upper1: 25 }

const eyeAngle = (points: Float32Array): number =>
  Math.atan2(
    (points[RIGHT_EYE.outer * 3 + 1] as number) - (points[LEFT_EYE.outer * 3 + 1] as number),
    (points[RIGHT_EYE.outer * 3] as number) - (points[LEFT_EYE.outer * 3] as number),
  )

/** The square round a known mesh: its bounding box in the frame of the eyes, widened. */
export const squareOfMesh = (points: Float32Array): Square => {
  const angle = eyeAngle(points)
  const cos = Math.cos(angle)
  const sin = Math.sin(angle)
  let minU = Infinity
  let maxU = -Infinity
  let minV = Infinity
  let maxV = -Infinity
  for (let i = 0; i < POINTS; i++) {
    const x = points[i * 3] as number
    const y = points[i * 3 + 1] as number
    const u = x * cos + y * sin
    const v = y * cos - x * sin
    minU = Math.min(minU, u)
    maxU = Math.max(maxU, u)
    minV = Math.min(minV, v)
    maxV = Math.max(maxV, v)
  }
  const u = (minU + maxU) / 2
  const v = (minV + maxV) / 2
  return {
    x: u * cos - v * sin,
    y: u * sin + v * cos,
    side: ROI_SCALE * Math.max(maxU - minU, maxV - minV),
    angle,
  }
}

/** Maps crop coordinates (0..1, from the top left) into the image. */
const placer = (square: Square, mirror = false) => {
  const cos = Math.cos(square.angle)
  const sin = Math.sin(square.angle)
  const flip = mirror ? -1 : 1
  return (cropX: number, cropY: number): readonly [number, number] => {
    const u = flip * (cropX - 0.5) * square.side
    const v = (cropY - 0.5) * square.side
    return [square.x + u * cos - v * sin, square.y + u * sin + v * cos]
  }
}

/** One pass of the mesh model: 468 x (x, y, z) in image pixels and the probability of a face. */
export const meshInSquare = (
  models: FaceModels,
  image: RgbaImage,
  square: Square,
): { points: Float32Array; score: number } => {
  const input = new Float32Array(MESH_SIZE * MESH_SIZE * 3)
  sampleSquare(image, square, { size: MESH_SIZE, scale: 1 / 255, offset: 0 }, input)
  const { points, score } = models.mesh(input)
  const place = placer(square)
  for (let i = 0; i < POINTS; i++) {
    const [x, y] = place((points[i * 3] as number) / MESH_SIZE, (points[i * 3 + 1] as number) / MESH_SIZE)
    points[i * 3] = x
    points[i * 3 + 1] = y
    points[i * 3 + 2] = ((points[i * 3 + 2] as number) * square.side) / MESH_SIZE
  }
  return { points, score }
}

const squareOfEye = (points: Float32Array, eye: typeof LEFT_EYE, angle: number): Square => {
  const ax = points[eye.outer * 3] as number
  const ay = points[eye.outer * 3 + 1] as number
  const bx = points[eye.inner * 3] as number
  const by = points[eye.inner * 3 + 1] as number
  return { x: (ax + bx) / 2, y: (ay + by) / 2, side: EYE_SCALE * Math.hypot(bx - ax, by - ay), angle }
}

/**
 * Puts the iris model's eye contours into `points` (depth stays the mesh's) and returns 2 x 5 iris points in image pixels:
 * image-left eye first; centre, image-right, top, image-left, bottom.
 */
export const refineEyes = (models: FaceModels, image: RgbaImage, points: Float32Array): Float32Array => {
  const angle = eyeAngle(points)
  const eyes = [
    { rows: LEFT_EYE, square: squareOfEye(points, LEFT_EYE, angle), mirror: false },
    { rows: RIGHT_EYE, square: squareOfEye(points, RIGHT_EYE, angle), mirror: true },
  ]
  const cropFloats = IRIS_SIZE * IRIS_SIZE * 3
  const inputs = new Float32Array(2 * cropFloats)
  eyes.forEach(({ square, mirror }, i) =>
    sampleSquare(image, square, { size: IRIS_SIZE, scale: 1 / 255, offset: 0, mirror }, inputs, i * cropFloats),
  )
  const answer = models.iris(inputs)
  const irises = new Float32Array(20)
  eyes.forEach(({ rows, square, mirror }, eye) => {
    const place = placer(square, mirror)
    const pointOf = (k: number): readonly [number, number] => {
      const at = (eye * 76 + k) * 3
      return place((answer[at] as number) / IRIS_SIZE, (answer[at + 1] as number) / IRIS_SIZE)
    }
    const blend = (row: readonly number[], first: number, share: number): void =>
      row.forEach((index, k) => {
        const [x, y] = pointOf(first + k)
        const at = index * 3
        points[at] = (points[at] as number) * (1 - share) + x * share
        points[at + 1] = (points[at + 1] as number) * (1 - share) + y * share
      })
    blend(rows.lower0, IRIS_ROWS.lower0, 1)
    blend(rows.upper0, IRIS_ROWS.upper0, 1)
    blend(rows.lower1, IRIS_ROWS.lower1, SECOND_CONTOUR)
    blend(rows.upper1, IRIS_ROWS.upper1, SECOND_CONTOUR)
    // In a mirrored crop the model's left is the image's right.
    const order = mirror ? [0, 3, 2, 1, 4] : [0, 1, 2, 3, 4]
    order.forEach((from, to) => irises.set(pointOf(71 + from), (eye * 5 + to) * 2))
  })
  return irises
}
