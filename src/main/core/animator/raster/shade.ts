import { clamp, smoothstep } from '../mesh/easing.ts'
import type { FaceGeometry, MotionField } from '../mesh/motion-field.ts'
import { pointOf, type Vector } from '../mesh/head-frame.ts'
import { CHIN } from '../mesh/topology.ts'
import { boxWhere, eachNode, gridAt, nodeArray, type NodeBox } from '../mesh/warp-grid.ts'
import { lit } from './colour.ts'
import type { Canvas } from './paint-cells.ts'

/** How much lighter (above 0) or darker each node's skin gets for one unit of smile and of jaw, as a share of its own light. */
export type Shades = {
  readonly smile: Float32Array
  readonly jaw: Float32Array
  readonly box: NodeBox
  /** The frame's mixture of both, on the output. */
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
/** A smaller change of light than this is none. */
const LEAST = 0.003

const distanceToSegment = (x: number, y: number, [ax, ay]: Vector, [bx, by]: Vector): number => {
  const length = (bx - ax) ** 2 + (by - ay) ** 2 || 1
  const t = clamp(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length, 0, 1.2)
  return Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay))
}

/**
 * Where light changes as a face speaks: folds from nose to mouth deepen, cheeks catch light with a smile, the groove under the lip opens
 * and the shadow under the chin grows with the jaw. Shares of a few per cent, judged by eye.
 */
export const shadesOf = ({ frame, grid, follow, depthField }: FaceGeometry): Shades => {
  const { points, faceHeight, down } = frame
  const [smile, jaw] = [nodeArray(grid), nodeArray(grid)]
  const folds = FOLDS.map(([a, b]) => [pointOf(points, a), pointOf(points, b)] as const)
  const cheeks = CHEEKS.map((index) => pointOf(points, index))
  const [groove, chin] = [pointOf(points, LIP_GROOVE), pointOf(points, CHIN)]
  eachNode(grid, (n, x, y) => {
    if ((depthField.scale[n] as number) > 1.8) return
    const near = (distance: number, reach: number): number =>
      distance > 3 * reach * faceHeight ? 0 : Math.exp(-((distance / (reach * faceHeight)) ** 2))
    const nearPoint = ([px, py]: Vector, reach: number): number => near(Math.hypot(x - px, y - py), reach)
    const fold = Math.max(...folds.map(([a, b]) => near(distanceToSegment(x, y, a, b), 0.028)))
    const cheek = Math.max(...cheeks.map((point) => nearPoint(point, 0.1)))
    const below = ((x - chin[0]) * down[0] + (y - chin[1]) * down[1]) / faceHeight
    const neck = smoothstep(0, 0.05, below) * nearPoint(chin, 0.2) * (follow[n] as number)
    smile[n] = 0.05 * cheek - 0.06 * fold
    jaw[n] = 0.05 * nearPoint(groove, 0.05) - 0.04 * fold - 0.1 * neck
  })
  const changes = (n: number): boolean => Math.max(Math.abs(smile[n] as number), Math.abs(jaw[n] as number)) >= LEAST
  return { smile, jaw, box: boxWhere(grid, changes, 0), now: nodeArray(grid) }
}

/** Computes `shades.now`, the change of light at every node of the output, for this smile and jaw (0..1). */
export const moveShades = (
  { grid }: FaceGeometry,
  { back }: MotionField,
  { now, box, smile, jaw }: Shades,
  smiling: number,
  opening: number,
): void => {
  const { columns, spacing } = grid
  for (let j = box.j0; j <= box.j1; j++) {
    for (let i = box.i0; i <= box.i1; i++) {
      const n = j * columns + i
      const [x, y] = [i * spacing + (back[0][n] as number), j * spacing + (back[1][n] as number)]
      now[n] = smiling * gridAt(grid, smile, x, y) + opening * gridAt(grid, jaw, x, y)
    }
  }
}

/** Lightens or darkens the person in one painted cell by `shades.now` at its corners; the background keeps its pixels. */
export const shadeCell = ({ grid, out, plate }: Canvas, { now, box }: Shades, i: number, j: number): void => {
  if (i < box.i0 || i >= box.i1 || j < box.j0 || j >= box.j1) return
  const { spacing, width, height, columns } = grid
  const n = j * columns + i
  const [a, b, c, d] = [now[n], now[n + 1], now[n + columns], now[n + columns + 1]] as [number, number, number, number]
  if (Math.max(Math.abs(a), Math.abs(b), Math.abs(c), Math.abs(d)) < LEAST) return
  const x1 = Math.min(width, (i + 1) * spacing)
  const y1 = Math.min(height, (j + 1) * spacing)
  for (let y = j * spacing; y < y1; y++) {
    const fy = y / spacing - j
    const left = a * (1 - fy) + c * fy
    const step = (256 * (b * (1 - fy) + d * fy - left)) / spacing
    let light = (1 + left) * 256
    for (let at = y * width + i * spacing; at < y * width + x1; at++, light += step) {
      const colour = out[at] as number
      if (colour !== plate[at]) out[at] = lit(colour, light)
    }
  }
}
