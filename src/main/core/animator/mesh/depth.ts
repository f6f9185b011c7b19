import faceTriangles from './face-triangles.json' with { type: 'json' }
import { smoothstep } from './easing.ts'
import type { HeadFrame } from './head-frame.ts'
import { FACE_OVAL } from './topology.ts'
import type { WarpGrid } from './warp-grid.ts'

/** Depth and place of every node relative to the face's outline. */
export type DepthField = {
  /** Depth of the surface a node stands for, px, away from the viewer. */
  readonly depth: Float32Array
  /** Distance from the face's centre in units of the outline: 1 on the oval, 0 in its centre. */
  readonly scale: Float32Array
}

/** Steepest depth per px across the picture: turned by 10 degrees such a slope compresses to about half, and nothing folds over. */
const STEEPEST = 2.4
/** The outline's depth runs out to the pivot's between these scales: silhouettes then barely move when the head turns. */
const DEPTH_FADE: readonly [number, number] = [1, 1.6]

/** Nothing farther out than this many outlines takes part in any motion. */
const FAR_AWAY = 4

const rasteriseFace = (frame: HeadFrame, grid: WarpGrid, depth: Float32Array): void => {
  const { points } = frame
  const { spacing, columns, rows } = grid
  const list = faceTriangles.triangles
  for (let t = 0; t < list.length; t += 3) {
    const [a, b, c] = [list[t], list[t + 1], list[t + 2]] as [number, number, number]
    const ax = (points[a * 3] as number) / spacing
    const ay = (points[a * 3 + 1] as number) / spacing
    const bx = (points[b * 3] as number) / spacing
    const by = (points[b * 3 + 1] as number) / spacing
    const cx = (points[c * 3] as number) / spacing
    const cy = (points[c * 3 + 1] as number) / spacing
    const area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    if (Math.abs(area) < 1e-6) continue
    const i0 = Math.max(0, Math.ceil(Math.min(ax, bx, cx)))
    const i1 = Math.min(columns - 1, Math.floor(Math.max(ax, bx, cx)))
    const j0 = Math.max(0, Math.ceil(Math.min(ay, by, cy)))
    const j1 = Math.min(rows - 1, Math.floor(Math.max(ay, by, cy)))
    for (let j = j0; j <= j1; j++) {
      for (let i = i0; i <= i1; i++) {
        const u = ((i - ax) * (cy - ay) - (cx - ax) * (j - ay)) / area
        const v = ((bx - ax) * (j - ay) - (i - ax) * (by - ay)) / area
        if (u < 0 || v < 0 || u + v > 1) continue
        const za = points[a * 3 + 2] as number
        const z = za + u * ((points[b * 3 + 2] as number) - za) + v * ((points[c * 3 + 2] as number) - za)
        const node = j * columns + i
        const old = depth[node] as number
        if (Number.isNaN(old) || z < old) depth[node] = z
      }
    }
  }
}

/** Where the ray from (0, 0) through (x, y) leaves the outline: distance in units of the outline, and the outline's depth there. */
const leaveOval = (oval: Float32Array, x: number, y: number): readonly [scale: number, depth: number] => {
  let scale = 0
  let depth = 0
  const count = oval.length / 3
  for (let k = 0; k < count; k++) {
    const n = (k + 1) % count
    const px = oval[k * 3] as number
    const py = oval[k * 3 + 1] as number
    const ex = (oval[n * 3] as number) - px
    const ey = (oval[n * 3 + 1] as number) - py
    const cross = x * ey - y * ex
    if (Math.abs(cross) < 1e-9) continue
    // (x, y) * r = p + e * s
    const r = (px * ey - py * ex) / cross
    const s = (px * y - py * x) / cross
    if (r <= 0 || s < 0 || s > 1) continue
    const inverse = 1 / r
    if (scale === 0 || inverse < scale) {
      scale = inverse
      const z = oval[k * 3 + 2] as number
      depth = z + s * ((oval[n * 3 + 2] as number) - z)
    }
  }
  return [scale, depth]
}

/** No node lies farther back than its neighbours allow: far cheeks of turned heads stay steep but never fold. */
const limitSlope = ({ columns, rows, spacing }: WarpGrid, depth: Float32Array): void => {
  const step = STEEPEST * spacing
  const ease = (node: number, other: number): void => {
    const limit = (depth[other] as number) + step
    if ((depth[node] as number) > limit) depth[node] = limit
  }
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      const node = j * columns + i
      if (i > 0) ease(node, node - 1)
      if (j > 0) ease(node, node - columns)
    }
  }
  for (let j = rows - 1; j >= 0; j--) {
    for (let i = columns - 1; i >= 0; i--) {
      const node = j * columns + i
      if (i < columns - 1) ease(node, node + 1)
      if (j < rows - 1) ease(node, node + columns)
    }
  }
}

/** One pass of the 1 2 1 kernel in both directions over a node array, in place. */
export const smoothNodes = ({ columns, rows }: WarpGrid, values: Float32Array): void => {
  const line = (start: number, step: number, count: number): void => {
    let before = values[start] as number
    for (let k = 0; k < count; k++) {
      const at = start + k * step
      const here = values[at] as number
      const after = k + 1 < count ? (values[at + step] as number) : here
      values[at] = (before + 2 * here + after) / 4
      before = here
    }
  }
  for (let j = 0; j < rows; j++) line(j * columns, 1, columns)
  for (let i = 0; i < columns; i++) line(i, columns, rows)
}

/** Depth of the whole picture's nodes from 468 mesh points: the mesh inside the face, a fading skirt outside it. */
export const depthFieldOf = (frame: HeadFrame, grid: WarpGrid): DepthField => {
  const { columns, rows, spacing } = grid
  const depth = new Float32Array(columns * rows).fill(NaN)
  const scale = new Float32Array(columns * rows)
  rasteriseFace(frame, grid, depth)
  let cx = 0
  let cy = 0
  for (const index of FACE_OVAL) {
    cx += (frame.points[index * 3] as number) / FACE_OVAL.length
    cy += (frame.points[index * 3 + 1] as number) / FACE_OVAL.length
  }
  const oval = Float32Array.from(
    FACE_OVAL.flatMap((index) => [
      (frame.points[index * 3] as number) - cx,
      (frame.points[index * 3 + 1] as number) - cy,
      frame.points[index * 3 + 2] as number,
    ]),
  )
  const rest = frame.skullPivot[2]
  const radius = Math.max(
    ...Array.from({ length: FACE_OVAL.length }, (_, k) => Math.hypot(oval[k * 3] as number, oval[k * 3 + 1] as number)),
  )
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      const node = j * columns + i
      const distance = Math.hypot(i * spacing - cx, j * spacing - cy)
      if (distance > FAR_AWAY * radius) {
        scale[node] = FAR_AWAY
        depth[node] = rest
        continue
      }
      const [away, edge] = leaveOval(oval, i * spacing - cx, j * spacing - cy)
      scale[node] = away
      if (!Number.isNaN(depth[node] as number)) continue
      depth[node] = edge + (rest - edge) * smoothstep(DEPTH_FADE[0], DEPTH_FADE[1], away)
    }
  }
  limitSlope(grid, depth)
  smoothNodes(grid, depth)
  return { depth, scale }
}
