import { clamp, mix, smoothstep } from '../mesh/easing.ts'
import { lightOf, packed, saturationOf, type Rgb } from './colour.ts'

/** Colours of a mouth that the still does not show, 0..255 a channel, taken from the picture's own light. */
export type MouthPalette = { readonly teeth: Rgb; readonly tongue: Rgb; readonly flesh: Rgb; readonly depth: Rgb }

/** Mesh points on both cheeks, whose skin tells the light. */
export const CHEEKS = [50, 280, 205, 425]

/** Teeth beside the whites of the eyes, which lie in the shadow of the lids: a little warmer. */
const TEETH: Rgb = [1.04, 1, 0.9]

/**
 * All of a mouth has the hue of the light, which the whites of the eyes tell. Teeth are as bright as those (dark skin does not mean dark
 * teeth), or as the cheeks let expect where the eyes lie in shadow; tongue and flesh take the cheeks' light. A picture without colour
 * stays so.
 */
export const mouthPaletteOf = (cheek: Rgb, whites: Rgb): MouthPalette => {
  const white = Math.max(1, lightOf(whites))
  const colour = smoothstep(0.02, 0.14, saturationOf(cheek))
  // The light is estimated as if skin reflected at least a third of it.
  const exposure = clamp(0.45 + 0.55 * (lightOf(cheek) / 165), 0.5, 1.02)
  const bright = clamp(Math.max(203 * exposure, 1.04 * white), 0, 235)
  const tint = (base: Rgb, share: number): Rgb => {
    const channel = (c: 0 | 1 | 2): number => (mix(lightOf(base), base[c], colour) * share * whites[c]) / white
    return [Math.min(250, channel(0)), channel(1), channel(2)]
  }
  return {
    teeth: tint(TEETH, bright),
    tongue: tint([152, 74, 68], exposure),
    flesh: tint([104, 42, 38], exposure),
    depth: tint([34, 13, 11], exposure),
  }
}

/** Half widths of the upper teeth from the middle outward, mouth widths (incisor 8.5 mm, lateral 6.5, canine 7, premolars, of a 50 mm mouth). */
const TOOTH_BORDERS = [0, 0.165, 0.295, 0.405, 0.49, 0.56]
/** How far the upper incisors reach below the closed lip line, mouth widths. */
const INCISOR_REACH = 0.062

/** 0 between teeth, 1 on a tooth's face; `x` mouth widths from the middle. */
const toothFace = (x: number, soft: number): number => {
  let nearest = Infinity
  for (const border of TOOTH_BORDERS) nearest = Math.min(nearest, Math.abs(Math.abs(x) - border))
  return smoothstep(0, 0.012 + soft, nearest)
}

/**
 * Where one pixel of the open mouth lies, in mouth widths: `x` from the middle, `skullY` below the closed lip line as fixed to the skull,
 * `jawY` above the middle of the lower lip's edge as fixed to the jaw, `fromUpper` and `fromLower` to the lips' edges, `gap` between them
 * here; `widest` is the mouth's largest gap, `soft` one pixel. `teeth`: 1 draws them, 0 leaves them out.
 */
export type MouthPlace = Record<
  'x' | 'skullY' | 'jawY' | 'fromUpper' | 'fromLower' | 'gap' | 'widest' | 'soft' | 'teeth',
  number
>

/**
 * Colour (packed, opaque) of the inside of a mouth: dark hollow, tongue lying on the jaw, lower teeth just behind the lower lip, upper
 * teeth fixed to the skull, and the upper lip's shadow over all of it. Continuous in every input, so it cannot flicker.
 */
export const insideColour = (palette: MouthPalette, place: MouthPlace): number => {
  const { x, skullY, jawY, fromUpper, fromLower, gap, widest, soft, teeth } = place
  const side = Math.abs(x)
  let [r, g, b] = palette.depth
  const put = (colour: Rgb, share: number, light: number): void => {
    r = mix(r, colour[0] * light, share)
    g = mix(g, colour[1] * light, share)
    b = mix(b, colour[2] * light, share)
  }
  // Gums and cheeks show as dark red toward the lower lip and the corners.
  const lit = 0.45 + 0.4 * smoothstep(0.12, 0.3, widest)
  put(palette.flesh, clamp(0.25 + 0.6 * smoothstep(0.16, 0, fromLower) + 0.3 * smoothstep(0.2, 0.5, side)), lit)
  // The tongue: a mound on the floor of the mouth, its back lost in the dark.
  const tongueTop = widest * 0.5 * Math.sqrt(Math.max(0, 1 - (side / 0.4) ** 2))
  const tongue = smoothstep(0.12, 0.28, widest) * smoothstep(-0.02 - soft, 0.03 + soft, tongueTop - fromLower)
  const groove = 1 - 0.16 * Math.exp(-((x / 0.03) ** 2))
  put(palette.tongue, 0.92 * tongue, groove * (0.62 + 0.4 * smoothstep(widest * 0.6 + 0.001, 0, fromLower)))
  // Lower teeth stand behind the lower lip, an arc fixed to the jaw; they show when the jaw is far down.
  const lowerEdge = 0.045 * smoothstep(0.16, 0.4, widest) + 0.3 * x * x
  const lowerReach = (1 - smoothstep(0.16, 0.3, side)) * smoothstep(0.2, 0.3, widest)
  const lower = teeth * smoothstep(-soft, soft, lowerEdge - jawY) * lowerReach
  const lowerLight = 0.42 + 0.12 * toothFace(x * 1.45, soft)
  put(palette.teeth, 0.8 * lower, lowerLight * (1 - 0.5 * smoothstep(0.08, 0.28, side)))
  // Upper teeth: an arc that rises toward the corners, edges rounded a little at every tooth.
  const face = toothFace(x, soft)
  const edge = INCISOR_REACH - 0.2 * x * x - 0.012 * (1 - face) - 0.006 * smoothstep(0.165, 0.2, side)
  const upper = teeth * smoothstep(-soft, soft, edge - skullY) * (1 - smoothstep(0.4, 0.52, side))
  const round = 1 - 0.55 * smoothstep(0.08, 0.5, side)
  const fromEdge = edge - skullY
  const gum = smoothstep(0.1, 0.15, fromEdge)
  put(palette.teeth, upper, (0.8 + 0.12 * face) * round * (0.9 + 0.1 * smoothstep(0.0, 0.02, fromEdge)))
  put(palette.flesh, upper * gum, 1.15)
  // Shadow under the upper lip, and a little at the lower one.
  const lips = (0.5 + 0.5 * smoothstep(0, 0.055, fromUpper)) * (0.78 + 0.22 * smoothstep(0, 0.03, fromLower))
  const shadow = lips * (0.72 + 0.28 * smoothstep(0, 0.12, gap))
  return packed(r * shadow, g * shadow, b * shadow)
}
