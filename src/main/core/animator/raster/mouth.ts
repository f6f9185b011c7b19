import { between, clamp, mix } from '../mesh/easing.ts'
import type { FaceGeometry, MotionField } from '../mesh/motion-field.ts'
import { axesThrough, offsetOf, uOf, vOf, type Axes, type Point } from '../mesh/plane.ts'
import { evenCurve } from '../mesh/spline.ts'
import { gridAt, type NodePair } from '../mesh/warp-grid.ts'
import { cellCorners, paintCell, type Canvas } from './paint-cells.ts'
import { blend, over } from './colour.ts'
import { readTexture } from './texture.ts'

/** The moved lips of one frame: axes through their corners, and lip edges as offsets across at STEPS + 1 even places between those, px. */
export type MovedLips = {
  readonly axes: Axes
  readonly upper: Float32Array
  readonly lower: Float32Array
  readonly widest: number
}

const STEPS = 192
/** Gap that pressed lips may leave before they are made to meet, mouth widths. */
const LEFT_OPEN = 0.05

/** Follows both inner lip edges through the motion of this frame. `press` (0..1) takes away what gap is left at the corners of an open still. */
export const moveLips = ({ grid, mouth }: FaceGeometry, field: MotionField, press: number): MovedLips => {
  const moved = (row: readonly Point[], [moveX, moveY]: NodePair): Point[] =>
    row.map(([x, y]) => [x + gridAt(grid, moveX, x, y), y + gridAt(grid, moveY, x, y)])
  const rows = [moved(mouth.upper, field.forward), moved(mouth.lower, field.forwardLower)] as const
  const corner = (i: number): Point => {
    const [[ax, ay], [bx, by]] = [rows[0][i] as Point, rows[1][i] as Point]
    return [(ax + bx) / 2, (ay + by) / 2]
  }
  const last = mouth.upper.length - 1
  const axes = axesThrough(corner(0), corner(last))
  const [upper, lower] = rows.map((row) => {
    const offsets = row.map((place, i) => offsetOf(axes, i % last === 0 ? corner(i) : place))
    const [us, vs] = [Float32Array.from(offsets, ([u]) => u), Float32Array.from(offsets, ([, v]) => v)]
    return evenCurve(us, vs, -axes.length / 2, axes.length / 2, new Float32Array(STEPS + 1))
  }) as [Float32Array, Float32Array]
  let widest = 0
  for (let k = 0; k <= STEPS; k++) {
    const [up, low] = [upper[k] as number, lower[k] as number]
    const gap = Math.max(0, low - up - press * LEFT_OPEN * mouth.width)
    upper[k] = (up + low - gap) / 2
    lower[k] = (up + low + gap) / 2
    widest = Math.max(widest, gap)
  }
  return { axes, upper, lower, widest }
}

/** Colour of the inside of the mouth at output pixel (x, y); distances to the lips' edges in px. */
export type Inside = (x: number, y: number, fromUpper: number, fromLower: number) => number

const above = new Float64Array(8)
const below = new Float64Array(8)

/**
 * Paints the cells of the mouth: content above the upper lip's edge moves with the upper field, content below the lower lip's edge with
 * the lower field, and between them lies the inside. Edges are covered by area, one pixel wide. Returns nothing; marks `painted`.
 */
export const paintMouth = (
  canvas: Canvas,
  field: MotionField,
  lips: MovedLips,
  inside: Inside,
  painted: Uint8Array,
): void => {
  const { grid, texture, plate, out } = canvas
  const { spacing, width, height, columns } = grid
  const { i0, j0, i1, j1 } = field.lipsOut
  const { texels, width: stride } = texture
  const { axes, upper, lower } = lips
  const stepOf = (u: number): number => (u + axes.length / 2) * (STEPS / axes.length)
  const reach = Math.hypot(spacing, spacing)
  for (let j = j0; j < j1; j++) {
    for (let i = i0; i < i1; i++) {
      painted[j * columns + i] = 1
      cellCorners(canvas, field.back, i, j, above)
      cellCorners(canvas, field.backLower, i, j, below)
      const [midX, midY] = [(i + 0.5) * spacing, (j + 0.5) * spacing]
      const [midU, midV] = [uOf(axes, midX, midY), vOf(axes, midX, midY)]
      const last = clamp(Math.ceil(stepOf(midU + reach)), 0, STEPS)
      let [top, bottom] = [Infinity, -Infinity]
      for (let k = clamp(Math.floor(stepOf(midU - reach)), 0, STEPS); k <= last; k++) {
        top = Math.min(top, upper[k] as number)
        bottom = Math.max(bottom, lower[k] as number)
      }
      const isAbove = midV + reach < top - 1
      if (isAbove || midV - reach > bottom + 1) {
        paintCell(canvas, i, j, isAbove ? above : below)
        continue
      }
      const x1 = Math.min(width, (i + 1) * spacing)
      const y1 = Math.min(height, (j + 1) * spacing)
      for (let y = j * spacing; y < y1; y++) {
        const fy = y / spacing - j
        for (let x = i * spacing; x < x1; x++) {
          const v = vOf(axes, x, y)
          const k = clamp(stepOf(uOf(axes, x, y)), 0, STEPS - 0.001)
          const up = between(upper, k | 0, k - (k | 0))
          const low = between(lower, k | 0, k - (k | 0))
          const cover = Math.min(v + 0.5, low) - Math.max(v - 0.5, up)
          let colour = 0
          if (cover < 1) {
            const c = v < (up + low) / 2 ? above : below
            const fx = x / spacing - i
            const side = (k0: 0 | 1): number =>
              mix(mix(c[k0] as number, c[k0 + 4] as number, fy), mix(c[k0 + 2] as number, c[k0 + 6] as number, fy), fx)
            colour = over(readTexture(texels, stride, side(0), side(1)), plate[y * width + x] as number)
          }
          if (cover > 0) {
            const mouthColour = inside(x, y, v - up, low - v)
            colour = cover >= 1 ? mouthColour : blend(colour, mouthColour, (cover * 256) | 0)
          }
          out[y * width + x] = colour
        }
      }
    }
  }
}
