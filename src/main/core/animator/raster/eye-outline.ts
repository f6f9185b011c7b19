import type { HeadFrame } from '../mesh/head-frame.ts'
import { evenCurve, type Point } from '../mesh/spline.ts'
import { EYES, type EyeRows } from '../mesh/topology.ts'
import { channelsOf, lightOf, luminance, saturationOf, type Rgb } from './colour.ts'
import { flood } from './flood.ts'
import { skinColour, texelOf } from './face-colours.ts'
import { readClamped, type Texture } from './texture.ts'
import { smoothLine } from '../series.ts'

/**
 * Where one eye of the still lies, in texels. Offsets run along the eye's corners (`u`, from -half to half) and at right angles down (`v`),
 * both from the middle between the corners. The rows are curves of CURVE + 1 even steps of u.
 */
export type EyeOutline = Readonly<Record<keyof EyeRows, Float32Array>> & {
  readonly x: number
  readonly y: number
  readonly along: Point
  readonly half: number
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
export const readAt = (texture: Texture, { x, y, along }: EyeOutline, u: number, v: number): number =>
  readClamped(texture, x + u * along[0] - v * along[1], y + u * along[1] + v * along[0])

/** The eye as the landmarks have it. */
const eyeOfLandmarks = (frame: HeadFrame, texture: Texture, eye: 0 | 1): EyeOutline => {
  const rows = EYES[eye]
  const place = (index: number): Point => texelOf(frame, texture, index)
  const [a, b] = [place(rows.upper[0] as number), place(rows.upper[8] as number)]
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1
  const [x, y] = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]
  const along = [(b[0] - a[0]) / length, (b[1] - a[1]) / length] as const
  const half = (CORNER_MARGIN * length) / 2
  const curve = (row: readonly number[], stretch = 1): Float32Array => {
    const points = row.map((index): Point => {
      const [dx, dy] = [place(index)[0] - x, place(index)[1] - y]
      return [(dx * along[0] + dy * along[1]) * stretch, dy * along[0] - dx * along[1]]
    })
    return evenCurve(points, -half, half, new Float32Array(CURVE + 1))
  }
  const [upper, lower] = [curve(rows.upper, CORNER_MARGIN), curve(rows.lower, CORNER_MARGIN)]
  const [crease, brow, fold] = [curve(rows.crease), curve(rows.brow), curve(rows.fold)]
  const skin = skinColour(frame, texture, SKIN_POINTS[eye])
  return orderRows({ x, y, along, half, upper, lower, crease, brow, fold, skin })
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

const offsetOf = (eye: EyeOutline, k: number): number => eye.half * ((2 * k) / CURVE - 1)

/**
 * Lowers the lower lid's edge over what the model leaves of the eye below it: white, and an iris that hangs on; a third of the opening at
 * most, and in one smooth bow.
 */
const coverRest = (eye: EyeOutline, texture: Texture): void => {
  const opening = openingOf(eye)
  const lift = new Float32Array(CURVE + 1)
  for (let k = 2; k < CURVE - 1; k++) {
    const u = offsetOf(eye, k)
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
/** Shadows round an eye show less white than this with it, drawn eyes more. */
const LEAST_WHITE = 0.075

/**
 * Drawn eyes can be twice as large as the model's: the eye as everything round the model's middle that is not skin. `undefined` when that
 * has no end or shows hardly any white, as on most photographs, where shadows lead out of it; `unclear` when it takes the brow in.
 */
const drawnEye = (eye: EyeOutline, texture: Texture): EyeOutline | 'unclear' | undefined => {
  const at = (i: number): number => ((2 * i) / (SEARCH - 1) - 1) * SEARCH_REACH * eye.half
  const colourAt = (cell: number): number => readAt(texture, eye, at(cell % SEARCH), at(Math.floor(cell / SEARCH)))
  const seen = flood(
    SEARCH,
    SEARCH,
    [(SEARCH * SEARCH) >> 1],
    (cell) => distanceTo(eye.skin, colourAt(cell)) > SKIN_DISTANCE,
  )
  const cells = Array.from(seen.keys()).filter((cell) => seen[cell])
  const whites = cells.filter((cell) => looksWhite(eye.skin, colourAt(cell)))
  if (whites.length < LEAST_WHITE * cells.length) return undefined
  const found = Array.from({ length: SEARCH }, (_, i) => {
    const column = Array.from({ length: SEARCH }, (__, j) => seen[j * SEARCH + i] as number)
    return [column.indexOf(1), column.lastIndexOf(1), i] as const
  }).filter(([top]) => top >= 0)
  const [first, last] = [found[0]?.[2] ?? 0, found.at(-1)?.[2] ?? 0]
  const top = Math.min(...found.map((line) => line[0]))
  const bottom = Math.max(...found.map((line) => line[1]))
  const isEndless = first === 0 || top === 0 || last === SEARCH - 1 || bottom === SEARCH - 1
  const height = Math.max(...found.map((line) => line[1] - line[0]))
  if (isEndless || last - first < 4 || height > 1.6 * (last - first)) return undefined
  if (at(top) < Math.min(...eye.brow)) return 'unclear'
  const centre = (at(first) + at(last)) / 2
  const half = (at(last) - at(first)) / 2
  const row = (which: 0 | 1, by = 0): Float32Array => {
    const points = found.map((line, k): Point => [at(first + k) - centre, at(line[which]) + by * half])
    return evenCurve(points, -half, half, new Float32Array(CURVE + 1))
  }
  const x = eye.x + centre * eye.along[0]
  const y = eye.y + centre * eye.along[1]
  const around = { crease: row(0, -0.1), brow: row(0, -0.6), fold: row(1, 0.2) }
  return orderRows({ ...eye, x, y, half, upper: row(0), lower: row(1), ...around })
}

const liesOnWhite = (eye: EyeOutline, texture: Texture): boolean => {
  const isWhite = (v: number, i: number): boolean =>
    looksWhite(eye.skin, readAt(texture, eye, offsetOf(eye, 16 + i), v + 0.1 * eye.half))
  return Array.from(eye.fold.subarray(16, 49)).filter(isWhite).length > 12
}

/**
 * Both eyes of the still, image left first, or `undefined` when picture and landmarks disagree on where they are: such eyes must not blink,
 * and neither may one of them alone.
 */
export const eyeOutlines = (frame: HeadFrame, texture: Texture): readonly [EyeOutline, EyeOutline] | undefined => {
  const eyes = [eyeOfLandmarks(frame, texture, 0), eyeOfLandmarks(frame, texture, 1)] as const
  const [left, right] = [drawnEye(eyes[0], texture), drawnEye(eyes[1], texture)]
  const isLarger = (found: typeof left, eye: EyeOutline): found is EyeOutline =>
    typeof found === 'object' && openingOf(found) > 1.6 * openingOf(eye)
  const drawn = [left, right].filter((found, i) => isLarger(found, eyes[i as 0 | 1]))
  if (drawn.length === 1 && (left === 'unclear' || right === 'unclear')) return undefined
  if (isLarger(left, eyes[0]) && isLarger(right, eyes[1]) && Math.abs(Math.log(left.half / right.half)) < 0.3)
    return [left, right]
  if (eyes.some((eye) => liesOnWhite(eye, texture))) return undefined
  for (const eye of eyes) coverRest(eye, texture)
  return eyes
}
