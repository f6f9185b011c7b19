import type { RgbaImage } from '../../lib/rgba-image.ts'
import { luminance } from '../raster/colour.ts'
import { pixelsOf, readClamped } from '../raster/texture.ts'
import { clamp } from './easing.ts'
import type { MouthFrame } from './mouth-frame.ts'
import type { Point } from './spline.ts'

/** Inner lip rows, mouth axes and mouth width. */
type Lips = Pick<MouthFrame, 'upper' | 'lower' | 'along' | 'across' | 'width'>

/** Search range, robust scale and largest correction, in mouth widths: values of the feasibility study. */
const REACH = 0.17
const ROBUST_SCALE = 0.035
const LARGEST_SHIFT = 0.14
const STEPS = 41
/** Plain least squares first, then weights by distance; each sweep improves one coefficient after the other. */
const PLAIN_SWEEPS = 20
const SWEEPS = 80

/** Robust parabola c0 + c1 u + c2 u^2 through points (u, v): iteratively reweighted least squares. */
const fitParabola = (points: readonly Point[]): ((u: number) => number) => {
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
 * The line on which both inner lip rows of a closed mouth lie: at nine columns the darkest place near the model's line, then a robust
 * parabola through them. The model alone is off by up to a lip's thickness on paintings.
 */
export const lipLineOf = (image: RgbaImage, { upper, lower, along, across, width }: Lips): Point[] => {
  const pixels = { width: image.width, height: image.height, texels: pixelsOf(image) }
  const middle = upper.map(([x, y], i): Point => {
    const [lowX, lowY] = lower[i] as Point
    return [(x + lowX) / 2, (y + lowY) / 2]
  })
  const places = Array.from({ length: STEPS }, (_, step) => (2 * step) / (STEPS - 1) - 1)
  const found = middle.slice(1, -1).map(([x, y], i): Point => {
    const values = places.map((d) => {
      const lights = [-1, 0, 1].map((side) => {
        const [u, v] = [x + across[0] * d * REACH * width, y + across[1] * d * REACH * width]
        return luminance(readClamped(pixels, u + along[0] * side, v + along[1] * side))
      })
      return lights.reduce((sum, light) => sum + light / 3, 0)
    })
    const low = Math.min(...values)
    const span = Math.max(...values) - low + 8
    const costs = places.map((d, step) => ((values[step] as number) - low) / span + 0.4 * d * d)
    return [(i - 4) / 5, (places[costs.indexOf(Math.min(...costs))] as number) * REACH]
  })
  const line = fitParabola(found)
  return middle.map(([x, y], i) => {
    const u = (i - 5) / 5
    // Corners are the model's surest points: the correction runs out toward them.
    const shift = clamp(line(u), -LARGEST_SHIFT, LARGEST_SHIFT) * width * (1 - Math.abs(u) ** 4)
    return [x + across[0] * shift, y + across[1] * shift]
  })
}
