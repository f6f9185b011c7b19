import { bilinear, clamp } from './easing.ts'

/** A grid of nodes over a picture: node (i, j) sits at sample position (i * spacing, j * spacing); the last ones lie on or past the border. */
export type WarpGrid = {
  readonly width: number
  readonly height: number
  readonly spacing: number
  readonly columns: number
  readonly rows: number
}

/** Inclusive range of nodes. */
export type NodeBox = { readonly i0: number; readonly j0: number; readonly i1: number; readonly j1: number }

/** One number a node in x and one in y. */
export type NodePair = readonly [x: Float32Array, y: Float32Array]

/** Nodes a face height: fine enough for lips and chin, coarse enough to move in about a millisecond. */
const NODES_PER_FACE = 44

export const warpGridOf = (width: number, height: number, faceHeight: number): WarpGrid => {
  const spacing = Math.max(4, Math.round(faceHeight / NODES_PER_FACE))
  const nodes = (length: number): number => Math.ceil((length - 1) / spacing) + 1
  return { width, height, spacing, columns: nodes(width), rows: nodes(height) }
}

export const nodeArray = ({ columns, rows }: WarpGrid): Float32Array => new Float32Array(columns * rows)

export const nodePair = (grid: WarpGrid): NodePair => [nodeArray(grid), nodeArray(grid)]

export const everyNode = ({ columns, rows }: WarpGrid): NodeBox => ({ i0: 0, j0: 0, i1: columns - 1, j1: rows - 1 })

/** Calls `visit` with the index and the place in px of every node of `box`. */
export const eachNode = (
  { columns, spacing }: WarpGrid,
  { i0, j0, i1, j1 }: NodeBox,
  visit: (node: number, x: number, y: number) => void,
): void => {
  for (let j = j0; j <= j1; j++) for (let i = i0; i <= i1; i++) visit(j * columns + i, i * spacing, j * spacing)
}

/** The nodes that `inside` names and `margin` more on every side. */
export const boxWhere = ({ columns, rows }: WarpGrid, inside: (node: number) => boolean, margin: number): NodeBox => {
  let [i0, j0, i1, j1] = [columns, rows, -1, -1]
  for (let node = 0; node < columns * rows; node++) {
    if (!inside(node)) continue
    const [i, j] = [node % columns, Math.floor(node / columns)]
    ;[i0, i1, j0, j1] = [Math.min(i0, i), Math.max(i1, i), Math.min(j0, j), j]
  }
  const near = (at: number, last: number): number => clamp(at, 0, last - 1)
  return {
    i0: near(i0 - margin, columns),
    j0: near(j0 - margin, rows),
    i1: near(i1 + margin, columns),
    j1: near(j1 + margin, rows),
  }
}

/** Bilinear value of node array `values` at sample position (x, y); positions outside the grid read its border. */
export const gridAt = ({ spacing, columns, rows }: WarpGrid, values: Float32Array, x: number, y: number): number => {
  const gx = clamp(x / spacing, 0, columns - 1.001)
  const gy = clamp(y / spacing, 0, rows - 1.001)
  const i = gx | 0
  const j = gy | 0
  return bilinear(values, columns, j * columns + i, gx - i, gy - j)
}

const SETTLED_PX = 0.03

/**
 * Turns a forward motion field into a backward one: for every node of `box`, `back` becomes the displacement b for which the
 * picture content at (node + b) lands on the node, b = -d(node + b), by fixed-point steps. Fields are px a node. Converges
 * because the fields' slopes stay below about 0.6 (see depth.ts); most nodes need two steps.
 */
export const invertField = (grid: WarpGrid, box: NodeBox, forward: NodePair, back: NodePair): void => {
  const { spacing, columns } = grid
  const [forwardX, forwardY] = forward
  const [backX, backY] = back
  // Written out: as a function of the node this takes twice as long.
  for (let j = box.j0; j <= box.j1; j++) {
    for (let i = box.i0; i <= box.i1; i++) {
      const node = j * columns + i
      const x = i * spacing
      const y = j * spacing
      let dx = forwardX[node] as number
      let dy = forwardY[node] as number
      for (let step = 0; step < 5; step++) {
        const nextX = gridAt(grid, forwardX, x - dx, y - dy)
        const nextY = gridAt(grid, forwardY, x - dx, y - dy)
        const settled = Math.abs(nextX - dx) + Math.abs(nextY - dy) < SETTLED_PX
        dx = nextX
        dy = nextY
        if (settled) break
      }
      backX[node] = -dx
      backY[node] = -dy
    }
  }
}
