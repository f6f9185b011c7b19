import type { RgbaImage } from '../../lib/rgba-image.ts'
import type { HeadFrame } from './head-frame.ts'
import { pointOf } from './head-frame.ts'
import { refineLipLine } from './lip-line.ts'
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
  /** Gap of the still between the inner lip edges at each of the 11 points, px; all 0 when the lips are closed. */
  readonly gap: Float32Array
  /** True when the still shows the inside of the mouth. */
  readonly open: boolean
  /** Thickness of the lips in the middle, px. */
  readonly upperThickness: number
  readonly lowerThickness: number
  /** Distance from the lip line to the chin, px. */
  readonly chinDistance: number
  readonly width: number
}

/** An inner lip gap below this share of the mouth width is a closed mouth that the model sees as slightly open. */
const CLOSED_GAP = 0.045

const rowOf = (frame: HeadFrame, row: readonly number[]): Float32Array =>
  Float32Array.from(row.flatMap((index) => pointOf(frame.points, index).slice(0, 2)))

/** Finds mouth axes, lip edges and units; on a closed mouth both inner edges move onto the dark line between the lips. */
export const mouthFrameOf = (frame: HeadFrame, image: RgbaImage): MouthFrame => {
  const upper = rowOf(frame, LIPS.upperInner)
  const lower = rowOf(frame, LIPS.lowerInner)
  const upperOuter = rowOf(frame, LIPS.upperOuter)
  const lowerOuter = rowOf(frame, LIPS.lowerOuter)
  const width = frame.mouthWidth
  const at = (row: Float32Array, i: number): readonly [number, number] => [
    row[i * 2] as number,
    row[i * 2 + 1] as number,
  ]
  const a = at(upper, 0)
  const b = at(upper, 10)
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1
  const along = [(b[0] - a[0]) / length, (b[1] - a[1]) / length] as const
  const across = [-along[1], along[0]] as const
  const gap = new Float32Array(LIP_POINTS)
  for (let i = 1; i < LIP_POINTS - 1; i++) {
    const [ux, uy] = at(upper, i)
    const [lx, ly] = at(lower, i)
    gap[i] = Math.max(0, (lx - ux) * across[0] + (ly - uy) * across[1])
  }
  const open = Math.max(...gap) > CLOSED_GAP * width
  const distance = (p: readonly [number, number], q: readonly [number, number]): number =>
    Math.abs((q[0] - p[0]) * across[0] + (q[1] - p[1]) * across[1])
  const upperThickness = distance(at(upper, 5), at(upperOuter, 5))
  const lowerThickness = distance(at(lower, 5), at(lowerOuter, 5))
  if (!open) {
    refineLipLine(image, { upper, lower, along, across, width })
    gap.fill(0)
  }
  const middle = at(upper, 5)
  const low = at(lower, 5)
  const centre = [(middle[0] + low[0]) / 2, (middle[1] + low[1]) / 2] as const
  const left = (centre[0] - a[0]) * along[0] + (centre[1] - a[1]) * along[1]
  const chin = pointOf(frame.points, CHIN)
  return {
    centre,
    along,
    across,
    half: [Math.max(left, 0.2 * length), Math.max(length - left, 0.2 * length)],
    upper,
    lower,
    gap,
    open,
    upperThickness: Math.max(upperThickness, 0.04 * width),
    lowerThickness: Math.max(lowerThickness, 0.06 * width),
    chinDistance: (chin[0] - centre[0]) * across[0] + (chin[1] - centre[1]) * across[1],
    width,
  }
}
