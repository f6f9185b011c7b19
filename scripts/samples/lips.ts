/** Lips, closed. The line between them is the darkest thing near the mouth: that is where an animator cuts them open. */

import { at, between, closed, curve, points, resampled, ribbon } from './geometry.ts'
import { seededChance } from './hair.ts'
import { clipped, ellipse, fill, linearGradient, mixed, stroke } from './paint.ts'
import { lipBottom, type Portrait } from './portrait.ts'

function gradients({ skin, lips, mouth: { y } }: Portrait): string {
  const upper = linearGradient(
    'lip-upper',
    [0, y - 18],
    [0, y + 2],
    [
      [0, mixed(lips.mid, skin.base, 0.2)],
      [0.45, lips.mid],
      [1, lips.dark],
    ],
  )
  const lower = linearGradient(
    'lip-lower',
    [0, y - 1],
    [0, y + 24],
    [
      [0, lips.mid],
      [0.4, lips.light],
      [0.8, lips.mid],
      [1, mixed(lips.mid, lips.dark, 0.45)],
    ],
  )
  return upper + lower
}

/** Nineteen faint vertical creases of the lower lip. */
function creases({ lips, mouth }: Portrait): string {
  const chance = seededChance(5)
  return Array.from({ length: 19 }, (_, i) => {
    const x = ((i - 9) * mouth.halfWidth) / 11 + (chance() - 0.5) * 2
    const top = mouth.y + 3 + chance() * 2
    const path = `M${x.toFixed(1)} ${top.toFixed(1)}Q${(x * 1.03).toFixed(1)} ${(top + 8).toFixed(1)} ${x.toFixed(1)} ${(top + 12 + chance() * 4).toFixed(1)}`
    return stroke(path, lips.dark, 0.9, { opacity: 0.16, blur: 0.5 })
  }).join('')
}

/** A wet highlight left of the middle, a small one on the right, and the right side in shade. */
function shine({ lips, mouth }: Portrait): string {
  const { y, halfWidth: w } = mouth
  const height = lipBottom(mouth) - y
  const shade = points(`10,${y - 20} 60,${y - 10} 60,${y + 20} 20,${y + 30}`)
  return [
    ellipse(-9, y + height * 0.45, w * 0.3, 4.4, lips.highlight, { opacity: lips.shine, blur: 2.5 }),
    ellipse(-12, y + height * 0.4, w * 0.13, 2, '#ffffff', { opacity: lips.shine * 0.7, blur: 1.2 }),
    ellipse(16, y + height * 0.5, w * 0.14, 3, lips.highlight, { opacity: lips.shine * 0.45, blur: 2.5 }),
    fill(closed(shade), lips.dark, { opacity: 0.25, blur: 8 }),
  ].join('')
}

function lipLine({ lips, mouth }: Portrait): string {
  const [, cornerY] = at(mouth.line, 0)
  const corner = (x: number) => ellipse(x, cornerY, 2.6, 2.2, lips.line, { opacity: 0.6, blur: 1.2 })
  const crisp = ribbon(resampled(mouth.line, 30), 3.1, (t) => 0.35 + 0.65 * Math.sin(Math.PI * t) ** 0.5)
  return [
    stroke(curve(mouth.line), lips.line, 5, { opacity: 0.35, blur: 2.5 }),
    fill(crisp, lips.line, { opacity: 0.95, blur: 0.5 }),
    corner(1 - mouth.halfWidth),
    corner(mouth.halfWidth - 1),
  ].join('')
}

export function lips(portrait: Portrait): string {
  const { skin, light, mouth, lips: colours } = portrait
  const upper = between(mouth.top, mouth.line)
  const lower = between(mouth.line, mouth.bottom)
  const outline = closed([...mouth.top, ...mouth.bottom.slice(1, -1).toReversed()])
  const inside = [
    fill(upper, 'url(#lip-upper)'),
    fill(lower, 'url(#lip-lower)'),
    creases(portrait),
    shine(portrait),
  ].join('')
  return [
    gradients(portrait),
    fill(upper, colours.dark, { opacity: 0.35, blur: 2.5 }),
    fill(lower, colours.mid, { opacity: 0.5, blur: 2.5 }),
    clipped('lips', outline, inside),
    stroke(curve(mouth.top.slice(1, -1)), skin.highlight, 1.8, { opacity: light.highlight * 0.75, blur: 1.2 }),
    lipLine(portrait),
  ].join('')
}
