/** What one portrait is made of: colours, proportions and the strength of the light. Units: geometry.ts. */

import type { Line } from './geometry.ts'

/** Colours are `#rrggbb`. The key light comes from the upper left, a rim light from the right. */
export type Skin = {
  light: string
  base: string
  mid: string
  shadow: string
  deep: string
  blush: string
  highlight: string
  rim: string
}

/**
 * Drawn for the viewer's right eye and mirrored. The outer corner stays at x <= 90: face models read it 2 to 5 units
 * further in, and an eye painted wider leaves a white sliver when an animated lid closes.
 */
export type Eye = {
  /** Centre and radius of the iris: the upper lid cuts it, the lower lid touches it. */
  x: number
  y: number
  radius: number
  white: string
  whiteInShade: string
  /** The pink inner corner. */
  inner: readonly [x: number, y: number]
  upperLid: Line
  lowerLid: Line
  crease: Line
  creaseOpacity: number
  lidShade: number
  lashWidth: number
  lowerLash: number
  lash: string
  iris: { inner: string; middle: string; outer: string; rim: string; spokes: string }
}

export type Brow = { line: Line; width: number; colour: string; softness: number }

/** `halfWidth` of the wings, `y` of the base. */
export type Nose = { halfWidth: number; y: number; shade: number }

/** Three lines of equal length from corner to corner; the lips are closed along the middle one. */
export type Mouth = { y: number; halfWidth: number; top: Line; line: Line; bottom: Line }

export type LipColours = { mid: string; dark: string; light: string; highlight: string; line: string; shine: number }

export type Portrait = {
  skin: Skin
  /** Right half of the face, from the top of the forehead to the chin. */
  outline: Line
  eye: Eye
  brow: Brow
  nose: Nose
  mouth: Mouth
  lips: LipColours
  /** Opacities 0..1 of the large effects of light. */
  light: { highlight: number; blush: number; sideShade: number; socket: number; rim: number }
  /** How many outline points the rim light follows; over a beard it would look like a scratch. */
  rimPoints: number
}

/** The lowest point of the lower lip. */
export function lipBottom(mouth: Mouth): number {
  return mouth.bottom[Math.floor(mouth.bottom.length / 2)]?.[1] ?? mouth.y
}
