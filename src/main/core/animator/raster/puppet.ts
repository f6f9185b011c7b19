import type { RgbaImage } from '../../lib/rgba-image.ts'
import type { Face, FramePose } from '../types.ts'
import { gridAt } from '../mesh/warp-grid.ts'
import { emptyMotionField, faceGeometryOf, moveField, movingRect } from '../mesh/motion-field.ts'
import { emptyLipTable, moveLips, paintMouth } from './mouth.ts'
import { mouthPaletteOf } from './mouth-inside.ts'
import { insideOf } from './mouth-source.ts'
import { eyesOf, paintEye } from './eyes.ts'
import type { Eye } from './eyes.ts'
import { cellCorners, paintCell, copyCell } from './paint-cells.ts'
import type { Canvas } from './paint-cells.ts'
import { moveShades, shadeCell, shadesOf } from './shade.ts'
import { blocksOf, textureOf } from './texture.ts'
import { layersOf } from './matte.ts'
import { findPerson } from './person.ts'

/** A still that can be posed. `render` returns `width * height` RGBA pixels; the array is reused by the next call. */
export type Puppet = {
  readonly width: number
  readonly height: number
  readonly render: (pose: FramePose) => Uint8Array
}

/** Content that moves less than this many px is the still itself. */
const STILL_PX = 1 / 64

/** Prepares `image` for posing `face` (landmarks in its pixels). The rest pose renders the still bit by bit. */
export const createPuppet = (image: RgbaImage, face: Face): Puppet => {
  const { width, height } = image
  const geometry = faceGeometryOf(image, face)
  const { grid, active, frame } = geometry
  const field = emptyMotionField(geometry)
  const rect = movingRect(geometry)
  const still = new Uint32Array(width * height)
  new Uint8Array(still.buffer).set(image.data)
  const out = still.slice()
  const { front, plate } = layersOf(image, findPerson(image, frame, grid, geometry.depthField, rect))
  const blocks = blocksOf(new Uint32Array(front.buffer), width, height, grid.spacing)
  const canvas: Canvas = {
    grid,
    texture: textureOf({ width, height, data: front }, rect, blocks),
    plate: new Uint32Array(plate.buffer),
    out,
  }
  const bytes = new Uint8Array(out.buffer)
  const dirty = new Uint8Array(grid.columns * grid.rows)
  const painted = new Uint8Array(grid.columns * grid.rows)
  const corners = new Float64Array(8)
  const lips = emptyLipTable()
  const eyes = eyesOf(frame, canvas.texture)
  const FORCED = 2
  const look = { blink: 0, gazeX: 0, gazeY: 0 }
  const shades = shadesOf(geometry)
  const inside = insideOf(geometry, field, lips, canvas.texture, mouthPaletteOf(frame, image))
  const limit = STILL_PX

  const moves = (node: number): boolean =>
    Math.abs(field.back[0][node] as number) > limit || Math.abs(field.back[1][node] as number) > limit

  const inShade = (i: number, j: number): boolean =>
    i >= shades.box.i0 && i < shades.box.i1 && j >= shades.box.j0 && j < shades.box.j1

  /**
   * True when no content of the person comes to lie on a cell: the background does not move. Blocks next to content count as content, and no
   * cell is stretched by more than a block: its middle speaks for it.
   */
  const showsNothing = (node: number, i: number, j: number): boolean => {
    const [backX, backY] = field.back
    const across = node + grid.columns + 1
    const x = i + 0.5 + ((backX[node] as number) + (backX[across] as number)) / (2 * grid.spacing)
    const y = j + 0.5 + ((backY[node] as number) + (backY[across] as number)) / (2 * grid.spacing)
    const row = Math.min(blocks.used.length / blocks.columns - 1, Math.max(0, y | 0))
    return blocks.used[row * blocks.columns + Math.min(blocks.columns - 1, Math.max(0, x | 0))] === 0
  }

  /** Marks the cells that show an eye now: its box, moved. */
  const forceEye = (eye: Eye): void => {
    const left = rect.left + eye.box.left / 2
    const right = rect.left + eye.box.right / 2
    const top = rect.top + eye.box.top / 2
    const bottom = rect.top + eye.box.bottom / 2
    let [minX, minY, maxX, maxY] = [Infinity, Infinity, -Infinity, -Infinity]
    for (const x of [left, right]) {
      for (const y of [top, bottom]) {
        minX = Math.min(minX, x + gridAt(grid, field.forward[0], x, y))
        maxX = Math.max(maxX, x + gridAt(grid, field.forward[0], x, y))
        minY = Math.min(minY, y + gridAt(grid, field.forward[1], x, y))
        maxY = Math.max(maxY, y + gridAt(grid, field.forward[1], x, y))
      }
    }
    const cell = (value: number, low: number, high: number): number =>
      Math.min(high, Math.max(low, Math.floor(value / grid.spacing)))
    const i1 = cell(maxX + 2, active.i0, active.i1 - 1)
    const j1 = cell(maxY + 2, active.j0, active.j1 - 1)
    for (let j = cell(minY - 2, active.j0, active.j1); j <= j1; j++)
      for (let i = cell(minX - 2, active.i0, active.i1); i <= i1; i++)
        if (painted[j * grid.columns + i] === 0) painted[j * grid.columns + i] = FORCED
  }

  return {
    width,
    height,
    render: (pose) => {
      moveField(geometry, pose, field)
      painted.fill(0)
      if (pose.blink !== look.blink || pose.gazeX !== look.gazeX || pose.gazeY !== look.gazeY) {
        for (const eye of eyes) paintEye(canvas.texture, eye, pose.blink, pose.gazeX, pose.gazeY)
        look.blink = pose.blink
        look.gazeX = pose.gazeX
        look.gazeY = pose.gazeY
      }
      if (look.blink > 0 || look.gazeX !== 0 || look.gazeY !== 0) for (const eye of eyes) forceEye(eye)
      const speaking = pose.jaw > 0 || pose.press > 0 || pose.upper > 0
      if (speaking) {
        moveLips(geometry, field, pose.press, lips)
        paintMouth(canvas, field, lips, inside, painted)
      }
      const smile = Math.max(0, pose.wide)
      const shaded = smile > 0 || pose.jaw > 0
      if (shaded) moveShades(geometry, field, shades, smile, pose.jaw)
      for (let j = active.j0; j < active.j1; j++) {
        for (let i = active.i0; i < active.i1; i++) {
          const node = j * grid.columns + i
          if (painted[node] === 1) {
            dirty[node] = 1
            if (shaded && inShade(i, j)) shadeCell(canvas, shades, i, j)
            continue
          }
          const moved =
            painted[node] === FORCED ||
            moves(node) ||
            moves(node + 1) ||
            moves(node + grid.columns) ||
            moves(node + grid.columns + 1)
          if (!moved) {
            if (dirty[node]) copyCell(canvas, still, i, j)
            dirty[node] = 0
          } else if (!showsNothing(node, i, j)) {
            cellCorners(canvas, field.back, i, j, corners)
            paintCell(canvas, i, j, corners)
            if (shaded && inShade(i, j)) shadeCell(canvas, shades, i, j)
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
