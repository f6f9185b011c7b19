import { clamp, mix } from '../mesh/easing.ts'
import type { FaceGeometry, MotionField } from '../mesh/motion-field.ts'
import { LIP_POINTS } from '../mesh/mouth-frame.ts'
import { evenCurve, type Point } from '../mesh/spline.ts'
import { gridAt, type NodePair } from '../mesh/warp-grid.ts'
import { cellCorners, paintCell, type Canvas } from './paint-cells.ts'
import { blend, over } from './colour.ts'
import { readTexture } from './texture.ts'

/**
 * The moved lips of one frame in a frame of their own: origin (x, y), direction (alongX, alongY) through the corners, lip edges as offsets
 * across it at `STEPS + 1` even places from corner (-half) to corner (half), and the widest gap between them, px.
 */
export type LipTable = Record<'x' | 'y' | 'alongX' | 'alongY' | 'half' | 'widest', number> &
  Readonly<Record<'upper' | 'lower', Float32Array>>

const STEPS = 192
/** Gap that pressed lips may leave before they are made to meet, mouth widths. */
const LEFT_OPEN = 0.05

export const emptyLipTable = (): LipTable => {
  const edge = (): Float32Array => new Float32Array(STEPS + 1)
  return { x: 0, y: 0, alongX: 1, alongY: 0, half: 1, upper: edge(), lower: edge(), widest: 0 }
}

/** Follows both inner lip edges through the motion of this frame. `press` (0..1) takes away what gap is left at the corners of an open still. */
export const moveLips = ({ grid, mouth }: FaceGeometry, field: MotionField, press: number, table: LipTable): void => {
  const moved = (row: readonly Point[], [moveX, moveY]: NodePair): Point[] =>
    row.map(([x, y]) => [x + gridAt(grid, moveX, x, y), y + gridAt(grid, moveY, x, y)])
  const [upper, lower] = [moved(mouth.upper, field.forward), moved(mouth.lower, field.forwardLower)]
  for (const i of [0, LIP_POINTS - 1]) {
    const [above, below] = [upper[i], lower[i]] as [Point, Point]
    upper[i] = lower[i] = [(above[0] + below[0]) / 2, (above[1] + below[1]) / 2]
  }
  const [a, b] = [upper[0], upper.at(-1)] as [Point, Point]
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1
  const [alongX, alongY] = [(b[0] - a[0]) / length, (b[1] - a[1]) / length]
  const [middleX, middleY] = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]
  Object.assign(table, { x: middleX, y: middleY, alongX, alongY, half: length / 2 })
  const trace = (row: readonly Point[], out: Float32Array): void => {
    const inFrame = row.map(([x, y]): Point => {
      const [dx, dy] = [x - middleX, y - middleY]
      return [dx * alongX + dy * alongY, dy * alongX - dx * alongY]
    })
    evenCurve(inFrame, -table.half, table.half, out)
  }
  trace(upper, table.upper)
  trace(lower, table.lower)
  table.widest = 0
  const pressed = press * LEFT_OPEN * mouth.width
  for (let k = 0; k <= STEPS; k++) {
    const [up, low] = [table.upper[k] as number, table.lower[k] as number]
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
  const perStep = STEPS / (2 * table.half)
  const reach = Math.hypot(spacing, spacing)
  const step = 1 / spacing
  for (let j = j0; j < j1; j++) {
    for (let i = i0; i < i1; i++) {
      painted[j * columns + i] = 1
      cellCorners(canvas, field.back, i, j, above)
      cellCorners(canvas, field.backLower, i, j, below)
      const midX = (i + 0.5) * spacing - table.x
      const midY = (j + 0.5) * spacing - table.y
      const midV = midY * table.alongX - midX * table.alongY
      const midU = midX * table.alongX + midY * table.alongY + table.half
      const first = clamp(Math.floor((midU - reach) * perStep), 0, STEPS)
      const last = clamp(Math.ceil((midU + reach) * perStep), 0, STEPS)
      let [top, bottom] = [Infinity, -Infinity]
      for (let k = first; k <= last; k++) {
        top = Math.min(top, table.upper[k] as number)
        bottom = Math.max(bottom, table.lower[k] as number)
      }
      const isAbove = midV + reach < top - 1
      if (isAbove || midV - reach > bottom + 1) {
        paintCell(canvas, i, j, isAbove ? above : below)
        continue
      }
      const x1 = Math.min(width, (i + 1) * spacing)
      const y1 = Math.min(height, (j + 1) * spacing)
      for (let y = j * spacing; y < y1; y++) {
        const fy = (y - j * spacing) * step
        for (let x = i * spacing; x < x1; x++) {
          const [dx, dy] = [x - table.x, y - table.y]
          const v = dy * table.alongX - dx * table.alongY
          const k = clamp((dx * table.alongX + dy * table.alongY + table.half) * perStep, 0, STEPS - 0.001)
          const f = k - (k | 0)
          const up = mix(table.upper[k | 0] as number, table.upper[(k | 0) + 1] as number, f)
          const low = mix(table.lower[k | 0] as number, table.lower[(k | 0) + 1] as number, f)
          const cover = Math.min(v + 0.5, low) - Math.max(v - 0.5, up)
          let colour = 0
          if (cover < 1) {
            const c = v < (up + low) / 2 ? above : below
            const fx = (x - i * spacing) * step
            const left = mix(c[0] as number, c[4] as number, fy)
            const leftV = mix(c[1] as number, c[5] as number, fy)
            const atU = mix(left, mix(c[2] as number, c[6] as number, fy), fx)
            const atV = mix(leftV, mix(c[3] as number, c[7] as number, fy), fx)
            colour = over(readTexture(texels, stride, atU, atV), plate[y * width + x] as number)
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
