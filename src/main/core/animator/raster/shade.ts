import { smoothstep } from '../mesh/easing.ts'
import type { FaceGeometry, MotionField } from '../mesh/motion-field.ts'
import { pointOf } from '../mesh/head-frame.ts'
import { gridAt } from '../mesh/warp-grid.ts'
import type { NodeBox } from '../mesh/warp-grid.ts'
import type { Canvas } from './paint-cells.ts'

/** How much lighter (above 0) or darker each node's skin gets for one unit of smile and of jaw, as a share of its own light. */
export type Shades = {
  readonly smile: Float32Array
  readonly jaw: Float32Array
  readonly box: NodeBox
  /** The frame's mixture of both, on the still and on the output. */
  readonly source: Float32Array
  readonly now: Float32Array
}

/** Nose wing, then beside the mouth's corner: the fold that deepens between them. Image left, image right. */
const FOLDS = [
  [129, 57],
  [358, 287],
] as const
const CHEEKS = [50, 280] as const
/** Below the lower lip. */
const LIP_GROOVE = 18
const CHIN = 152

const distanceToSegment = (x: number, y: number, a: readonly number[], b: readonly number[]): number => {
  const [ax, ay, bx, by] = [a[0], a[1], b[0], b[1]] as [number, number, number, number]
  const length = (bx - ax) ** 2 + (by - ay) ** 2 || 1
  const t = Math.min(1.2, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length))
  return Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay))
}

/**
 * Where light changes as a face speaks: folds from nose to mouth deepen, cheeks catch light with a smile, the groove under the lip opens
 * and the shadow under the chin grows with the jaw. Shares of a few per cent, judged by eye.
 */
export const shadesOf = ({ frame, grid, active, follow, depthField }: FaceGeometry): Shades => {
  const { points, faceHeight } = frame
  const { columns, rows, spacing } = grid
  const smile = new Float32Array(columns * rows)
  const jaw = new Float32Array(columns * rows)
  const near = (distance: number, reach: number): number => Math.exp(-((distance / (reach * faceHeight)) ** 2))
  const folds = FOLDS.map(([a, b]) => [pointOf(points, a), pointOf(points, b)] as const)
  const cheeks = CHEEKS.map((index) => pointOf(points, index))
  const groove = pointOf(points, LIP_GROOVE)
  const chin = pointOf(points, CHIN)
  const [, down] = frame.axes
  let [i0, j0, i1, j1] = [columns, rows, 0, 0]
  for (let j = active.j0; j <= active.j1; j++) {
    for (let i = active.i0; i <= active.i1; i++) {
      const n = j * columns + i
      if ((depthField.scale[n] as number) > 1.8) continue
      const x = i * spacing
      const y = j * spacing
      let fold = 0
      for (const [a, b] of folds) fold = Math.max(fold, near(distanceToSegment(x, y, a, b), 0.028))
      let cheek = 0
      for (const [cx, cy] of cheeks) cheek = Math.max(cheek, near(Math.hypot(x - cx, y - cy), 0.1))
      const below = ((x - chin[0]) * down[0] + (y - chin[1]) * down[1]) / faceHeight
      const neck = smoothstep(0, 0.05, below) * near(Math.hypot(x - chin[0], y - chin[1]), 0.2) * (follow[n] as number)
      smile[n] = 0.05 * cheek - 0.08 * fold
      jaw[n] = 0.05 * near(Math.hypot(x - groove[0], y - groove[1]), 0.05) - 0.04 * fold - 0.1 * neck
      if (Math.max(Math.abs(smile[n] as number), Math.abs(jaw[n] as number)) < 0.003) continue
      i0 = Math.min(i0, i)
      i1 = Math.max(i1, i)
      j0 = Math.min(j0, j)
      j1 = Math.max(j1, j)
    }
  }
  return {
    smile,
    jaw,
    box: { i0, j0, i1, j1 },
    source: new Float32Array(columns * rows),
    now: new Float32Array(columns * rows),
  }
}

/** Computes `shades.now`, the change of light at every node of the output, for this smile and jaw (0..1). */
export const moveShades = (
  { grid }: FaceGeometry,
  field: MotionField,
  shades: Shades,
  smile: number,
  jaw: number,
): void => {
  const { source } = shades
  const { i0, j0, i1, j1 } = shades.box
  const { columns, spacing } = grid
  for (let j = j0; j <= j1; j++) {
    for (let n = j * columns + i0; n <= j * columns + i1; n++)
      source[n] = smile * (shades.smile[n] as number) + jaw * (shades.jaw[n] as number)
  }
  const [backX, backY] = field.back
  for (let j = j0; j <= j1; j++) {
    for (let i = i0; i <= i1; i++) {
      const n = j * columns + i
      shades.now[n] = gridAt(grid, source, i * spacing + (backX[n] as number), j * spacing + (backY[n] as number))
    }
  }
}

/** Lightens or darkens the person in one painted cell by `shades.now` at its corners; the background keeps its pixels. */
export const shadeCell = ({ grid, out, plate }: Canvas, { now }: Shades, i: number, j: number): void => {
  const { spacing, width, height, columns } = grid
  const n = j * columns + i
  const [a, b, c, d] = [now[n], now[n + 1], now[n + columns], now[n + columns + 1]] as [number, number, number, number]
  if (Math.max(Math.abs(a), Math.abs(b), Math.abs(c), Math.abs(d)) < 0.004) return
  const x1 = Math.min(width, (i + 1) * spacing)
  const y1 = Math.min(height, (j + 1) * spacing)
  for (let y = j * spacing; y < y1; y++) {
    const fy = y / spacing - j
    const left = a * (1 - fy) + c * fy
    const step = (b * (1 - fy) + d * fy - left) / spacing
    let light = (1 + left) * 256
    for (let at = y * width + i * spacing; at < y * width + x1; at++, light += step * 256) {
      const colour = out[at] as number
      if (colour === plate[at]) continue
      // Light of at most 1.12: a channel above 228 is held at white.
      const red = ((colour & 255) * light) >> 8
      const green = (((colour >>> 8) & 255) * light) >> 8
      const blue = (((colour >>> 16) & 255) * light) >> 8
      out[at] =
        0xff000000 | ((blue > 255 ? 255 : blue) << 16) | ((green > 255 ? 255 : green) << 8) | (red > 255 ? 255 : red)
    }
  }
}
