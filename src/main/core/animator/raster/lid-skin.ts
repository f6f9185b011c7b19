import { clamp, meanOf, mix, smoothstep } from '../mesh/easing.ts'
import { smoothLine } from '../mesh/depth.ts'
import { channelsOf, lightOf, meanColour, type Rgb } from './colour.ts'
import { CURVE, readAt, type EyeOutline } from './eye-outline.ts'
import type { Texture } from './texture.ts'

/** See lidSkin. */
export type LidSkin = readonly [red: Float32Array, green: Float32Array, blue: Float32Array]

export const SKIN_ROWS = 48
export const COLUMNS = CURVE + 1
/** Neighbours, texels, against which grain is measured. */
// prettier-ignore
const GRAIN = [[-4, 0], [4, 0], [0, -4], [0, 4], [-3, 3], [3, -3]] as const
/** How much of the lid's colour comes from between crease and brow, often in shadow, and from below the eye. */
const UNDER_SHARES = [0.58, 0.42]

/**
 * Mean of samples that could be skin: weighted by how near their light comes to that of the skin beside the eye, so that rims of glasses,
 * lashes, eyeliner and strands of hair do not count. With no such sample it is that skin, a little darker.
 */
const skinMean = (colours: readonly Rgb[], skin: Rgb): Rgb => {
  const light = Math.max(4, lightOf(skin))
  const weights = colours.map((colour) => Math.exp(-((Math.log((lightOf(colour) + 4) / light) / 0.42) ** 2)))
  const [red, green, blue] = skin
  return meanColour([...colours, [0.85 * red, 0.85 * green, 0.85 * blue]], [...weights, 0.1])
}

/**
 * Skin for the closed lid, a plane of R, G and B: for each of CURVE + 1 columns and SKIN_ROWS distances above the lid's edge (0 = edge,
 * last = as far as the closed lid is high). Colour comes from the bare skin between crease and brow and below the eye, grain from below
 * the eye; the lid's roundness is shaded on top.
 */
export const lidSkin = (eye: EyeOutline, texture: Texture): LidSkin => {
  const { crease, brow, lower, fold, half, skin } = eye
  const step = (2 * half) / CURVE
  const read = (k: number, v: number): Rgb => channelsOf(readAt(texture, eye, step * k - half, v))
  const tones = Array.from({ length: COLUMNS }, (_, k) => {
    const between = (from: Float32Array, to: Float32Array, first: number, by: number): Rgb => {
      const shares = Array.from({ length: 9 }, (__, i) => first + by * i)
      return skinMean(
        shares.map((share) => read(k, mix(from[k] as number, to[k] as number, share))),
        skin,
      )
    }
    const mean = meanColour([between(crease, brow, 0.15, 0.06), between(lower, fold, 0.9, 0.12)], UNDER_SHARES)
    // A lid that rolls out of a deep socket catches some of the light that the socket does not.
    const wanted = Math.max(1, 0.6 * lightOf(skin))
    const missing = clamp((wanted - lightOf(mean)) / wanted)
    return mean.map((value, c) => mix(value, 0.72 * (skin[c] as number), missing))
  })
  const lidHeight = Math.max(...lower.map((value, k) => value - (crease[k] as number)))
  const deepest = fold[CURVE >> 1] as number
  const shape = Array.from({ length: COLUMNS * SKIN_ROWS }, (_, at) => {
    const [row, k] = [Math.floor(at / COLUMNS), at % COLUMNS]
    const q = row / (SKIN_ROWS - 1)
    const light = 0.95 + 0.08 * Math.sin(Math.PI * Math.min(1, q * 1.15)) - 0.07 * smoothstep(0.7, 1, q)
    const v = deepest + (row * lidHeight) / SKIN_ROWS / 2
    const around = meanOf(GRAIN.map(([du, dv]) => lightOf(read(clamp(k + du / step, 0, CURVE), v + dv))))
    return { k, light, grain: 0.9 * clamp(lightOf(read(k, v)) - around, -9, 9) }
  })
  const plane = (c: 0 | 1 | 2): Float32Array => {
    const line = Float32Array.from(tones, (tone) => tone[c] as number)
    for (let pass = 0; pass < 56; pass++) smoothLine(line, 0, 1, COLUMNS)
    return Float32Array.from(shape, ({ k, light, grain }) => clamp((line[k] as number) * light + grain, 0, 255))
  }
  return [plane(0), plane(1), plane(2)]
}
