import { smoothLine } from '../mesh/depth.ts'
import type { HeadFrame } from '../mesh/head-frame.ts'
import { axesAt, axesThrough, offsetOf, placeOf, pointAt, xOf, yOf, type Axes, type Point } from '../mesh/plane.ts'
import { evenCurve } from '../mesh/spline.ts'
import { EYES } from '../mesh/topology.ts'
import { channelsOf, lightOf, luminance, saturationOf, type Rgb } from './colour.ts'
import { flood } from './flood.ts'
import { readClamped, skinColour, type Texture } from './texture.ts'

/**
 * Where one eye of the still lies, in texels. Offsets run along the eye's corners (`u`, from -half to half) and at right angles down (`v`),
 * both from the middle between the corners. Curves have CURVE + 1 even steps of u.
 */
export type EyeOutline = {
  readonly axes: Axes
  readonly half: number
  readonly brow: Float32Array
  readonly crease: Float32Array
  /** Lid edges. */
  readonly upper: Float32Array
  readonly lower: Float32Array
  readonly fold: Float32Array
  /** Skin beside and below the eye, R G B 0..255. */
  readonly skin: Rgb
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
export const readAt = (texture: Texture, eye: EyeOutline, u: number, v: number): number =>
  readClamped(texture, xOf(eye.axes, u, v), yOf(eye.axes, u, v))

/** The eye as the landmarks have it. */
const eyeOfLandmarks = (frame: HeadFrame, texture: Texture, eye: 0 | 1): EyeOutline => {
  const rows = EYES[eye]
  const places = (row: readonly number[]): Point[] =>
    row.map((index) => {
      const [x, y] = pointAt(frame.points, index)
      return [2 * (x - texture.rect.left), 2 * (y - texture.rect.top)]
    })
  const upper = places(rows.upper)
  const axes = axesThrough(upper[0] as Point, upper[8] as Point)
  const half = (CORNER_MARGIN * axes.length) / 2
  const curve = (row: readonly number[], stretch = 1): Float32Array => {
    const offsets = places(row).map((place) => offsetOf(axes, place))
    return curveOf(
      offsets.map(([u]) => u * stretch),
      offsets.map(([, v]) => v),
      half,
    )
  }
  const lids = { upper: curve(rows.upper, CORNER_MARGIN), lower: curve(rows.lower, CORNER_MARGIN) }
  const around = { crease: curve(rows.crease), brow: curve(rows.brow), fold: curve(rows.fold) }
  const skin = skinColour(frame, texture, SKIN_POINTS[eye])
  return orderRows({ axes, half, ...lids, ...around, skin })
}

const curveOf = (us: readonly number[], vs: readonly number[], half: number): Float32Array =>
  evenCurve(Float32Array.from(us), Float32Array.from(vs), -half, half, new Float32Array(CURVE + 1))

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

/** Sum of the channels' differences. */
const distanceTo = (skin: Rgb, colour: number): number =>
  channelsOf(colour).reduce((sum, value, c) => sum + Math.abs(value - (skin[c] as number)), 0)

/** White of an eye against this skin: as bright or brighter and paler, or much brighter. */
const looksWhite = (skin: Rgb, colour: number): boolean => {
  const light = luminance(colour) / lightOf(skin)
  return (light > 0.98 && saturationOf(channelsOf(colour)) < 0.55 * saturationOf(skin)) || light > 1.3
}

const openingOf = ({ upper, lower }: EyeOutline): number =>
  Math.max(...lower.map((value, k) => value - (upper[k] as number)))

const alongAt = (eye: EyeOutline, k: number): number => eye.half * ((2 * k) / CURVE - 1)

/**
 * Lowers the lower lid's edge over what the model leaves of the eye below it: white, and an iris that hangs on; a third of the opening at
 * most, and in one smooth bow.
 */
const coverRest = (eye: EyeOutline, texture: Texture): void => {
  const opening = openingOf(eye)
  const lift = new Float32Array(CURVE + 1)
  for (let k = 2; k < CURVE - 1; k++) {
    const u = alongAt(eye, k)
    // An iris hangs on from the lid's edge down, without skin between.
    let whole = Math.abs(u) < 0.6 * eye.half
    for (let d = 0; d < 0.34 * opening; d++) {
      const colour = readAt(texture, eye, u, (eye.lower[k] as number) + d)
      whole &&= distanceTo(eye.skin, colour) > 100
      if (whole || looksWhite(eye.skin, colour)) lift[k] = d + 1.5
    }
  }
  // Eye all the way down is a bright cheek, a shadow or a drawn eye, not the model's small error.
  const known = lift.filter((value) => value < 0.32 * opening)
  const limit = known.length < (CURVE * 3) / 4 ? 0 : Math.max(...known)
  for (let k = 0; k <= CURVE; k++) lift[k] = Math.min(lift[k] as number, limit)
  for (let pass = 0; pass < 40; pass++) {
    const before = lift.slice()
    smoothLine(lift, 0, 1, CURVE + 1)
    lift[0] = before[0] as number
    lift[CURVE] = before[CURVE] as number
    if (pass < 20) before.forEach((value, k) => (lift[k] = Math.max(value, lift[k] as number)))
  }
  lift.forEach((value, k) => {
    const fade = 1 - ((2 * k) / CURVE - 1) ** 6
    eye.lower[k] = (eye.lower[k] as number) + Math.max(value, 0.05 * opening) * fade
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
  const at = (i: number): number => ((2 * i) / (SEARCH - 1) - 1) * SEARCH_REACH * eye.half
  const seen = flood(SEARCH, SEARCH, [(SEARCH * SEARCH) >> 1], (cell) => {
    const colour = readAt(texture, eye, at(cell % SEARCH), at(Math.floor(cell / SEARCH)))
    return distanceTo(eye.skin, colour) > SKIN_DISTANCE
  })
  const lines = Array.from({ length: SEARCH }, (_, i) => {
    const column = Array.from({ length: SEARCH }, (__, j) => seen[j * SEARCH + i] as number)
    return [column.indexOf(1), column.lastIndexOf(1)] as const
  })
  const first = lines.findIndex(([top]) => top >= 0)
  const last = lines.findLastIndex(([top]) => top >= 0)
  const found = lines.slice(first, last + 1)
  const top = Math.min(...found.map((line) => line[0]))
  const bottom = Math.max(...found.map((line) => line[1]))
  const isEndless = first === 0 || top === 0 || last === SEARCH - 1 || bottom === SEARCH - 1
  const height = Math.max(...found.map((line) => line[1] - line[0]))
  if (isEndless || last - first < 4 || height > 1.6 * (last - first)) return undefined
  const centre = (at(first) + at(last)) / 2
  const half = (at(last) - at(first)) / 2
  const row = (which: 0 | 1, by = 0): Float32Array =>
    curveOf(
      found.map((_, k) => at(first + k) - centre),
      found.map((line) => at(line[which]) + by * half),
      half,
    )
  const axes = axesAt(placeOf(eye.axes, centre, 0), eye.axes)
  const around = { crease: row(0, -0.1), brow: row(0, -0.6), fold: row(1, 0.2) }
  return orderRows({ ...eye, axes, half, upper: row(0), lower: row(1), ...around })
}

const liesOnWhite = (eye: EyeOutline, texture: Texture): boolean => {
  const below = Array.from({ length: 33 }, (_, i) => {
    const k = 16 + i
    return looksWhite(eye.skin, readAt(texture, eye, alongAt(eye, k), (eye.fold[k] as number) + 0.1 * eye.half))
  })
  return below.filter(Boolean).length > 12
}

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
