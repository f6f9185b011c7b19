/** The woman's front hair: two curtains from a side parting, each laid from dark locks to lit strands. */

import { between, type Line, points, shifted } from './geometry.ts'
import { type Chance, edges, lock, type Strands, strands, type Wave } from './hair.ts'
import { fill, linearGradient, mixed, radialGradient } from './paint.ts'

export const hairColours = { dark: '#24120f', base: '#3b1f18', mid: '#5b3122', light: '#8d4f31', bright: '#d08a55' }

/** The edge of the hair along the face, from the parting down. */
export const hairline: { left: Line; right: Line } = {
  left: points('-58,-172 -88,-154 -118,-108 -132,-44 -140,34 -133,132 -149,262 -134,372'),
  right: points('-58,-172 8,-166 84,-116 127,-46 139,30 131,132 143,262 126,372'),
}

/** Lines of equal length from the face to the silhouette. Both silhouettes start on one dome, or the head gets a notch. */
type Curtain = { guides: readonly Line[]; wave: Wave; lit: boolean }

const curtains: readonly Curtain[] = [
  {
    guides: [
      hairline.right,
      points('-58,-206 44,-216 132,-164 174,-60 181,70 186,190 192,300 176,402'),
      points('-60,-257 38,-264 146,-212 200,-96 212,60 224,200 234,306 216,418'),
    ],
    wave: { amplitude: 24, turns: 1.7, phase: 0.5, fan: -1.6 },
    lit: false,
  },
  {
    guides: [
      hairline.left,
      points('-58,-206 -106,-192 -150,-142 -174,-50 -182,70 -190,190 -198,300 -184,402'),
      points('-60,-257 -118,-230 -170,-178 -202,-70 -214,70 -228,200 -240,306 -228,418'),
    ],
    wave: { amplitude: 24, turns: 1.7, phase: 3.6, fan: 1.6 },
    lit: true,
  },
]

/** A cap under both curtains, so that the background never shows through the parting. */
const cap = points('-150,-203 -118,-236 -89,-251.5 -59,-262 -30,-268 4,-270 44,-262 96,-240')
const capEdge = points('-150,-150 -118,-170 -89,-176 -59,-178 -30,-178 4,-174 44,-160 96,-130')

export function frontHairPaints(): string {
  const { dark, base, mid, light, bright } = hairColours
  return [
    linearGradient(
      'hair-body',
      [-200, -240],
      [220, 330],
      [
        [0, mid],
        [0.35, base],
        [1, dark],
      ],
    ),
    radialGradient('hair-lit', [-90, -150], 190, [
      [0, bright, 0.95],
      [0.5, light, 0.8],
      [1, mid, 0.25],
    ]),
    radialGradient('hair-dim', [150, -90], 200, [
      [0, light, 0.9],
      [0.6, mid, 0.7],
      [1, mid, 0.2],
    ]),
  ].join('')
}

/** Nine overlapping locks, set in from both edges (further out they make a dark helmet rim), and the crown above them. */
function body({ guides, wave }: Curtain): string {
  const locks = Array.from({ length: 9 }, (_, j) => {
    const u = 0.12 + 0.76 * (j % 2 ? j / 8 : 1 - j / 8)
    return fill(lock(guides, u, wave, (j * 7) % 5), 'url(#hair-body)', { blur: 0.8 })
  })
  const { inner, outer } = edges(guides)
  const crown = between(inner.slice(0, 5), outer.slice(0, 5))
  return locks.join('') + fill(crown, 'url(#hair-body)', { blur: 0.8 })
}

/** Dark, middle and lit strands; the lit ones only near the crown, as one band of gloss, and faintly again near the tips. */
function layers(lit: boolean): Strands[] {
  const { dark, base, light, bright } = hairColours
  return [
    {
      count: 330,
      width: [1.4, 3.8],
      paint: (_, share) => mixed(dark, base, share),
      opacity: [0.35, 0.85],
      starts: [0, 0.12],
      ends: [0.72, 1],
    },
    {
      count: 250,
      width: [0.8, 2.3],
      paint: (_, share) => mixed(base, light, share * 0.8),
      opacity: [0.22, 0.6],
      starts: [0, 0.4],
      ends: [0.55, 1],
    },
    {
      count: lit ? 210 : 150,
      width: [0.7, 2.1],
      paint: lit ? 'url(#hair-lit)' : 'url(#hair-dim)',
      opacity: [0.3, 0.8],
      starts: [0.06, 0.2],
      ends: [0.3, 0.5],
    },
    {
      count: 120,
      width: [0.8, 2.2],
      paint: (_, share) => mixed(light, bright, lit ? share * 0.7 : 0),
      opacity: [0.12, 0.42],
      starts: [0.6, 0.7],
      ends: [0.76, 0.95],
    },
  ]
}

/** Strands along the face, a few fly-aways outside the silhouette, and on the lit side a warm edge. */
function edgeStrands({ guides, wave, lit }: Curtain, chance: Chance): string {
  const { dark, mid } = hairColours
  const { inner, outer } = edges(guides)
  const outside = outer.map(([x, y]) => [x * 1.03, y < 0 ? y * 1.015 : y] as const)
  const along = strands(
    [inner, shifted(inner, lit ? -5 : 5, -2)],
    { wave, count: 34, width: [1, 2.6], paint: (_, share) => mixed(dark, mid, share), opacity: [0.6, 0.95], jitter: 2 },
    chance,
  )
  const flyAways = strands(
    [outer, outside],
    {
      wave,
      count: 24,
      width: [0.5, 1.2],
      paint: mid,
      opacity: [0.25, 0.6],
      jitter: 8,
      starts: [0, 0.4],
      ends: [0.5, 1],
    },
    chance,
  )
  if (!lit) return along + flyAways
  const warmEdge = strands(
    [shifted(outer, 6, 4), outer],
    {
      wave,
      count: 30,
      width: [0.6, 1.5],
      paint: '#e8a66c',
      opacity: [0.2, 0.5],
      starts: [0.18, 0.3],
      ends: [0.4, 0.75],
    },
    chance,
  )
  return along + flyAways + warmEdge
}

export function frontHair(chance: Chance): string {
  const capShape = fill(between(cap, capEdge), 'url(#hair-body)', { blur: 0.8 })
  const drawn = curtains.map((curtain) => {
    const inside = layers(curtain.lit).map((layer) =>
      strands(curtain.guides, { ...layer, wave: curtain.wave, jitter: 5 }, chance),
    )
    return body(curtain) + inside.join('') + edgeStrands(curtain, chance)
  })
  return capShape + drawn.join('')
}
