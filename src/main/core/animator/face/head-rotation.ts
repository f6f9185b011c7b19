import { along, axesOf, unit } from '../mesh/head-frame.ts'
import type { HeadRotation } from '../types.ts'

/**
 * The mesh model sees level heads as looking down by about this much: median over 14 photographs and paintings of mostly level
 * heads (range -16 to +1 degrees). Added back, so that a level, frontal head reads 0.
 */
const PITCH_BIAS = (9 * Math.PI) / 180

/** Yaw, pitch and roll (radians, signs as in HeadRotation) of 468 mesh points, with the model's downward bias removed. */
export const rotationOfMesh = (points: Float32Array): HeadRotation => {
  const [side, down, away] = axesOf(points)
  const [x, y, z] = unit(along(away, down, Math.tan(PITCH_BIAS)))
  return { yaw: Math.atan2(-x, z), pitch: Math.asin(y), roll: Math.atan2(side[1], side[0]) }
}
