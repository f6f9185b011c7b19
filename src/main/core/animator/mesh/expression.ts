import type { DepthField } from './depth.ts'
import { clamp, smoothstep } from './easing.ts'
import { pointOf, type HeadFrame } from './head-frame.ts'
import type { MouthFrame } from './mouth-frame.ts'
import { splineAt } from './spline.ts'
import { BROWS } from './topology.ts'
import { eachNode, nodePair, type NodePair, type WarpGrid } from './warp-grid.ts'

/**
 * How far every node moves for one unit of a control, px. The skin is cut along the lip line: `upper` holds for content above it,
 * `lower` for content below; away from the lips both agree.
 */
export type Control = { readonly upper: NodePair; readonly lower: NodePair }

/** `jaw` moves the skin of the lower face, `lips` what the lips do beside it; the others are as in FramePose. */
export type Expression = Readonly<Record<'jaw' | 'lips' | 'press' | 'lift' | 'spread' | 'round' | 'brow', Control>>

/** Largest drop of the lower lip, mouth widths (study: .29). */
const JAW_DROP = 0.29
/** Rise of the brows, face heights: more folds the lid below them (study: .05 to .08 of the eye's opening). */
const BROW_RISE = 0.022
/** Rounding lips pull the skin above them less and less up to here, mouth widths above the lip line: the nose stays with the skull. */
const NOSE: readonly [number, number] = [0.15, 0.55]
/** No control moves anything farther out than this many outlines of the face. */
const REACH = 2.2

/** Precomputes the motion of every node for each control. Constants without a note are those of the feasibility study, section 5.4. */
export const expressionOf = (
  frame: HeadFrame,
  mouth: MouthFrame,
  grid: WarpGrid,
  { scale }: DepthField,
): Expression => {
  const whole = (both = nodePair(grid)): Control => ({ upper: both, lower: both })
  const split = (): Control => ({ upper: nodePair(grid), lower: nodePair(grid) })
  const [jaw, spread, round, brow] = [whole(), whole(), whole(), whole()]
  const [lips, press, lift] = [split(), split(), split()]
  const { centre, along, across, half, width, edges, gap, chinDistance, upperThickness, lowerThickness } = mouth
  const reach = 0.35 * width
  const { down, faceHeight } = frame
  const brows = BROWS.map((index) => pointOf(frame.points, index))

  const browAt = (x: number, y: number): number => {
    let most = 0
    for (const [bx, by] of brows) {
      const [dx, dy] = [x - bx, y - by]
      const distance = Math.sqrt(dx * dx + dy * dy) / faceHeight
      if (distance >= 0.2) continue
      const isBelow = dx * down[0] + dy * down[1] > 0
      most = Math.max(most, 1 - smoothstep(0.035, isBelow ? 0.12 : 0.2, distance))
    }
    return BROW_RISE * faceHeight * most
  }

  eachNode(grid, (node, x, y) => {
    if ((scale[node] as number) > REACH) return
    const put = ([fx, fy]: NodePair, [ax, ay]: readonly [number, number], u: number, v = 0): void => {
      fx[node] = ax * u - ay * v
      fy[node] = ay * u + ax * v
    }
    const u = (x - centre[0]) * along[0] + (y - centre[1]) * along[1]
    const v = (x - centre[0]) * across[0] + (y - centre[1]) * across[1]
    const s = (u + half[0]) / (half[0] + half[1])
    const [upperEdge, lowerEdge] = [splineAt(edges.upper, s), splineAt(edges.lower, s)]
    const xn = u < 0 ? u / half[0] : u / half[1]
    const side = Math.abs(xn)
    const away = v - (upperEdge + lowerEdge) / 2
    const yn = away / chinDistance
    const jawFades = (1 - smoothstep(1.05, 2.7, side)) * (1 - smoothstep(1.02, 2.1, yn))
    const drop = smoothstep(-0.28, 0.42, yn) * jawFades * JAW_DROP * width
    const sideways = 1 - smoothstep(0.85, 1.3, side)
    const fromUpper = upperEdge - v
    const fromLower = v - lowerEdge
    const upperShare = sideways * (1 - smoothstep(upperThickness, upperThickness + reach, Math.abs(fromUpper)))
    const lowerShare = sideways * (1 - smoothstep(lowerThickness, lowerThickness + reach, Math.abs(fromLower)))
    put(jaw.upper, down, drop)
    if (upperShare > 0 || lowerShare > 0) {
      // Open mouths are ovals: the study's sine by landmark number is a V when read by distance.
      const profile = side < 1 ? (1 - side * side) ** 0.72 : 0
      const upperDrop = (0.24 * (1 - profile) ** 1.4 - 0.05 * profile) * JAW_DROP * width
      put(lips.upper, down, upperShare * (upperDrop - drop))
      put(lips.lower, down, lowerShare * ((0.24 + 0.76 * profile) * JAW_DROP * width - drop))
      // Lips pressed together get thinner by a tenth; the open mouth of a still closes, three quarters of the way by the lower lip.
      const open = Math.max(0, lowerEdge - upperEdge)
      // The model's edges of an open mouth leave a sliver of teeth on the lips: they overlap by that much.
      const overlap = gap > 0 ? 0.025 * width * Math.sqrt(profile) : 0
      put(press.upper, down, upperShare * (0.25 * open + overlap + 0.1 * clamp(fromUpper, 0, upperThickness)))
      put(press.lower, down, -lowerShare * (0.75 * open + overlap + 0.1 * clamp(fromLower, 0, lowerThickness)))
      put(lift.upper, down, -upperShare * 0.055 * width * profile)
      put(lift.lower, down, -lowerShare * 0.03 * width * profile)
    }
    const far = (away / width) ** 2
    const near = Math.exp(-(xn * xn + 4 * far) / 2.6)
    const corner = Math.exp(-((side - 1.1) ** 2) / 0.18 - (16 / 2.6) * far)
    put(spread.upper, along, 0.085 * u * near, -0.035 * width * corner)
    const pulled = near * (1 - smoothstep(NOSE[0], NOSE[1], -away / width))
    put(round.upper, along, -0.31 * u * pulled, 0.1 * away * pulled)
    put(brow.upper, down, -browAt(x, y))
  })
  return { jaw, lips, press, lift, spread, round, brow }
}
