import { clamp } from '../mesh/easing.ts'
import type { HeadFrame } from '../mesh/head-frame.ts'
import { evenCurve } from '../mesh/spline.ts'
import { EYES } from '../mesh/topology.ts'
import { luminance, readTexture } from './texture.ts'
import type { Texture } from './texture.ts'

/**
 * Where one eye of the still lies, in texels. Offsets run along the eye's corners (`u`, from -half to half) and at right angles down (`v`),
 * both from the middle between the corners. Curves have CURVE + 1 even steps of u.
 */
export type EyeOutline = {
  readonly x: number
  readonly y: number
  readonly along: readonly [number, number]
  readonly half: number
  readonly brow: Float32Array
  readonly crease: Float32Array
  /** Lid edges. */
  readonly upper: Float32Array
  readonly lower: Float32Array
  readonly fold: Float32Array
  /** Skin beside and below the eye, R G B 0..255. */
  readonly skin: readonly [number, number, number]
}

export const CURVE = 64

/** Cheek and temple points below each eye, image left first: bare skin on most faces, glasses or not. */
const SKIN_POINTS = [
  [101, 118, 50, 36],
  [330, 347, 280, 266],
] as const
/** The model's corners lie a little inside those of wide open eyes. */
const CORNER_MARGIN = 1.05

/** Colour of the still at an offset from an eye's middle. */
export const readAt = (
  texture: Texture,
  { x, y, along }: Pick<EyeOutline, 'x' | 'y' | 'along'>,
  u: number,
  v: number,
): number =>
  readTexture(
    texture.texels,
    texture.width,
    clamp(x + u * along[0] - v * along[1], 0, texture.width - 1.01) * 65536,
    clamp(y + u * along[1] + v * along[0], 0, texture.height - 1.01) * 65536,
  )

const skinNear = (frame: HeadFrame, texture: Texture, points: readonly number[]): readonly [number, number, number] => {
  const colours: number[] = []
  for (const index of points) {
    for (const [dx, dy] of [
      [0, 0],
      [6, 0],
      [-6, 0],
      [0, 6],
      [0, -6],
    ] as const) {
      const x = 2 * ((frame.points[index * 3] as number) - texture.rect.left) + dx
      const y = 2 * ((frame.points[index * 3 + 1] as number) - texture.rect.top) + dy
      colours.push(readAt(texture, { x: 0, y: 0, along: [1, 0] }, x, y))
    }
  }
  const middle = colours.toSorted((a, b) => luminance(a) - luminance(b)).slice(6, 14)
  const mean = (c: number): number =>
    middle.reduce((sum, colour) => sum + ((colour >>> (8 * c)) & 255), 0) / middle.length
  return [mean(0), mean(1), mean(2)]
}

/** The eye as the landmarks have it. */
const eyeOfLandmarks = (frame: HeadFrame, texture: Texture, eye: 0 | 1): EyeOutline => {
  const rows = EYES[eye]
  const place = (index: number): readonly [number, number] => [
    2 * ((frame.points[index * 3] as number) - texture.rect.left),
    2 * ((frame.points[index * 3 + 1] as number) - texture.rect.top),
  ]
  const a = place(rows.upper[0] as number)
  const b = place(rows.upper[8] as number)
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1
  const x = (a[0] + b[0]) / 2
  const y = (a[1] + b[1]) / 2
  const along = [(b[0] - a[0]) / length, (b[1] - a[1]) / length] as const
  const half = (CORNER_MARGIN * length) / 2
  const curve = (row: readonly number[], stretch: number): Float32Array => {
    const us = new Float32Array(row.length)
    const vs = new Float32Array(row.length)
    row.forEach((index, i) => {
      const [px, py] = place(index)
      us[i] = ((px - x) * along[0] + (py - y) * along[1]) * stretch
      vs[i] = (py - y) * along[0] - (px - x) * along[1]
    })
    const out = new Float32Array(CURVE + 1)
    evenCurve(us, vs, -half, half, out)
    return out
  }
  return orderRows({
    x,
    y,
    along,
    half,
    upper: curve(rows.upper, CORNER_MARGIN),
    lower: curve(rows.lower, CORNER_MARGIN),
    crease: curve(rows.crease, 1),
    brow: curve(rows.brow, 1),
    fold: curve(rows.fold, 1),
    skin: skinNear(frame, texture, SKIN_POINTS[eye]),
  })
}

/** Keeps the rows apart and in their order, whatever the model says. */
const orderRows = (eye: EyeOutline): EyeOutline => {
  const { upper, lower, crease, brow, fold, half } = eye
  for (let k = 0; k <= CURVE; k++) {
    const middle = ((upper[k] as number) + (lower[k] as number)) / 2
    if ((lower[k] as number) < (upper[k] as number)) upper[k] = lower[k] = middle
    crease[k] = Math.min(crease[k] as number, (upper[k] as number) - 0.08 * half)
    fold[k] = Math.max(fold[k] as number, (lower[k] as number) + 0.16 * half)
    brow[k] = Math.min(brow[k] as number, (crease[k] as number) - 0.12 * half)
  }
  return eye
}

const channelsOf = (colour: number): readonly [number, number, number] => [
  colour & 255,
  (colour >>> 8) & 255,
  (colour >>> 16) & 255,
]

const distanceTo = (skin: readonly [number, number, number], colour: number): number => {
  const [r, g, b] = channelsOf(colour)
  return Math.abs(r - skin[0]) + Math.abs(g - skin[1]) + Math.abs(b - skin[2])
}

const saturation = ([r, g, b]: readonly [number, number, number]): number =>
  (Math.max(r, g, b) - Math.min(r, g, b)) / Math.max(1, Math.max(r, g, b))

/** White of an eye against this skin: as bright or brighter and paler, or much brighter. */
const looksWhite = (skin: readonly [number, number, number], colour: number): boolean => {
  const light = luminance(colour)
  const skinLight = 0.3 * skin[0] + 0.59 * skin[1] + 0.11 * skin[2]
  return (
    (light > skinLight * 0.98 && saturation(channelsOf(colour)) < 0.55 * saturation(skin)) || light > 1.3 * skinLight
  )
}

/**
 * Lowers the lower lid's edge over what the model leaves of the eye below it: white, and an iris that hangs on; a third of the opening at
 * most, and in one smooth bow.
 */
const coverRest = (eye: EyeOutline, texture: Texture): void => {
  const opening = Math.max(...eye.lower.map((value, k) => value - (eye.upper[k] as number)))
  const lift = new Float32Array(CURVE + 1)
  for (let k = 2; k < CURVE - 1; k++) {
    const u = -eye.half + (2 * eye.half * k) / CURVE
    const from = eye.lower[k] as number
    const iris = Math.abs(u) < 0.6 * eye.half
    let last = 0
    let whole = true
    for (let d = 0; d < 0.34 * opening; d++) {
      const colour = readAt(texture, eye, u, from + d)
      whole &&= distanceTo(eye.skin, colour) > 100
      if (looksWhite(eye.skin, colour) || (iris && whole)) last = d + 1.5
    }
    lift[k] = last
  }
  // Eye all the way down is a bright cheek, a shadow or a drawn eye, not the model's small error.
  const known = lift.filter((value) => value < 0.32 * opening)
  if (known.length < (CURVE * 3) / 4) lift.fill(0)
  const limit = Math.max(0, ...known)
  for (let k = 0; k <= CURVE; k++) lift[k] = Math.min(lift[k] as number, limit)
  for (let pass = 0; pass < 40; pass++) {
    const before = lift.slice()
    for (let k = 1; k < CURVE; k++) {
      const around = ((before[k - 1] as number) + 2 * (before[k] as number) + (before[k + 1] as number)) / 4
      lift[k] = pass < 20 ? Math.max(before[k] as number, around) : around
    }
  }
  lift.forEach((value, k) => {
    const s = (2 * k) / CURVE - 1
    eye.lower[k] = (eye.lower[k] as number) + Math.max(value, 0.05 * opening) * (1 - s ** 6)
  })
  orderRows(eye)
}

/** Samples along each side of the square in which a drawn eye is looked for, and half its side in half eye widths. */
const SEARCH = 81
const SEARCH_REACH = 2.6
const SKIN_DISTANCE = 60

/**
 * Drawn eyes can be twice as large as the model's: the eye as everything round the model's middle that is not skin. `undefined` when that
 * has no end, as on most photographs, where shadows lead out of it.
 */
const drawnEye = (eye: EyeOutline, texture: Texture): EyeOutline | undefined => {
  const reach = SEARCH_REACH * eye.half
  const at = (i: number): number => ((2 * i) / (SEARCH - 1) - 1) * reach
  const seen = new Uint8Array(SEARCH * SEARCH)
  const middle = SEARCH >> 1
  const stack = [middle * SEARCH + middle]
  seen[stack[0] as number] = 1
  for (let cell = stack.pop(); cell !== undefined; cell = stack.pop()) {
    const i = cell % SEARCH
    const j = Math.floor(cell / SEARCH)
    if (i === 0 || j === 0 || i === SEARCH - 1 || j === SEARCH - 1) return undefined
    for (const next of [cell - 1, cell + 1, cell - SEARCH, cell + SEARCH]) {
      if (seen[next]) continue
      seen[next] = 1
      const colour = readAt(texture, eye, at(next % SEARCH), at(Math.floor(next / SEARCH)))
      if (distanceTo(eye.skin, colour) > SKIN_DISTANCE) stack.push(next)
      else seen[next] = 2
    }
  }
  const tops = new Map<number, readonly [number, number]>()
  for (let i = 0; i < SEARCH; i++) {
    let [top, bottom] = [SEARCH, -1]
    for (let j = 0; j < SEARCH; j++) {
      if (seen[j * SEARCH + i] !== 1) continue
      top = Math.min(top, j)
      bottom = Math.max(bottom, j)
    }
    if (bottom >= 0) tops.set(i, [top, bottom])
  }
  const [first, last] = [Math.min(...tops.keys()), Math.max(...tops.keys())]
  const height = Math.max(...[...tops.values()].map(([top, bottom]) => bottom - top))
  if (last - first < 4 || height > 1.6 * (last - first)) return undefined
  const centre = (at(first) + at(last)) / 2
  const half = (at(last) - at(first)) / 2
  const row = (which: 0 | 1): Float32Array =>
    Float32Array.from({ length: CURVE + 1 }, (_, k) => {
      const i = clamp(first + ((last - first) * k) / CURVE, first, last)
      const [a, b] = [tops.get(Math.floor(i)), tops.get(Math.ceil(i))]
      const f = i - Math.floor(i)
      return at((a ?? b ?? [middle, middle])[which] * (1 - f) + (b ?? a ?? [middle, middle])[which] * f)
    })
  const upper = row(0)
  const lower = row(1)
  const offset = (curve: Float32Array, by: number): Float32Array => curve.map((value) => value + by * half)
  return orderRows({
    ...eye,
    x: eye.x + centre * eye.along[0],
    y: eye.y + centre * eye.along[1],
    half,
    upper,
    lower,
    crease: offset(upper, -0.1),
    brow: offset(upper, -0.6),
    fold: offset(lower, 0.2),
  })
}

const liesOnWhite = (eye: EyeOutline, texture: Texture): boolean => {
  let white = 0
  for (let k = 16; k <= 48; k++) {
    const u = -eye.half + (2 * eye.half * k) / CURVE
    if (looksWhite(eye.skin, readAt(texture, eye, u, (eye.fold[k] as number) + 0.1 * eye.half))) white++
  }
  return white > 12
}

const openingOf = (eye: EyeOutline): number =>
  Math.max(...eye.lower.map((value, k) => value - (eye.upper[k] as number)))

/**
 * Both eyes of the still, image left first, or `undefined` when picture and landmarks disagree on where they are: such eyes must not blink,
 * and neither may one of them alone.
 */
export const eyeOutlines = (frame: HeadFrame, texture: Texture): readonly [EyeOutline, EyeOutline] | undefined => {
  const eyes = [eyeOfLandmarks(frame, texture, 0), eyeOfLandmarks(frame, texture, 1)] as const
  const [left, right] = [drawnEye(eyes[0], texture), drawnEye(eyes[1], texture)]
  if (left && right) {
    const larger = [left, right].every((eye, i) => openingOf(eye) > 1.6 * openingOf(eyes[i as 0 | 1]))
    const alike = Math.abs(Math.log(left.half / right.half)) < 0.3
    if (larger && alike) return [left, right]
  }
  if (eyes.some((eye) => liesOnWhite(eye, texture))) return undefined
  for (const eye of eyes) coverRest(eye, texture)
  return eyes
}
