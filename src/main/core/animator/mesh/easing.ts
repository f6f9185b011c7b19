export const clamp = (value: number, low = 0, high = 1): number => (value < low ? low : value > high ? high : value)

export const mix = (from: number, to: number, share: number): number => from + (to - from) * share

/** 0 below `from`, 1 above `to`, smooth between (cubic). `from < to`. */
export const smoothstep = (from: number, to: number, value: number): number => {
  const t = clamp((value - from) / (to - from))
  return t * t * (3 - 2 * t)
}

/** Value of a series at a position between its indices, by a straight line; the ends are held, and an empty series is 0. */
export const valueAt = (values: ArrayLike<number>, position: number): number => {
  const at = clamp(position, 0, Math.max(0, values.length - 1))
  const a = values[at | 0] ?? 0
  return mix(a, values[(at | 0) + 1] ?? a, at % 1)
}
