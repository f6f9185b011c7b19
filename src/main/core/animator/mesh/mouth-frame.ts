import type { RgbaImage } from '../../lib/rgba-image.ts'
import { pointOf, type HeadFrame } from './head-frame.ts'
import { refineLipLine } from './lip-line.ts'
import { evenCurve } from './spline.ts'
import { CHIN, LIPS } from './topology.ts'

/** Points of a lip row, corner to corner. */
export const LIP_POINTS = 11

/**
 * The mouth of the still. `along` runs through the corners toward image right, `across` at right angles downward (unit vectors, px).
 * Lip rows are 11 x (x, y) sample positions. Offsets along the mouth count from `centre`, offsets across it from the lip line.
 */
export type MouthFrame = {
  readonly centre: readonly [number, number]
  readonly along: readonly [number, number]
  readonly across: readonly [number, number]
  /** Distance from the centre to the corners, px: image left, image right (they differ on a turned head). */
  readonly half: readonly [number, number]
  readonly upper: Float32Array
  readonly lower: Float32Array
  /** Offsets of the inner lip edges across the mouth, px from the centre, at 21 even steps from corner to corner. */
  readonly edges: { readonly upper: Float32Array; readonly lower: Float32Array }
  /** Widest gap of the still between the inner lip edges, px; 0 when the lips are closed. */
  readonly gap: number
  /** Thickness of the lips in the middle, px. */
  readonly upperThickness: number
  readonly lowerThickness: number
  /** Distance from the lip line to the chin, px. */
  readonly chinDistance: number
  readonly width: number
}

/** An inner lip gap below this share of the mouth width is a closed mouth that the model sees as slightly open. */
const CLOSED_GAP = 0.045

/** Finds mouth axes, lip edges and units; on a closed mouth both inner edges move onto the dark line between the lips. */
export const mouthFrameOf = (frame: HeadFrame, image: RgbaImage): MouthFrame => {
  const width = frame.mouthWidth
  const rowOf = (row: readonly number[]): Float32Array =>
    Float32Array.from(row.flatMap((index) => pointOf(frame.points, index).slice(0, 2)))
  const [upper, lower] = [rowOf(LIPS.upperInner), rowOf(LIPS.lowerInner)]
  const at = (row: Float32Array, i: number): readonly [number, number] => [
    row[i * 2] as number,
    row[i * 2 + 1] as number,
  ]
  const [a, b] = [at(upper, 0), at(upper, 10)]
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1
  const along = [(b[0] - a[0]) / length, (b[1] - a[1]) / length] as const
  const across = [-along[1], along[0]] as const
  const offset = (p: readonly number[], from: readonly [number, number], axis: readonly [number, number]): number =>
    ((p[0] as number) - from[0]) * axis[0] + ((p[1] as number) - from[1]) * axis[1]
  const lipGap = Math.max(0, ...Array.from({ length: 9 }, (_, i) => offset(at(lower, i + 1), at(upper, i + 1), across)))
  const gap = lipGap > CLOSED_GAP * width ? lipGap : 0
  const thickness = (inner: Float32Array, outer: readonly number[], least: number): number =>
    Math.max(least * width, Math.abs(offset(at(rowOf(outer), 5), at(inner, 5), across)))
  const upperThickness = thickness(upper, LIPS.upperOuter, 0.04)
  const lowerThickness = thickness(lower, LIPS.lowerOuter, 0.06)
  if (gap === 0) refineLipLine(image, { upper, lower, along, across, width })
  const [middle, low] = [at(upper, 5), at(lower, 5)]
  const centre = [(middle[0] + low[0]) / 2, (middle[1] + low[1]) / 2] as const
  const left = offset(centre, a, along)
  const half = [Math.max(left, 0.2 * length), Math.max(length - left, 0.2 * length)] as const
  const edge = (row: Float32Array): Float32Array => {
    const places = Array.from({ length: LIP_POINTS }, (_, i) => at(row, i))
    const us = Float32Array.from(places, (place) => offset(place, centre, along))
    const vs = Float32Array.from(places, (place) => offset(place, centre, across))
    return evenCurve(us, vs, -half[0], half[1], new Float32Array(21))
  }
  const chinDistance = offset(pointOf(frame.points, CHIN), centre, across)
  const edges = { upper: edge(upper), lower: edge(lower) }
  return { centre, along, across, half, upper, lower, edges, gap, upperThickness, lowerThickness, chinDistance, width }
}
