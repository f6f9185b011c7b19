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

/** Nodes a face height: fine enough for lips and chin, coarse enough to move in about a millisecond. */
const NODES_PER_FACE = 44

export const warpGridOf = (width: number, height: number, faceHeight: number): WarpGrid => {
  const spacing = Math.max(4, Math.round(faceHeight / NODES_PER_FACE))
  return {
    width,
    height,
    spacing,
    columns: Math.ceil((width - 1) / spacing) + 1,
    rows: Math.ceil((height - 1) / spacing) + 1,
  }
}

/** Bilinear value of node array `values` at sample position (x, y); positions outside the grid read its border. */
export const gridAt = ({ spacing, columns, rows }: WarpGrid, values: Float32Array, x: number, y: number): number => {
  const gx = Math.min(columns - 1.001, Math.max(0, x / spacing))
  const gy = Math.min(rows - 1.001, Math.max(0, y / spacing))
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
 * Turns a forward motion field into a backward one: for every node of `box`, `backX/Y` becomes the displacement b for which the
 * picture content at (node + b) lands on the node, b = -d(node + b), by fixed-point steps. Fields are px a node. Converges
 * because the fields' slopes stay below about 0.6 (see depth.ts); most nodes need two steps.
 */
export const invertField = (
  grid: WarpGrid,
  box: NodeBox,
  forwardX: Float32Array,
  forwardY: Float32Array,
  backX: Float32Array,
  backY: Float32Array,
): void => {
  const { spacing, columns, rows } = grid
  const scale = 1 / spacing
  for (let j = box.j0; j <= box.j1; j++) {
    for (let i = box.i0; i <= box.i1; i++) {
      const node = j * columns + i
      let dx = forwardX[node] as number
      let dy = forwardY[node] as number
      for (let step = 0; step < 5; step++) {
        let gx = i - dx * scale
        let gy = j - dy * scale
        gx = gx < 0 ? 0 : gx > columns - 1.001 ? columns - 1.001 : gx
        gy = gy < 0 ? 0 : gy > rows - 1.001 ? rows - 1.001 : gy
        const x0 = gx | 0
        const y0 = gy | 0
        const fx = gx - x0
        const fy = gy - y0
        const at = y0 * columns + x0
        const w00 = (1 - fx) * (1 - fy)
        const w10 = fx * (1 - fy)
        const w01 = (1 - fx) * fy
        const w11 = fx * fy
        const nextX =
          (forwardX[at] as number) * w00 +
          (forwardX[at + 1] as number) * w10 +
          (forwardX[at + columns] as number) * w01 +
          (forwardX[at + columns + 1] as number) * w11
        const nextY =
          (forwardY[at] as number) * w00 +
          (forwardY[at + 1] as number) * w10 +
          (forwardY[at + columns] as number) * w01 +
          (forwardY[at + columns + 1] as number) * w11
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
