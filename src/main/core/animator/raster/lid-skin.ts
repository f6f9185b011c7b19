import { clamp, mix, smoothstep } from '../mesh/easing.ts'
import { CURVE, readAt } from './eye-outline.ts'
import type { EyeOutline } from './eye-outline.ts'
import { luminance } from './texture.ts'
import type { Texture } from './texture.ts'

export const SKIN_ROWS = 48
const COLUMNS = CURVE + 1
/** Neighbours, texels, against which grain is measured. */
const GRAIN: readonly (readonly [number, number])[] = [
  [-4, 0],
  [4, 0],
  [0, -4],
  [0, 4],
  [-3, 3],
  [3, -3],
]
/** Share of the lid's colour that comes from below the eye; the rest comes from between crease and brow, often in shadow. */
const UNDER_SHARE = 0.42

const lightOf = ([r, g, b]: readonly [number, number, number]): number => 0.3 * r + 0.59 * g + 0.11 * b

/**
 * Mean of samples that could be skin: weighted by how near their light comes to that of the skin beside the eye, so that rims of glasses,
 * lashes, eyeliner and strands of hair do not count. With no such sample it is that skin, a little darker.
 */
const skinMean = (
  colours: readonly number[],
  skin: readonly [number, number, number],
): readonly [number, number, number] => {
  const light = Math.max(4, lightOf(skin))
  let total = 0.1
  const sum: [number, number, number] = [0.085 * skin[0], 0.085 * skin[1], 0.085 * skin[2]]
  for (const colour of colours) {
    const weight = Math.exp(-((Math.log((luminance(colour) + 4) / light) / 0.42) ** 2))
    total += weight
    for (let c = 0; c < 3; c++) sum[c as 0] += weight * ((colour >>> (8 * c)) & 255)
  }
  return [sum[0] / total, sum[1] / total, sum[2] / total]
}

const smoothColumns = (values: Float32Array, passes: number): void => {
  for (let pass = 0; pass < passes; pass++) {
    const before = values.slice()
    for (let k = 0; k < COLUMNS; k++) {
      for (let c = 0; c < 3; c++) {
        const a = before[Math.max(0, k - 2) * 3 + c] as number
        const b = before[k * 3 + c] as number
        const d = before[Math.min(COLUMNS - 1, k + 2) * 3 + c] as number
        values[k * 3 + c] = (a + 2 * b + d) / 4
      }
    }
  }
}

/**
 * Skin for the closed lid: for each of CURVE + 1 columns and SKIN_ROWS distances above the lid's edge (0 = edge, last = as far as the
 * closed lid is high), R G B. Colour comes from the bare skin between crease and brow and below the eye, grain from below the eye; the
 * lid's roundness is shaded on top.
 */
export const lidSkin = (eye: EyeOutline, texture: Texture): Float32Array => {
  const { crease, brow, lower, fold, half, skin } = eye
  const out = new Float32Array(COLUMNS * SKIN_ROWS * 3)
  const read = (k: number, v: number): number => readAt(texture, eye, -half + (2 * half * k) / CURVE, v)
  const tone = new Float32Array(COLUMNS * 3)
  for (let k = 0; k < COLUMNS; k++) {
    const above = Array.from({ length: 9 }, (_, i) =>
      read(k, mix(crease[k] as number, brow[k] as number, 0.15 + 0.06 * i)),
    )
    const beneath = Array.from({ length: 9 }, (_, i) =>
      read(k, mix(lower[k] as number, fold[k] as number, 0.9 + 0.12 * i)),
    )
    const [a, b] = [skinMean(above, skin), skinMean(beneath, skin)]
    const mean = ([0, 1, 2] as const).map((c) => mix(a[c], b[c], UNDER_SHARE)) as [number, number, number]
    // A lid that rolls out of a deep socket catches some of the light that the socket does not.
    const wanted = 0.6 * lightOf(skin)
    const missing = clamp((wanted - lightOf(mean)) / Math.max(1, wanted))
    for (let c = 0; c < 3; c++) tone[k * 3 + c] = mix(mean[c as 0], 0.72 * skin[c as 0], missing)
  }
  smoothColumns(tone, 14)
  const step = (2 * half) / CURVE
  const lidHeight = Math.max(...lower.map((value, k) => value - (crease[k] as number)))
  const deepest = fold[CURVE >> 1] as number
  for (let r = 0; r < SKIN_ROWS; r++) {
    const q = r / (SKIN_ROWS - 1)
    const light = 0.95 + 0.08 * Math.sin(Math.PI * Math.min(1, q * 1.15)) - 0.07 * smoothstep(0.7, 1, q)
    for (let k = 0; k < COLUMNS; k++) {
      const v = deepest + (r * lidHeight) / SKIN_ROWS / 2
      const here = luminance(read(k, v))
      let around = 0
      for (const [dk, dv] of GRAIN) around += luminance(read(clamp(k + dk / step, 0, CURVE), v + dv))
      const grain = clamp(here - around / GRAIN.length, -9, 9)
      for (let c = 0; c < 3; c++) {
        out[(r * COLUMNS + k) * 3 + c] = clamp((tone[k * 3 + c] as number) * light + 0.9 * grain, 0, 255)
      }
    }
  }
  return out
}

/** Colour (packed, opaque) of `skin` between columns i, i + 1 (share f) and rows row, row + 1 (share g). */
export const lidSkinAt = (skin: Float32Array, i: number, f: number, row: number, g: number): number => {
  let packed = 0xff000000
  const a = (row * COLUMNS + i) * 3
  const b = a + COLUMNS * 3
  for (let c = 0; c < 3; c++) {
    const top = (skin[a + c] as number) * (1 - f) + (skin[a + 3 + c] as number) * f
    const bottom = (skin[b + c] as number) * (1 - f) + (skin[b + 3 + c] as number) * f
    packed |= ((top * (1 - g) + bottom * g) | 0) << (8 * c)
  }
  return packed >>> 0
}
