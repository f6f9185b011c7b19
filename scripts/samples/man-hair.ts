/** The man's cropped curls and short beard: a soft dark shape, then thousands of small arcs and strokes. */

import { at, between, closed, type Line, points, resampled } from './geometry.ts'
import { type Chance, within } from './hair.ts'
import { fill, mixed, radialGradient, stroke } from './paint.ts'

const black = '#120806'

/** Half the width of the face at a height; 0 above and below it. */
function halfWidthAt(outline: Line, y: number): number {
  const index = outline.findIndex(([, from], i) => y >= from && y <= at(outline, i + 1)[1] && i < outline.length - 1)
  if (index < 0) return 0
  const [x0, y0] = at(outline, index)
  const [x1, y1] = at(outline, index + 1)
  return x0 + ((x1 - x0) * (y - y0)) / (y1 - y0)
}

/** Sideburns thin out upwards, cheeks stay free, and so does an ellipse round the mouth: hair there smears when it opens. */
function growsBeard(x: number, y: number, chance: Chance): boolean {
  const side = Math.abs(x)
  if (y < 30) return side > 139 && chance() < 0.2 + (y + 60) / 110
  if ((side / 64) ** 2 + ((y - 160) / 27) ** 2 < 1) return false
  if (y < 126) return side > 128 - Math.max(0, y - 100) * 0.75 - Math.max(0, y - 60) * 0.1
  return !(y < 136 && side > 74 && side < 104)
}

function beardShades(): string {
  const jaw = points(
    '-150,10 -146,60 -138,112 -118,168 -84,214 -44,242 0,250 44,242 84,214 118,168 138,112 146,60 150,10 132,40 124,92 104,132 76,140 52,131 24,127 0,131 -24,127 -52,131 -76,140 -104,132 -124,92 -132,40',
  )
  const moustache = points(
    '-66,142 -40,131 -14,129 0,133 14,129 40,131 66,142 72,164 66,160 55,148 22,139 0,140 -22,139 -55,148 -66,160 -72,164',
  )
  const chin = points('-70,176 -40,196 -14,190 0,189 14,190 40,196 70,176 84,214 40,250 -40,250 -84,214')
  return [
    fill(closed(jaw), '#170b08', { opacity: 0.42, blur: 10 }),
    fill(closed(moustache), '#140907', { opacity: 0.3, blur: 4 }),
    fill(closed(chin), '#140907', { opacity: 0.3, blur: 8 }),
  ].join('')
}

export function beard(outline: Line, chance: Chance): string {
  const hairs = Array.from({ length: 11000 }, () => {
    const y = within([-60, 250], chance)
    const x = within([-150, 150], chance)
    if (!growsBeard(x, y, chance) || Math.abs(x) > halfWidthAt(outline, y)) return ''
    const angle = Math.PI / 2 + (chance() - 0.5) * 1.1 - x / 400
    const length = within([2, 5], chance)
    const path = `M${x.toFixed(1)} ${y.toFixed(1)}l${(Math.cos(angle) * length).toFixed(1)} ${(Math.sin(angle) * length).toFixed(1)}`
    return stroke(path, chance() < 0.8 ? black : '#4a2c1d', 0.65, { opacity: within([0.18, 0.58], chance) })
  })
  return beardShades() + hairs.join('')
}

const hairline = points(
  '-150,-40 -146,-84 -136,-112 -124,-126 -96,-142 -50,-151 0,-153 50,-151 96,-142 124,-126 136,-112 146,-84 150,-40',
)
const crown = points('-152,-44 -160,-90 -158,-150 -138,-208 -86,-248 0,-262 86,-246 136,-208 156,-150 157,-90 150,-44')

function growsCurl(x: number, y: number): boolean {
  const side = Math.abs(x)
  const height = y < -100 ? ((y + 100) / 162) ** 2 : 0
  const edge = -152 + Math.max(0, side - 70) / 2 + Math.max(0, side - 124) * 3.2
  return (x / 163) ** 2 + height < 0.985 && y < edge
}

/** An arc from angle `from` to `to` (radians) on a circle of radius `r` around (x, y). */
function arc(x: number, y: number, r: number, from: number, to: number): string {
  const end = (angle: number) => `${(x + Math.cos(angle) * r).toFixed(1)} ${(y + Math.sin(angle) * r).toFixed(1)}`
  return `M${end(from)}A${r.toFixed(1)} ${r.toFixed(1)} 0 0 1 ${end(to)}`
}

/** A little more than half are near black, the others lighter towards the key light; the temples fade out. */
function curl(chance: Chance): string {
  const x = within([-166, 166], chance)
  const y = within([-264, -34], chance)
  if (!growsCurl(x, y)) return ''
  const radius = within([2.2, 4.8], chance)
  const from = chance() * 6.28
  const to = from + within([2.2, 4.2], chance)
  const lit = Math.max(0, 1 - Math.hypot(x + 70, y + 205) / 150)
  const colour = chance() < 0.55 ? '#0d0605' : mixed('#2b1a14', '#8a6247', Math.min(1, lit * (0.4 + chance())))
  const fade = Math.abs(x) > 118 ? Math.max(0.12, Math.min(1, (-y - 45) / 90)) : 1
  return stroke(arc(x, y, radius, from, to), colour, 1.3, { opacity: within([0.35, 0.85], chance) * fade })
}

/** Curls that break the contour of the crown; on the right some catch the colour of the wall. */
function contourCurl(contour: Line, chance: Chance): string {
  const [cx, cy] = at(contour, Math.floor(chance() * 60))
  const x = cx + (chance() - 0.5) * 7
  const y = cy + (chance() - 0.5) * 7
  if (y > -70) return ''
  const radius = within([1.8, 3.8], chance)
  const from = chance() * 6.28
  const colour = x > 70 && chance() < 0.4 ? '#3b5058' : '#1a0f0b'
  return stroke(arc(x, y, radius, from, from + Math.PI), colour, 1.2, { opacity: 0.5 })
}

function hairlineTick(chance: Chance): string {
  const x = within([-122, 122], chance)
  const y = -153 + Math.max(0, Math.abs(x) - 70) * 0.5 + (chance() - 0.4) * 9
  const path = `M${x.toFixed(1)} ${y.toFixed(1)}l${((chance() - 0.5) * 4).toFixed(1)} ${within([2, 5], chance).toFixed(1)}`
  return stroke(path, black, 1, { opacity: 0.5 })
}

function drawn(count: number, draw: () => string): string {
  return Array.from({ length: count }, draw).join('')
}

export function curls(chance: Chance): string {
  const paint = radialGradient('curls', [-70, -210], 260, [
    [0, '#4a342a'],
    [0.35, '#2a1a15'],
    [1, '#120a08'],
  ])
  const contour = resampled(crown, 60)
  return [
    paint,
    fill(between(hairline, crown), 'url(#curls)', { blur: 2.5 }),
    drawn(5200, () => curl(chance)),
    drawn(700, () => contourCurl(contour, chance)),
    drawn(420, () => hairlineTick(chance)),
  ].join('')
}
