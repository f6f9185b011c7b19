import { clamp, mix, smoothstep } from '../mesh/easing.ts'
import { channelsOf, lightOf, luminance, packed, type Rgb } from './colour.ts'
import { CURVE, readAt, type EyeOutline } from './eye-outline.ts'
import type { Texture } from './texture.ts'
import { smoothLine } from '../series.ts'

export const SKIN_ROWS = 48
const COLUMNS = CURVE + 1
/** Neighbours, texels, against which grain is measured. */
// prettier-ignore
const GRAIN = [[-4, 0], [4, 0], [0, -4], [0, 4], [-3, 3], [3, -3]] as const
/** Share of the lid's colour that comes from below the eye; the rest comes from between crease and brow, often in shadow. */
const UNDER_SHARE = 0.42

/**
 * Mean of samples that could be skin: weighted by how near their light comes to that of the skin beside the eye, so that rims of glasses,
 * lashes, eyeliner and strands of hair do not count. With no such sample it is that skin, a little darker.
 */
const skinMean = (colours: readonly number[], skin: Rgb): Rgb => {
  const light = Math.max(4, lightOf(skin))
  const weights = colours.map((colour) => Math.exp(-((Math.log((luminance(colour) + 4) / light) / 0.42) ** 2)))
  const total = weights.reduce((sum, weight) => sum + weight, 0.1)
  const mean = (c: 0 | 1 | 2): number =>
    colours.reduce((sum, colour, i) => sum + (weights[i] as number) * channelsOf(colour)[c], 0.085 * skin[c]) / total
  return [mean(0), mean(1), mean(2)]
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
  const tone = new Float32Array(3 * COLUMNS)
  for (let k = 0; k < COLUMNS; k++) {
    const between = (from: Float32Array, to: Float32Array, first: number, step: number): Rgb => {
      const shares = Array.from({ length: 9 }, (_, i) => first + step * i)
      return skinMean(
        shares.map((share) => read(k, mix(from[k] as number, to[k] as number, share))),
        skin,
      )
    }
    const [above, beneath] = [between(crease, brow, 0.15, 0.06), between(lower, fold, 0.9, 0.12)]
    const mean = above.map((value, c) => mix(value, beneath[c] as number, UNDER_SHARE)) as unknown as Rgb
    // A lid that rolls out of a deep socket catches some of the light that the socket does not.
    const wanted = Math.max(1, 0.6 * lightOf(skin))
    const missing = clamp((wanted - lightOf(mean)) / wanted)
    mean.forEach((value, c) => (tone[c * COLUMNS + k] = mix(value, 0.72 * (skin[c] as number), missing)))
  }
  for (let c = 0; c < 3; c++) for (let pass = 0; pass < 56; pass++) smoothLine(tone, c * COLUMNS, 1, COLUMNS)
  const step = (2 * half) / CURVE
  const lidHeight = Math.max(...lower.map((value, k) => value - (crease[k] as number)))
  const deepest = fold[CURVE >> 1] as number
  for (let at = 0; at < COLUMNS * SKIN_ROWS; at++) {
    const [row, k] = [Math.floor(at / COLUMNS), at % COLUMNS]
    const q = row / (SKIN_ROWS - 1)
    const light = 0.95 + 0.08 * Math.sin(Math.PI * Math.min(1, q * 1.15)) - 0.07 * smoothstep(0.7, 1, q)
    const v = deepest + (row * lidHeight) / SKIN_ROWS / 2
    const around = GRAIN.reduce((sum, [du, dv]) => sum + luminance(read(clamp(k + du / step, 0, CURVE), v + dv)), 0)
    const grain = 0.9 * clamp(luminance(read(k, v)) - around / GRAIN.length, -9, 9)
    for (let c = 0; c < 3; c++) out[at * 3 + c] = clamp((tone[c * COLUMNS + k] as number) * light + grain, 0, 255)
  }
  return out
}

/** Colour (packed, opaque) of `skin` between columns i, i + 1 (share f) and rows row, row + 1 (share g). */
export const lidSkinAt = (skin: Float32Array, i: number, f: number, row: number, g: number): number => {
  const channel = (c: number): number => {
    const a = (row * COLUMNS + i) * 3 + c
    const b = a + COLUMNS * 3
    const top = (skin[a] as number) * (1 - f) + (skin[a + 3] as number) * f
    const bottom = (skin[b] as number) * (1 - f) + (skin[b + 3] as number) * f
    return top * (1 - g) + bottom * g
  }
  return packed(channel(0), channel(1), channel(2))
}
