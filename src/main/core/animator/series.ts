import { clamp, mix } from './mesh/easing.ts'

/** Value of a series at a position between its indices, by a straight line; the ends are held, and an empty series is 0. */
export const valueAt = (values: ArrayLike<number>, position: number): number => {
  const at = clamp(position, 0, Math.max(0, values.length - 1))
  const a = values[at | 0] ?? 0
  return mix(a, values[(at | 0) + 1] ?? a, at % 1)
}

/** The value below which a share (0 .. 1) of the values lie; 0 of none. */
export const percentile = (values: ArrayLike<number>, share: number): number => {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}

/**
 * Gaussian smoothing; the ends are held.
 *
 * @param sigma in values
 */
export const smooth = (values: Float32Array, sigma: number): Float32Array => {
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

/** One pass of the 1 2 1 kernel over `count` values, `step` apart, in place; the ends are held. */
export const smoothLine = (values: Float32Array, start: number, step: number, count: number): void => {
  let before = values[start] as number
  for (let k = 0; k < count; k++) {
    const at = start + k * step
    const here = values[at] as number
    const after = k + 1 < count ? (values[at + step] as number) : here
    values[at] = (before + 2 * here + after) / 4
    before = here
  }
}
