import type { Face, FramePose } from '../types.ts'
import { axesAt, vOf, type Axes, type Point } from './plane.ts'
import { CHIN, EARS, FOREHEAD, SIDE_PAIRS } from './topology.ts'

export type Vector = readonly [x: number, y: number, z: number]

/**
 * Where a face sits in its picture. Positions are sample positions: integer coordinates are pixel centres (the landmarks'
 * pixel i covers i..i+1, so they are half a pixel less here). Depth grows away from the viewer.
 */
export type HeadFrame = {
  /** 468 x (x, y, z), sample positions. */
  readonly points: Float32Array
  /** Orthonormal axes of the head: image right, down, away. */
  readonly axes: readonly [Vector, Vector, Vector]
  /** Axes in the picture at the chin: the head's down axis as it is seen, and at right angles to it. */
  readonly chin: Axes
  /** |forehead 10 - chin 152| in space, px. */
  readonly faceHeight: number
  /** Mouth width, px: half measured between the corners, half from the face height, so that a pursed source is not tiny. */
  readonly mouthWidth: number
  /** Point about which the head turns and nods. */
  readonly skullPivot: Vector
  /** Point about which the head leans. */
  readonly neckPivot: Vector
}

export const ORIGIN: Vector = [0, 0, 0]

/** `from` and `distance` times `axis`. */
export const along = (from: Vector, axis: Vector, distance: number): Vector => [
  from[0] + axis[0] * distance,
  from[1] + axis[1] * distance,
  from[2] + axis[2] * distance,
]

export const unit = (v: Vector): Vector => along(ORIGIN, v, 1 / (Math.hypot(...v) || 1))

export const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
]

export const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]

export const pointOf = (points: Float32Array, index: number): Vector => [
  points[index * 3] as number,
  points[index * 3 + 1] as number,
  points[index * 3 + 2] as number,
]

export const between = (points: Float32Array, a: number, b: number): Vector =>
  along(pointOf(points, b), pointOf(points, a), -1)

/** Orthonormal axes of a head from 468 mesh points: image right, down, away. */
export const axesOf = (points: Float32Array): HeadFrame['axes'] => {
  const right = unit(SIDE_PAIRS.map(([a, b]) => between(points, a, b)).reduce((sum, v) => along(sum, v, 1)))
  const away = unit(cross(right, between(points, FOREHEAD, CHIN)))
  return [right, cross(away, right), away]
}

/** Landmarks as sample positions. */
export const samplePositions = (landmarks: Float32Array): Float32Array =>
  landmarks.map((value, i) => (i % 3 === 2 ? value : value - 0.5))

/** Measures a face. Pivot offsets and the mouth unit are those of the feasibility study (share of face height). */
export const headFrameOf = (face: Face): HeadFrame => {
  const points = samplePositions(face.landmarks)
  const axes = axesOf(points)
  const [, down, away] = axes
  const faceHeight = Math.hypot(...between(points, FOREHEAD, CHIN))
  const corners = Math.hypot(...between(points, 61, 291))
  const ears = along(pointOf(points, EARS[0]), between(points, ...EARS), 0.5)
  const chin = pointOf(points, CHIN)
  const [downX, downY] = unit([down[0], down[1], 0])
  return {
    points,
    axes,
    chin: axesAt([chin[0], chin[1]], { ax: downY, ay: -downX, length: faceHeight }),
    faceHeight,
    mouthWidth: 0.5 * corners + 0.5 * 0.36 * faceHeight,
    skullPivot: along(along(ears, away, 0.08 * faceHeight), down, 0.05 * faceHeight),
    neckPivot: along(along(chin, down, 0.25 * faceHeight), away, 0.45 * faceHeight),
  }
}

/** How far a place of the picture lies below the chin, face heights. */
export const belowChin = ({ chin, faceHeight }: HeadFrame, x: number, y: number): number => vOf(chin, x, y) / faceHeight

type MapRow = readonly [x: number, y: number, z: number, shift: number]

/** Rigid motion of a head seen from far: the first row gives a place's step in x, the second in y (see `stepOf`), px. */
export type HeadMap = readonly [MapRow, MapRow]

export const stepOf = ([mx, my, mz, shift]: MapRow, x: number, y: number, z: number): number =>
  mx * x + my * y + mz * z + shift

/**
 * Yaw and pitch turn about the skull pivot in the head's own axes, roll leans about the neck pivot in the picture plane.
 * At rest all eight numbers are exactly 0.
 */
export const headMotion = (frame: HeadFrame, pose: FramePose): HeadMap => {
  const { axes, faceHeight, skullPivot, neckPivot } = frame
  const [cy, sy, cp, sp] = [Math.cos(pose.yaw), Math.sin(pose.yaw), Math.cos(pose.pitch), Math.sin(pose.pitch)]
  const [cr, sr] = [Math.cos(pose.roll), Math.sin(pose.roll)]
  // Pitch after yaw, minus identity, in head axes.
  const turn: readonly Vector[] = [
    [cy - 1, 0, -sy],
    [sp * sy, cp - 1, sp * cy],
    [cp * sy, -sp, cp * cy - 1],
  ]
  const moved = (...point: Vector): Point => {
    const from = along(point, skullPivot, -1)
    const inHead: Vector = [dot(axes[0], from), dot(axes[1], from), dot(axes[2], from)]
    const [dx, dy] = axes.reduce<Vector>((sum, axis, k) => along(sum, axis, dot(turn[k] as Vector, inHead)), ORIGIN)
    const x = point[0] + dx - neckPivot[0]
    const y = point[1] + dy - neckPivot[1]
    const lean: Point = [(cr - 1) * x - sr * y, sr * x + (cr - 1) * y]
    return [dx + lean[0] + pose.shiftX * faceHeight, dy + lean[1] + pose.shiftY * faceHeight]
  }
  const [shift, x, y, z] = [moved(0, 0, 0), moved(1, 0, 0), moved(0, 1, 0), moved(0, 0, 1)]
  const row = (k: 0 | 1): MapRow => [x[k] - shift[k], y[k] - shift[k], z[k] - shift[k], shift[k]]
  return [row(0), row(1)]
}
