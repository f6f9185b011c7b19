import type { Face, FramePose } from '../types.ts'
import type { RgbaImage } from '../../lib/rgba-image.ts'
import { depthFieldOf } from './depth.ts'
import type { DepthField } from './depth.ts'
import { smoothstep } from './easing.ts'
import { expressionOf } from './expression.ts'
import type { Expression } from './expression.ts'
import { headFrameOf, headMotion, pointOf } from './head-frame.ts'
import type { HeadFrame } from './head-frame.ts'
import { mouthFrameOf } from './mouth-frame.ts'
import type { MouthFrame } from './mouth-frame.ts'
import { CHIN } from './topology.ts'
import { invertField, warpGridOf } from './warp-grid.ts'
import type { NodeBox, WarpGrid } from './warp-grid.ts'

/** Everything about the still's geometry that no pose changes. */
export type FaceGeometry = {
  readonly frame: HeadFrame
  readonly mouth: MouthFrame
  readonly grid: WarpGrid
  readonly depthField: DepthField
  readonly expression: Expression
  /** Share of the head's motion a node takes part in, 0..1. */
  readonly follow: Float32Array
  /** Nodes that can move at all, and nodes at which the two sides of the lip line differ. */
  readonly active: NodeBox
  readonly lips: NodeBox
}

/** Motion of one frame. Arrays are per node, px, and are overwritten by the next frame. */
export type MotionField = {
  /** Forward motion of content above the lip line (and everywhere away from the mouth), and of content below it. */
  readonly forward: readonly [x: Float32Array, y: Float32Array]
  readonly forwardLower: readonly [x: Float32Array, y: Float32Array]
  /** Where a node's new content comes from, relative to the node. */
  readonly back: readonly [x: Float32Array, y: Float32Array]
  readonly backLower: readonly [x: Float32Array, y: Float32Array]
  /** The head's rigid motion, as headMotion writes it. */
  readonly head: Float64Array
  /** Nodes of the output whose content can come from the lips. */
  lipsOut: NodeBox
}

/** Below the chin the head's motion runs out over this many face heights: neck and shoulders follow softly. */
const SHOULDER_REACH = 1.05
/** Motion fades to nothing within this many face heights of the picture's border. */
const BORDER = 0.12

const boxWhere = ({ columns, rows }: WarpGrid, inside: (node: number) => boolean, margin: number): NodeBox => {
  let [i0, j0, i1, j1] = [columns, rows, -1, -1]
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      if (!inside(j * columns + i)) continue
      i0 = Math.min(i0, i)
      i1 = Math.max(i1, i)
      j0 = Math.min(j0, j)
      j1 = Math.max(j1, j)
    }
  }
  return {
    i0: Math.max(0, i0 - margin),
    j0: Math.max(0, j0 - margin),
    i1: Math.min(columns - 1, i1 + margin),
    j1: Math.min(rows - 1, j1 + margin),
  }
}

const followOf = (frame: HeadFrame, grid: WarpGrid, { scale }: DepthField): Float32Array => {
  const { columns, rows, spacing } = grid
  const follow = new Float32Array(columns * rows)
  const chin = pointOf(frame.points, CHIN)
  const [, down] = frame.axes
  const length = Math.hypot(down[0], down[1]) || 1
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      const below =
        ((i * spacing - chin[0]) * down[0] + (j * spacing - chin[1]) * down[1]) / (length * frame.faceHeight)
      const node = j * columns + i
      follow[node] = (1 - smoothstep(0.02, SHOULDER_REACH, below)) * (1 - smoothstep(2, 3, scale[node] as number))
    }
  }
  return follow
}

/** 1 inside the picture, 0 on its border. */
const borderOf = (frame: HeadFrame, grid: WarpGrid): Float32Array => {
  const { columns, rows, spacing, width, height } = grid
  const reach = BORDER * frame.faceHeight
  const out = new Float32Array(columns * rows)
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      const x = i * spacing
      const y = j * spacing
      out[j * columns + i] = smoothstep(0, reach, Math.min(x, y, width - 1 - x, height - 1 - y))
    }
  }
  return out
}

/** Measures the still once: axes, depth, lips, the motion of every control, and which nodes can move. */
export const faceGeometryOf = (image: RgbaImage, face: Face): FaceGeometry => {
  const frame = headFrameOf(face)
  const grid = warpGridOf(image.width, image.height, frame.faceHeight)
  const mouth = mouthFrameOf(frame, image)
  const depthField = depthFieldOf(frame, grid)
  const expression = expressionOf(frame, mouth, grid, depthField)
  const follow = followOf(frame, grid, depthField)
  const border = borderOf(frame, grid)
  const fields = [follow, ...Object.values(expression).filter((value) => value instanceof Float32Array)]
  for (const field of fields) field.forEach((value, node) => (field[node] = value * (border[node] as number)))
  const { jawUpper, jawLower, pressUpper, pressLower } = expression
  return {
    frame,
    mouth,
    grid,
    depthField,
    expression,
    follow,
    active: boxWhere(grid, (node) => fields.some((field) => Math.abs(field[node] as number) > 1e-3), 1),
    lips: boxWhere(
      grid,
      (node) => [jawUpper, jawLower, pressUpper, pressLower].some((field) => Math.abs(field[node] as number) > 1e-3),
      1,
    ),
  }
}

/** The pixels that can move, right and bottom exclusive. */
export const movingRect = ({
  grid,
  active,
}: FaceGeometry): { left: number; top: number; right: number; bottom: number } => ({
  left: active.i0 * grid.spacing,
  top: active.j0 * grid.spacing,
  right: Math.min(grid.width, active.i1 * grid.spacing + 1),
  bottom: Math.min(grid.height, active.j1 * grid.spacing + 1),
})

export const emptyMotionField = ({ grid, lips }: FaceGeometry): MotionField => {
  const pair = (): readonly [Float32Array, Float32Array] => [
    new Float32Array(grid.columns * grid.rows),
    new Float32Array(grid.columns * grid.rows),
  ]
  return {
    forward: pair(),
    forwardLower: pair(),
    back: pair(),
    backLower: pair(),
    head: new Float64Array(8),
    lipsOut: lips,
  }
}

/** Moves every active node for `pose` and inverts the motion. All arrays of `field` are exactly 0 in the rest pose. */
export const moveField = (geometry: FaceGeometry, pose: FramePose, field: MotionField): void => {
  const { frame, mouth, grid, depthField, expression: e, follow, active, lips } = geometry
  const { columns, spacing } = grid
  const [forwardX, forwardY] = field.forward
  const [lowerX, lowerY] = field.forwardLower
  const [dropX, dropY] = e.drop
  const [alongX, alongY] = mouth.along
  const [acrossX, acrossY] = mouth.across
  headMotion(frame, pose, field.head)
  const [m0, m1, m2, m3, m4, m5, m6, m7] = field.head as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const { press, upper, brow } = pose
  const jawAll = pose.jaw * (1 - 0.6 * press)
  const jawLips = pose.jaw * (1 - press)
  const spread = pose.wide > 0 ? pose.wide : 0
  const round = pose.wide < 0 ? -pose.wide : 0
  for (let j = active.j0; j <= active.j1; j++) {
    const inRows = j >= lips.j0 && j <= lips.j1
    for (let i = active.i0; i <= active.i1; i++) {
      const n = j * columns + i
      const x = i * spacing
      const y = j * spacing
      const z = depthField.depth[n] as number
      const w = follow[n] as number
      const shared = jawAll * (e.jaw[n] as number) - brow * (e.brow[n] as number)
      const u = spread * (e.spreadX[n] as number) + round * (e.roundX[n] as number)
      const v = spread * (e.spreadY[n] as number) + round * (e.roundY[n] as number)
      let ex = shared * dropX + u * alongX + v * acrossX
      let ey = shared * dropY + u * alongY + v * acrossY
      const inLips = inRows && i >= lips.i0 && i <= lips.i1
      if (inLips) {
        const low =
          jawLips * (e.jawLower[n] as number) + press * (e.pressLower[n] as number) + upper * (e.liftLower[n] as number)
        const lx = ex + low * dropX
        const ly = ey + low * dropY
        lowerX[n] = lx + w * (m0 * (x + lx) + m1 * (y + ly) + m2 * z + m3)
        lowerY[n] = ly + w * (m4 * (x + lx) + m5 * (y + ly) + m6 * z + m7)
        const high =
          jawLips * (e.jawUpper[n] as number) + press * (e.pressUpper[n] as number) + upper * (e.liftUpper[n] as number)
        ex += high * dropX
        ey += high * dropY
      }
      forwardX[n] = ex + w * (m0 * (x + ex) + m1 * (y + ey) + m2 * z + m3)
      forwardY[n] = ey + w * (m4 * (x + ex) + m5 * (y + ey) + m6 * z + m7)
      if (!inLips) {
        lowerX[n] = forwardX[n] as number
        lowerY[n] = forwardY[n] as number
      }
    }
  }
  field.lipsOut = movedBox(geometry, field)
  invertField(grid, active, forwardX, forwardY, field.back[0], field.back[1])
  invertField(grid, field.lipsOut, lowerX, lowerY, field.backLower[0], field.backLower[1])
}

/** The nodes on which the lips' nodes land, with a margin of one. */
const movedBox = ({ grid, lips, active }: FaceGeometry, { forward, forwardLower }: MotionField): NodeBox => {
  let [minX, minY, maxX, maxY] = [Infinity, Infinity, -Infinity, -Infinity]
  for (let j = lips.j0; j <= lips.j1; j++) {
    for (let i = lips.i0; i <= lips.i1; i++) {
      if (j !== lips.j0 && j !== lips.j1 && i !== lips.i0 && i !== lips.i1) continue
      const n = j * grid.columns + i
      for (let side = 0; side < 2; side++) {
        const [fx, fy] = side === 0 ? forward : forwardLower
        const x = i + (fx[n] as number) / grid.spacing
        const y = j + (fy[n] as number) / grid.spacing
        minX = Math.min(minX, x)
        maxX = Math.max(maxX, x)
        minY = Math.min(minY, y)
        maxY = Math.max(maxY, y)
      }
    }
  }
  return {
    i0: Math.max(active.i0, Math.floor(minX) - 1),
    j0: Math.max(active.j0, Math.floor(minY) - 1),
    i1: Math.min(active.i1, Math.ceil(maxX) + 1),
    j1: Math.min(active.j1, Math.ceil(maxY) + 1),
  }
}
