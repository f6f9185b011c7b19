import { mat3, quat, vec3 } from 'gl-matrix'
import { dot, headFrameOf, headMotion, pointOf } from '../mesh/head-frame.ts'
import type { Vector } from '../mesh/head-frame.ts'
import { REST_POSE } from '../types.ts'
import type { Face, HeadRotation } from '../types.ts'

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
const LIP_PAIRS = [
  [82, 87],
  [13, 14],
  [312, 317],
] as const
const BROW_PAIRS = [
  [105, 33],
  [66, 133],
  [296, 362],
  [334, 263],
] as const
const EYE_PARTS = [
  { outer: 33, inner: 133, upper: [160, 159, 158], lower: [144, 145, 153], iris: 0 },
  { outer: 263, inner: 362, upper: [387, 386, 385], lower: [373, 374, 380], iris: 5 },
] as const

const applied = (turn: mat3, point: Vector): Vector => {
  const [x = 0, y = 0, z = 0] = vec3.transformMat3([0, 0, 0], point, turn)
  return [x, y, z]
}

const centredPoints = (points: Float32Array): { centre: Vector; points: Vector[] } => {
  const all = STABLE_POINTS.map((index) => pointOf(points, index))
  const mean = (k: 0 | 1 | 2): number => all.reduce((sum, p) => sum + p[k], 0) / all.length
  const centre: Vector = [mean(0), mean(1), mean(2)]
  return { centre, points: all.map((p) => [p[0] - centre[0], p[1] - centre[1], p[2] - centre[2]]) }
}

/** Turn and size that carry the reference's stable points onto the face's (Gauss-Newton), and what is left, in face heights. */
const fitHead = (from: readonly Vector[], to: readonly Vector[]): { turn: mat3; size: number } => {
  const weight: Vector = [1, 1, DEPTH_WEIGHT]
  const turn = mat3.create()
  let size = 1
  for (let pass = 0; pass < 6; pass++) {
    const now = from.map((p) => applied(turn, p))
    let up = 0
    let down = 0
    now.forEach((p, i) => {
      const q = to[i] as Vector
      for (const k of [0, 1, 2] as const) {
        up += weight[k] * p[k] * q[k]
        down += weight[k] * p[k] * p[k]
      }
    })
    size = up / (down || 1)
    const normal = Array.from({ length: 9 }, () => 0) as mat3
    const pull: vec3 = [0, 0, 0]
    now.forEach(([x, y, z], i) => {
      const q = to[i] as Vector
      // How the point moves for one radian about each axis.
      const columns: readonly Vector[] = [
        [0, -z * size, y * size],
        [z * size, 0, -x * size],
        [-y * size, x * size, 0],
      ]
      const rest: Vector = [q[0] - x * size, q[1] - y * size, q[2] - z * size]
      columns.forEach((one, r) => {
        const weighted: Vector = [one[0], one[1], one[2] * DEPTH_WEIGHT]
        pull[r] = (pull[r] as number) + dot(weighted, rest)
        columns.forEach((other, c) => (normal[r * 3 + c] = (normal[r * 3 + c] as number) + dot(weighted, other)))
      })
    })
    const by = vec3.transformMat3([0, 0, 0], pull, mat3.invert(normal, normal) ?? mat3.create())
    const spin = quat.setAxisAngle([0, 0, 0, 1], vec3.normalize([0, 0, 0], by), vec3.length(by))
    mat3.multiply(turn, mat3.fromQuat(mat3.create(), spin), turn)
  }
  return { turn, size }
}

/** Measures faces of one person against `reference`, in the reference's own axes. Pure; angles of up to a radian. */
export const createFaceReader = (reference: Face): ((face: Face) => FaceReading) => {
  const frame = headFrameOf(reference)
  const { axes, faceHeight, mouthWidth } = frame
  const [right, down] = axes
  const own = centredPoints(frame.points)
  const motion = new Float64Array(8)

  return (face) => {
    const points = Float32Array.from(face.landmarks, (value, i) => (i % 3 === 2 ? value : value - 0.5))
    const seen = centredPoints(points)
    const { turn, size } = fitHead(own.points, seen.points)
    // The turn in the head's own axes: pitch after yaw, then roll.
    const cell = (r: 0 | 1 | 2, c: 0 | 1 | 2): number => dot(axes[r], applied(turn, axes[c]))
    const yaw = Math.atan2(cell(2, 0), cell(2, 2))
    const pitch = Math.asin(Math.max(-1, Math.min(1, -cell(2, 1))))
    const roll = Math.atan2(-cell(0, 1), cell(1, 1))
    headMotion(frame, { ...REST_POSE, yaw, pitch, roll }, motion)
    const [x, y, z] = own.centre
    const moved = (k: 0 | 4): number =>
      (motion[k] as number) * x +
      (motion[k + 1] as number) * y +
      (motion[k + 2] as number) * z +
      (motion[k + 3] as number)
    // Distances between two points along the face's own axes, in units of the reference.
    const rightNow = applied(turn, right)
    const downNow = applied(turn, down)
    const between = (axis: Vector, a: number, b: number): number => {
      const [p, q] = [pointOf(points, a), pointOf(points, b)]
      return dot(axis, [q[0] - p[0], q[1] - p[1], q[2] - p[2]]) / size
    }
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
    const eyes = EYE_PARTS.map(({ outer, inner, upper, lower, iris }) => {
      const width = Math.abs(between(rightNow, outer, inner)) || 1
      const across = (index: number): Vector => pointOf(points, index)
      const [a, b] = [across(outer), across(inner)]
      const off: Vector = [
        (face.irises[iris * 2] as number) - 0.5 - (a[0] + b[0]) / 2,
        (face.irises[iris * 2 + 1] as number) - 0.5 - (a[1] + b[1]) / 2,
        0,
      ]
      return {
        lids: mean(upper.map((top, i) => between(downNow, top, lower[i as 0 | 1 | 2]))) / width,
        x: dot(rightNow, off) / size / width,
        y: dot(downNow, off) / size / width,
      }
    })
    return {
      yaw,
      pitch,
      roll,
      shiftX: (seen.centre[0] - x - moved(0)) / faceHeight,
      shiftY: (seen.centre[1] - y - moved(4)) / faceHeight,
      gap: Math.max(0, mean(LIP_PAIRS.map(([a, b]) => between(downNow, a, b)))) / mouthWidth,
      width: between(rightNow, 61, 291) / mouthWidth,
      brow: mean(BROW_PAIRS.map(([a, b]) => between(downNow, a, b))) / faceHeight,
      lids: mean(eyes.map(({ lids }) => lids)),
      gazeX: mean(eyes.map(({ x: value }) => value)),
      gazeY: mean(eyes.map(({ y: value }) => value)),
    }
  }
}
