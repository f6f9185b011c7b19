import faceTriangles from './face-triangles.json' with { type: 'json' }
import { mix, smoothstep } from './easing.ts'
import { along, pointOf, type HeadFrame, type Vector } from './head-frame.ts'
import { evenCurve } from './spline.ts'
import { FACE_OVAL } from './topology.ts'
import { eachNode, nodeArray, type WarpGrid } from './warp-grid.ts'
import { smoothLine, valueAt } from '../series.ts'

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

const rasteriseFace = ({ points }: HeadFrame, { spacing, columns, rows }: WarpGrid, depth: Float32Array): void => {
  const list = faceTriangles.triangles
  for (let t = 0; t < list.length; t += 3) {
    const [[ax, ay, az], [bx, by, bz], [cx, cy, cz]] = [0, 1, 2].map((k) =>
      pointOf(points, list[t + k] as number).map((value, axis) => (axis < 2 ? value / spacing : value)),
    ) as unknown as [Vector, Vector, Vector]
    const area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    if (Math.abs(area) < 1e-6) continue
    const right = Math.min(columns - 1, Math.max(ax, bx, cx))
    const bottom = Math.min(rows - 1, Math.max(ay, by, cy))
    for (let j = Math.max(0, Math.ceil(Math.min(ay, by, cy))); j <= bottom; j++) {
      for (let i = Math.max(0, Math.ceil(Math.min(ax, bx, cx))); i <= right; i++) {
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

const ANGLES = 720

/** The face's outline by direction from its centre: radius and depth in px at ANGLES even steps from -pi to pi, the last one the first again. */
const outlineOf = (fromCentre: readonly Vector[]): Record<'radius' | 'depth', Float32Array> => {
  const byAngle = fromCentre
    .map(([x, y, z]) => ({ angle: Math.atan2(y, x), radius: Math.hypot(x, y), depth: z }))
    .toSorted((a, b) => a.angle - b.angle)
  const curve = (of: 'radius' | 'depth'): Float32Array => {
    const points = [-2 * Math.PI, 0, 2 * Math.PI].flatMap((turn) =>
      byAngle.map((point) => [point.angle + turn, point[of]] as const),
    )
    return evenCurve(points, -Math.PI, Math.PI, new Float32Array(ANGLES + 1))
  }
  return { radius: curve('radius'), depth: curve('depth') }
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

/** Depth of the whole picture's nodes from 468 mesh points: the mesh inside the face, a fading skirt outside it. */
export const depthFieldOf = (frame: HeadFrame, grid: WarpGrid): DepthField => {
  const { columns, rows } = grid
  const depth = nodeArray(grid).fill(NaN)
  const scale = nodeArray(grid)
  rasteriseFace(frame, grid, depth)
  const outline = FACE_OVAL.map((index) => pointOf(frame.points, index))
  const [cx, cy] = outline.reduce((sum, point) => along(sum, point, 1 / outline.length), [0, 0, 0])
  const fromCentre = outline.map((point) => along(point, [cx, cy, 0], -1))
  const edge = outlineOf(fromCentre)
  const rest = frame.skullPivot[2]
  eachNode(grid, (node, x, y) => {
    const direction = (0.5 + Math.atan2(y - cy, x - cx) / (2 * Math.PI)) * ANGLES
    const away = Math.hypot(x - cx, y - cy) / valueAt(edge.radius, direction)
    scale[node] = away
    if (Number.isNaN(depth[node] as number))
      depth[node] = mix(valueAt(edge.depth, direction), rest, smoothstep(DEPTH_FADE[0], DEPTH_FADE[1], away))
  })
  limitSlope(grid, depth)
  for (let j = 0; j < rows; j++) smoothLine(depth, j * columns, 1, columns)
  for (let i = 0; i < columns; i++) smoothLine(depth, i, columns, rows)
  return { depth, scale }
}
