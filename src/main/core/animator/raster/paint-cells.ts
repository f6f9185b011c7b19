import type { NodePair, WarpGrid } from '../mesh/warp-grid.ts'
import { over } from './colour.ts'
import { readTexture, type Texture } from './texture.ts'

/** What cells are painted from and into. `still`, `plate` and `out` are whole pictures of packed pixels. */
export type Canvas = {
  readonly grid: WarpGrid
  readonly texture: Texture
  /** What stands behind the person, opaque. */
  readonly plate: Uint32Array
  readonly out: Uint32Array
}

const FIXED = 65536

/** Fixed-point texel coordinates of the four corners of the cell of node (i, j): u and v at top left, top right, bottom left, bottom right. */
export const cellCorners = (
  { grid, texture }: Canvas,
  back: NodePair,
  i: number,
  j: number,
  corners: Float64Array,
): void => {
  const { spacing, columns } = grid
  const maxU = texture.width - 1.01
  const maxV = texture.height - 1.01
  for (let k = 0; k < 4; k++) {
    const ci = i + (k & 1)
    const cj = j + (k >> 1)
    const node = cj * columns + ci
    const u = 2 * (ci * spacing + (back[0][node] as number) - texture.rect.left)
    const v = 2 * (cj * spacing + (back[1][node] as number) - texture.rect.top)
    corners[k * 2] = (u < 0 ? 0 : u > maxU ? maxU : u) * FIXED
    corners[k * 2 + 1] = (v < 0 ? 0 : v > maxV ? maxV : v) * FIXED
  }
}

/** Paints one cell from the texture, blended over the plate where the texture is not opaque. `corners` as cellCorners writes them. */
export const paintCell = (canvas: Canvas, i: number, j: number, corners: Float64Array): void => {
  const { grid, texture, plate, out } = canvas
  const { spacing, width, height } = grid
  const { texels, width: stride } = texture
  const x0 = i * spacing
  const x1 = Math.min(width, x0 + spacing)
  const y1 = Math.min(height, (j + 1) * spacing)
  const step = 1 / spacing
  const left = corners[0] as number
  const leftV = corners[1] as number
  const right = corners[2] as number
  const rightV = corners[3] as number
  const low = corners[4] as number
  const lowV = corners[5] as number
  const lowRight = corners[6] as number
  const lowRightV = corners[7] as number
  for (let y = j * spacing; y < y1; y++) {
    // Written out: a call here would keep readTexture from being inlined.
    const fy = (y - j * spacing) * step
    const startU = left + (low - left) * fy
    const startV = leftV + (lowV - leftV) * fy
    const du = ((right + (lowRight - right) * fy - startU) * step) | 0
    const dv = ((rightV + (lowRightV - rightV) * fy - startV) * step) | 0
    let u = startU | 0
    let v = startV | 0
    for (let at = y * width + x0; at < y * width + x1; at++) {
      const colour = readTexture(texels, stride, u, v)
      out[at] = colour >>> 24 === 255 ? colour : over(colour, plate[at] as number)
      u = (u + du) | 0
      v = (v + dv) | 0
    }
  }
}

/** Puts one cell of a whole picture into the output as it is. */
export const copyCell = ({ grid, out }: Canvas, from: Uint32Array, i: number, j: number): void => {
  const { spacing, width, height } = grid
  const x0 = i * spacing
  const x1 = Math.min(width, x0 + spacing)
  const y1 = Math.min(height, (j + 1) * spacing)
  for (let y = j * spacing; y < y1; y++) out.set(from.subarray(y * width + x0, y * width + x1), y * width + x0)
}
