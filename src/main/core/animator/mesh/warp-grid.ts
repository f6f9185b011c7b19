import { clamp } from './easing.ts'

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

/** Calls `visit` with every node's index, its place in px, and its column and row. */
export const eachNode = (
  { columns, rows, spacing }: WarpGrid,
  visit: (node: number, x: number, y: number, i: number, j: number) => void,
): void => {
  for (let j = 0; j < rows; j++)
    for (let i = 0; i < columns; i++) visit(j * columns + i, i * spacing, j * spacing, i, j)
}

/** The nodes that `inside` names and `margin` more on every side. */
export const boxWhere = (grid: WarpGrid, inside: (node: number) => boolean, margin: number): NodeBox => {
  let [i0, j0, i1, j1] = [grid.columns, grid.rows, -1, -1]
  eachNode(grid, (node, _x, _y, i, j) => {
    if (!inside(node)) return
    i0 = Math.min(i0, i)
    i1 = Math.max(i1, i)
    j0 = Math.min(j0, j)
    j1 = Math.max(j1, j)
  })
  const [right, bottom] = [grid.columns - 1, grid.rows - 1]
  return {
    i0: Math.max(0, i0 - margin),
    j0: Math.max(0, j0 - margin),
    i1: Math.min(right, i1 + margin),
    j1: Math.min(bottom, j1 + margin),
  }
}

/** Bilinear value of node array `values` at sample position (x, y); positions outside the grid read its border. */
export const gridAt = ({ spacing, columns, rows }: WarpGrid, values: Float32Array, x: number, y: number): number => {
  const gx = clamp(x / spacing, 0, columns - 1.001)
  const gy = clamp(y / spacing, 0, rows - 1.001)
  const i = gx | 0
  const j = gy | 0
  const fx = gx - i
  const fy = gy - j
  const at = j * columns + i
  const top = (values[at] as number) * (1 - fx) + (values[at + 1] as number) * fx
  const bottom = (values[at + columns] as number) * (1 - fx) + (values[at + columns + 1] as number) * fx
  return top * (1 - fy) + bottom * fy
}

const SETTLED_PX = 0.03

/**
 * Turns a forward motion field into a backward one: for every node of `box`, `back` becomes the displacement b for which the
 * picture content at (node + b) lands on the node, b = -d(node + b), by fixed-point steps. Fields are px a node. Converges
 * because the fields' slopes stay below about 0.6 (see depth.ts); most nodes need two steps.
 */
export const invertField = (
  grid: WarpGrid,
  box: NodeBox,
  [forwardX, forwardY]: NodePair,
  [backX, backY]: NodePair,
): void => {
  const { spacing, columns } = grid
  for (let j = box.j0; j <= box.j1; j++) {
    for (let i = box.i0; i <= box.i1; i++) {
      const node = j * columns + i
      let dx = forwardX[node] as number
      let dy = forwardY[node] as number
      for (let step = 0; step < 5; step++) {
        const x = i * spacing - dx
        const y = j * spacing - dy
        const nextX = gridAt(grid, forwardX, x, y)
        const nextY = gridAt(grid, forwardY, x, y)
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
