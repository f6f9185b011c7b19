import { clamp, meanOf, mix } from '../mesh/easing.ts'
import {
  along,
  between,
  cross,
  dot,
  headFrameOf,
  headMotion,
  ORIGIN,
  pointOf,
  samplePositions,
} from '../mesh/head-frame.ts'
import { stepOf, type Vector } from '../mesh/head-frame.ts'
import { REST_POSE, type Face, type HeadRotation } from '../types.ts'

/** What a face does in one picture, against a reference face of the same person: its rotation too is the turn from there. */
export type FaceReading = HeadRotation & {
  /** Head translation in face heights of the reference, beyond what the turn explains. */
  readonly shiftX: number
  readonly shiftY: number
  /** Gap between the inner lips as the mesh has it, in mouth units (about one mouth's width). */
  readonly gap: number
  /** Distance of the mouth's corners, in mouth units. */
  readonly width: number
  /** Height of the brows over the eyes, in face heights. */
  readonly brow: number
  /** Lid gap in eye widths, both eyes. */
  readonly lids: number
  /** Irises from the middle between the eyes' corners, in eye widths. */
  readonly gazeX: number
  readonly gazeY: number
}

/** Points that no expression moves much: eye corners and nose. The outline would hide a nod: it slides over the head. */
const STABLE_POINTS: readonly number[] = [33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 1, 19, 94, 2, 98, 327, 129, 358]
/** The mesh guesses depth: it counts for less than what is seen. */
const DEPTH_WEIGHT = 0.3
const FIT_PASSES = 40
const POLAR_PASSES = 8
/** Points above each other: lips, brow and eye, lids. */
type Pairs = readonly (readonly [number, number])[]
// prettier-ignore
const LIP_PAIRS: Pairs = [[82, 87], [13, 14], [312, 317]]
// prettier-ignore
const BROW_PAIRS: Pairs = [[105, 33], [66, 133], [296, 362], [334, 263]]
// prettier-ignore
const EYE_PARTS = [
  { corners: [33, 133], lids: [[160, 144], [159, 145], [158, 153]], iris: 0 },
  { corners: [263, 362], lids: [[387, 373], [386, 374], [385, 380]], iris: 5 },
] as const

/** Rows of a turn. */
type Matrix = readonly [Vector, Vector, Vector]

const apply = ([x, y, z]: Matrix, p: Vector): Vector => [dot(x, p), dot(y, p), dot(z, p)]

/** The turn nearest to a matrix: the mean with its own inverse transpose, over and over (Higham 1986). */
const turnOf = (start: Matrix): Matrix => {
  let rows = start
  for (let pass = 0; pass < POLAR_PASSES; pass++) {
    const [a, b, c] = rows
    const volume = dot(a, cross(b, c))
    const mean = (row: Vector, opposite: Vector): Vector => along(along(ORIGIN, row, 0.5), opposite, 0.5 / volume)
    rows = [mean(a, cross(b, c)), mean(b, cross(c, a)), mean(c, cross(a, b))]
  }
  return rows
}

const centredPoints = (points: Float32Array): { centre: Vector; points: Vector[] } => {
  const all = STABLE_POINTS.map((index) => pointOf(points, index))
  const centre = all.reduce((sum, point) => along(sum, point, 1 / all.length), ORIGIN)
  return { centre, points: all.map((point) => along(point, centre, -1)) }
}

/**
 * Turn and size that carry the reference's stable points onto the face's with the least squares, depth weighing less: what is guessed of a
 * depth goes part of the way from where the turn of the last pass has it, which settles at that least.
 */
const fitHead = (from: readonly Vector[], to: readonly Vector[]): { turn: Matrix; size: number } => {
  let turn: Matrix = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ]
  let size = 1
  const whole = from.reduce((sum, p) => sum + dot(p, p), 0)
  for (let pass = 0; pass < FIT_PASSES; pass++) {
    const now = from.map((p) => apply(turn, p))
    const aims = to.map(([x, y, z], i): Vector => [x, y, mix(size * (now[i] as Vector)[2], z, DEPTH_WEIGHT)])
    const row = (k: 0 | 1 | 2): Vector =>
      aims.reduce<Vector>((sum, aim, i) => along(sum, from[i] as Vector, aim[k] / whole), ORIGIN)
    turn = turnOf([row(0), row(1), row(2)])
    size = aims.reduce((sum, aim, i) => sum + dot(aim, apply(turn, from[i] as Vector)), 0) / whole
  }
  return { turn, size }
}

/** Measures faces of one person against `reference`, in the reference's own axes. Pure; angles of up to a radian. */
export const createFaceReader = (reference: Face): ((face: Face) => FaceReading) => {
  const frame = headFrameOf(reference)
  const { axes, faceHeight, mouthWidth } = frame
  const [right, down] = axes
  const own = centredPoints(frame.points)

  return ({ landmarks, irises }) => {
    const points = samplePositions(landmarks)
    const seen = centredPoints(points)
    const { turn, size } = fitHead(own.points, seen.points)
    // The turn in the head's own axes: pitch after yaw, then roll.
    const cell = (r: 0 | 1 | 2, c: 0 | 1 | 2): number => dot(axes[r], apply(turn, axes[c]))
    const yaw = Math.atan2(cell(2, 0), cell(2, 2))
    const pitch = Math.asin(clamp(-cell(2, 1), -1, 1))
    const roll = Math.atan2(-cell(0, 1), cell(1, 1))
    const motion = headMotion(frame, { ...REST_POSE, yaw, pitch, roll })
    const shift = (k: 0 | 1): number => (seen.centre[k] - own.centre[k] - stepOf(motion[k], ...own.centre)) / faceHeight
    // Distances along the face's own axes, in units of the reference.
    const [acrossNow, downNow] = [
      along(ORIGIN, apply(turn, right), 1 / size),
      along(ORIGIN, apply(turn, down), 1 / size),
    ]
    const drops = (pairs: Pairs): number => meanOf(pairs.map(([a, b]) => dot(downNow, between(points, a, b))))
    const eyes = EYE_PARTS.map(({ corners, lids, iris }) => {
      const span = between(points, corners[0], corners[1])
      const width = Math.abs(dot(acrossNow, span)) || 1
      const [x, y] = along(pointOf(points, corners[0]), span, 0.5)
      const off: Vector = [(irises[iris * 2] as number) - 0.5 - x, (irises[iris * 2 + 1] as number) - 0.5 - y, 0]
      return [drops(lids) / width, dot(acrossNow, off) / width, dot(downNow, off) / width] as const
    })
    return {
      ...{ yaw, pitch, roll, shiftX: shift(0), shiftY: shift(1) },
      gap: Math.max(0, drops(LIP_PAIRS)) / mouthWidth,
      width: dot(acrossNow, between(points, 61, 291)) / mouthWidth,
      brow: drops(BROW_PAIRS) / faceHeight,
      lids: meanOf(eyes.map(([lids]) => lids)),
      gazeX: meanOf(eyes.map(([, x]) => x)),
      gazeY: meanOf(eyes.map(([, , y]) => y)),
    }
  }
}
