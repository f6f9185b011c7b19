import type { Face, FramePose } from '../types.ts'
import { CHIN, EARS, FOREHEAD, LIPS, SIDE_PAIRS } from './topology.ts'

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
  /** |forehead 10 - chin 152| in space, px. */
  readonly faceHeight: number
  /** Mouth width, px: half measured between the corners, half from the face height, so that a pursed source is not tiny. */
  readonly mouthWidth: number
  /** Point about which the head turns and nods. */
  readonly skullPivot: Vector
  /** Point about which the head leans. */
  readonly neckPivot: Vector
}

const unit = (v: Vector): Vector => {
  const length = Math.hypot(...v) || 1
  return [v[0] / length, v[1] / length, v[2] / length]
}

const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
]

const along = (from: Vector, axis: Vector, distance: number): Vector => [
  from[0] + axis[0] * distance,
  from[1] + axis[1] * distance,
  from[2] + axis[2] * distance,
]

export const pointOf = (points: Float32Array, index: number): Vector => [
  points[index * 3] as number,
  points[index * 3 + 1] as number,
  points[index * 3 + 2] as number,
]

const between = (points: Float32Array, a: number, b: number): Vector => {
  const p = pointOf(points, a)
  const q = pointOf(points, b)
  return [q[0] - p[0], q[1] - p[1], q[2] - p[2]]
}

/** Measures a face. Pivot offsets and the mouth unit are those of the feasibility study (share of face height). */
export const headFrameOf = (face: Face): HeadFrame => {
  const points = Float32Array.from(face.landmarks, (value, i) => (i % 3 === 2 ? value : value - 0.5))
  const sum = SIDE_PAIRS.map(([a, b]) => between(points, a, b)).reduce((s, v) => along(s, v, 1))
  const right = unit(sum)
  const away = unit(cross(right, between(points, FOREHEAD, CHIN)))
  const down = cross(away, right)
  const faceHeight = Math.hypot(...between(points, FOREHEAD, CHIN))
  const corners = between(points, LIPS.upperOuter[0], LIPS.upperOuter[10])
  const [earA, earB] = EARS.map((i) => pointOf(points, i)) as [Vector, Vector]
  const ears: Vector = [(earA[0] + earB[0]) / 2, (earA[1] + earB[1]) / 2, (earA[2] + earB[2]) / 2]
  return {
    points,
    axes: [right, down, away],
    faceHeight,
    mouthWidth: 0.5 * Math.hypot(...corners) + 0.5 * 0.36 * faceHeight,
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
  const cy = Math.cos(pose.yaw)
  const sy = Math.sin(pose.yaw)
  const cp = Math.cos(pose.pitch)
  const sp = Math.sin(pose.pitch)
  const cr = Math.cos(pose.roll)
  const sr = Math.sin(pose.roll)
  // Rows of (pitch after yaw) - identity, in head axes.
  const turn = [cy - 1, 0, -sy, sp * sy, cp - 1, sp * cy, cp * sy, -sp, cp * cy - 1]
  const inPicture = (row: 0 | 1): Vector => {
    let sum: Vector = [0, 0, 0]
    for (let k = 0; k < 9; k++) {
      const from = axes[((k / 3) | 0) as 0 | 1 | 2]
      sum = along(sum, axes[(k % 3) as 0 | 1 | 2], from[row] * (turn[k] as number))
    }
    return sum
  }
  const rx = inPicture(0)
  const ry = inPicture(1)
  const dot = (v: Vector, p: Vector): number => v[0] * p[0] + v[1] * p[1] + v[2] * p[2]
  const tx = -dot(rx, skullPivot)
  const ty = -dot(ry, skullPivot)
  // q = p + turn; r = q + (roll - 1)(q - neck) + shift
  const a = cr - 1
  out[0] = rx[0] + a * (1 + rx[0]) - sr * ry[0]
  out[1] = rx[1] + a * rx[1] - sr * (1 + ry[1])
  out[2] = rx[2] + a * rx[2] - sr * ry[2]
  out[3] = tx + a * (tx - neckPivot[0]) - sr * (ty - neckPivot[1]) + pose.shiftX * faceHeight
  out[4] = ry[0] + sr * (1 + rx[0]) + a * ry[0]
  out[5] = ry[1] + sr * rx[1] + a * (1 + ry[1])
  out[6] = ry[2] + sr * rx[2] + a * ry[2]
  out[7] = ty + sr * (tx - neckPivot[0]) + a * (ty - neckPivot[1]) + pose.shiftY * faceHeight
}
