/** The man's cream tee and rust overshirt: two mirrored fronts, a collar leaf on each. */

import { closed, curve, onSide, points, resampled, shifted } from './geometry.ts'
import { type Chance, within } from './hair.ts'
import { fill, linearGradient, shaded, stroke } from './paint.ts'

const stitch = '#7c3820'
const dashes = '5 4'

export function tee(castShade: string): string {
  const outline = points('-118,262 -96,300 -52,330 0,339 52,330 96,300 118,262 150,280 170,560 -170,560 -150,280')
  const edge = outline.slice(0, 7)
  const ticks = resampled(edge, 70).map(([x, y]) =>
    stroke(`M${x} ${y}L${x * 1.01} ${y + 13}`, '#a8917d', 1.1, { opacity: 0.3 }),
  )
  const shading = [
    stroke(curve(shifted(edge, 0, 15)), '#8d7665', 2, { opacity: 0.6, blur: 0.8 }),
    stroke(curve(shifted(edge, 0, 7)), '#fffaf0', 8, { opacity: 0.5, blur: 2 }),
    ...ticks,
    stroke(curve(points('-60,350 -44,420 -66,560')), '#a08a78', 10, { opacity: 0.4, blur: 8 }),
    stroke(curve(points('40,356 58,420 40,560')), '#8a7363', 14, { opacity: 0.45, blur: 9 }),
  ]
  return [
    linearGradient(
      'cotton',
      [-120, 260],
      [140, 420],
      [
        [0, '#fbf3e4'],
        [0.55, '#e9dcc8'],
        [1, '#b59f8c'],
      ],
    ),
    fill(closed(outline), castShade, { opacity: 0.4, blur: 6, shift: [2, -5] }),
    shaded('tee', outline, 'url(#cotton)', shading.join('')),
  ].join('')
}

/**
 * A fine twill: short threads along one diagonal, crossed here and there, each with its own length and strength, and thinned
 * out in patches so that no grid shows.
 */
function twill(side: number, chance: Chance): string {
  return Array.from({ length: 1900 }, () => {
    const x = within([80, 430], chance)
    const y = within([255, 575], chance)
    const patch = 0.5 + 0.5 * Math.sin(x / 31 + Math.sin(y / 47) * 2.1) * Math.cos(y / 29 - x / 83)
    const crossing = chance() < 0.22 ? -1 : 1
    const angle = crossing * (0.95 + within([-0.22, 0.22], chance))
    const length = within([1.6, 5.2], chance)
    const dark = chance() < 0.55
    const opacity = (0.05 + 0.11 * chance()) * (0.35 + 0.65 * patch)
    const thread = `M${(x * side).toFixed(1)} ${y.toFixed(1)}l${(Math.cos(angle) * length).toFixed(1)} ${(Math.sin(angle) * length).toFixed(1)}`
    return stroke(thread, dark ? '#7a3219' : '#eda56c', 0.8, { opacity })
  }).join('')
}

function front(side: number, chance: Chance): string {
  const mirrored = (text: string) => onSide(points(text), side)
  const outline = mirrored('118,262 150,262 220,292 320,336 388,400 416,480 436,600 96,600 74,470 84,380')
  const broadLight =
    side < 0
      ? fill(closed(points('-390,420 -300,350 -200,310 -160,380 -260,470')), '#f5a566', { opacity: 0.5, blur: 22 })
      : fill(closed(points('140,330 260,330 420,420 430,600 120,600')), '#451a10', { opacity: 0.45, blur: 30 })
  const folds = [
    stroke(curve(mirrored('256,330 270,430 250,600')), '#4f2013', 18, { opacity: 0.3, blur: 14 }),
    stroke(curve(mirrored('240,350 252,440 232,600')), '#f0a066', 12, { opacity: side < 0 ? 0.28 : 0.14, blur: 10 }),
    stroke(curve(mirrored('150,420 176,480 160,600')), '#5a2416', 10, { opacity: 0.3, blur: 8 }),
  ]
  const seam = stroke(curve(mirrored('98,380 90,470 112,600')), stitch, 1.6, { opacity: 0.7, dashes })
  const id = side < 0 ? 'front-left' : 'front-right'
  return [
    fill(closed(outline), '#3b1a10', { opacity: 0.5, blur: 7, shift: [side < 0 ? 6 : -4, 4] }),
    shaded(id, outline, 'url(#cloth)', [broadLight, ...folds, twill(side, chance), seam].join('')),
  ].join('')
}

function collar(side: number): string {
  const mirrored = (text: string) => onSide(points(text), side)
  const outline = mirrored('104,236 128,244 176,282 186,318 160,372 140,392 122,350 104,300')
  const edge = outline.slice(1, 6)
  const shading = [
    fill(closed(mirrored('100,240 120,300 140,392 100,380')), '#431a10', { opacity: 0.4, blur: 8 }),
    stroke(curve(edge), '#f3ad74', 5, { opacity: side < 0 ? 0.65 : 0.25, blur: 2 }),
    stroke(curve(shifted(edge, -9 * side, -1)), stitch, 1.4, { opacity: 0.6, dashes }),
  ]
  return [
    fill(closed(outline), '#2c120b', { opacity: 0.6, blur: 6, shift: [4, 7] }),
    shaded(side < 0 ? 'collar-left' : 'collar-right', outline, 'url(#cloth)', shading.join('')),
  ].join('')
}

export function overshirt(chance: Chance): string {
  const paint = linearGradient(
    'cloth',
    [-300, 290],
    [320, 540],
    [
      [0, '#d9793e'],
      [0.45, '#bb5a2b'],
      [1, '#6f2f1d'],
    ],
  )
  return paint + [-1, 1].map((side) => front(side, chance) + collar(side)).join('')
}
