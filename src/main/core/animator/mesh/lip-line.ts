import type { RgbaImage } from '../../lib/rgba-image.ts'
import { clamp } from './easing.ts'

/** Inner lip rows (11 x (x, y), sample positions, changed in place), mouth axes (unit vectors) and mouth width (px). */
export type LipRows = {
  readonly upper: Float32Array
  readonly lower: Float32Array
  readonly along: readonly [number, number]
  readonly across: readonly [number, number]
  readonly width: number
}

const COLUMNS = 9
/** Search range, robust scale and largest correction, in mouth widths: values of the feasibility study. */
const REACH = 0.17
const ROBUST_SCALE = 0.035
const LARGEST_SHIFT = 0.14
const STEPS = 41

const luminanceAt = ({ width, height, data }: RgbaImage, x: number, y: number): number => {
  const px = clamp(x, 0, width - 1.001)
  const py = clamp(y, 0, height - 1.001)
  const x0 = Math.floor(px)
  const y0 = Math.floor(py)
  const grey = (i: number): number =>
    0.3 * (data[i] as number) + 0.59 * (data[i + 1] as number) + 0.11 * (data[i + 2] as number)
  const i = (y0 * width + x0) * 4
  const fx = px - x0
  const fy = py - y0
  const top = grey(i) * (1 - fx) + grey(i + 4) * fx
  const bottom = grey(i + width * 4) * (1 - fx) + grey(i + width * 4 + 4) * fx
  return top * (1 - fy) + bottom * fy
}

/** Weighted least squares for c0 + c1 u + c2 u^2. */
const fitQuadratic = (
  us: readonly number[],
  vs: readonly number[],
  weights: readonly number[],
): readonly [number, number, number] => {
  const m = Array.from({ length: 3 }, () => [0, 0, 0, 1e-9])
  us.forEach((u, k) => {
    const powers = [1, u, u * u]
    m.forEach((row, i) => {
      for (let j = 0; j < 3; j++)
        row[j] = (row[j] as number) + (weights[k] as number) * (powers[i] as number) * (powers[j] as number)
      row[3] = (row[3] as number) + (weights[k] as number) * (powers[i] as number) * (vs[k] as number)
    })
  })
  const cell = (i: number, j: number): number => (m[i] as number[])[j] as number
  for (let i = 0; i < 3; i++) (m[i] as number[])[i] = cell(i, i) + 1e-6
  for (let i = 0; i < 3; i++) {
    for (let r = 0; r < 3; r++) {
      if (r === i) continue
      const factor = cell(r, i) / cell(i, i)
      for (let j = i; j < 4; j++) (m[r] as number[])[j] = cell(r, j) - factor * cell(i, j)
    }
  }
  return [cell(0, 3) / cell(0, 0), cell(1, 3) / cell(1, 1), cell(2, 3) / cell(2, 2)]
}

/**
 * Moves both inner lip rows of a closed mouth onto the darkest line between the lips: at nine columns the darkest place near
 * the model's line, then a robust parabola through them. The model alone is off by up to a lip's thickness on paintings.
 */
export const refineLipLine = (image: RgbaImage, { upper, lower, along, across, width }: LipRows): void => {
  const mid = (i: number, k: number): number => ((upper[i * 2 + k] as number) + (lower[i * 2 + k] as number)) / 2
  const us: number[] = []
  const vs: number[] = []
  for (let column = 0; column < COLUMNS; column++) {
    const at = 1 + column
    const values: number[] = []
    for (let step = 0; step < STEPS; step++) {
      const offset = ((step / (STEPS - 1)) * 2 - 1) * REACH * width
      let sum = 0
      for (const side of [-1, 0, 1]) {
        const x = mid(at, 0) + across[0] * offset + along[0] * side
        const y = mid(at, 1) + across[1] * offset + along[1] * side
        sum += luminanceAt(image, x, y)
      }
      values.push(sum / 3)
    }
    const low = Math.min(...values)
    const span = Math.max(...values) - low + 8
    let best = 0
    let bestCost = Infinity
    values.forEach((value, step) => {
      const d = (step / (STEPS - 1)) * 2 - 1
      const cost = (value - low) / span + 0.4 * d * d
      if (cost < bestCost) {
        bestCost = cost
        best = d
      }
    })
    us.push((at - 5) / 5)
    vs.push(best * REACH)
  }
  let weights = us.map(() => 1)
  let fit = fitQuadratic(us, vs, weights)
  const residual = (k: number): number => {
    const u = us[k] as number
    return (vs[k] as number) - fit[0] - fit[1] * u - fit[2] * u * u
  }
  for (let pass = 0; pass < 4; pass++) {
    weights = us.map((_, k) => 1 / (1 + (residual(k) / ROBUST_SCALE) ** 2))
    fit = fitQuadratic(us, vs, weights)
  }
  for (let i = 0; i <= 10; i++) {
    const u = (i - 5) / 5
    // Corners are the model's surest points: the correction runs out toward them.
    const share = 1 - Math.abs(u) ** 4
    const shift = clamp(fit[0] + fit[1] * u + fit[2] * u * u, -LARGEST_SHIFT, LARGEST_SHIFT) * width * share
    for (let k = 0; k < 2; k++) {
      const value = mid(i, k) + (across[k as 0 | 1] as number) * shift
      upper[i * 2 + k] = value
      lower[i * 2 + k] = value
    }
  }
}
