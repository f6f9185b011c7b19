import { clamp } from '../mesh/easing.ts'
import type { FaceGeometry, MotionField } from '../mesh/motion-field.ts'
import { LIP_POINTS } from '../mesh/mouth-frame.ts'
import { evenCurve } from '../mesh/spline.ts'
import { gridAt } from '../mesh/warp-grid.ts'
import { cellCorners, paintCell } from './paint-cells.ts'
import type { Canvas } from './paint-cells.ts'
import { blend, over, readTexture } from './texture.ts'

/**
 * The moved lips of one frame in a frame of their own: origin (x, y), `along` through the corners, lip edges as offsets across it at
 * `STEPS + 1` even places from corner (-left) to corner (right), px.
 */
export type LipTable = {
  x: number
  y: number
  alongX: number
  alongY: number
  left: number
  right: number
  readonly upper: Float32Array
  readonly lower: Float32Array
  widest: number
}

const STEPS = 192
/** Gap that pressed lips may leave before they are made to meet, mouth widths. */
const LEFT_OPEN = 0.05

export const emptyLipTable = (): LipTable => ({
  x: 0,
  y: 0,
  alongX: 1,
  alongY: 0,
  left: 1,
  right: 1,
  upper: new Float32Array(STEPS + 1),
  lower: new Float32Array(STEPS + 1),
  widest: 0,
})

const movedU = new Float32Array(LIP_POINTS)
const movedV = new Float32Array(LIP_POINTS)

/** Follows both inner lip edges through the motion of this frame. `press` (0..1) takes away what gap is left at the corners of an open still. */
export const moveLips = ({ grid, mouth }: FaceGeometry, field: MotionField, press: number, table: LipTable): void => {
  const map = (row: Float32Array, i: number, forward: readonly [Float32Array, Float32Array], k: 0 | 1): number => {
    const x = row[i * 2] as number
    const y = row[i * 2 + 1] as number
    return (k === 0 ? x : y) + gridAt(grid, forward[k], x, y)
  }
  const corner = (i: number, k: 0 | 1): number =>
    (map(mouth.upper, i, field.forward, k) + map(mouth.lower, i, field.forwardLower, k)) / 2
  const ax = corner(0, 0)
  const ay = corner(0, 1)
  const bx = corner(10, 0)
  const by = corner(10, 1)
  const length = Math.hypot(bx - ax, by - ay) || 1
  table.alongX = (bx - ax) / length
  table.alongY = (by - ay) / length
  table.x = (ax + bx) / 2
  table.y = (ay + by) / 2
  table.left = length / 2
  table.right = length / 2
  const trace = (row: Float32Array, forward: readonly [Float32Array, Float32Array], out: Float32Array): void => {
    for (let i = 0; i < LIP_POINTS; i++) {
      const end = i === 0 || i === LIP_POINTS - 1
      const dx = (end ? corner(i, 0) : map(row, i, forward, 0)) - table.x
      const dy = (end ? corner(i, 1) : map(row, i, forward, 1)) - table.y
      movedU[i] = dx * table.alongX + dy * table.alongY
      movedV[i] = dy * table.alongX - dx * table.alongY
    }
    evenCurve(movedU, movedV, -table.left, table.right, out)
  }
  trace(mouth.upper, field.forward, table.upper)
  trace(mouth.lower, field.forwardLower, table.lower)
  table.widest = 0
  const pressed = press * LEFT_OPEN * mouth.width
  for (let k = 0; k <= STEPS; k++) {
    const low = table.lower[k] as number
    const up = table.upper[k] as number
    const gap = Math.max(0, low - up - pressed)
    table.upper[k] = (up + low - gap) / 2
    table.lower[k] = (up + low + gap) / 2
    table.widest = Math.max(table.widest, gap)
  }
}

/** Colour of the inside of the mouth at output pixel (x, y); distances to the lips' edges and the widest gap in px. */
export type Inside = (x: number, y: number, fromUpper: number, fromLower: number, widest: number) => number

const above = new Float64Array(8)
const below = new Float64Array(8)

/**
 * Paints the cells of the mouth: content above the upper lip's edge moves with the upper field, content below the lower lip's edge with
 * the lower field, and between them lies the inside. Edges are covered by area, one pixel wide. Returns nothing; marks `painted`.
 */
export const paintMouth = (
  canvas: Canvas,
  field: MotionField,
  table: LipTable,
  inside: Inside,
  painted: Uint8Array,
): void => {
  const { grid, texture, plate, out } = canvas
  const { spacing, width, height, columns } = grid
  const { i0, j0, i1, j1 } = field.lipsOut
  const { texels, width: stride } = texture
  const perStep = STEPS / (table.left + table.right)
  const reach = Math.hypot(spacing, spacing)
  const step = 1 / spacing
  for (let j = j0; j < j1; j++) {
    for (let i = i0; i < i1; i++) {
      painted[j * columns + i] = 1
      cellCorners(canvas, field.back, i, j, above)
      const midX = (i + 0.5) * spacing - table.x
      const midY = (j + 0.5) * spacing - table.y
      const midV = midY * table.alongX - midX * table.alongY
      const midU = midX * table.alongX + midY * table.alongY
      let top = Infinity
      let bottom = -Infinity
      const first = clamp(Math.floor((midU - reach + table.left) * perStep), 0, STEPS)
      const last = clamp(Math.ceil((midU + reach + table.left) * perStep), 0, STEPS)
      for (let k = first; k <= last; k++) {
        top = Math.min(top, table.upper[k] as number)
        bottom = Math.max(bottom, table.lower[k] as number)
      }
      if (midV + reach < top - 1) {
        paintCell(canvas, i, j, above)
        continue
      }
      cellCorners(canvas, field.backLower, i, j, below)
      if (midV - reach > bottom + 1) {
        paintCell(canvas, i, j, below)
        continue
      }
      const x1 = Math.min(width, (i + 1) * spacing)
      const y1 = Math.min(height, (j + 1) * spacing)
      for (let y = j * spacing; y < y1; y++) {
        const fy = (y - j * spacing) * step
        for (let x = i * spacing; x < x1; x++) {
          const fx = (x - i * spacing) * step
          const dx = x - table.x
          const dy = y - table.y
          const v = dy * table.alongX - dx * table.alongY
          const k = clamp((dx * table.alongX + dy * table.alongY + table.left) * perStep, 0, STEPS - 0.001)
          const f = k - (k | 0)
          const up = (table.upper[k | 0] as number) * (1 - f) + (table.upper[(k | 0) + 1] as number) * f
          const low = (table.lower[k | 0] as number) * (1 - f) + (table.lower[(k | 0) + 1] as number) * f
          const cover = Math.min(v + 0.5, low) - Math.max(v - 0.5, up)
          let colour = 0
          if (cover < 1) {
            const c = v < (up + low) / 2 ? above : below
            const left = (c[0] as number) * (1 - fy) + (c[4] as number) * fy
            const right = (c[2] as number) * (1 - fy) + (c[6] as number) * fy
            const leftV = (c[1] as number) * (1 - fy) + (c[5] as number) * fy
            const rightV = (c[3] as number) * (1 - fy) + (c[7] as number) * fy
            colour = over(
              readTexture(texels, stride, left + (right - left) * fx, leftV + (rightV - leftV) * fx),
              plate[y * width + x] as number,
            )
          }
          if (cover > 0) {
            const mouthColour = inside(x, y, v - up, low - v, table.widest)
            colour = cover >= 1 ? mouthColour : blend(colour, mouthColour, (cover * 256) | 0)
          }
          out[y * width + x] = colour
        }
      }
    }
  }
}
