import type { HeadRotation } from '../types.ts'

/** Pairs of mesh points, image left to image right, whose sum is the head's sideways axis. */
const SIDE_PAIRS: readonly (readonly [number, number])[] = [
  [33, 263],
  [234, 454],
  [127, 356],
  [58, 288],
  [132, 361],
  [46, 276],
]
const FOREHEAD = 10
const CHIN = 152

/**
 * The mesh model sees level heads as looking down by about this much: median over 14 photographs and paintings of mostly level
 * heads (range -16 to +1 degrees). Added back, so that a level, frontal head reads 0.
 */
const PITCH_BIAS = (9 * Math.PI) / 180

type Vector = readonly [number, number, number]

const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
]

const unit = (v: Vector): Vector => {
  const length = Math.hypot(...v) || 1
  return [v[0] / length, v[1] / length, v[2] / length]
}

const between = (points: Float32Array, from: number, to: number): Vector => [
  (points[to * 3] as number) - (points[from * 3] as number),
  (points[to * 3 + 1] as number) - (points[from * 3 + 1] as number),
  (points[to * 3 + 2] as number) - (points[from * 3 + 2] as number),
]

/** Yaw, pitch and roll (radians, signs as in HeadRotation) of 468 mesh points, with the model's downward bias removed. */
export const rotationOfMesh = (points: Float32Array): HeadRotation => {
  const side = unit(
    SIDE_PAIRS.map(([a, b]) => between(points, a, b)).reduce((s, v) => [s[0] + v[0], s[1] + v[1], s[2] + v[2]]),
  )
  const away = unit(cross(side, between(points, FOREHEAD, CHIN)))
  const down = cross(away, side)
  const cos = Math.cos(PITCH_BIAS)
  const sin = Math.sin(PITCH_BIAS)
  // Turned about the head's own sideways axis, so that a tilted head is corrected along its own tilt.
  const z = unit([away[0] * cos + down[0] * sin, away[1] * cos + down[1] * sin, away[2] * cos + down[2] * sin])
  return {
    yaw: Math.atan2(-z[0], z[2]),
    pitch: Math.asin(Math.max(-1, Math.min(1, z[1]))),
    roll: Math.atan2(side[1], side[0]),
  }
}
