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
      sum += (kernel[i + reach] as number) * (values[Math.min(values.length - 1, Math.max(0, at + i))] as number)
    return sum / total
  })
}

export const smoothstep = (from: number, to: number, x: number): number => {
  const t = Math.min(1, Math.max(0, (x - from) / (to - from)))
  return t * t * (3 - 2 * t)
}
