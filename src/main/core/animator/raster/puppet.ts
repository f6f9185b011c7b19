import type { RgbaImage } from '../../lib/rgba-image.ts'
import type { Face, FramePose } from '../types.ts'
import { clamp } from '../mesh/easing.ts'
import { emptyMotionField, faceGeometryOf, moveField, movingRect } from '../mesh/motion-field.ts'
import { eachNode } from '../mesh/warp-grid.ts'
import { emptyLipTable, moveLips, paintMouth } from './mouth.ts'
import { CHEEKS, mouthPaletteOf } from './mouth-inside.ts'
import { insideOf } from './mouth-source.ts'
import { eyesOf, paintEye, type Eye } from './eyes.ts'
import { cellCorners, paintCell, copyCell, type Canvas } from './paint-cells.ts'
import { moveShades, shadeCell, shadesOf } from './shade.ts'
import { eyeWhites, skinColour } from './face-colours.ts'
import { blocksOf, pixelsOf, textureOf, type PixelMemory } from './texture.ts'
import { layersOf } from './matte.ts'
import type { Coarse } from './person.ts'

/** A still that can be posed. `render` returns `width * height` RGBA pixels; the array is reused by the next call. */
export type Puppet = {
  readonly width: number
  readonly height: number
  readonly render: (pose: FramePose) => Uint8Array
}

/** Content that moves less than this many px is the still itself. */
const STILL_PX = 1 / 64

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

type PuppetOptions = {
  /** The person, who moves before a background that does not; without it the picture moves as one piece. */
  readonly person?: Coarse | undefined
  /** False: motion does not run out toward the picture's border. */
  readonly isSoft?: boolean
  /** Lends the memory of a puppet that is not layered and renders once, into the picture itself. */
  readonly memory?: PixelMemory
}

/** Prepares `image` for posing `face` (landmarks in its pixels). The rest pose renders the still bit by bit. */
export const createPuppet = (
  image: RgbaImage,
  face: Face,
  { person, isSoft = true, memory }: PuppetOptions = {},
): Puppet => {
  const { width, height } = image
  const geometry = faceGeometryOf(image, face, isSoft)
  const { grid, active, frame } = geometry
  const { spacing, columns } = grid
  const field = emptyMotionField(geometry)
  const rect = movingRect(geometry)
  const still = memory ? pixelsOf(image) : new Uint32Array(Uint8Array.from(image.data).buffer)
  const out = memory ? still : still.slice()
  const layers = person && layersOf(image, person)
  const front = layers ? new Uint32Array(layers.front.buffer) : still
  const plate = layers
    ? new Uint32Array(layers.plate.buffer)
    : (memory?.('plate', still.length) ?? new Uint32Array(still.length))
  const blocks = blocksOf(front, width, height, spacing)
  const texture = textureOf({ width, height, data: bytesOf(front) }, rect, blocks, memory)
  const canvas: Canvas = { grid, texture, plate, out }
  const bytes = bytesOf(out)
  const dirty = new Uint8Array(columns * grid.rows)
  /** Cells in which the frame has painted the mouth. */
  const painted = new Uint8Array(columns * grid.rows)
  const corners = new Float64Array(8)
  const lips = emptyLipTable()
  /** Cells of the still that look different when its eyes do. */
  const eyeCells = new Uint8Array(columns * grid.rows)
  let found: readonly Eye[] | undefined
  const eyes = (): readonly Eye[] => {
    if (found) return found
    found = eyesOf(frame, texture)
    for (const { box } of found)
      eachNode(grid, (node, x, y) => {
        const [u, v, size] = [2 * (x - rect.left), 2 * (y - rect.top), 2 * spacing]
        if (u + size > box.left && u < box.right && v + size > box.top && v < box.bottom) eyeCells[node] = 1
      })
    return found
  }
  let look = { blink: 0, gazeX: 0, gazeY: 0 }
  const shades = shadesOf(geometry)
  const cheeks = skinColour(frame, texture, CHEEKS)
  const palette = mouthPaletteOf(cheeks, eyeWhites(frame, texture, cheeks))
  const inside = insideOf(geometry, field, lips, texture, palette)
  const [backX, backY] = field.back

  const moves = (node: number): boolean =>
    Math.abs(backX[node] as number) > STILL_PX || Math.abs(backY[node] as number) > STILL_PX

  /**
   * True when no content of the person comes to lie on a cell: the background does not move. Blocks next to content count as content, and no
   * cell is stretched by more than a block: its middle speaks for it.
   */
  const showsNothing = (node: number, i: number, j: number): boolean => {
    const across = node + columns + 1
    const x = i + 0.5 + ((backX[node] as number) + (backX[across] as number)) / (2 * spacing)
    const y = j + 0.5 + ((backY[node] as number) + (backY[across] as number)) / (2 * spacing)
    const row = clamp(y | 0, 0, blocks.used.length / blocks.columns - 1)
    return blocks.used[row * blocks.columns + clamp(x | 0, 0, blocks.columns - 1)] === 0
  }

  return {
    width,
    height,
    render: (pose) => {
      const { blink, gazeX, gazeY, jaw, press, upper } = pose
      moveField(geometry, pose, field)
      painted.fill(0)
      if (blink !== look.blink || gazeX !== look.gazeX || gazeY !== look.gazeY) {
        for (const eye of eyes()) paintEye(texture, eye, blink, gazeX, gazeY)
        look = { blink, gazeX, gazeY }
      }
      const isLooking = blink > 0 || gazeX !== 0 || gazeY !== 0
      if (jaw !== 0 || press > 0 || upper > 0) {
        moveLips(geometry, field, press, lips)
        paintMouth(canvas, field, lips, inside, painted)
      }
      const smile = Math.max(0, pose.wide)
      const isShaded = smile > 0 || jaw > 0
      if (isShaded) moveShades(geometry, field, shades, smile, jaw)
      for (let j = active.j0; j < active.j1; j++) {
        for (let i = active.i0; i < active.i1; i++) {
          const node = j * columns + i
          const below = node + columns
          const isChanged = painted[node] !== 0 || (isLooking && eyeCells[node] !== 0)
          const isTouched = isChanged || moves(node) || moves(node + 1) || moves(below) || moves(below + 1)
          if (!isTouched) {
            if (dirty[node]) copyCell(canvas, still, i, j)
            dirty[node] = 0
          } else if (painted[node] || !showsNothing(node, i, j)) {
            if (!painted[node]) {
              cellCorners(canvas, field.back, i, j, corners)
              paintCell(canvas, i, j, corners)
            }
            if (isShaded) shadeCell(canvas, shades, i, j)
            dirty[node] = 1
          } else if (blocks.used[j * blocks.columns + i] || dirty[node]) {
            copyCell(canvas, canvas.plate, i, j)
            dirty[node] = 1
          }
        }
      }
      return bytes
    },
  }
}
