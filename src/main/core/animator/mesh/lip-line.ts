import type { RgbaImage } from '../../lib/rgba-image.ts'
import { clamp, meanOf, mix } from './easing.ts'
import { axesAt, placeOf, type Axes, type Point } from './plane.ts'

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
  const [px, py] = [clamp(x, 0, width - 1.001), clamp(y, 0, height - 1.001)]
  const grey = (column: number, row: number): number => {
    const i = ((py | 0) + row) * width * 4 + ((px | 0) + column) * 4
    return 0.3 * (data[i] as number) + 0.59 * (data[i + 1] as number) + 0.11 * (data[i + 2] as number)
  }
  return mix(mix(grey(0, 0), grey(1, 0), px % 1), mix(grey(0, 1), grey(1, 1), px % 1), py % 1)
}

/** Robust parabola c0 + c1 u + c2 u^2 through points (u, v): iteratively reweighted least squares. */
const fitParabola = (points: readonly Point[]): ((u: number) => number) => {
  const fit: [number, number, number] = [0, 0, 0]
  const at = (u: number): number => fit[0] + fit[1] * u + fit[2] * u * u
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const weights = points.map(([u, v]) => (sweep < PLAIN_SWEEPS ? 1 : 1 / (1 + ((v - at(u)) / ROBUST_SCALE) ** 2)))
    for (const i of [0, 1, 2] as const) {
      let [rest, total] = [0, 1e-6]
      points.forEach(([u, v], k) => {
        rest += (weights[k] as number) * u ** i * (v - at(u))
        total += (weights[k] as number) * u ** (2 * i)
      })
      fit[i] += rest / total
    }
  }
  return at
}

/**
 * The line between the lips of a closed mouth: the darkest place near the middle of the model's two inner rows (11 points each, from corner
 * to corner along `axes`) at nine columns, then a robust parabola through them. The model alone is off by up to a lip's thickness on
 * paintings. `width` is the mouth's, px.
 */
export const lipLineOf = (
  image: RgbaImage,
  [upper, lower]: readonly [readonly Point[], readonly Point[]],
  axes: Axes,
  width: number,
): Point[] => {
  const columns = upper.map(([x, y], i) => {
    const [lowerX, lowerY] = lower[i] as Point
    return { axes: axesAt([(x + lowerX) / 2, (y + lowerY) / 2], axes), u: (i - 5) / 5 }
  })
  const found = columns.slice(1, -1).map((column): Point => {
    const shifts = Array.from({ length: STEPS }, (_, step) => (2 * step) / (STEPS - 1) - 1)
    const lights = shifts.map((shift) =>
      meanOf([-1, 0, 1].map((side) => luminanceAt(image, ...placeOf(column.axes, side, shift * REACH * width)))),
    )
    const low = Math.min(...lights)
    const span = Math.max(...lights) - low + 8
    const costs = shifts.map((shift, step) => ((lights[step] as number) - low) / span + 0.4 * shift * shift)
    return [column.u, (shifts[costs.indexOf(Math.min(...costs))] as number) * REACH]
  })
  const line = fitParabola(found)
  // Corners are the model's surest points: the correction runs out toward them.
  return columns.map((column) => {
    const shift = clamp(line(column.u), -LARGEST_SHIFT, LARGEST_SHIFT) * (1 - column.u ** 4)
    return placeOf(column.axes, 0, shift * width)
  })
}
