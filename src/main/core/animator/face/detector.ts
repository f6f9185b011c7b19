import type { RgbaImage } from '../../lib/rgba-image.ts'
import type { Box } from '../types.ts'
import { DETECTOR_SIZE, type DetectorGrid, type FaceModels } from './face-models.ts'
import { sampleSquare, type Square } from './sample-square.ts'

/** A candidate face: box in image pixels, probability, and the in-plane angle of the line through its eyes (radians). */
export type Candidate = {
  readonly box: Box
  readonly score: number
  readonly angle: number
}

const MIN_SCORE = 0.5
/** Two boxes of the same face: intersection over the smaller area. */
const SAME_FACE = 0.4
/** Pictures longer than this ratio get extra square tiles along their long side. */
const LONG_RATIO = 1.25

const overlap = (a: Box, b: Box): number => {
  const w = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
  const h = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
  if (w <= 0 || h <= 0) return 0
  return (w * h) / Math.min(a.width * a.height, b.width * b.height)
}

/** Keeps the best of every group of items whose boxes cover the same face, best first. */
export const keepBest = <T extends { readonly box: Box; readonly score: number }>(items: readonly T[]): T[] => {
  const kept: T[] = []
  for (const item of items.toSorted((a, b) => b.score - a.score)) {
    if (kept.every((other) => overlap(other.box, item.box) < SAME_FACE)) kept.push(item)
  }
  return kept
}

const decodeGrid = (grid: DetectorGrid, stride: number, perCell: number, tile: Square, found: Candidate[]): void => {
  const cells = DETECTOR_SIZE / stride
  const unit = tile.side / DETECTOR_SIZE
  const left = tile.x - tile.side / 2
  const top = tile.y - tile.side / 2
  for (let i = 0; i < grid.scores.length; i++) {
    const score = 1 / (1 + Math.exp(-(grid.scores[i] as number)))
    if (score < MIN_SCORE) continue
    const cell = Math.floor(i / perCell)
    const anchorX = ((cell % cells) + 0.5) * stride
    const anchorY = (Math.floor(cell / cells) + 0.5) * stride
    const at = (k: number): number => grid.boxes[i * 16 + k] as number
    const width = at(2) * unit
    const height = at(3) * unit
    found.push({
      score,
      angle: Math.atan2(at(7) - at(5), at(6) - at(4)),
      box: {
        x: left + (at(0) + anchorX) * unit - width / 2,
        y: top + (at(1) + anchorY) * unit - height / 2,
        width,
        height,
      },
    })
  }
}

const detectIn = (models: FaceModels, image: RgbaImage, tiles: readonly Square[]): Candidate[] => {
  const input = new Float32Array(DETECTOR_SIZE * DETECTOR_SIZE * 3)
  const found: Candidate[] = []
  for (const tile of tiles) {
    sampleSquare(image, tile, { size: DETECTOR_SIZE, scale: 1 / 127.5, offset: -1 }, input)
    const { fine, coarse } = models.detect(input)
    decodeGrid(fine, 16, 2, tile, found)
    decodeGrid(coarse, 32, 6, tile, found)
  }
  return found
}

/** Square tiles: the whole picture letter-boxed, and for long pictures a row of overlapping squares along the long side. */
/** Square tiles of a side, as many as cover `count` even steps along each axis, or one in the middle where the picture is no longer than they. */
const tilesOf = ({ width, height }: RgbaImage, side: number, count: number): Square[] => {
  const places = (length: number): number[] =>
    length <= side
      ? [length / 2]
      : Array.from({ length: count }, (_, i) => side / 2 + ((length - side) * i) / (count - 1))
  return places(height).flatMap((y) => places(width).map((x) => ({ x, y, side, angle: 0 })))
}

/**
 * Faces of `image` as the detector sees them, best score first; an empty list when there is none. The whole picture is looked at, and the
 * squares along a long one; where that shows nothing, 3 x 3 tiles of half its size for small faces.
 */
export const detectCandidates = (models: FaceModels, image: RgbaImage): Candidate[] => {
  const { width, height } = image
  const [long, short] = [Math.max(width, height), Math.min(width, height)]
  const along = long / short > LONG_RATIO ? tilesOf(image, short, Math.ceil((long / short) * 1.5)) : []
  const first = keepBest(detectIn(models, image, [...tilesOf(image, long, 1), ...along]))
  return first.length > 0 ? first : keepBest(detectIn(models, image, tilesOf(image, long / 2, 3)))
}
