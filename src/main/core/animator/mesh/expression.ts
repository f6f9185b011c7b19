import type { DepthField } from './depth.ts'
import { clamp, smoothstep } from './easing.ts'
import type { HeadFrame } from './head-frame.ts'
import { pointOf } from './head-frame.ts'
import type { MouthFrame } from './mouth-frame.ts'
import { LIP_POINTS } from './mouth-frame.ts'
import { evenCurve, splineAt } from './spline.ts'
import { BROWS } from './topology.ts'
import type { WarpGrid } from './warp-grid.ts'

/**
 * How far every node moves for one unit of each control, px. The skin is cut along the lip line: `upper*` holds for content
 * above it, `lower*` for content below; away from the lips both agree. Down and right are positive; `jaw*`, `press*` and
 * `lift*` act along the head's down axis, `brow` against it, the others along the mouth's axes.
 */
export type Expression = {
  /** Direction of the jaw's drop in the picture (unit vector). */
  readonly drop: readonly [number, number]
  readonly jaw: Float32Array
  readonly jawUpper: Float32Array
  readonly jawLower: Float32Array
  readonly pressUpper: Float32Array
  readonly pressLower: Float32Array
  readonly liftUpper: Float32Array
  readonly liftLower: Float32Array
  readonly spreadX: Float32Array
  readonly spreadY: Float32Array
  readonly roundX: Float32Array
  readonly roundY: Float32Array
  readonly brow: Float32Array
}

/** Mouth coordinates of a point: `xn` half mouths from the centre, `line` the lip line's offset there, px; `u`, `v` px along and across. */
type MouthPoint = { u: number; v: number; xn: number; upperEdge: number; lowerEdge: number }

/** Largest drop of the lower lip, mouth widths (study: .29). */
const JAW_DROP = 0.29
const NONE = 0
/** Rise of the brows, face heights: more folds the lid below them (study: .05 to .08 of the eye's opening). */
const BROW_RISE = 0.022
/** No control moves anything farther out than this many outlines of the face. */
const REACH = 2.2

/** Offsets of the inner lip edges across the mouth at even steps from corner to corner, px from the centre. */
export const lipEdges = (mouth: MouthFrame): { readonly upper: Float32Array; readonly lower: Float32Array } => {
  const steps = 21
  const [left, right] = mouth.half
  const edge = (row: Float32Array): Float32Array => {
    const us = new Float32Array(LIP_POINTS)
    const vs = new Float32Array(LIP_POINTS)
    for (let i = 0; i < LIP_POINTS; i++) {
      const dx = (row[i * 2] as number) - mouth.centre[0]
      const dy = (row[i * 2 + 1] as number) - mouth.centre[1]
      us[i] = dx * mouth.along[0] + dy * mouth.along[1]
      vs[i] = dx * mouth.across[0] + dy * mouth.across[1]
    }
    const out = new Float32Array(steps)
    evenCurve(us, vs, -left, right, out)
    return out
  }
  return { upper: edge(mouth.upper), lower: edge(mouth.lower) }
}

/** Precomputes the motion of every node for each control. Constants without a note are those of the feasibility study, section 5.4. */
export const expressionOf = (
  frame: HeadFrame,
  mouth: MouthFrame,
  grid: WarpGrid,
  { scale }: DepthField,
): Expression => {
  const { columns, rows, spacing } = grid
  const count = columns * rows
  const field = (): Float32Array => new Float32Array(count)
  const out = {
    jaw: field(),
    jawUpper: field(),
    jawLower: field(),
    pressUpper: field(),
    pressLower: field(),
    liftUpper: field(),
    liftLower: field(),
    spreadX: field(),
    spreadY: field(),
    roundX: field(),
    roundY: field(),
    brow: field(),
  }
  const { centre, along, across, half, width, chinDistance, upperThickness, lowerThickness } = mouth
  const edges = lipEdges(mouth)
  const reach = 0.35 * width
  const downLength = Math.hypot(frame.axes[1][0], frame.axes[1][1]) || 1
  const drop = [frame.axes[1][0] / downLength, frame.axes[1][1] / downLength] as const
  const brows = BROWS.map((index) => pointOf(frame.points, index))

  const place = (x: number, y: number): MouthPoint => {
    const dx = x - centre[0]
    const dy = y - centre[1]
    const u = dx * along[0] + dy * along[1]
    const v = dx * across[0] + dy * across[1]
    const s = (u + half[0]) / (half[0] + half[1])
    return {
      u,
      v,
      xn: u < 0 ? u / half[0] : u / half[1],
      upperEdge: splineAt(edges.upper, s),
      lowerEdge: splineAt(edges.lower, s),
    }
  }

  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      const x = i * spacing
      const y = j * spacing
      const node = j * columns + i
      if ((scale[node] as number) > REACH) continue
      const { u, v, xn, upperEdge, lowerEdge } = place(x, y)
      const side = Math.abs(xn)
      const line = (upperEdge + lowerEdge) / 2
      const yn = (v - line) / chinDistance
      const jaw =
        smoothstep(-0.28, 0.42, yn) *
        (1 - smoothstep(1.05, 2.7, side)) *
        (1 - smoothstep(1.02, 2.1, yn)) *
        JAW_DROP *
        width
      // Open mouths are ovals: the study's sine by landmark number is a V when read by distance.
      const profile = side < 1 ? (1 - side * side) ** 0.72 : NONE
      const sideways = 1 - smoothstep(0.85, 1.3, side)
      const fromUpper = upperEdge - v
      const fromLower = v - lowerEdge
      const upperShare = sideways * (1 - smoothstep(upperThickness, upperThickness + reach, Math.abs(fromUpper)))
      const lowerShare = sideways * (1 - smoothstep(lowerThickness, lowerThickness + reach, Math.abs(fromLower)))
      const upperJaw = (0.24 * (1 - profile) ** 1.4 - 0.05 * profile) * JAW_DROP * width
      const lowerJaw = (0.24 + 0.76 * profile) * JAW_DROP * width
      out.jaw[node] = jaw
      out.jawUpper[node] = upperShare * (upperJaw - jaw)
      out.jawLower[node] = lowerShare * (lowerJaw - jaw)
      // Lips pressed together get thinner by a fifth; the open mouth of a still closes, three quarters of the way by the lower lip.
      const gap = Math.max(0, lowerEdge - upperEdge)
      // The model's edges of an open mouth leave a sliver of teeth on the lips: they overlap by that much.
      const overlap = mouth.open ? 0.025 * width * Math.sqrt(profile) : 0
      out.pressUpper[node] = upperShare * (0.25 * gap + overlap + 0.2 * clamp(fromUpper, 0, upperThickness))
      out.pressLower[node] = -lowerShare * (0.75 * gap + overlap + 0.2 * clamp(fromLower, 0, lowerThickness))
      out.liftUpper[node] = -upperShare * 0.055 * width * profile
      out.liftLower[node] = -lowerShare * 0.03 * width * profile
      const r2 = xn * xn + (4 * (v - line) * (v - line)) / (width * width)
      const near = Math.exp(-r2 / 2.6)
      const corner = Math.exp(-((side - 1.1) ** 2) / 0.18 - (16 * (v - line) * (v - line)) / (width * width * 2.6))
      out.spreadX[node] = 0.085 * u * near
      out.spreadY[node] = -0.035 * width * corner
      out.roundX[node] = -0.24 * u * near
      out.roundY[node] = 0.1 * (v - line) * near
      let brow = 0
      for (const [bx, by] of brows) {
        const ex = x - bx
        const ey = y - by
        const below = (ex * drop[0] + ey * drop[1]) / frame.faceHeight
        const distance = Math.hypot(ex, ey) / frame.faceHeight
        const weight = below > 0 ? 1 - smoothstep(0.035, 0.12, distance) : 1 - smoothstep(0.035, 0.2, distance)
        if (weight > brow) brow = weight
      }
      out.brow[node] = BROW_RISE * frame.faceHeight * brow
    }
  }
  return { drop, ...out }
}
