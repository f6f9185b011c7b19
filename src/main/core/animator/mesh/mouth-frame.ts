import type { RgbaImage } from '../../lib/rgba-image.ts'
import type { HeadFrame } from './head-frame.ts'
import { lipLineOf } from './lip-line.ts'
import { axesAt, axesThrough, offsetOf, pointAt, uOf, vOf, type Axes, type Point } from './plane.ts'
import { evenCurve } from './spline.ts'
import { LIPS } from './topology.ts'

/** The mouth of the still; px. */
export type MouthFrame = {
  /** From the middle of the lip line, through the corners toward image right and at right angles downward. */
  readonly axes: Axes
  /** Distance from there to the corners: image left, image right (they differ on a turned head). */
  readonly half: readonly [number, number]
  /** Inner lip rows, 11 sample positions each. */
  readonly upper: readonly Point[]
  readonly lower: readonly Point[]
  /** Their offsets across the mouth at 21 even steps from corner to corner. */
  readonly edges: { readonly upper: Float32Array; readonly lower: Float32Array }
  /** Widest gap of the still between the inner lip edges; 0 when the lips are closed. */
  readonly gap: number
  /** Thickness of the lips in the middle. */
  readonly upperThickness: number
  readonly lowerThickness: number
  /** Distance from the lip line to the chin. */
  readonly chinDistance: number
  readonly width: number
}

/** An inner lip gap below this share of the mouth width is a closed mouth that the model sees as slightly open. */
const CLOSED_GAP = 0.045

/** Finds mouth axes, lip edges and units; on a closed mouth both inner edges move onto the dark line between the lips. */
export const mouthFrameOf = ({ points, mouthWidth: width, chin }: HeadFrame, image: RgbaImage): MouthFrame => {
  const rowOf = (row: readonly number[]): Point[] => row.map((index) => pointAt(points, index))
  const [upperRow, lowerRow] = [rowOf(LIPS.upperInner), rowOf(LIPS.lowerInner)]
  const [a, b] = [upperRow[0] as Point, upperRow[10] as Point]
  const corners = axesThrough(a, b)
  const across = (row: readonly Point[]): number[] => row.map(([x, y]) => vOf(corners, x, y))
  const [ups, lows] = [across(upperRow), across(lowerRow)]
  const lipGap = Math.max(...lows.map((low, i) => low - (ups[i] as number)))
  const gap = lipGap > CLOSED_GAP * width ? lipGap : 0
  const thickness = (inner: readonly number[], outer: readonly number[], least: number): number =>
    Math.max(least * width, Math.abs((across(rowOf(outer))[5] as number) - (inner[5] as number)))
  const line = gap === 0 ? lipLineOf(image, [upperRow, lowerRow], corners, width) : undefined
  const [upper, lower] = [line ?? upperRow, line ?? lowerRow]
  const { x, y } = axesThrough(upper[5] as Point, lower[5] as Point)
  const axes = axesAt([x, y], corners)
  const left = -uOf(axes, ...a)
  const least = 0.2 * corners.length
  const half = [Math.max(left, least), Math.max(corners.length - left, least)] as const
  const edge = (row: readonly Point[]): Float32Array => {
    const offsets = row.map((place) => offsetOf(axes, place))
    const [us, vs] = [Float32Array.from(offsets, ([u]) => u), Float32Array.from(offsets, ([, v]) => v)]
    return evenCurve(us, vs, -half[0], half[1], new Float32Array(21))
  }
  return {
    ...{ axes, half, upper, lower, gap, width },
    edges: { upper: edge(upper), lower: edge(lower) },
    upperThickness: thickness(ups, LIPS.upperOuter, 0.04),
    lowerThickness: thickness(lows, LIPS.lowerOuter, 0.06),
    chinDistance: vOf(axes, chin.x, chin.y),
  }
}
