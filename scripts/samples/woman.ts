/** A woman with shoulder-length brown hair in a teal sweater before a peach wall. */

import { brows, eyes } from './eyes.ts'
import { chestGradient, face } from './face.ts'
import { closed, curve, onSide, points, resampled, ribbon, shifted } from './geometry.ts'
import { type Chance, seededChance, strands } from './hair.ts'
import { lips } from './lips.ts'
import {
  backdrop,
  ellipse,
  fill,
  linearGradient,
  mixed,
  picture,
  radialGradient,
  shaded,
  softLine,
  stroke,
  turned,
} from './paint.ts'
import type { Portrait } from './portrait.ts'
import { frontHair, frontHairPaints, hairColours, hairline } from './woman-hair.ts'

const tiltDegrees = -2.5

const woman: Portrait = {
  skin: {
    light: '#fbdcc3',
    base: '#f3c5a5',
    mid: '#e3a583',
    shadow: '#b96f59',
    deep: '#7d4038',
    blush: '#e6745f',
    highlight: '#fff1e0',
    rim: '#ffd9b8',
  },
  outline: points('0,-226 66,-214 118,-172 142,-100 147,-24 144,44 133,104 111,156 76,201 36,231 0,238'),
  eye: {
    x: 64.5,
    y: -2,
    radius: 15.4,
    white: '#f4ebe5',
    whiteInShade: '#b39a95',
    inner: [37.5, 4.5],
    upperLid: points('33.5,5.5 39,-2 49,-10.7 63,-15.4 76,-13.8 84.5,-8 89.5,-2'),
    lowerLid: points('33.5,5.5 44,8.7 56,10.8 68,10.5 77.5,7.2 84.5,2.8 89.5,-2'),
    crease: points('37,-11 48,-20.5 64,-25.5 80,-23.5 93,-15.5 102,-8'),
    creaseOpacity: 0.4,
    lidShade: 0.1,
    lashWidth: 6,
    lowerLash: 0.4,
    lash: '#2a1614',
    iris: { inner: '#8a5a30', middle: '#6f4323', outer: '#4a2a17', rim: '#25130d', spokes: '#c98f4e' },
  },
  brow: { line: points('27,-39 44,-47.5 66,-55 90,-57 112,-45'), width: 11.5, colour: '#4a2a1f', softness: 0.62 },
  nose: { halfWidth: 29, y: 101, shade: 0.3 },
  mouth: {
    y: 151,
    halfWidth: 54,
    top: points('-54,142.8 -38,140.2 -22,135.5 -10,132.6 0,136.5 10,132.6 22,135.5 38,140.2 54,142.8'),
    line: points('-54,142.8 -38,147.8 -20,149.6 -8,150.4 0,152.4 8,150.4 20,149.6 38,147.8 54,142.8'),
    bottom: points('-54,142.8 -42,157.5 -27,168 -12,173.6 0,174.4 12,173.6 27,168 42,157.5 54,142.8'),
  },
  lips: { mid: '#c75f5c', dark: '#93393f', light: '#e08a80', highlight: '#ffd9cf', line: '#571c22', shine: 0.62 },
  light: { highlight: 0.6, blush: 0.36, sideShade: 0.36, socket: 0.3, rim: 0.4 },
  rimPoints: 9,
}

function wall(): string {
  return [
    radialGradient('wall', [-120, -140], 640, [
      [0, '#f6d9bd'],
      [0.45, '#e9b795'],
      [0.8, '#c98a6f'],
      [1, '#a56b58'],
    ]),
    radialGradient('glow', [-40, -60], 330, [
      [0, '#fff2dc', 0.75],
      [1, '#fff2dc', 0],
    ]),
    backdrop('url(#wall)'),
    backdrop('url(#glow)'),
    ellipse(60, 520, 420, 90, '#7d4a3f', { opacity: 0.35, blur: 40 }),
  ].join('')
}

/** The dark hair behind the neck, with a few lighter strands on each side. */
function backHair(chance: Chance): string {
  const shape = points(
    '-10,-236 70,-232 140,-195 190,-110 206,20 222,140 230,250 214,340 150,372 60,300 0,280 -60,300 -150,372 -222,340 -234,250 -226,140 -208,20 -192,-105 -140,-195 -80,-230',
  )
  const guides = [points('150,-60 165,100 170,240 150,372'), points('90,40 100,140 105,240 100,345')]
  const paint = linearGradient(
    'hair-back',
    [0, -100],
    [0, 330],
    [
      [0, hairColours.dark],
      [1, '#160a09'],
    ],
  )
  const sideStrands = (side: number) =>
    strands(
      guides.map((guide) => onSide(guide, side)),
      {
        count: 70,
        width: [1, 2.5],
        paint: (_, share) => mixed(hairColours.dark, hairColours.mid, share * 0.8),
        opacity: [0.35, 0.8],
        wave: { amplitude: 14, turns: 1.2, phase: 0, fan: 0 },
      },
      chance,
    )
  return paint + fill(closed(shape), 'url(#hair-back)', { blur: 0.8 }) + sideStrands(-1) + sideStrands(1)
}

/** The shade under the chin is what separates the jaw from the neck; tendons and collar bones are light over dark lines. */
function neck({ skin }: Portrait): string {
  const outline = points(
    '-72,120 -70,190 -74,238 -96,272 -160,304 -240,340 -310,430 -310,540 310,540 310,430 240,340 160,304 96,272 76,238 72,190 74,120',
  )
  const jawShade = points('-90,110 -78,200 -40,262 20,282 70,262 110,200 110,110')
  const chinShade = points('-70,150 -40,228 0,248 50,234 86,160')
  const rightShade = points('30,200 60,260 120,300 200,330 200,200')
  const shading = [
    fill(closed(jawShade), skin.shadow, { opacity: 0.62, blur: 14 }),
    fill(closed(chinShade), skin.deep, { opacity: 0.62, blur: 9 }),
    fill(closed(rightShade), skin.shadow, { opacity: 0.35, blur: 16 }),
    softLine('-54,214 -44,262 -22,300 -10,316', skin.shadow, 8, 0.22, 6),
    softLine('58,214 46,262 24,300 12,316', skin.shadow, 9, 0.3, 6),
    softLine('-34,240 -24,280 -8,312', skin.highlight, 6, 0.28, 6),
    ellipse(0, 322, 16, 10, skin.shadow, { opacity: 0.35, blur: 6 }),
    softLine('-150,326 -90,318 -22,330', skin.highlight, 7, 0.4, 5),
    softLine('-160,338 -90,332 -24,342', skin.shadow, 6, 0.28, 5),
    softLine('150,328 90,320 22,332', skin.highlight, 5, 0.2, 5),
    softLine('160,340 90,334 24,344', skin.shadow, 6, 0.32, 5),
  ]
  return shaded('neck', outline, 'url(#chest)', shading.join(''))
}

function neckband(): string {
  const edge = points('-150,322 -110,352 -56,376 0,383 56,376 110,352 150,322')
  const ticks = resampled(edge, 60).map(([x, y]) =>
    stroke(`M${x} ${y - 1}L${x * 1.01} ${y + 11}`, '#0d3a41', 1.3, { opacity: 0.35 }),
  )
  return [
    stroke(curve(shifted(edge, 0, 12)), '#0d3a41', 3, { opacity: 0.6, blur: 0.8 }),
    stroke(curve(shifted(edge, 0, 6)), '#58b0a6', 9, { opacity: 0.4, blur: 2 }),
    ...ticks,
  ].join('')
}

/** Ribs fan out towards the hem; every other one is light. */
function rib(i: number): string {
  const x = -390 + i * 20
  const line = points(`${x * 0.82},330 ${x * 0.95},430 ${x * 1.05},560`)
  return stroke(curve(line), i % 2 ? '#0d3a41' : '#4aa79f', 3, { opacity: 0.12, blur: 1.2 })
}

function sleeveFold(side: number): string {
  const dark = onSide(points('250,360 262,440 240,560'), side)
  const light = onSide(points('236,380 244,450 224,560'), side)
  return [
    stroke(curve(dark), '#0a2a31', 12, { opacity: 0.4, blur: 8 }),
    stroke(curve(light), '#5fb8ad', 8, { opacity: side < 0 ? 0.35 : 0.16, blur: 6 }),
  ].join('')
}

function sweater({ skin }: Portrait): string {
  const outline = points(
    '-150,324 -206,330 -276,358 -336,406 -366,476 -382,560 -390,660 390,660 382,560 366,476 336,406 276,358 206,330 150,324 110,352 56,376 0,383 -56,376 -110,352',
  )
  const rightShade = points('60,400 200,350 330,400 440,560 40,560')
  const leftLight = points('-380,420 -280,360 -190,345 -150,400 -250,470')
  const shading = [
    fill(closed(rightShade), '#0b2c35', { opacity: 0.4, blur: 30 }),
    fill(closed(leftLight), '#6cc4b8', { opacity: 0.35, blur: 22 }),
    ...Array.from({ length: 40 }, (_, i) => rib(i)),
    sleeveFold(-1),
    sleeveFold(1),
    neckband(),
  ]
  return [
    linearGradient(
      'wool',
      [-300, 300],
      [320, 520],
      [
        [0, '#2f8f8a'],
        [0.45, '#1f6f70'],
        [1, '#123f48'],
      ],
    ),
    fill(closed(outline), skin.deep, { opacity: 0.35, blur: 6, shift: [3, -5] }),
    shaded('sweater', outline, 'url(#wool)', shading.join('')),
  ].join('')
}

/** The soft shade that the front hair casts on the face, darkest along its edge. */
function hairShade({ skin }: Portrait): string {
  const cast = points('-150,-30 -146,-90 -104,-112 -56,-172 10,-160 92,-104 146,-10 170,-60 150,-230 -170,-240')
  return [
    fill(closed(cast), skin.shadow, { opacity: 0.5, blur: 10, shift: [4, 10] }),
    stroke(curve(hairline.left.slice(0, 6)), skin.deep, 16, { opacity: 0.34, blur: 8 }),
    stroke(curve(hairline.right.slice(0, 6)), skin.deep, 20, { opacity: 0.38, blur: 9 }),
  ].join('')
}

export function drawWoman(): string {
  const chance = seededChance(11)
  const parting = resampled(points('-60,-244 -58,-214 -57,-174'), 8)
  const behind = turned(tiltDegrees, backHair(chance))
  const head = [face(woman, hairShade(woman)), eyes(woman), brows(woman), lips(woman)]
  const hair = [
    frontHairPaints(),
    frontHair(chance),
    fill(ribbon(parting, 5), hairColours.dark, { opacity: 0.6, blur: 1.8 }),
  ]
  const body = chestGradient(woman) + neck(woman) + sweater(woman)
  return picture(wall() + behind + body + turned(tiltDegrees, [...head, ...hair].join('')))
}
