import type { Face, FramePose } from '../types.ts'
import type { PixelRect } from '../raster/texture.ts'
import type { RgbaImage } from '../../lib/rgba-image.ts'
import { depthFieldOf, type DepthField } from './depth.ts'
import { smoothstep } from './easing.ts'
import { expressionOf, type Expression } from './expression.ts'
import { headFrameOf, headMotion, pointOf, type HeadFrame } from './head-frame.ts'
import { mouthFrameOf, type MouthFrame } from './mouth-frame.ts'
import { CHIN } from './topology.ts'
import {
  boxWhere,
  eachNode,
  invertField,
  nodeArray,
  nodePair,
  warpGridOf,
  type NodeBox,
  type NodePair,
  type WarpGrid,
} from './warp-grid.ts'

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
  /** The head's rigid motion, as headMotion writes it. */
  readonly head: Float64Array
  /** Nodes of the output whose content can come from the lips. */
  lipsOut: NodeBox
}

/** Below the chin the head's motion runs out over this many face heights: neck and shoulders follow softly. */
const SHOULDER_REACH = 1.05
/** Motion fades to nothing within this many face heights of the picture's border. */
const BORDER = 0.12
/** Nodes that move less than this (px for a whole unit of a control) do not count as moving. */
const LEAST_MOTION = 1e-3

/** Measures the still once: axes, depth, lips, the motion of every control, and which nodes can move; `isSoft`: not those of the border. */
export const faceGeometryOf = (image: RgbaImage, face: Face, isSoft = true): FaceGeometry => {
  const frame = headFrameOf(face)
  const grid = warpGridOf(image.width, image.height, frame.faceHeight)
  const mouth = mouthFrameOf(frame, image)
  const depthField = depthFieldOf(frame, grid)
  const expression = expressionOf(frame, mouth, grid, depthField)
  const follow = nodeArray(grid)
  const controls = Object.values(expression).flatMap(({ upper, lower }) => [...upper, ...lower])
  const fields = [...new Set([follow, ...controls])]
  const chin = pointOf(frame.points, CHIN)
  eachNode(grid, (node, x, y) => {
    const below = ((x - chin[0]) * frame.down[0] + (y - chin[1]) * frame.down[1]) / frame.faceHeight
    const scale = depthField.scale[node] as number
    follow[node] = (1 - smoothstep(0.02, SHOULDER_REACH, below)) * (1 - smoothstep(2, 3, scale))
    if (!isSoft) return
    const fromBorder = Math.min(x, y, grid.width - 1 - x, grid.height - 1 - y)
    const inside = smoothstep(0, BORDER * frame.faceHeight, fromBorder)
    if (inside === 1) return
    for (const field of fields) field[node] = (field[node] as number) * inside
  })
  const boxOf = (parts: readonly Float32Array[]): NodeBox =>
    boxWhere(grid, (node) => parts.some((field) => Math.abs(field[node] as number) > LEAST_MOTION), 1)
  const { lips, press } = expression
  const atLips = [lips, press].flatMap(({ upper, lower }) => [...upper, ...lower])
  return { frame, mouth, grid, depthField, expression, follow, active: boxOf(fields), lips: boxOf(atLips) }
}

/** The pixels that can move, right and bottom exclusive. */
export const movingRect = ({ grid, active }: FaceGeometry): PixelRect => ({
  left: active.i0 * grid.spacing,
  top: active.j0 * grid.spacing,
  right: Math.min(grid.width, active.i1 * grid.spacing + 1),
  bottom: Math.min(grid.height, active.j1 * grid.spacing + 1),
})

export const emptyMotionField = ({ grid, lips }: FaceGeometry): MotionField => ({
  forward: nodePair(grid),
  forwardLower: nodePair(grid),
  back: nodePair(grid),
  backLower: nodePair(grid),
  head: new Float64Array(8),
  lipsOut: lips,
})

type HeadMap = readonly [number, number, number, number, number, number, number, number]

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
  const from = active.j0 * columns
  const to = (active.j1 + 1) * columns
  headMotion(frame, pose, field.head)
  const [m0, m1, m2, m3, m4, m5, m6, m7] = field.head as unknown as HeadMap
  for (const side of ['upper', 'lower'] as const) {
    const [moveX, moveY] = side === 'upper' ? field.forward : field.forwardLower
    moveX.fill(0)
    moveY.fill(0)
    for (const [name, control] of Object.entries(expression)) {
      const weight = weights[name as keyof Expression]
      if (weight === 0) continue
      const [stepX, stepY] = control[side]
      for (let n = from; n < to; n++) {
        moveX[n] = (moveX[n] as number) + weight * (stepX[n] as number)
        moveY[n] = (moveY[n] as number) + weight * (stepY[n] as number)
      }
    }
    for (let j = active.j0; j <= active.j1; j++) {
      for (let i = active.i0; i <= active.i1; i++) {
        const n = j * columns + i
        const w = follow[n] as number
        const x = i * spacing + (moveX[n] as number)
        const y = j * spacing + (moveY[n] as number)
        const z = depthField.depth[n] as number
        moveX[n] = x - i * spacing + w * (m0 * x + m1 * y + m2 * z + m3)
        moveY[n] = y - j * spacing + w * (m4 * x + m5 * y + m6 * z + m7)
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
  for (let j = lips.j0; j <= lips.j1; j++) {
    for (let i = lips.i0; i <= lips.i1; i++) {
      const n = j * grid.columns + i
      for (const [moveX, moveY] of [forward, forwardLower]) {
        const x = i + (moveX[n] as number) / grid.spacing
        const y = j + (moveY[n] as number) / grid.spacing
        ;[minX, maxX] = [Math.min(minX, x), Math.max(maxX, x)]
        ;[minY, maxY] = [Math.min(minY, y), Math.max(maxY, y)]
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
