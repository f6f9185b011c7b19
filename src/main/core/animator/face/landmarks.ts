import type { RgbaImage } from '../../lib/rgba-image.ts'
import { pointOf } from '../mesh/head-frame.ts'
import { EYES } from '../mesh/topology.ts'
import { IRIS_SIZE, MESH_SIZE, type FaceModels } from './face-models.ts'
import { sampleSquare, type Square } from './sample-square.ts'

const POINTS = 468
/** How much wider than the mesh its square is. */
export const ROI_SCALE = 1.5
const EYE_SCALE = 2.3
/** Outer corners of the eyes, image left and image right; inner corners. */
const OUTER = [33, 263] as const
const INNER = [133, 362] as const
/** First contour point of each row in the iris model's answer, and how much of that answer counts against the mesh. */
const IRIS_ROWS = [
  { row: 'lower', first: 0, ends: true, share: 1 },
  { row: 'upper', first: 9, ends: false, share: 1 },
  { row: 'fold', first: 16, ends: true, share: 0.6 },
  { row: 'crease', first: 25, ends: false, share: 0.6 },
] as const
const IRIS_POINTS = 76
const FIRST_IRIS_POINT = 71

const eyeAngle = (points: Float32Array): number => {
  const [[ax, ay], [bx, by]] = [pointOf(points, OUTER[0]), pointOf(points, OUTER[1])]
  return Math.atan2(by - ay, bx - ax)
}

/** The bounding box of a mesh, in axes turned by an angle of this cosine and sine: u from and to, v from and to. */
export const boundsOf = (points: Float32Array, cos = 1, sin = 0): readonly [number, number, number, number] => {
  let [minU, maxU, minV, maxV] = [Infinity, -Infinity, Infinity, -Infinity]
  for (let i = 0; i < POINTS; i++) {
    const [x, y] = pointOf(points, i)
    const u = x * cos + y * sin
    const v = y * cos - x * sin
    ;[minU, maxU] = [Math.min(minU, u), Math.max(maxU, u)]
    ;[minV, maxV] = [Math.min(minV, v), Math.max(maxV, v)]
  }
  return [minU, maxU, minV, maxV]
}

/** The square round a known mesh: its bounding box in the frame of the eyes, widened. */
export const squareOfMesh = (points: Float32Array): Square => {
  const angle = eyeAngle(points)
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const [minU, maxU, minV, maxV] = boundsOf(points, cos, sin)
  const [u, v] = [(minU + maxU) / 2, (minV + maxV) / 2]
  const side = ROI_SCALE * Math.max(maxU - minU, maxV - minV)
  return { x: u * cos - v * sin, y: u * sin + v * cos, side, angle }
}

/** Maps crop coordinates (0..1, from the top left) into the image. */
const placer = ({ x, y, side, angle }: Square, mirror = false) => {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  return (cropX: number, cropY: number): readonly [number, number] => {
    const u = (mirror ? 0.5 - cropX : cropX - 0.5) * side
    const v = (cropY - 0.5) * side
    return [x + u * cos - v * sin, y + u * sin + v * cos]
  }
}

/** What the models are shown: written anew, all of it, for every face. */
const meshInput = new Float32Array(MESH_SIZE * MESH_SIZE * 3)
const eyeInputs = new Float32Array(2 * IRIS_SIZE * IRIS_SIZE * 3)

/** One pass of the mesh model: 468 x (x, y, z) in image pixels and the probability of a face. */
export const meshInSquare = (
  models: FaceModels,
  image: RgbaImage,
  square: Square,
): { points: Float32Array; score: number } => {
  sampleSquare(image, square, { size: MESH_SIZE, scale: 1 / 255, offset: 0 }, meshInput)
  const { points, score } = models.mesh(meshInput)
  const place = placer(square)
  for (let i = 0; i < POINTS; i++) {
    const [x, y, z] = pointOf(points, i)
    points.set([...place(x / MESH_SIZE, y / MESH_SIZE), (z * square.side) / MESH_SIZE], i * 3)
  }
  return { points, score }
}

/**
 * Puts the iris model's eye contours into `points` (depth stays the mesh's) and returns 2 x 5 iris points in image pixels:
 * image-left eye first; centre, image-right, top, image-left, bottom.
 */
export const refineEyes = (models: FaceModels, image: RgbaImage, points: Float32Array): Float32Array => {
  const angle = eyeAngle(points)
  const crops = ([0, 1] as const).map((eye) => {
    const [[ax, ay], [bx, by]] = [pointOf(points, OUTER[eye]), pointOf(points, INNER[eye])]
    const square = { x: (ax + bx) / 2, y: (ay + by) / 2, side: EYE_SCALE * Math.hypot(bx - ax, by - ay), angle }
    const mirror = eye === 1
    const start = (eye * eyeInputs.length) / 2
    sampleSquare(image, square, { size: IRIS_SIZE, scale: 1 / 255, offset: 0, mirror }, eyeInputs, start)
    return { eye, mirror, place: placer(square, mirror) }
  })
  const answer = models.iris(eyeInputs)
  const irises = new Float32Array(20)
  for (const { eye, mirror, place } of crops) {
    const seen = (k: number): readonly [number, number] => {
      const [x, y] = pointOf(answer, eye * IRIS_POINTS + k)
      return place(x / IRIS_SIZE, y / IRIS_SIZE)
    }
    for (const { row, first, ends, share } of IRIS_ROWS) {
      // The model's rows run from the outer corner to the inner one; some leave out both.
      const outward = mirror ? EYES[eye][row].toReversed() : EYES[eye][row]
      ;(ends ? outward : outward.slice(1, -1)).forEach((index, k) => {
        const [[x, y], [toX, toY]] = [pointOf(points, index), seen(first + k)]
        points.set([x * (1 - share) + toX * share, y * (1 - share) + toY * share], index * 3)
      })
    }
    // In a mirrored crop the model's left is the image's right.
    const order = mirror ? [0, 3, 2, 1, 4] : [0, 1, 2, 3, 4]
    order.forEach((from, to) => irises.set(seen(FIRST_IRIS_POINT + from), (eye * 5 + to) * 2))
  }
  return irises
}
