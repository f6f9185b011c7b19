import type { RgbaImage } from '../../lib/rgba-image.ts'
import { smoothLine, type DepthField } from '../mesh/depth.ts'
import { clamp, mix, smoothstep } from '../mesh/easing.ts'
import type { HeadFrame } from '../mesh/head-frame.ts'
import { pointOf, type Vector } from '../mesh/head-frame.ts'
import { CHIN } from '../mesh/topology.ts'
import { gridAt, type WarpGrid } from '../mesh/warp-grid.ts'
import { flood } from './flood.ts'
import type { PixelRect } from './texture.ts'

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

/** Cells a face height: fine enough for a silhouette, a few milliseconds to solve. */
const CELLS_PER_FACE = 40
/** How far round the moving region the background is looked at, face heights. */
const MARGIN = 0.4
/** Colour bins a channel of the two colour models. */
const BINS = 16
const CERTAIN = 3
/** Colours so many bins away from a colour of the frame that less than such a share of it is left there are strange to it. */
const FAR_COLOURS = 8
const STRANGE = 1e-5
/** Outlines of the face within which the head's motion is felt (see motion-field). */
const REACH = 3
/** Share of the random walk from which a cell is the person's. */
const THRESHOLD = 0.38
/** Log odds toward the person near the head: hair left behind is worse than background that moves along. */
const BIAS = 0.9

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
 * What the face alone says about a place, as log odds: the oval, the neck and the crown above the forehead are certain, hair likely
 * round them, a body likely in a widening wedge below the chin, the picture above and beside all that background. Proportions of a
 * grown-up's head and shoulders in face heights; hats and loose hair are left to the colours.
 */
const priorAt = (scale: number, upness: number, right: number, below: number): number => {
  const side = Math.abs(right)
  const crown = smoothstep(0.45, 0.9, upness)
  const certain = mix(0.99, 1.26, crown)
  const skull = mix(1.3, 1.5, crown)
  const head = scale < certain ? 4 : mix(2.6, -4, smoothstep(skull - 0.2, skull + 0.9, scale))
  if (below < -0.12) return head
  const half = below < 0.3 ? 0.3 : 0.3 + (below - 0.3) * 2.4
  const body = mix(3.4, -2.6, smoothstep(Math.min(0.85, half) * 0.55, Math.min(1.9, half * 1.5 + 0.3), side))
  return Math.max(head, mix(-4, body, smoothstep(-0.12, 0.1, below)))
}

const priorOf = (
  { points, down, faceHeight }: HeadFrame,
  grid: WarpGrid,
  { scale }: DepthField,
  { left, top, step, columns, rows }: Cells,
): Float32Array => {
  const [chin, brow] = [pointOf(points, CHIN), pointOf(points, 168)]
  return Float32Array.from({ length: columns * rows }, (_, cell) => {
    const x = left + ((cell % columns) + 0.5) * step
    const y = top + (Math.floor(cell / columns) + 0.5) * step
    const along = ([px, py]: Vector): number => (x - px) * down[0] + (y - py) * down[1]
    const across = (x - chin[0]) * down[1] - (y - chin[1]) * down[0]
    const up = -along(brow) / (Math.hypot(x - brow[0], y - brow[1]) + 1)
    return priorAt(gridAt(grid, scale, x, y), up, across / faceHeight, along(chin) / faceHeight)
  })
}

const binOf = (colour: Float32Array, cell: number): number => {
  const q = (c: number): number => Math.min(BINS - 1, ((colour[cell * 3 + c] as number) * BINS) >> 8)
  return (q(0) * BINS + q(1)) * BINS + q(2)
}

/** Share of each colour bin among weighted cells, blurred by about `reach` bins. */
const colourShares = (colour: Float32Array, weightOf: (cell: number) => number, reach: number): Float32Array => {
  const shares = new Float32Array(BINS ** 3)
  for (let cell = 0; cell < colour.length / 3; cell++) {
    const bin = binOf(colour, cell)
    shares[bin] = (shares[bin] as number) + Math.max(0, weightOf(cell))
  }
  const total = shares.reduce((sum, value) => sum + value, 1e-6)
  for (let pass = 0; pass < 3 * reach; pass++) {
    const stride = BINS ** (pass % 3)
    for (let start = 0; start < shares.length; start++)
      if (Math.floor(start / stride) % BINS === 0) smoothLine(shares, start, stride, BINS)
  }
  return shares.map((value) => value / total)
}

/** Log odds of person (weights above 0) against background (below) by colour, per bin. */
const colourOdds = (colour: Float32Array, weightOf: (cell: number) => number): Float32Array => {
  const person = colourShares(colour, weightOf, 2)
  const background = colourShares(colour, (cell) => -weightOf(cell), 2)
  return person.map((value, i) => clamp(Math.log((value + 2e-4) / ((background[i] as number) + 2e-4)), -3, 3))
}

/**
 * Random walk with priors (Grady 2005): every cell leans toward its own log odds and toward like-coloured neighbours. Gauss-Seidel,
 * alternating directions, in place on `person`.
 */
const settle = ({ columns, rows, colour, person }: Coarse, odds: Float32Array, sweeps: number): void => {
  const count = columns * rows
  const links = LINKS.map(({ across, down, share }) => {
    const offset = down * columns + across
    const weights = new Float32Array(count)
    for (let cell = 0; cell < count - offset; cell++) {
      if ((cell % columns) + across >= columns) continue
      let d = 0
      for (let at = cell * 3; at < cell * 3 + 3; at++)
        d += ((colour[at] as number) - (colour[at + offset * 3] as number)) ** 2
      weights[cell] = share * (Math.exp(-d / 700) + 0.003)
    }
    return { offset, weights }
  })
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (let k = 0; k < count; k++) {
      const cell = sweep % 2 === 0 ? k : count - 1 - k
      let sum = PULL / (1 + Math.exp(-(odds[cell] as number)))
      let total = PULL
      for (const { offset, weights } of links) {
        const after = weights[cell] as number
        const before = cell >= offset ? (weights[cell - offset] as number) : 0
        if (after > 0) sum += after * (person[cell + offset] as number)
        if (before > 0) sum += before * (person[cell - offset] as number)
        total += after + before
      }
      const value = odds[cell] as number
      person[cell] = Math.abs(value) < 50 ? sum / total : value > 0 ? 1 : 0
    }
  }
}

/** Weight of a cell's own odds against its neighbours. */
const PULL = 0.06
/** Neighbours of the walk; the far ones step over thin lines in the background. */
const LINKS = [
  { across: 1, down: 0, share: 1 },
  { across: 0, down: 1, share: 1 },
  { across: 3, down: 0, share: 0.5 },
  { across: 0, down: 3, share: 0.5 },
] as const

/** Grows (or, with `inside` 0, shrinks) a mask of 0 and 1 by a cell and a half. */
const grow = (mask: Uint8Array, columns: number, inside: 0 | 1): Uint8Array =>
  mask.map((own, cell) => {
    const i = cell % columns
    for (const row of [cell - columns, cell, cell + columns])
      for (let a = Math.max(0, i - 1); a <= Math.min(columns - 1, i + 1); a++)
        if (mask[row - i + a] === inside) return inside
    return own
  })

/**
 * Adds what hangs from the person, a veil or a scarf, as far as `isInReach`: cells that hang together with it and whose colours are far from
 * all that the frame of the picture shows beside the person.
 */
const addHanging = (coarse: Coarse, isFrame: (cell: number) => boolean, isInReach: (cell: number) => boolean): void => {
  const { columns, rows, colour, person } = coarse
  const isPerson = (cell: number): boolean => (person[cell] as number) > THRESHOLD
  const shares = colourShares(colour, (cell) => (isFrame(cell) && !isPerson(cell) ? 1 : 0), FAR_COLOURS)
  const isStrange = (cell: number): boolean => (shares[binOf(colour, cell)] as number) < STRANGE && isInReach(cell)
  const joined = flood(columns, rows, Array.from(person.keys()).filter(isPerson), isStrange)
  joined.forEach((isJoined, cell) => (person[cell] = Math.max(isJoined, person[cell] as number)))
}

/** One body without holes: gaps of two cells are closed, and what does not hang together with the face is background. */
const tidy = ({ columns, rows, person }: Coarse, prior: Float32Array): void => {
  const mask = Uint8Array.from(person, (value) => (value > THRESHOLD ? 1 : 0))
  const closed = grow(grow(mask, columns, 1), columns, 0)
  const cells = Array.from(prior.keys())
  const isCertain = (cell: number): boolean => (prior[cell] as number) > CERTAIN
  const isBorder = (cell: number): boolean => cell % columns === 0 || (cell + 1) % columns === 0 || cell < columns
  const inBody = cells.filter((cell) => isCertain(cell) && closed[cell] === 1)
  const body = flood(columns, rows, inBody, (cell) => closed[cell] === 1)
  const atBorder = cells.filter((cell) => isBorder(cell) && !isCertain(cell) && body[cell] === 0)
  const outside = flood(columns, rows, atBorder, (cell) => body[cell] === 0)
  person.forEach((_, cell) => (person[cell] = outside[cell] ? 0 : 1))
}

/**
 * Finds the person round a face, coarsely: what the face says about its surroundings, then two rounds of colour models and a random
 * walk. Errs toward "person" where colours are alike; there an error shows least.
 */
export const findPerson = (
  image: RgbaImage,
  frame: HeadFrame,
  grid: WarpGrid,
  depthField: DepthField,
  moving: PixelRect,
): Coarse => {
  const step = Math.max(2, Math.round(frame.faceHeight / CELLS_PER_FACE))
  const margin = Math.round(MARGIN * frame.faceHeight)
  const left = Math.max(0, moving.left - margin)
  const top = Math.max(0, moving.top - margin)
  const columns = Math.ceil((Math.min(image.width, moving.right + margin) - left) / step)
  const rows = Math.ceil((Math.min(image.height, moving.bottom + margin) - top) / step)
  const cells = { left, top, step, columns, rows }
  const colour = coarseColours(image, cells)
  const prior = priorOf(frame, grid, depthField, cells)
  const person = prior.map((value) => 1 / (1 + Math.exp(-value)))
  const coarse = { ...cells, colour, person }
  const isFrame = (cell: number): boolean => cell % columns < 4 || cell % columns >= columns - 4 || cell < 4 * columns
  // What hangs from the head may reach far out, but seldom all along the sides: they count most for the background's colours.
  const seedOf = (cell: number): number => ((prior[cell] as number) > -2.6 ? 0 : isFrame(cell) ? 1 : 0.35)
  const byPrior = (cell: number): number => ((prior[cell] as number) > 2.2 ? 1 : -seedOf(cell))
  const bySide = (cell: number): number =>
    (person[cell] as number) > 0.75 ? 1 : (person[cell] as number) < 0.25 ? -1 : 0
  for (const { sweeps, trust, weightOf } of [
    { sweeps: 20, trust: 0.9, weightOf: byPrior },
    { sweeps: 26, trust: 0.6, weightOf: bySide },
  ]) {
    const table = colourOdds(colour, weightOf)
    const odds = prior.map((value, cell) => {
      if (value > CERTAIN || value < -3.9) return 50 * Math.sign(value)
      return trust * value + 1.2 * (table[binOf(colour, cell)] as number) + BIAS * smoothstep(-3.5, -1, value)
    })
    settle(coarse, odds, sweeps)
  }
  const isInReach = (cell: number): boolean => {
    const [x, y] = [left + ((cell % columns) + 0.5) * step, top + (Math.floor(cell / columns) + 0.5) * step]
    return gridAt(grid, depthField.scale, x, y) < REACH
  }
  addHanging(coarse, isFrame, isInReach)
  tidy(coarse, prior)
  return coarse
}
