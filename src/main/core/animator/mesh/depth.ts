import faceTriangles from './face-triangles.json' with { type: 'json' }
import { meanOf, mix, smoothstep, valueAt } from './easing.ts'
import { pointOf, type HeadFrame, type Vector } from './head-frame.ts'
import { boundsOf } from './plane.ts'
import { evenCurve } from './spline.ts'
import { FACE_OVAL } from './topology.ts'
import { eachNode, everyNode, nodeArray, type WarpGrid } from './warp-grid.ts'

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
/** Directions in which the outline is looked up. */
const DIRECTIONS = 720

const rasteriseFace = ({ points }: HeadFrame, { spacing, columns, rows }: WarpGrid, depth: Float32Array): void => {
  const list = faceTriangles.triangles
  for (let t = 0; t < list.length; t += 3) {
    const corners = list.slice(t, t + 3).map((index) => {
      const [x, y, z] = pointOf(points, index)
      return [x / spacing, y / spacing, z] as const
    })
    const [[ax, ay, az], [bx, by, bz], [cx, cy, cz]] = corners as unknown as [Vector, Vector, Vector]
    const area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    if (Math.abs(area) < 1e-6) continue
    const { left, top, right, bottom } = boundsOf(corners.map(([x, y]) => [x, y]))
    for (let j = Math.max(0, Math.ceil(top)); j <= Math.min(rows - 1, bottom); j++) {
      for (let i = Math.max(0, Math.ceil(left)); i <= Math.min(columns - 1, right); i++) {
        const u = ((i - ax) * (cy - ay) - (cx - ax) * (j - ay)) / area
        const v = ((bx - ax) * (j - ay) - (i - ax) * (by - ay)) / area
        if (u < 0 || v < 0 || u + v > 1) continue
        const z = az + u * (bz - az) + v * (cz - az)
        const node = j * columns + i
        if (!((depth[node] as number) <= z)) depth[node] = z
      }
    }
  }
}

/** No node lies farther back than its neighbours allow: far cheeks of turned heads stay steep but never fold. */
const limitSlope = ({ columns, rows, spacing }: WarpGrid, depth: Float32Array): void => {
  const count = columns * rows
  for (const way of [1, -1]) {
    for (let k = 0; k < count; k++) {
      const node = way > 0 ? k : count - 1 - k
      const inRow = node % columns !== (way > 0 ? 0 : columns - 1)
      for (const other of [inRow ? node - way : node, node - way * columns])
        if (other >= 0 && other < count)
          depth[node] = Math.min(depth[node] as number, (depth[other] as number) + STEEPEST * spacing)
    }
  }
}

/** One pass of the 1 2 1 kernel over `count` values, `step` apart, in place; the ends are held. */
export const smoothLine = (values: Float32Array, start: number, step: number, count: number): void => {
  let before = values[start] as number
  for (let k = 0; k < count; k++) {
    const at = start + k * step
    const here = values[at] as number
    const after = k + 1 < count ? (values[at + step] as number) : here
    values[at] = (before + 2 * here + after) / 4
    before = here
  }
}

/** Depth of the whole picture's nodes from 468 mesh points: the mesh inside the face, a fading skirt outside it. */
export const depthFieldOf = (frame: HeadFrame, grid: WarpGrid): DepthField => {
  const { columns, rows } = grid
  const depth = nodeArray(grid).fill(NaN)
  const scale = nodeArray(grid)
  rasteriseFace(frame, grid, depth)
  const outline = FACE_OVAL.map((index) => pointOf(frame.points, index))
  const [cx, cy] = [meanOf(outline.map(([x]) => x)), meanOf(outline.map(([, y]) => y))]
  const directionOf = (x: number, y: number): number => (Math.atan2(y - cy, x - cx) / Math.PI + 1) * (DIRECTIONS / 2)
  const rim = outline.map(([x, y, z]) => ({ at: directionOf(x, y), radius: Math.hypot(x - cx, y - cy), z }))
  const ring = [-DIRECTIONS, 0, DIRECTIONS].flatMap((turn) => rim.map((place) => ({ ...place, at: place.at + turn })))
  ring.sort((a, b) => a.at - b.at)
  const table = (valueOf: (place: (typeof ring)[number]) => number): Float32Array => {
    const [us, vs] = [Float32Array.from(ring, ({ at }) => at), Float32Array.from(ring, valueOf)]
    return evenCurve(us, vs, 0, DIRECTIONS, new Float32Array(DIRECTIONS + 1))
  }
  const [radius, edge] = [table((place) => place.radius), table((place) => place.z)]
  const rest = frame.skullPivot[2]
  eachNode(grid, everyNode(grid), (node, x, y) => {
    const direction = directionOf(x, y)
    const away = Math.hypot(x - cx, y - cy) / valueAt(radius, direction)
    scale[node] = away
    const fade = smoothstep(DEPTH_FADE[0], DEPTH_FADE[1], away)
    if (Number.isNaN(depth[node] as number)) depth[node] = mix(valueAt(edge, direction), rest, fade)
  })
  limitSlope(grid, depth)
  for (let j = 0; j < rows; j++) smoothLine(depth, j * columns, 1, columns)
  for (let i = 0; i < columns; i++) smoothLine(depth, i, columns, rows)
  return { depth, scale }
}
