export const clamp = (value: number, low = 0, high = 1): number => (value < low ? low : value > high ? high : value)

export const mix = (from: number, to: number, share: number): number => from + (to - from) * share

/** 0 below `from`, 1 above `to`, smooth between (cubic). `from < to`. */
export const smoothstep = (from: number, to: number, value: number): number => {
  const t = clamp((value - from) / (to - from))
  return t * t * (3 - 2 * t)
}

export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** Value of a series at a position between its indices, by a straight line; the ends are held, and an empty series is 0. */
export const valueAt = (values: ArrayLike<number>, position: number): number => {
  const at = clamp(position, 0, Math.max(0, values.length - 1))
  const a = values[at | 0] ?? 0
  return mix(a, values[(at | 0) + 1] ?? a, at % 1)
}

/** Between values i and i + 1, `share` of the second. */
export const between = (values: Float32Array, i: number, share: number): number =>
  (values[i] as number) * (1 - share) + (values[i + 1] as number) * share

/** Bilinear value between rows of `columns` values, right of and below the one at `i` by (fx, fy). */
export const bilinear = (values: Float32Array, columns: number, i: number, fx: number, fy: number): number =>
  between(values, i, fx) * (1 - fy) + between(values, i + columns, fx) * fy
