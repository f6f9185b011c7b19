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

/** Search range, robust scale and largest correction, in mouth widths: values of the feasibility study. */
const REACH = 0.17
const ROBUST_SCALE = 0.035
const LARGEST_SHIFT = 0.14
const STEPS = 41
/** Plain least squares first, then weights by distance; each sweep improves one coefficient after the other. */
const PLAIN_SWEEPS = 20
const SWEEPS = 80

/** Bilinear luminance at a sample position; the border is held. */
const luminanceAt = ({ width, height, data }: RgbaImage, x: number, y: number): number => {
  const px = clamp(x, 0, width - 1.001)
  const py = clamp(y, 0, height - 1.001)
  const grey = (column: number, row: number): number => {
    const i = ((py | 0) + row) * width * 4 + ((px | 0) + column) * 4
    return 0.3 * (data[i] as number) + 0.59 * (data[i + 1] as number) + 0.11 * (data[i + 2] as number)
  }
  const [fx, fy] = [px % 1, py % 1]
  return (grey(0, 0) * (1 - fx) + grey(1, 0) * fx) * (1 - fy) + (grey(0, 1) * (1 - fx) + grey(1, 1) * fx) * fy
}

/** Robust parabola c0 + c1 u + c2 u^2 through points (u, v): iteratively reweighted least squares. */
const fitParabola = (points: readonly (readonly [u: number, v: number])[]): ((u: number) => number) => {
  const fit = [0, 0, 0]
  const at = (u: number): number => fit.reduce((sum, c, i) => sum + c * u ** i, 0)
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const weights = points.map(([u, v]) => (sweep < PLAIN_SWEEPS ? 1 : 1 / (1 + ((v - at(u)) / ROBUST_SCALE) ** 2)))
    for (let i = 0; i < fit.length; i++) {
      let [rest, total] = [0, 1e-6]
      points.forEach(([u, v], k) => {
        rest += (weights[k] as number) * u ** i * (v - at(u))
        total += (weights[k] as number) * u ** (2 * i)
      })
      fit[i] = (fit[i] as number) + rest / total
    }
  }
  return at
}

/**
 * Moves both inner lip rows of a closed mouth onto the darkest line between the lips: at nine columns the darkest place near
 * the model's line, then a robust parabola through them. The model alone is off by up to a lip's thickness on paintings.
 */
export const refineLipLine = (image: RgbaImage, { upper, lower, along, across, width }: LipRows): void => {
  const mid = (i: number, k: number): number => ((upper[i * 2 + k] as number) + (lower[i * 2 + k] as number)) / 2
  const found = Array.from({ length: 9 }, (_, column) => {
    const at = 1 + column
    const places = Array.from({ length: STEPS }, (__, step) => (2 * step) / (STEPS - 1) - 1)
    const values = places.map((d) => {
      const lights = [-1, 0, 1].map((side) => {
        const x = mid(at, 0) + across[0] * d * REACH * width + along[0] * side
        return luminanceAt(image, x, mid(at, 1) + across[1] * d * REACH * width + along[1] * side)
      })
      return lights.reduce((sum, light) => sum + light / 3, 0)
    })
    const low = Math.min(...values)
    const span = Math.max(...values) - low + 8
    const costs = places.map((d, step) => ((values[step] as number) - low) / span + 0.4 * d * d)
    return [(at - 5) / 5, (places[costs.indexOf(Math.min(...costs))] as number) * REACH] as const
  })
  const line = fitParabola(found)
  for (let i = 0; i <= 10; i++) {
    const u = (i - 5) / 5
    // Corners are the model's surest points: the correction runs out toward them.
    const shift = clamp(line(u), -LARGEST_SHIFT, LARGEST_SHIFT) * width * (1 - Math.abs(u) ** 4)
    for (const k of [0, 1] as const) upper[i * 2 + k] = lower[i * 2 + k] = mid(i, k) + across[k] * shift
  }
}
