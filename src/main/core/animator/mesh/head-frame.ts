import type { Face, FramePose } from '../types.ts'
import { CHIN, EARS, FOREHEAD, SIDE_PAIRS } from './topology.ts'

export type Vector = readonly [x: number, y: number, z: number]

/**
 * Where a face sits in its picture. Positions are sample positions: integer coordinates are pixel centres (the landmarks'
 * pixel i covers i..i+1, so they are half a pixel less here). Depth grows away from the viewer.
 */
export type HeadFrame = {
  /** 468 x (x, y, z), sample positions. */
  readonly points: Float32Array
  /** Orthonormal axes of the head: image right, down, away. */
  readonly axes: readonly [Vector, Vector, Vector]
  /** Direction of the down axis in the picture, unit vector. */
  readonly down: readonly [number, number]
  /** |forehead 10 - chin 152| in space, px. */
  readonly faceHeight: number
  /** Mouth width, px: half measured between the corners, half from the face height, so that a pursed source is not tiny. */
  readonly mouthWidth: number
  /** Point about which the head turns and nods. */
  readonly skullPivot: Vector
  /** Point about which the head leans. */
  readonly neckPivot: Vector
}

/** `from` and `distance` times `axis`. */
export const along = (from: Vector, axis: Vector, distance: number): Vector => [
  from[0] + axis[0] * distance,
  from[1] + axis[1] * distance,
  from[2] + axis[2] * distance,
]

export const unit = (v: Vector): Vector => along([0, 0, 0], v, 1 / (Math.hypot(...v) || 1))

const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
]

export const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]

export const pointOf = (points: Float32Array, index: number): Vector => [
  points[index * 3] as number,
  points[index * 3 + 1] as number,
  points[index * 3 + 2] as number,
]

const between = (points: Float32Array, a: number, b: number): Vector =>
  along(pointOf(points, b), pointOf(points, a), -1)

/** Orthonormal axes of a head from 468 mesh points: image right, down, away. */
export const axesOf = (points: Float32Array): HeadFrame['axes'] => {
  const right = unit(SIDE_PAIRS.map(([a, b]) => between(points, a, b)).reduce((sum, v) => along(sum, v, 1)))
  const away = unit(cross(right, between(points, FOREHEAD, CHIN)))
  return [right, cross(away, right), away]
}

/** Measures a face. Pivot offsets and the mouth unit are those of the feasibility study (share of face height). */
export const headFrameOf = (face: Face): HeadFrame => {
  const points = Float32Array.from(face.landmarks, (value, i) => (i % 3 === 2 ? value : value - 0.5))
  const axes = axesOf(points)
  const [, down, away] = axes
  const faceHeight = Math.hypot(...between(points, FOREHEAD, CHIN))
  const corners = Math.hypot(...between(points, 61, 291))
  const ears = along(pointOf(points, EARS[0]), between(points, ...EARS), 0.5)
  const [downX, downY] = unit([down[0], down[1], 0])
  return {
    points,
    axes,
    down: [downX, downY],
    faceHeight,
    mouthWidth: 0.5 * corners + 0.5 * 0.36 * faceHeight,
    skullPivot: along(along(ears, away, 0.08 * faceHeight), down, 0.05 * faceHeight),
    neckPivot: along(along(pointOf(points, CHIN), down, 0.25 * faceHeight), away, 0.45 * faceHeight),
  }
}

/**
 * Rigid motion of a head as an orthographic map: `x' - x = m[0] x + m[1] y + m[2] z + m[3]`, `y' - y = m[4] x + m[5] y + m[6] z + m[7]`
 * (px). Yaw and pitch turn about the skull pivot in the head's own axes, roll leans about the neck pivot in the picture plane.
 * Writes into `out`; at rest all eight numbers are exactly 0.
 */
export const headMotion = (frame: HeadFrame, pose: FramePose, out: Float64Array): void => {
  const { axes, faceHeight, skullPivot, neckPivot } = frame
  const [cy, sy, cp, sp] = [Math.cos(pose.yaw), Math.sin(pose.yaw), Math.cos(pose.pitch), Math.sin(pose.pitch)]
  const [cr, sr] = [Math.cos(pose.roll), Math.sin(pose.roll)]
  // Pitch after yaw, minus identity, in head axes.
  const turn: readonly Vector[] = [
    [cy - 1, 0, -sy],
    [sp * sy, cp - 1, sp * cy],
    [cp * sy, -sp, cp * cy - 1],
  ]
  const moved = (point: Vector): readonly [number, number] => {
    const from = along(point, skullPivot, -1)
    const inHead: Vector = [dot(axes[0], from), dot(axes[1], from), dot(axes[2], from)]
    const [dx, dy] = axes.reduce<Vector>((sum, axis, k) => along(sum, axis, dot(turn[k] as Vector, inHead)), [0, 0, 0])
    const x = point[0] + dx - neckPivot[0]
    const y = point[1] + dy - neckPivot[1]
    const leanX = (cr - 1) * x - sr * y
    const leanY = sr * x + (cr - 1) * y
    return [dx + leanX + pose.shiftX * faceHeight, dy + leanY + pose.shiftY * faceHeight]
  }
  const [originX, originY] = moved([0, 0, 0])
  for (let k = 0; k < 3; k++) {
    const [x, y] = moved([k === 0 ? 1 : 0, k === 1 ? 1 : 0, k === 2 ? 1 : 0])
    out[k] = x - originX
    out[4 + k] = y - originY
  }
  out[3] = originX
  out[7] = originY
}
