/** A man with short curls and a short beard, in a rust overshirt before a blue-green wall. */

import { brows, eyes } from './eyes.ts'
import { chestGradient, ear, face } from './face.ts'
import { closed, points } from './geometry.ts'
import { seededChance } from './hair.ts'
import { lips } from './lips.ts'
import { beard, curls } from './man-hair.ts'
import { overshirt, tee } from './man-clothes.ts'
import { backdrop, ellipse, fill, picture, radialGradient, shaded, softLine, turned } from './paint.ts'
import type { Portrait } from './portrait.ts'

const tiltDegrees = 2

const man: Portrait = {
  skin: {
    light: '#c58a5f',
    base: '#a2683f',
    mid: '#804b2d',
    shadow: '#532a1b',
    deep: '#2c140e',
    blush: '#b4512f',
    highlight: '#f7cfa0',
    rim: '#8fb4c4',
  },
  outline: points('0,-222 70,-212 122,-170 145,-100 151,-24 149,50 141,112 122,168 88,216 46,243 0,249'),
  eye: {
    x: 65,
    y: -1.2,
    radius: 14.2,
    white: '#ebdfd4',
    whiteInShade: '#a08678',
    inner: [38.5, 4.5],
    upperLid: points('34.5,4.5 41,-2 52,-9.6 65,-13.2 76.5,-11.5 85,-6 90,-0.6'),
    lowerLid: points('34.5,4.5 45,8 57,10.3 69,10.2 78,7.4 85,3.6 90,-0.6'),
    crease: points('38,-8 50,-16.5 65,-20 80,-17.5 93,-10 101,-3'),
    creaseOpacity: 0.6,
    lidShade: 0.2,
    lashWidth: 4.6,
    lowerLash: 0.3,
    lash: '#160a07',
    iris: { inner: '#5a3219', middle: '#472512', outer: '#2e170c', rim: '#170a06', spokes: '#9a6233' },
  },
  brow: { line: points('26,-36 44,-43.5 66,-47 90,-45.5 112,-33'), width: 15, colour: '#1d0f0b', softness: 0.6 },
  nose: { halfWidth: 36, y: 104, shade: 0.42 },
  mouth: {
    y: 157,
    halfWidth: 51.5,
    top: points('-51.5,153 -38,147.5 -21.5,142.5 -10,140.4 0,143.2 10,140.4 21.5,142.5 38,147.5 51.5,153'),
    line: points('-51.5,153 -38,155.4 -19.5,156 -8,156.6 0,158 8,156.6 19.5,156 38,155.4 51.5,153'),
    bottom: points('-51.5,153 -40.5,163 -26,172.6 -12,178 0,178.8 12,178 26,172.6 40.5,163 51.5,153'),
  },
  lips: { mid: '#9c5748', dark: '#63302a', light: '#bd7563', highlight: '#f5c3ad', line: '#2c110e', shine: 0.42 },
  light: { highlight: 0.42, blush: 0.26, sideShade: 0.5, socket: 0.34, rim: 0.6 },
  rimPoints: 7,
}

function wall(): string {
  return [
    radialGradient('wall', [-150, -150], 660, [
      [0, '#a9c3c4'],
      [0.4, '#7c9fa6'],
      [0.78, '#4d727f'],
      [1, '#33525f'],
    ]),
    radialGradient('glow', [-70, -80], 330, [
      [0, '#e8f0e6', 0.6],
      [1, '#e8f0e6', 0],
    ]),
    backdrop('url(#wall)'),
    backdrop('url(#glow)'),
    ellipse(60, 520, 440, 90, '#20343d', { opacity: 0.4, blur: 40 }),
  ].join('')
}

/** The shade under the chin is what separates the jaw from the neck; the wall lights the right edge. */
function neck({ skin }: Portrait): string {
  const outline = points(
    '-104,110 -100,190 -104,236 -130,276 -200,310 -300,350 -330,420 -330,560 330,560 330,420 300,350 200,310 130,276 104,236 100,190 104,110',
  )
  const jawShade = points('-120,110 -100,205 -50,268 20,292 80,274 130,210 130,110')
  const chinShade = points('-100,160 -60,240 0,262 60,246 110,170')
  const rightShade = points('40,200 70,270 140,310 260,340 220,180')
  const shading = [
    fill(closed(jawShade), skin.shadow, { opacity: 0.7, blur: 14 }),
    fill(closed(chinShade), skin.deep, { opacity: 0.7, blur: 9 }),
    fill(closed(rightShade), skin.deep, { opacity: 0.4, blur: 16 }),
    softLine('-76,214 -62,268 -30,318', skin.highlight, 8, 0.2, 6),
    softLine('-66,220 -50,274 -22,318', skin.deep, 7, 0.25, 6),
    softLine('74,220 56,274 26,318', skin.deep, 9, 0.3, 6),
    softLine('104,150 101,210 112,248 170,290', skin.rim, 5, 0.45, 3.5),
    ellipse(-4, 284, 14, 20, skin.highlight, { opacity: 0.12, blur: 8 }),
  ]
  return shaded('neck', outline, 'url(#chest)', shading.join(''))
}

function hairShade({ skin }: Portrait): string {
  const cast = points('-160,0 -150,-80 -126,-128 -60,-152 0,-155 60,-152 126,-128 152,-80 160,0 170,-240 -170,-240')
  return fill(closed(cast), skin.deep, { opacity: 0.5, blur: 8, shift: [3, 8] })
}

export function drawMan(): string {
  const chance = seededChance(21)
  const body = [chestGradient(man), neck(man), tee(man.skin.deep), overshirt(chance)]
  const skin = face(man, hairShade(man) + beard(man.outline, chance))
  const head = [ear(man, -1, 2), ear(man, 1, 2), skin, eyes(man), brows(man), lips(man), curls(chance)]
  return picture(wall() + body.join('') + turned(tiltDegrees, head.join('')))
}
