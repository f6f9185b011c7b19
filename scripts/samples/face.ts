/** Skin: the large planes of the face first, then what lies on them. Everything is clipped to the outline of the face. */

import { closed, curve, onSide, points, resampled, ribbon, shifted, symmetric } from './geometry.ts'
import { clipped, ellipse, fill, linearGradient, mixed, stroke } from './paint.ts'
import { lipBottom, type Portrait } from './portrait.ts'

const sides = [-1, 1] as const

/** The turn away from the key light: the right side falls into shade, the left edge only dims. */
function planes({ skin, light }: Portrait): string {
  const rightSide = points('160,-200 112,-120 128,-30 112,50 100,110 70,170 34,215 20,260 180,260 200,0')
  const rightEdge = points('170,-120 140,-60 146,30 130,120 100,185 60,235 180,260')
  const leftEdge = points('-165,-160 -141,-60 -143,40 -126,120 -96,185 -60,232 -180,250')
  return [
    fill(closed(rightSide), skin.shadow, { opacity: light.sideShade, blur: 22 }),
    fill(closed(rightEdge), skin.deep, { opacity: 0.22, blur: 14 }),
    fill(closed(leftEdge), skin.mid, { opacity: 0.6, blur: 12 }),
    ellipse(-38, -98, 70, 40, skin.highlight, { opacity: light.highlight * 0.75, blur: 22 }),
  ].join('')
}

/** A warm band over cheeks, nose and chin, the lit cheekbones, and the hollow below the left one. */
function cheeks({ skin, light }: Portrait): string {
  const blush = (share: number, blur: number) => ({ opacity: light.blush * share, blur })
  const hollow = points('-128,70 -96,104 -74,150 -92,168 -122,120')
  return [
    ellipse(-86, 66, 44, 30, skin.blush, blush(1, 20)),
    ellipse(88, 68, 42, 30, skin.blush, blush(0.9, 20)),
    ellipse(0, 76, 34, 22, skin.blush, blush(0.5, 14)),
    ellipse(0, 214, 40, 18, skin.blush, blush(0.4, 14)),
    ellipse(-94, 42, 36, 14, skin.highlight, { opacity: light.highlight * 0.75, blur: 12, rotate: 24 }),
    ellipse(94, 38, 26, 9, skin.highlight, { opacity: light.highlight * 0.35, blur: 9, rotate: -24 }),
    fill(closed(hollow), skin.mid, { opacity: 0.45, blur: 12 }),
  ].join('')
}

/** The bowl around an eye: dim under the brow and at the nose, light on the brow bone and under the eye. */
function eyeSocket({ skin, light }: Portrait, side: number): string {
  const lit = side < 0
  return [
    ellipse(66 * side, -14, 50, 24, skin.mid, { opacity: 0.55, blur: 11 }),
    ellipse(66 * side, -21, 42, 11, skin.shadow, { opacity: light.socket, blur: 7 }),
    ellipse(31 * side, -12, 12, 22, skin.shadow, { opacity: lit ? 0.26 : 0.42, blur: 8 }),
    ellipse(72 * side, 20, 36, 8, skin.mid, { opacity: 0.45, blur: 6 }),
    ellipse(lit ? -78 : 74, -29, 26, 5, skin.highlight, { opacity: light.highlight * (lit ? 0.8 : 0.4), blur: 5 }),
    ellipse(64 * side, 30, 30, 6, skin.light, { opacity: lit ? 0.35 : 0.15, blur: 6 }),
  ].join('')
}

function noseRidge({ skin, light, nose: { halfWidth: w, y, shade } }: Portrait): string {
  const right = points(
    `16,-28 12,10 15,50 20,${y - 26} ${w + 2},${y - 14} ${w + 8},${y + 4} ${w + 26},${y + 6} 44,40 32,-10`,
  )
  const left = points(`-15,-26 -12,10 -15,50 -24,${y - 22} ${-w - 8},${y} -46,40 -34,-10`)
  const bridge = resampled(points(`-3,-34 -3,10 -4,50 -4,${y - 26}`), 12)
  return [
    fill(closed(right), skin.shadow, { opacity: shade, blur: 8 }),
    fill(closed(left), skin.mid, { opacity: 0.38, blur: 8 }),
    fill(
      ribbon(bridge, 12, (t) => 0.45 + 0.55 * t),
      skin.highlight,
      { opacity: light.highlight * 0.75, blur: 4 },
    ),
  ].join('')
}

function nostrilAndWing({ skin, nose: { halfWidth: w, y } }: Portrait, side: number): string {
  const wing = points(`${w - 12},${y - 25} ${w - 2},${y - 20} ${w + 2},${y - 8} ${w - 2},${y + 3} ${w - 11},${y + 6}`)
  const nostril = points(
    `${w * 0.22},${y + 7} ${w * 0.34},${y + 1.5} ${w * 0.58},${y + 0.5} ${w * 0.72},${y + 4} ${w * 0.56},${y + 7.5} ${w * 0.36},${y + 9}`,
  )
  const below = points(`${w * 0.16},${y + 11} ${w * 0.36},${y + 10} ${w * 0.62},${y + 8.5} ${w * 0.82},${y + 5}`)
  return [
    stroke(curve(onSide(wing, side)), skin.shadow, 4.5, { opacity: side > 0 ? 0.55 : 0.42, blur: 2.5 }),
    ellipse((w - 8) * side, y - 10, 7, 9, side < 0 ? skin.light : skin.base, { opacity: 0.45, blur: 4 }),
    fill(closed(onSide(nostril, side)), skin.deep, { opacity: 0.88, blur: 1.2 }),
    stroke(curve(onSide(below, side)), skin.deep, 1.6, { opacity: 0.32, blur: 0.8 }),
  ].join('')
}

function noseTip(portrait: Portrait): string {
  const { skin, light } = portrait
  const { halfWidth: w, y } = portrait.nose
  const under = points(
    `${-w * 0.86},${y + 2} ${-w * 0.45},${y + 6} 0,${y + 12} ${w * 0.45},${y + 6} ${w * 0.92},${y + 2} ${w * 0.6},${y + 15} 0,${y + 19} ${-w * 0.6},${y + 14}`,
  )
  return [
    ellipse(0, y - 14, w * 0.78, 17, skin.base, { opacity: 0.6, blur: 6 }),
    ellipse(0, y - 8, w * 0.7, 12, skin.blush, { opacity: light.blush * 0.6, blur: 7 }),
    fill(closed(under), skin.shadow, { opacity: 0.55, blur: 4 }),
    ellipse(8, y + 24, w * 0.8, 9, skin.shadow, { opacity: 0.34, blur: 7 }),
    ...sides.map((side) => nostrilAndWing(portrait, side)),
    ellipse(-5, y - 17, 8, 6, skin.highlight, { opacity: Math.min(1, light.highlight * 1.35), blur: 2.5 }),
    ellipse(-6, y - 18, 3, 2.2, '#ffffff', { opacity: light.highlight * 0.8, blur: 1.2 }),
  ].join('')
}

/**
 * Philtrum, the folds beside the mouth, the shade of the lower lip, the chin. The shade at a corner of the mouth hugs the
 * corner itself: lower, it stays behind as a smudge when an animated mouth opens.
 */
function aroundMouth({ skin, light, nose, mouth }: Portrait): string {
  const { y, halfWidth } = mouth
  const cornerY = mouth.line[0]?.[1] ?? y
  const fold = points(
    `${nose.halfWidth + 5},${nose.y - 2} ${nose.halfWidth + 18},${nose.y + 18} ${halfWidth + 13},${y - 6}`,
  )
  const dark = resampled(points(`1,${nose.y + 18} 1,${y - 19}`), 6)
  const lit = resampled(points(`-9,${nose.y + 20} -11,${y - 19}`), 6)
  const bottom = lipBottom(mouth)
  return [
    fill(ribbon(dark, 10), skin.shadow, { opacity: 0.25, blur: 3 }),
    fill(ribbon(lit, 6), skin.highlight, { opacity: light.highlight * 0.5, blur: 2.5 }),
    ...sides.map(
      (side) =>
        stroke(curve(onSide(fold, side)), skin.shadow, 7, { opacity: side > 0 ? 0.17 : 0.13, blur: 6 }) +
        ellipse((halfWidth + 1) * side, cornerY + 1.5, 5, 4, skin.shadow, { opacity: 0.4, blur: 3 }),
    ),
    ellipse(3, bottom + 9, halfWidth * 0.62, 7, skin.shadow, { opacity: 0.46, blur: 5.5 }),
    ellipse(-8, bottom + 34, 27, 14, skin.highlight, { opacity: light.highlight * 0.55, blur: 10 }),
    ellipse(0, 238, 70, 12, skin.shadow, { opacity: 0.32, blur: 9 }),
  ].join('')
}

/** The face without eyes, brows and lips; `overlay` (shade of the hair, a beard) lies on the skin inside the outline. */
export function face(portrait: Portrait, overlay: string): string {
  const { skin, light } = portrait
  const outline = closed(symmetric(portrait.outline))
  const rim = curve(portrait.outline.slice(2, portrait.rimPoints))
  const modelling = [
    planes(portrait),
    cheeks(portrait),
    ...sides.map((side) => eyeSocket(portrait, side)),
    noseRidge(portrait),
    noseTip(portrait),
    aroundMouth(portrait),
    overlay,
    stroke(rim, skin.rim, 5, { opacity: light.rim, blur: 3.5 }),
  ]
  const skinGradient = linearGradient(
    'skin',
    [-150, -190],
    [150, 235],
    [
      [0, skin.light],
      [0.42, skin.base],
      [0.78, skin.mid],
      [1, mixed(skin.mid, skin.shadow, 0.45)],
    ],
  )
  return skinGradient + fill(outline, 'url(#skin)') + clipped('face', outline, modelling.join(''))
}

/** The paint of neck and chest, lit from the left. */
export function chestGradient({ skin }: Portrait): string {
  return linearGradient(
    'chest',
    [-200, 230],
    [240, 480],
    [
      [0, skin.base],
      [0.5, mixed(skin.base, skin.mid, 0.5)],
      [1, skin.mid],
    ],
  )
}

/** One ear, `gap` units outside the usual place. Only where hair leaves it free: a lobe peeking out of long hair looks wrong. */
export function ear({ skin }: Portrait, side: number, gap: number): string {
  const placed = (text: string) => shifted(onSide(points(text), side), gap * side, 0)
  const id = side < 0 ? 'ear-left' : 'ear-right'
  const paint =
    side < 0
      ? linearGradient(
          id,
          [-175, -30],
          [-140, 90],
          [
            [0, skin.light],
            [0.6, skin.base],
            [1, skin.mid],
          ],
        )
      : linearGradient(
          id,
          [140, -30],
          [175, 90],
          [
            [0, skin.mid],
            [1, mixed(skin.mid, skin.shadow, 0.6)],
          ],
        )
  const shell = placed('142,-18 158,-34 173,-24 175,8 168,45 160,72 149,84 140,70')
  const fold = placed('150,-14 162,-22 168,-8 166,18 158,44')
  const hollow = placed('151,0 158,4 159,22 152,38')
  const lit = placed('160,-28 170,-20 172,6')
  return [
    paint,
    fill(closed(shell), `url(#${id})`),
    stroke(curve(fold), skin.shadow, 4, { opacity: 0.55, blur: 2 }),
    stroke(curve(hollow), skin.shadow, 6, { opacity: 0.6, blur: 3 }),
    ellipse((158 + gap) * side, 64, 7, 9, skin.blush, { opacity: 0.35, blur: 4 }),
    side < 0 ? stroke(curve(lit), skin.highlight, 2.5, { opacity: 0.6, blur: 2 }) : '',
  ].join('')
}
