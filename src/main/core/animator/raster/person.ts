import type { RgbaImage } from '../../lib/rgba-image.ts'
import { PERSON_SIZE, type FaceModels } from '../face/face-models.ts'
import { sampleSquare } from '../face/sample-square.ts'
import { clamp } from '../mesh/easing.ts'
import type { Face } from '../types.ts'
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

type Cells = Pick<Coarse, 'left' | 'top' | 'step' | 'columns' | 'rows'>

const coarseColours = ({ width, height, data }: RgbaImage, { left, top, step, columns, rows }: Cells): Float32Array => {
  const colour = new Float32Array(columns * rows * 3)
  for (let cell = 0; cell < columns * rows; cell++) {
    const x0 = left + (cell % columns) * step
    const y0 = top + Math.floor(cell / columns) * step
    const [x1, y1] = [Math.min(width, x0 + step), Math.min(height, y0 + step)]
    let [r, g, b] = [0, 0, 0]
    for (let y = y0; y < y1; y++) {
      for (let at = (y * width + x0) * 4; at < (y * width + x1) * 4; at += 4) {
        r += data[at] as number
        g += data[at + 1] as number
        b += data[at + 2] as number
      }
    }
    const count = (x1 - x0) * (y1 - y0)
    colour.set([r / count, g / count, b / count], cell * 3)
  }
  return colour
}

/**
 * Finds the person round a face, coarsely, by MediaPipe's Selfie Segmentation (256 x 256).
 * One body without holes: what does not hang together with the face is background. `undefined` where the model sees nobody in the face.
 */
export const findPerson = (models: FaceModels, image: RgbaImage, { box }: Face): Coarse | undefined => {
  const { width, height } = image
  const longest = Math.max(box.width, box.height)
  const step = Math.max(1, Math.ceil(Math.min(FACES * longest, Math.max(width, height)) / CELLS))
  /** First cell of the model's square along one axis, in the picture as far as that goes, and the cells of it that lie in the picture. */
  const cellsAlong = (centre: number, length: number): readonly [start: number, from: number, count: number] => {
    const cells = Math.ceil(length / step)
    const spare = cells - CELLS
    const start = spare < 0 ? Math.round(spare / 2) : clamp(Math.round(centre / step - CELLS / 2), 0, spare)
    const from = Math.max(0, start)
    return [start, from, Math.min(start + CELLS, cells) - from]
  }
  const [startX, fromX, columns] = cellsAlong(box.x + box.width / 2, width)
  const [startY, fromY, rows] = cellsAlong(box.y + box.height / 2, height)
  const side = step * CELLS
  const square = { x: step * startX + side / 2, y: step * startY + side / 2, side, angle: 0 }
  const input = new Float32Array(PERSON_SIZE ** 2 * 3)
  sampleSquare(image, square, { size: PERSON_SIZE, scale: 1 / 255, offset: 0 }, input)
  const seen = models.person(input)
  const isPerson = (cell: number): boolean => {
    const [i, j] = [(cell % columns) + fromX - startX, Math.floor(cell / columns) + fromY - startY]
    const at = 2 * (j * PERSON_SIZE + i)
    const four = [at, at + 1, at + PERSON_SIZE, at + PERSON_SIZE + 1].map((k) => seen[k] as number)
    return four.reduce((sum, value) => sum + value / 4, 0) > THRESHOLD
  }
  const cells = { left: step * fromX, top: step * fromY, step, columns, rows }
  const inFace = Array.from({ length: columns * rows }, (_, cell) => cell).filter((cell) => {
    const x = cells.left + ((cell % columns) + 0.5) * step - box.x
    const y = cells.top + (Math.floor(cell / columns) + 0.5) * step - box.y
    return x > 0 && y > 0 && x < box.width && y < box.height
  })
  const ofPerson = inFace.filter(isPerson)
  if (ofPerson.length <= inFace.length / 2) return undefined
  const body = flood(columns, rows, ofPerson, isPerson)
  const border = Array.from(body.keys()).filter(
    (cell) => body[cell] === 0 && (cell % columns === 0 || (cell + 1) % columns === 0 || cell < columns),
  )
  const outside = flood(columns, rows, border, (cell) => body[cell] === 0)
  return { ...cells, colour: coarseColours(image, cells), person: Float32Array.from(outside, (value) => 1 - value) }
}
