import type { RgbaImage } from '../../lib/rgba-image.ts'
import type { Face } from '../types.ts'
import { axesThrough, pointAt, type Axes } from '../mesh/plane.ts'
import { sampleSquare } from './sample-square.ts'

const SIDE = 20
/** The square from the brows to the nose, in spans between the eyes' outer corners: no mouth, little hair. */
const SPANS = 1.25

/** How a face looks between brows and nose, laid along its eyes: colours without their mean, of length 1. */
export const lookOf = (image: RgbaImage, { landmarks }: Face): Float32Array => {
  const line = (a: number, b: number): Axes => axesThrough(pointAt(landmarks, a), pointAt(landmarks, b))
  const [eyes, height, { x, y }] = [line(33, 263), line(10, 152), line(168, 4)]
  const look = new Float32Array(SIDE * SIDE * 3)
  const side = SPANS * Math.max(eyes.length, height.length / 2.2)
  const square = { x, y, side, angle: Math.atan2(eyes.ay, eyes.ax) }
  sampleSquare(image, square, { size: SIDE, scale: 1 / 255, offset: 0 }, look)
  const mean = look.reduce((sum, value) => sum + value, 0) / look.length
  return normalised(look.map((value) => value - mean))
}

/** A look of length 1. */
export const normalised = (look: Float32Array): Float32Array => {
  const length = Math.sqrt(likeness(look, look)) || 1
  return look.map((value) => value / length)
}

/** Correlation of two looks, -1..1. */
export const likeness = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0)
