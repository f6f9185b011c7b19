import type { RgbaImage } from '../../lib/rgba-image.ts'
import { pointOf, type HeadFrame } from './head-frame.ts'
import { lipLineOf } from './lip-line.ts'
import { evenCurve, type Point } from './spline.ts'
import { CHIN, LIPS } from './topology.ts'

/** Points of a lip row, corner to corner. */
export const LIP_POINTS = 11

/**
 * The mouth of the still. `along` runs through the corners toward image right, `across` at right angles downward (unit vectors, px).
 * Lip rows are LIP_POINTS sample positions. Offsets along the mouth count from `centre`, offsets across it from the lip line.
 */
export type MouthFrame = {
  readonly centre: Point
  readonly along: Point
  readonly across: Point
  /** Distance from the centre to the corners, px: image left, image right (they differ on a turned head). */
  readonly half: readonly [number, number]
  readonly upper: readonly Point[]
  readonly lower: readonly Point[]
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
  const placeOf = (index: number): Point => {
    const [x, y] = pointOf(frame.points, index)
    return [x, y]
  }
  const [modelUpper, modelLower] = [LIPS.upperInner.map(placeOf), LIPS.lowerInner.map(placeOf)]
  const [a, b] = [modelUpper[0], modelUpper.at(-1)] as [Point, Point]
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1
  const along = [(b[0] - a[0]) / length, (b[1] - a[1]) / length] as const
  const across = [-along[1], along[0]] as const
  const offset = (p: Point, from: Point, axis: Point): number => (p[0] - from[0]) * axis[0] + (p[1] - from[1]) * axis[1]
  const lipGap = Math.max(0, ...modelLower.slice(1, -1).map((p, i) => offset(p, modelUpper[i + 1] as Point, across)))
  const gap = lipGap > CLOSED_GAP * width ? lipGap : 0
  const thickness = (inner: readonly Point[], outer: readonly number[], least: number): number =>
    Math.max(least * width, Math.abs(offset(placeOf(outer[5] as number), inner[5] as Point, across)))
  const upperThickness = thickness(modelUpper, LIPS.upperOuter, 0.04)
  const lowerThickness = thickness(modelLower, LIPS.lowerOuter, 0.06)
  const line = gap > 0 ? undefined : lipLineOf(image, { upper: modelUpper, lower: modelLower, along, across, width })
  const [upper, lower] = [line ?? modelUpper, line ?? modelLower]
  const [middle, low] = [upper[5], lower[5]] as [Point, Point]
  const centre = [(middle[0] + low[0]) / 2, (middle[1] + low[1]) / 2] as const
  const left = offset(centre, a, along)
  const half = [Math.max(left, 0.2 * length), Math.max(length - left, 0.2 * length)] as const
  const edge = (row: readonly Point[]): Float32Array => {
    const points = row.map((place): Point => [offset(place, centre, along), offset(place, centre, across)])
    return evenCurve(points, -half[0], half[1], new Float32Array(21))
  }
  const chinDistance = offset(placeOf(CHIN), centre, across)
  const edges = { upper: edge(upper), lower: edge(lower) }
  return { centre, along, across, half, upper, lower, edges, gap, upperThickness, lowerThickness, chinDistance, width }
}
