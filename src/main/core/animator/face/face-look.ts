import type { RgbaImage } from '../../lib/rgba-image.ts'
import type { Face } from '../types.ts'
import { sampleSquare } from './sample-square.ts'

const SIDE = 20
/** The square from the brows to the nose, in spans between the eyes' outer corners: no mouth, little hair. */
const SPANS = 1.25

/** How a face looks between brows and nose, laid along its eyes: colours without their mean, of length 1. */
export const lookOf = (image: RgbaImage, { landmarks }: Face): Float32Array => {
  const at = (index: number, k: 0 | 1): number => landmarks[index * 3 + k] as number
  const [dx, dy] = [at(263, 0) - at(33, 0), at(263, 1) - at(33, 1)]
  const look = new Float32Array(SIDE * SIDE * 3)
  const side = SPANS * Math.max(Math.hypot(dx, dy), Math.hypot(at(152, 0) - at(10, 0), at(152, 1) - at(10, 1)) / 2.2)
  const square = { x: (at(168, 0) + at(4, 0)) / 2, y: (at(168, 1) + at(4, 1)) / 2, side, angle: Math.atan2(dy, dx) }
  sampleSquare(image, square, { size: SIDE, scale: 1 / 255, offset: 0 }, look)
  const mean = look.reduce((sum, value) => sum + value, 0) / look.length
  const length = Math.sqrt(look.reduce((sum, value) => sum + (value - mean) ** 2, 0)) || 1
  return look.map((value) => (value - mean) / length)
}

/** Correlation of two looks, -1..1. */
export const likeness = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0)
