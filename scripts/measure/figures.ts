import type { RgbaImage } from '../../src/main/core/lib/rgba-image.ts'
import type { Face } from '../../src/main/core/animator/types.ts'
import { faceHeight } from './retrack.ts'

/** Pearson correlation of the common part of two series. */
export const correlation = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  const n = Math.min(a.length, b.length)
  let sa = 0
  let sb = 0
  for (let i = 0; i < n; i++) {
    sa += a[i] as number
    sb += b[i] as number
  }
  let cov = 0
  let va = 0
  let vb = 0
  for (let i = 0; i < n; i++) {
    const da = (a[i] as number) - sa / n
    const db = (b[i] as number) - sb / n
    cov += da * db
    va += da * da
    vb += db * db
  }
  return cov / Math.sqrt(va * vb || 1)
}

export const percentile = (values: Iterable<number>, share: number): number => {
  const sorted = Float64Array.from(values).toSorted()
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

/** Amplitude (root mean square over 50 ms) of a 16 kHz voice at each frame's time plus `leadSeconds`. */
export const energyAtFrames = (samples: Float32Array, fps: number, frames: number, leadSeconds = 0): number[] =>
  Array.from({ length: frames }, (_, i) => {
    const centre = Math.round((i / fps + leadSeconds) * 16_000)
    let sum = 0
    let count = 1
    for (let k = Math.max(0, centre - 400); k < Math.min(samples.length, centre + 400); k++) {
      sum += (samples[k] as number) ** 2
      count++
    }
    return Math.sqrt(sum / count)
  })

/** Best correlation of a per-frame series with the voice's loudness when the video is 0 to 60 ms early. */
export const bestCorrelation = (
  series: readonly number[],
  samples: Float32Array,
  fps: number,
): { correlation: number; leadSeconds: number } =>
  [0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06]
    .map((leadSeconds) => ({
      leadSeconds,
      correlation: correlation(series, energyAtFrames(samples, fps, series.length, leadSeconds)),
    }))
    .reduce((best, next) => (next.correlation > best.correlation ? next : best))

/** Blinks in a series of lid gaps: dips under 55 % of the usual gap that come back over 75 %. */
export const countBlinks = (openness: readonly number[]): number => {
  const usual = percentile(openness, 0.8)
  let blinks = 0
  let isClosed = false
  for (const value of openness) {
    if (!isClosed && value < 0.55 * usual) {
      isClosed = true
      blinks++
    } else if (isClosed && value > 0.75 * usual) isClosed = false
  }
  return blinks
}

/** Points that belong to the skull: eye corners, nose, and the face oval above the ears. */
export const SKULL = [
  33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 1, 98, 327, 127, 162, 21, 54, 103, 67, 109, 10, 338, 297, 332, 284, 251,
  389, 356,
]

type Matrix = readonly (readonly [number, number, number])[]

/** Rotation that best carries `from` onto `to` (both centred, N x 3), by Horn's quaternion and power iteration. */
const bestRotation = (from: readonly number[][], to: readonly number[][]): Matrix => {
  const m = [0, 1, 2].map((i) =>
    [0, 1, 2].map((j) => from.reduce((s, p, k) => s + (p[i] as number) * ((to[k] as number[])[j] as number), 0)),
  )
  const s = (i: number, j: number): number => (m[i] as number[])[j] as number
  const n = [
    [s(0, 0) + s(1, 1) + s(2, 2), s(1, 2) - s(2, 1), s(2, 0) - s(0, 2), s(0, 1) - s(1, 0)],
    [s(1, 2) - s(2, 1), s(0, 0) - s(1, 1) - s(2, 2), s(0, 1) + s(1, 0), s(2, 0) + s(0, 2)],
    [s(2, 0) - s(0, 2), s(0, 1) + s(1, 0), s(1, 1) - s(0, 0) - s(2, 2), s(1, 2) + s(2, 1)],
    [s(0, 1) - s(1, 0), s(2, 0) + s(0, 2), s(1, 2) + s(2, 1), s(2, 2) - s(0, 0) - s(1, 1)],
  ]
  // Shifted so that the wanted eigenvalue is also the largest in size.
  const shift = Math.max(...n.map((row) => row.reduce((sum, v) => sum + Math.abs(v), 0)))
  let q = [1, 0, 0, 0]
  for (let i = 0; i < 200; i++) {
    const next = n.map((row, r) => row.reduce((sum, v, c) => sum + v * (q[c] as number), shift * (q[r] as number)))
    const length = Math.hypot(...next)
    q = next.map((v) => v / length)
  }
  const [w, x, y, z] = q as [number, number, number, number]
  return [
    [w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)],
    [2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)],
    [2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z],
  ]
}

const centred = (face: Face): number[][] => {
  const points = SKULL.map((i) => [0, 1, 2].map((k) => face.landmarks[i * 3 + k] as number))
  const centre = [0, 1, 2].map((k) => points.reduce((sum, p) => sum + (p[k] as number), 0) / points.length)
  return points.map((p) => p.map((v, k) => v - (centre[k] as number)))
}

/** How far each of the skull's points of `face` lies from that of `first` after a rigid 3-D fit, in the image plane, in face heights. */
export const skullPoints = (first: Face, face: Face): number[] => {
  const reference = centred(first)
  const points = centred(face)
  const rotation = bestRotation(reference, points)
  const height = faceHeight(first)
  return reference.map((p, i) => {
    const [x = 0, y = 0] = rotation.map((row) => row.reduce((sum, v, k) => sum + v * (p[k] as number), 0))
    const [px = 0, py = 0] = points[i] ?? []
    return Math.hypot(px - x, py - y) / height
  })
}

/** Root mean square and largest of `skullPoints`. */
export const skullDeviation = (first: Face, face: Face): { rms: number; largest: number } => {
  const away = skullPoints(first, face)
  return { rms: Math.sqrt(away.reduce((sum, v) => sum + v * v, 0) / away.length), largest: Math.max(...away) }
}

const luminance = ({ data }: RgbaImage, i: number): number =>
  0.299 * (data[i * 4] as number) + 0.587 * (data[i * 4 + 1] as number) + 0.114 * (data[i * 4 + 2] as number)

/**
 * Movement (pixels) of one square patch between two pictures, by Lucas-Kanade with sub-pixel steps; `undefined` where
 * the patch has too little detail in both directions to tell. Only the component across the strongest edges is measured.
 */
export const patchShift = (a: RgbaImage, b: RgbaImage, left: number, top: number, side: number): number | undefined => {
  let xx = 0
  let xy = 0
  let yy = 0
  let xt = 0
  let yt = 0
  for (let y = top + 1; y < top + side - 1; y++) {
    for (let x = left + 1; x < left + side - 1; x++) {
      const i = y * a.width + x
      const gx = (luminance(a, i + 1) - luminance(a, i - 1)) / 2
      const gy = (luminance(a, i + a.width) - luminance(a, i - a.width)) / 2
      const t = luminance(b, i) - luminance(a, i)
      xx += gx * gx
      xy += gx * gy
      yy += gy * gy
      xt += gx * t
      yt += gy * t
    }
  }
  const half = (xx + yy) / 2
  const root = Math.sqrt(((xx - yy) / 2) ** 2 + xy * xy)
  const strong = half + root
  if (strong < side * side * 30) return undefined
  // Along the strongest gradient direction alone: lines move only across themselves.
  const angle = 0.5 * Math.atan2(2 * xy, xx - yy)
  return Math.abs((xt * Math.cos(angle) + yt * Math.sin(angle)) / strong)
}
