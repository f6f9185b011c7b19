import type { RgbaImage } from '../../lib/rgba-image.ts'
import { PERSON_SIZE, type FaceModels } from '../face/face-models.ts'
import { sampleSquare } from '../face/sample-square.ts'
import { clamp } from '../mesh/easing.ts'
import type { Box, Face } from '../types.ts'
import { flood } from './flood.ts'

/** The part of a picture round a head, coarsely: `columns * rows` cells of `step` px a side, the first at (left, top). */
export type Coarse = {
  readonly left: number
  readonly top: number
  readonly step: number
  readonly columns: number
  readonly rows: number
  /** Mean colour of a cell, three floats 0..255. */
  readonly colour: Float32Array
  /** 1 where the person is (head, hair, body), 0 elsewhere. */
  readonly person: Float32Array
}

/** Side of the square that the model sees, sizes of the face's box: all that moves, and what lies behind it, is inside. */
const FACES = 4.2
/** Cells a side of that square, four pixels of the model each. */
const CELLS = PERSON_SIZE / 2
/** From this mean answer of the model on a cell shows the person: hair left behind is worse than background that moves along. */
const THRESHOLD = 0.3

/** How far a place lies from the middle of a face, sizes of that face. */
const facesAway = ({ x, y, width, height }: Box, px: number, py: number): number =>
  Math.hypot(px - x - width / 2, py - y - height / 2) / Math.max(width, height)

/**
 * Finds the person round a face, coarsely, by MediaPipe's Selfie Segmentation (256 x 256).
 * `others` are the faces of those who are not moved; what is nearer to one of them is theirs.
 * One body without holes: what does not hang together with the face is background. `undefined` where the model sees nobody in the face.
 */
export const findPerson = (
  models: FaceModels,
  image: RgbaImage,
  { box }: Face,
  others: readonly Box[] = [],
): Coarse | undefined => {
  const { width, height } = image
  const longest = Math.max(box.width, box.height)
  const step = Math.max(1, Math.ceil(Math.min(FACES * longest, Math.max(width, height)) / CELLS))
  /** First cell of the model's square along one axis, in the picture as far as that goes, and the cells of it that lie in the picture. */
  const cellsAlong = (centre: number, length: number): readonly [start: number, from: number, count: number] => {
    const cells = Math.floor(length / step)
    const spare = cells - CELLS
    const start = spare < 0 ? Math.round(spare / 2) : clamp(Math.round(centre / step - CELLS / 2), 0, spare)
    const from = Math.max(0, start)
    return [start, from, Math.min(start + CELLS, cells) - from]
  }
  const [startX, fromX, columns] = cellsAlong(box.x + box.width / 2, width)
  const [startY, fromY, rows] = cellsAlong(box.y + box.height / 2, height)
  const side = step * CELLS
  const square = { x: step * startX + side / 2, y: step * startY + side / 2, side, angle: 0 }
  const sample = (size: number, scale: number): Float32Array => {
    const out = new Float32Array(size ** 2 * 3)
    sampleSquare(image, square, { size, scale, offset: 0 }, out)
    return out
  }
  const seen = models.person(sample(PERSON_SIZE, 1 / 255))
  const colours = sample(CELLS, 1)
  const cells = Array.from({ length: columns * rows }, (_, cell) => {
    const [i, j] = [(cell % columns) + fromX - startX, Math.floor(cell / columns) + fromY - startY]
    const at = 2 * (j * PERSON_SIZE + i)
    const four = [at, at + 1, at + PERSON_SIZE, at + PERSON_SIZE + 1].map((k) => seen[k] as number)
    const [x, y] = [(i + startX + 0.5) * step, (j + startY + 0.5) * step]
    const isOwn = others.every((other) => facesAway(box, x, y) <= facesAway(other, x, y))
    return {
      isPerson: isOwn && four.reduce((sum, value) => sum + value / 4, 0) > THRESHOLD,
      inFace: x > box.x && y > box.y && x < box.x + box.width && y < box.y + box.height,
      atSide: cell % columns === 0 || (cell + 1) % columns === 0 || cell < columns,
      colour: colours.subarray((j * CELLS + i) * 3, (j * CELLS + i) * 3 + 3),
    }
  })
  const where = (is: (cell: (typeof cells)[number], k: number) => boolean): number[] =>
    cells.flatMap((cell, k) => (is(cell, k) ? [k] : []))
  const face = where(({ inFace }) => inFace)
  const ofPerson = where(({ inFace, isPerson }) => inFace && isPerson)
  if (ofPerson.length <= face.length / 2) return undefined
  const body = flood(columns, rows, ofPerson, (k) => cells[k]?.isPerson === true)
  const border = where(({ atSide }, k) => atSide && body[k] === 0)
  const outside = flood(columns, rows, border, (k) => body[k] === 0)
  const colour = new Float32Array(cells.length * 3)
  cells.forEach((cell, k) => colour.set(cell.colour, k * 3))
  const person = Float32Array.from(outside, (value) => 1 - value)
  return { left: step * fromX, top: step * fromY, step, columns, rows, colour, person }
}
