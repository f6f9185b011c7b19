import { clamp } from './easing.ts'

/** A place in a plane, or a direction in it. */
export type Point = readonly [x: number, y: number]

/** Interpolates values at even steps at `s` 0..1 with a Catmull-Rom spline; the ends go on straight and are clamped. */
export const splineAt = (values: Float32Array, s: number): number => {
  const last = values.length - 1
  const t = clamp(s * last, 0, last)
  const i = Math.min(last - 1, Math.floor(t))
  const f = t - i
  const p1 = values[i] as number
  const p2 = values[i + 1] as number
  const p0 = i > 0 ? (values[i - 1] as number) : 2 * p1 - p2
  const p3 = i + 2 <= last ? (values[i + 2] as number) : 2 * p2 - p1
  return p1 + 0.5 * f * (p2 - p0 + f * (2 * p0 - 5 * p1 + 4 * p2 - p3 + f * (3 * (p1 - p2) + p3 - p0)))
}

/**
 * Resamples a curve given by points (u, v), u rising, to even steps of u from `from` to `to`, into `out`, which is returned. Beyond its
 * ends the curve keeps its end values.
 */
export const evenCurve = (points: readonly Point[], from: number, to: number, out: Float32Array): Float32Array => {
  const us = Float32Array.from(points, ([u]) => u)
  const vs = Float32Array.from(points, ([, v]) => v)
  const last = us.length - 1
  let i = 0
  for (let k = 0; k < out.length; k++) {
    const u = from + ((to - from) * k) / (out.length - 1)
    while (i < last - 1 && (us[i + 1] as number) < u) i++
    const start = us[i] as number
    const f = clamp((u - start) / Math.max(1e-3, (us[i + 1] as number) - start))
    out[k] = splineAt(vs, (i + f) / last)
  }
  return out
}
