import { clamp } from '../mesh/easing.ts'

/**
 * Gaussian smoothing; the ends are held.
 *
 * @param sigma in values
 */
export function smooth(values: Float32Array, sigma: number): Float32Array {
  const reach = Math.ceil(sigma * 3)
  const kernel = Float64Array.from({ length: reach * 2 + 1 }, (_, i) => Math.exp(-(((i - reach) / sigma) ** 2) / 2))
  const total = kernel.reduce((sum, weight) => sum + weight, 0)
  return values.map((_, at) => {
    let sum = 0
    for (let i = -reach; i <= reach; i++)
      sum += (kernel[i + reach] as number) * (values[clamp(at + i, 0, values.length - 1)] as number)
    return sum / total
  })
}
