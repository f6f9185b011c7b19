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
/** Side of a cell, pixels of the model: fine enough for a silhouette, a few milliseconds to take apart. */
const BLOCK = 3
/** Cells a side of that square. */
const CELLS = Math.floor(PERSON_SIZE / BLOCK)
/** A picture with a head that leans farther, radians, is shown to the model upright, as it knows people; a turned square is coarser. */
const TILTED = 0.14
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
  { box, rotation }: Face,
  others: readonly Box[] = [],
): Coarse | undefined => {
  const { width, height } = image
  const longest = Math.max(box.width, box.height)
  const step = Math.max(2, Math.ceil(Math.min(FACES * longest, Math.max(width, height)) / CELLS))
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
  const side = (step * PERSON_SIZE) / BLOCK
  const angle = Math.abs(rotation.roll) > TILTED ? rotation.roll : 0
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const seenSide = side * (Math.abs(cos) + Math.abs(sin))
  const square = { x: step * startX + side / 2, y: step * startY + side / 2, side: seenSide, angle }
  /** Where the model sees a place given in px from the middle of the square. */
  const seenAt = (dx: number, dy: number): number => {
    const pixel = (away: number): number => clamp(((away / seenSide + 0.5) * PERSON_SIZE) | 0, 0, PERSON_SIZE - 1)
    return pixel(dy * cos - dx * sin) * PERSON_SIZE + pixel(dx * cos + dy * sin)
  }
  const input = new Float32Array(PERSON_SIZE ** 2 * 3)
  sampleSquare(image, square, { size: PERSON_SIZE, scale: 1 / 255, offset: 0, isHeld: true }, input)
  const seen = models.person(input)
  const count = columns * rows
  const isPerson = new Uint8Array(count)
  const colour = new Float32Array(count * 3)
  const [face, atSide]: [number[], number[]] = [[], []]
  for (let cell = 0; cell < count; cell++) {
    const [i, j] = [cell % columns, Math.floor(cell / columns)]
    const [u, v] = [i + fromX - startX, j + fromY - startY]
    let sum = 0
    for (let k = 0; k < BLOCK ** 2; k++) {
      const [across, down] = [u + ((k % BLOCK) + 0.5) / BLOCK, v + (Math.floor(k / BLOCK) + 0.5) / BLOCK]
      const at = seenAt(across * step - side / 2, down * step - side / 2)
      sum += (seen[at] as number) / BLOCK ** 2
      for (let c = cell * 3; c < cell * 3 + 3; c++)
        colour[c] = (colour[c] as number) + (255 / BLOCK ** 2) * (input[at * 3 + (c % 3)] as number)
    }
    const [x, y] = [step * (fromX + i + 0.5), step * (fromY + j + 0.5)]
    if (sum > THRESHOLD && others.every((other) => facesAway(box, x, y) <= facesAway(other, x, y))) isPerson[cell] = 1
    if (x > box.x && y > box.y && x < box.x + box.width && y < box.y + box.height) face.push(cell)
    if (i === 0 || i === columns - 1 || j === 0) atSide.push(cell)
  }
  const ofPerson = face.filter((cell) => isPerson[cell])
  if (ofPerson.length <= face.length / 2) return undefined
  const body = flood(columns, rows, ofPerson, (cell) => isPerson[cell] === 1)
  const border = atSide.filter((cell) => body[cell] === 0)
  const outside = flood(columns, rows, border, (cell) => body[cell] === 0)
  const person = Float32Array.from(outside, (value) => 1 - value)
  return { left: step * fromX, top: step * fromY, step, columns, rows, colour, person }
}
