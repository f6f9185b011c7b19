/** Eyes and brows. The left eye is mirrored, its light is not: catch lights come from one lamp. */

import { at, between, curve, type Line, onSide, type Point, resampled, ribbon, shifted } from './geometry.ts'
import { type Chance, seededChance } from './hair.ts'
import { clipped, ellipse, fill, linearGradient, mixed, radialGradient, stroke } from './paint.ts'
import type { Eye, Portrait } from './portrait.ts'

const sides = [-1, 1] as const
const white = '#ffffff'

/** Both ends are filled with a skin tone, never white: a white end shows when an animated lid closes. */
function eyeball({ skin, lips, eye }: Portrait, side: number, id: string): string {
  const [cornerX, cornerY] = at(eye.upperLid, eye.upperLid.length - 1)
  const [innerX, innerY] = eye.inner
  const inner = mixed(lips.light, skin.mid, 0.4)
  return [
    linearGradient(
      `white-${id}`,
      [0, -15],
      [0, 14],
      [
        [0, eye.whiteInShade],
        [0.42, eye.white],
        [1, mixed(eye.white, eye.whiteInShade, 0.25)],
      ],
    ),
    fill(eyeOutline(eye, side), `url(#white-${id})`),
    ellipse((innerX - 1) * side, innerY, 6.5, 6, inner, { opacity: 0.85, blur: 2 }),
    ellipse((cornerX - 1) * side, cornerY, 9, 9, skin.shadow, { opacity: 0.9, blur: 2.5 }),
  ].join('')
}

function eyeOutline(eye: Eye, side: number): string {
  return between(onSide(eye.upperLid, side), onSide(eye.lowerLid, side))
}

/** Fifty-four fine spokes, every third one dark. */
function irisSpokes(eye: Eye, x: number, chance: Chance): string {
  const point = (angle: number, radius: number) =>
    `${(x + Math.cos(angle) * radius).toFixed(2)} ${(eye.y + Math.sin(angle) * radius).toFixed(2)}`
  return Array.from({ length: 54 }, (_, i) => {
    const angle = (i / 54) * 6.283 + chance() * 0.1
    const from = eye.radius * (0.42 + 0.1 * chance())
    const to = eye.radius * (0.7 + 0.22 * chance())
    const dark = i % 3 === 0
    return stroke(`M${point(angle, from)}L${point(angle, to)}`, dark ? eye.iris.rim : eye.iris.spokes, 0.55, {
      opacity: dark ? 0.4 : 0.5,
    })
  }).join('')
}

/** Iris, light gathered opposite the key light, pupil, dark rim, the shade of the lid, and the catch lights last. */
function iris(eye: Eye, side: number, id: string, chance: Chance): string {
  const x = eye.x * side
  const r = eye.radius
  const ring = `M${x - r + 0.5} ${eye.y}a${r - 0.5} ${r - 0.5} 0 1 0 ${2 * r - 1} 0a${r - 0.5} ${r - 0.5} 0 1 0 ${1 - 2 * r} 0`
  return [
    radialGradient(`iris-${id}`, [x, eye.y], r, [
      [0, eye.iris.inner],
      [0.45, eye.iris.inner],
      [0.72, eye.iris.middle],
      [0.9, eye.iris.outer],
      [1, eye.iris.rim],
    ]),
    ellipse(x, eye.y, r, r, `url(#iris-${id})`),
    irisSpokes(eye, x, chance),
    ellipse(x + 2, eye.y + r * 0.52, r * 0.62, r * 0.3, eye.iris.spokes, { opacity: 0.55, blur: 2 }),
    ellipse(x, eye.y, r * 0.42, r * 0.42, '#120a0a', { blur: 0.5 }),
    stroke(ring, eye.iris.rim, 1.4, { opacity: 0.7, blur: 0.5 }),
    stroke(curve(onSide(eye.upperLid, side)), '#2a1512', 11, { opacity: 0.34, blur: 3 }),
    ellipse(x - r * 0.36, eye.y - r * 0.36, r * 0.23, r * 0.25, white, { opacity: 0.97 }),
    ellipse(x + r * 0.38, eye.y + r * 0.38, r * 0.11, r * 0.11, white, { opacity: 0.6 }),
  ].join('')
}

/** Fine at the inner end, thickest at the outer third, and fine again at the corner, which an animated lid may not cover. */
const lashProfile = (t: number) =>
  (0.28 + 0.72 * Math.sin(Math.PI * (0.12 + 0.62 * t)) ** 1.3) * Math.min(1, 0.2 + (1 - t) / 0.25)

/** A band, not single lashes: those smear when an animated lid slides over the eye. */
function lashes({ eye }: Portrait, side: number): string {
  const upper = shifted(resampled(onSide(eye.upperLid, side), 20), 0, -0.6)
  const lower = shifted(onSide(eye.lowerLid, side).slice(2), 0, 1.6)
  return [
    stroke(curve(lower), eye.lash, 1.3, { opacity: eye.lowerLash, blur: 0.8 }),
    fill(ribbon(upper, eye.lashWidth, lashProfile), eye.lash, { opacity: 0.95, blur: 0.5 }),
  ].join('')
}

/** The fold above the lid; faint on light skin, because a strong one smears with the lid. */
function crease({ skin, eye }: Portrait, side: number): string {
  const fold = onSide(eye.crease, side)
  return [
    fill(between(onSide(eye.upperLid, side), fold), skin.shadow, { opacity: eye.lidShade, blur: 3 }),
    stroke(curve(fold), skin.shadow, 5, { opacity: 0.4, blur: 3 }),
    fill(ribbon(resampled(fold, 16), 3.2), skin.deep, { opacity: eye.creaseOpacity, blur: 0.8 }),
    stroke(curve(shifted(fold, 0, 3.6)), skin.light, 2.5, { opacity: side < 0 ? 0.45 : 0.22, blur: 1.8 }),
  ].join('')
}

export function eyes(portrait: Portrait): string {
  const { skin, lips, eye } = portrait
  const chance = seededChance(7)
  const waterLine = mixed(skin.light, lips.light, 0.35)
  return sides
    .map((side) => {
      const id = side < 0 ? 'left' : 'right'
      const ball = eyeball(portrait, side, id) + iris(eye, side, id, chance)
      return [
        clipped(`eye-${id}`, eyeOutline(eye, side), ball),
        stroke(curve(onSide(eye.lowerLid.slice(1, -1), side)), waterLine, 2, { opacity: 0.75, blur: 0.5 }),
        lashes(portrait, side),
        crease(portrait, side),
      ].join('')
    })
    .join('')
}

/** Share of the brow's width: fullest near the inner end, thin at the tail. */
const browProfile = (tail: number, bend: number) => (t: number) =>
  t < 0.18 ? 0.55 + t * 2.5 : 1 - tail * ((t - 0.18) / 0.82) ** bend

/** One hair: upright at the inner end, turning along the brow between 45 and 75 % of its length. */
function browHair({ brow }: Portrait, line: Line, side: number, chance: Chance): string {
  const t = chance() * 0.94
  const index = Math.min(39, Math.floor(t * 40))
  const [x, y] = at(line, index)
  const [nextX, nextY] = at(line, index + 1)
  const offset = (chance() - 0.5) * brow.width * browProfile(0.8, 1.4)(t) * 0.95
  const angle = -1.2 + 1.1 * Math.min(1, t * 1.5) + (offset > 0 ? -0.18 : 0.18)
  const length = (6 + 4 * chance()) * (t > 0.8 ? 0.7 : 1)
  const step = Math.hypot(nextX - x, nextY - y) || 1
  const turned = Math.max(0, Math.min(1, (t - 0.45) / 0.3))
  const dx = Math.cos(angle) * side * (1 - turned) + ((nextX - x) / step) * turned
  const dy = Math.sin(angle) * (1 - turned) + ((nextY - y) / step) * turned
  const hair: Point[] = [
    [x, y + offset],
    [x + dx * length * 0.5, y + offset + dy * length * 0.5],
    [x + dx * length, y + offset + dy * length * 0.85],
  ]
  const fadeIn = Math.min(1, 0.45 + t * 4)
  return fill(ribbon(resampled(hair, 5), 1.5), brow.colour, { opacity: (0.3 + 0.45 * chance()) * fadeIn })
}

export function brows(portrait: Portrait): string {
  const { brow } = portrait
  const chance = seededChance(3)
  return sides
    .map((side) => {
      const line = resampled(onSide(brow.line, side), 40)
      const base = ribbon(line, brow.width * 1.15, browProfile(0.82, 1.4))
      const hairs = Array.from({ length: 190 }, () => browHair(portrait, line, side, chance))
      return fill(base, brow.colour, { opacity: brow.softness, blur: 2.5 }) + hairs.join('')
    })
    .join('')
}
