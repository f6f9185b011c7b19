import type { RgbaImage } from '../../lib/rgba-image.ts'
import { clamp, smoothstep } from '../mesh/easing.ts'
import type { Coarse } from './person.ts'

/**
 * A still taken apart. `front` carries colours multiplied by the person's alpha; over `plate` it gives the still again.
 * `plate` is the background, opaque, with what the person hides filled in. Both are whole pictures, RGBA bytes.
 */
export type Layers = { readonly front: Uint8Array; readonly plate: Uint8Array }

/** Mean colour of the cells that `share` selects, spread into all others: blurred sums, wider where nothing is near. Four floats a cell: R G B weight. */
const spreadColours = ({ columns, rows, colour }: Coarse, share: (cell: number) => number): Float32Array => {
  const count = columns * rows
  const sums = new Float32Array(count * 4)
  for (let cell = 0; cell < count; cell++) {
    const w = share(cell)
    for (let c = 0; c < 3; c++) sums[cell * 4 + c] = w * (colour[cell * 3 + c] as number)
    sums[cell * 4 + 3] = w
  }
  const out = new Float32Array(count * 4)
  for (const radius of [1, 2, 4, 8, 16]) {
    boxBlur(sums, columns, rows, radius)
    for (let cell = 0; cell < count; cell++) {
      // Nearer means count first: each wider blur only fills what is still missing.
      const missing = 1 - (out[cell * 4 + 3] as number)
      const weight = sums[cell * 4 + 3] as number
      if (missing <= 0 || weight <= 1e-4) continue
      const take = Math.min(missing, weight * 4)
      for (let c = 0; c < 3; c++)
        out[cell * 4 + c] = (out[cell * 4 + c] as number) + (take * (sums[cell * 4 + c] as number)) / weight
      out[cell * 4 + 3] = (out[cell * 4 + 3] as number) + take
    }
  }
  for (let cell = 0; cell < count; cell++) {
    const weight = out[cell * 4 + 3] as number
    if (weight > 0) for (let c = 0; c < 3; c++) out[cell * 4 + c] = (out[cell * 4 + c] as number) / weight
  }
  return out
}

const boxBlur = (values: Float32Array, columns: number, rows: number, radius: number): void => {
  const line = new Float32Array(Math.max(columns, rows) + 1)
  const blur = (start: number, step: number, count: number): void => {
    line[0] = 0
    for (let k = 0; k < count; k++) line[k + 1] = (line[k] as number) + (values[start + k * step] as number)
    for (let k = 0; k < count; k++) {
      const from = Math.max(0, k - radius)
      const to = Math.min(count, k + radius + 1)
      values[start + k * step] = ((line[to] as number) - (line[from] as number)) / (2 * radius + 1)
    }
  }
  for (let c = 0; c < 4; c++) {
    for (let j = 0; j < rows; j++) blur(j * columns * 4 + c, 4, columns)
    for (let i = 0; i < columns; i++) blur(i * 4 + c, columns * 4, rows)
  }
}

/** For every cell the nearest cell of `clean` background, as its index or -1; two passes of vector propagation. */
const nearestClean = ({ columns, rows }: Coarse, clean: Uint8Array): Int32Array => {
  const nearest = new Int32Array(columns * rows).fill(-1)
  for (let cell = 0; cell < nearest.length; cell++) if (clean[cell]) nearest[cell] = cell
  const distance = (cell: number, other: number): number =>
    ((cell % columns) - (other % columns)) ** 2 + (Math.floor(cell / columns) - Math.floor(other / columns)) ** 2
  const tryCell = (cell: number, from: number): void => {
    const other = nearest[from] as number
    if (other < 0) return
    const own = nearest[cell] as number
    if (own < 0 || distance(cell, other) < distance(cell, own)) nearest[cell] = other
  }
  for (let pass = 0; pass < 2; pass++) {
    for (let k = 0; k < nearest.length; k++) {
      const cell = pass === 0 ? k : nearest.length - 1 - k
      const sign = pass === 0 ? -1 : 1
      const i = cell % columns
      const j = Math.floor(cell / columns)
      const inRow = i + sign >= 0 && i + sign < columns
      const inColumn = j + sign >= 0 && j + sign < rows
      if (inRow) tryCell(cell, cell + sign)
      if (inColumn) tryCell(cell, cell + sign * columns)
      if (inRow && inColumn) tryCell(cell, cell + sign * columns + sign)
      if (i - sign >= 0 && i - sign < columns && inColumn) tryCell(cell, cell + sign * columns - sign)
    }
  }
  return nearest
}

/** The hidden background is filled this many cells deep; no pose uncovers more. */
const FILLED = 10

type Outline = {
  /** Share of the person, 0..1, softened over the band. */
  readonly share: Float32Array
  /** Way to the nearest clean background, cells; two floats a cell. */
  readonly way: Float32Array
  /** Cells beyond the band. */
  readonly clean: Uint8Array
}

const outlineOf = (coarse: Coarse): Outline => {
  const { columns, rows, person } = coarse
  const count = columns * rows
  const soft = new Float32Array(count * 4)
  for (let cell = 0; cell < count; cell++) soft[cell * 4] = person[cell] as number
  boxBlur(soft, columns, rows, 1)
  boxBlur(soft, columns, rows, 1)
  const share = new Float32Array(count)
  const clean = new Uint8Array(count)
  for (let cell = 0; cell < count; cell++) {
    share[cell] = soft[cell * 4] as number
    clean[cell] = (share[cell] as number) < 0.01 ? 1 : 0
  }
  const nearest = nearestClean(coarse, clean)
  const steps = new Float32Array(count * 4)
  for (let cell = 0; cell < count; cell++) {
    const near = nearest[cell] as number
    steps[cell * 4] = near < 0 ? 2 * FILLED : (near % columns) - (cell % columns)
    steps[cell * 4 + 1] = near < 0 ? 2 * FILLED : Math.floor(near / columns) - Math.floor(cell / columns)
  }
  boxBlur(steps, columns, rows, 1)
  const way = new Float32Array(count * 2)
  for (let cell = 0; cell < count; cell++) {
    way[cell * 2] = steps[cell * 4] as number
    way[cell * 2 + 1] = steps[cell * 4 + 1] as number
  }
  return { share, way, clean }
}

const BACKGROUND = 1
const DEEP = 2

/** Sorts the squares between four neighbouring cells: background throughout, person so deep inside that nothing behind ever shows, or neither. */
const cellKinds = ({ columns, rows }: Coarse, { share, way }: Outline): Uint8Array => {
  const kind = new Uint8Array(columns * rows)
  for (let j = 0; j < rows - 1; j++) {
    for (let i = 0; i < columns - 1; i++) {
      const cell = j * columns + i
      const corners = [cell, cell + 1, cell + columns, cell + columns + 1].map((k) => share[k] as number)
      if (Math.max(...corners) < 0.01) kind[cell] = BACKGROUND
      else if (Math.hypot(way[cell * 2] as number, way[cell * 2 + 1] as number) > FILLED + 1) kind[cell] = DEEP
    }
  }
  return kind
}

/**
 * Takes `image` apart along the person's outline. In a band along it a pixel's alpha comes from where its colour lies between the
 * local colours of both sides; where those are alike, from the outline alone. The hidden background is the visible one mirrored at the
 * outline, fading into its local mean with depth, so that texture goes on for the few pixels that ever show.
 */
export const layersOf = (image: RgbaImage, coarse: Coarse): Layers => {
  const { width, height, data } = image
  const { left, top, step, columns, rows, person } = coarse
  const front = new Uint8Array(data)
  const frontPixels = new Uint32Array(front.buffer)
  const plate = new Uint8Array(data)
  const outline = outlineOf(coarse)
  const { share: shares, way, clean } = outline
  const inner = spreadColours(coarse, (cell) => (person[cell] === 1 && (shares[cell] as number) > 0.9 ? 1 : 0))
  const outer = spreadColours(coarse, (cell) => clean[cell] as number)
  const kind = cellKinds(coarse, outline)
  const at = (values: Float32Array, stride: number, c: number, cell: number, fx: number, fy: number): number => {
    const a = cell * stride + c
    const d = a + columns * stride
    return (
      ((values[a] as number) * (1 - fx) + (values[a + stride] as number) * fx) * (1 - fy) +
      ((values[d] as number) * (1 - fx) + (values[d + stride] as number) * fx) * fy
    )
  }
  const x1 = Math.min(width, left + columns * step)
  const y1 = Math.min(height, top + rows * step)
  for (let y = top; y < y1; y++) {
    const gy = clamp((y - top + 0.5) / step - 0.5, 0, rows - 1.001)
    const cj = gy | 0
    for (let x = left; x < x1; x++) {
      const gx = clamp((x - left + 0.5) / step - 0.5, 0, columns - 1.001)
      const ci = gx | 0
      const cell = cj * columns + ci
      const to = (y * width + x) * 4
      if (kind[cell] === BACKGROUND) {
        frontPixels[to >> 2] = 0
        continue
      }
      if (kind[cell] === DEEP) continue
      const fx = gx - ci
      const fy = gy - cj
      const share = at(shares, 1, 0, cell, fx, fy)
      let alpha = 1
      if (share < 0.99) {
        const shape = smoothstep(0.3, 0.7, share)
        let dot = 0
        let length = 0
        for (let c = 0; c < 3; c++) {
          const f = at(inner, 4, c, cell, fx, fy)
          const b = at(outer, 4, c, cell, fx, fy)
          dot += ((data[to + c] as number) - b) * (f - b)
          length += (f - b) * (f - b)
        }
        const byColour = clamp(dot / Math.max(1, length))
        const trust = length / (length + 1600)
        // Far out only what is plainly the person's colour counts (a loose strand), far in only what is plainly background.
        const needed = 0.5 * (1 - smoothstep(0, 0.85, share))
        const mixed = shape * (1 - trust) + smoothstep(needed, needed + 0.5, byColour) * trust
        alpha = clamp(mixed + smoothstep(0.8, 0.98, share) - smoothstep(0.05, 0.01, share))
        alpha = alpha < 0.03 ? 0 : alpha > 0.97 ? 1 : alpha
      }
      if (alpha === 0) {
        frontPixels[to >> 2] = 0
        continue
      }
      const dx = at(way, 2, 0, cell, fx, fy)
      const dy = at(way, 2, 1, cell, fx, fy)
      const mx = Math.round(clamp(x + 2 * dx * step, left, x1 - 1))
      const my = Math.round(clamp(y + 2 * dy * step, top, y1 - 1))
      const mirrored = Math.floor((my - top) / step) * columns + Math.floor((mx - left) / step)
      const kept = clean[mirrored] ? 1 - smoothstep(0.5 * FILLED, FILLED, Math.hypot(dx, dy)) : 0
      const from = (my * width + mx) * 4
      for (let c = 0; c < 3; c++) {
        const value = at(outer, 4, c, cell, fx, fy) * (1 - kept) + (data[from + c] as number) * kept
        plate[to + c] = value
        front[to + c] = clamp((data[to + c] as number) - value * (1 - alpha), 0, 255 * alpha)
      }
      front[to + 3] = Math.round(255 * alpha)
    }
  }
  return { front, plate }
}
