import { REST_POSE, type Face, type FramePose } from '../types.ts'
import type { RgbaImage } from '../../lib/rgba-image.ts'
import { depthFieldOf, type DepthField } from './depth.ts'
import { smoothstep } from './easing.ts'
import { expressionOf, type Control, type Expression } from './expression.ts'
import { belowChin, headFrameOf, headMotion, type HeadFrame, type HeadMap } from './head-frame.ts'
import { mouthFrameOf, type MouthFrame } from './mouth-frame.ts'
import type { Bounds } from './plane.ts'
import { boxWhere, eachNode, everyNode, invertField, nodeArray, nodePair, warpGridOf } from './warp-grid.ts'
import type { NodeBox, NodePair, WarpGrid } from './warp-grid.ts'

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
  readonly forward: NodePair
  readonly forwardLower: NodePair
  /** Where a node's new content comes from, relative to the node. */
  readonly back: NodePair
  readonly backLower: NodePair
  head: HeadMap
  /** Nodes of the output whose content can come from the lips. */
  lipsOut: NodeBox
}

/** Below the chin the head's motion runs out over this many face heights: neck and shoulders follow softly. */
const SHOULDER_REACH = 1.05
/** Motion fades to nothing within this many face heights of the picture's border. */
const BORDER = 0.12
/** Nodes that move less than this (px for a whole unit of a control) do not count as moving. */
const LEAST_MOTION = 1e-3

const arraysOf = (controls: readonly Control[]): Float32Array[] => [
  ...new Set(controls.flatMap(({ upper, lower }) => [...upper, ...lower])),
]

/** Measures the still once: axes, depth, lips, the motion of every control, and which nodes can move; `isSoft`: not those of the border. */
export const faceGeometryOf = (image: RgbaImage, face: Face, isSoft = true): FaceGeometry => {
  const frame = headFrameOf(face)
  const grid = warpGridOf(image.width, image.height, frame.faceHeight)
  const mouth = mouthFrameOf(frame, image)
  const depthField = depthFieldOf(frame, grid)
  const expression = expressionOf(frame, mouth, grid, depthField)
  const follow = nodeArray(grid)
  const fields = [follow, ...arraysOf(Object.values(expression))]
  eachNode(grid, everyNode(grid), (node, x, y) => {
    const scale = depthField.scale[node] as number
    follow[node] = (1 - smoothstep(0.02, SHOULDER_REACH, belowChin(frame, x, y))) * (1 - smoothstep(2, 3, scale))
    const fromBorder = Math.min(x, y, grid.width - 1 - x, grid.height - 1 - y)
    const inside = isSoft ? smoothstep(0, BORDER * frame.faceHeight, fromBorder) : 1
    if (inside < 1) for (const field of fields) field[node] = (field[node] as number) * inside
  })
  const boxOf = (parts: readonly Float32Array[]): NodeBox =>
    boxWhere(grid, (node) => parts.some((field) => Math.abs(field[node] as number) > LEAST_MOTION), 1)
  const lips = boxOf(arraysOf([expression.lips, expression.press]))
  return { frame, mouth, grid, depthField, expression, follow, active: boxOf(fields), lips }
}

/** The pixels that can move, right and bottom exclusive. */
export const movingRect = ({ grid, active }: FaceGeometry): Bounds => ({
  left: active.i0 * grid.spacing,
  top: active.j0 * grid.spacing,
  right: Math.min(grid.width, active.i1 * grid.spacing + 1),
  bottom: Math.min(grid.height, active.j1 * grid.spacing + 1),
})

export const emptyMotionField = ({ grid, lips, frame }: FaceGeometry): MotionField => ({
  forward: nodePair(grid),
  forwardLower: nodePair(grid),
  back: nodePair(grid),
  backLower: nodePair(grid),
  head: headMotion(frame, REST_POSE),
  lipsOut: lips,
})

/** How much of each control a pose asks for. Pressed lips hold the jaw back, and themselves wholly. */
const weightsOf = ({ jaw, press, upper, wide, brow }: FramePose): Record<keyof Expression, number> => ({
  jaw: jaw * (1 - 0.6 * press),
  lips: jaw * (1 - press),
  press,
  lift: upper,
  spread: Math.max(0, wide),
  round: Math.max(0, -wide),
  brow,
})

/** Moves every active node for `pose` and inverts the motion. All arrays of `field` are exactly 0 in the rest pose. */
export const moveField = (geometry: FaceGeometry, pose: FramePose, field: MotionField): void => {
  const { frame, grid, depthField, expression, follow, active } = geometry
  const { columns, spacing } = grid
  const weights = weightsOf(pose)
  field.head = headMotion(frame, pose)
  const [[xx, xy, xz, x0], [yx, yy, yz, y0]] = field.head
  for (const side of ['upper', 'lower'] as const) {
    const [moveX, moveY] = side === 'upper' ? field.forward : field.forwardLower
    moveX.fill(0)
    moveY.fill(0)
    for (const [name, control] of Object.entries(expression)) {
      const weight = weights[name as keyof Expression]
      const [stepX, stepY] = control[side]
      if (weight === 0) continue
      for (let n = active.j0 * columns; n < (active.j1 + 1) * columns; n++) {
        moveX[n] = (moveX[n] as number) + weight * (stepX[n] as number)
        moveY[n] = (moveY[n] as number) + weight * (stepY[n] as number)
      }
    }
    for (let j = active.j0; j <= active.j1; j++) {
      for (let i = active.i0; i <= active.i1; i++) {
        const n = j * columns + i
        const x = i * spacing
        const y = j * spacing
        const w = follow[n] as number
        const px = x + (moveX[n] as number)
        const py = y + (moveY[n] as number)
        const z = depthField.depth[n] as number
        moveX[n] = px - x + w * (xx * px + xy * py + xz * z + x0)
        moveY[n] = py - y + w * (yx * px + yy * py + yz * z + y0)
      }
    }
  }
  field.lipsOut = movedBox(geometry, field)
  invertField(grid, active, field.forward, field.back)
  invertField(grid, field.lipsOut, field.forwardLower, field.backLower)
}

/** The nodes on which the lips' nodes land, with a margin of one. */
const movedBox = ({ grid, lips, active }: FaceGeometry, { forward, forwardLower }: MotionField): NodeBox => {
  let [minX, minY, maxX, maxY] = [Infinity, Infinity, -Infinity, -Infinity]
  eachNode(grid, lips, (n, x, y) => {
    for (const [moveX, moveY] of [forward, forwardLower]) {
      const [px, py] = [x + (moveX[n] as number), y + (moveY[n] as number)]
      ;[minX, maxX, minY, maxY] = [Math.min(minX, px), Math.max(maxX, px), Math.min(minY, py), Math.max(maxY, py)]
    }
  })
  return {
    i0: Math.max(active.i0, Math.floor(minX / grid.spacing) - 1),
    j0: Math.max(active.j0, Math.floor(minY / grid.spacing) - 1),
    i1: Math.min(active.i1, Math.ceil(maxX / grid.spacing) + 1),
    j1: Math.min(active.j1, Math.ceil(maxY / grid.spacing) + 1),
  }
}
