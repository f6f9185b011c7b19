import type { RgbaImage } from '../../lib/rgba-image.ts'
import { along, axesOf, unit } from '../mesh/head-frame.ts'
import type { Box, Face, HeadRotation } from '../types.ts'
import { detectCandidates, keepBest } from './detector.ts'
import type { FaceModels } from './face-models.ts'
import { boundsOf, meshInSquare, refineEyes, squareOfMesh } from './landmarks.ts'

const MIN_MESH_SCORE = 0.5
/** Human faces that fill a picture score .89 to .95, animals .65 to .88; there is no clean border, so this only ever warns. */
const ANIMAL_SCORE = 0.86

/**
 * The mesh model sees level heads as looking down by about this much: median over 14 photographs and paintings of mostly level
 * heads (range -16 to +1 degrees). Added back, so that a level, frontal head reads 0.
 */
const PITCH_BIAS = (9 * Math.PI) / 180

/** Yaw, pitch and roll (radians, signs as in HeadRotation) of 468 mesh points, with the model's downward bias removed. */
const rotationOfMesh = (points: Float32Array): HeadRotation => {
  const [side, down, away] = axesOf(points)
  const [x, y, z] = unit(along(away, down, Math.tan(PITCH_BIAS)))
  return { yaw: Math.atan2(-x, z), pitch: Math.asin(y), roll: Math.atan2(side[1], side[0]) }
}

const boxOfMesh = (points: Float32Array): Box => {
  const [left, right, top, bottom] = boundsOf(points)
  return { x: left, y: top, width: right - left, height: bottom - top }
}

const faceOf = (models: FaceModels, image: RgbaImage, points: Float32Array, score: number, meshScore: number): Face => {
  const irises = refineEyes(models, image, points)
  return { box: boxOfMesh(points), score, meshScore, landmarks: points, irises, rotation: rotationOfMesh(points) }
}

/**
 * Finds every face of an upright picture, largest first. Coordinates are sub-pixel: pixel i covers i..i+1.
 * The mesh runs twice a face (the second square is cut from the first mesh), then the eyes are refined. An empty list means no face.
 */
export const analyseFaces = (models: FaceModels, image: RgbaImage): Face[] => {
  const faces = detectCandidates(models, image).flatMap(({ box, score, angle }) => {
    const side = 1.5 * Math.max(box.width, box.height)
    const rough = meshInSquare(models, image, { x: box.x + box.width / 2, y: box.y + box.height / 2, side, angle })
    const { points, score: meshScore } = meshInSquare(models, image, squareOfMesh(rough.points))
    return meshScore >= MIN_MESH_SCORE ? [faceOf(models, image, points, score, meshScore)] : []
  })
  return keepBest(faces).toSorted((a, b) => b.box.width * b.box.height - a.box.width * a.box.height)
}

/**
 * Follows one known face into the next picture of a sequence: the square of the last mesh, run again while the answer moves it.
 * `undefined` when the face is lost. The mesh score alone is not trusted: a square that keeps moving is a lost face.
 */
export const followFace = (models: FaceModels, image: RgbaImage, last: Face): Face | undefined => {
  let square = squareOfMesh(last.landmarks)
  for (let pass = 0; pass < 3; pass++) {
    const { points, score } = meshInSquare(models, image, square)
    if (score < MIN_MESH_SCORE) return undefined
    const next = squareOfMesh(points)
    const moved = Math.hypot(next.x - square.x, next.y - square.y) / square.side
    if (moved < 0.05 && Math.abs(next.side / square.side - 1) < 0.1)
      return faceOf(models, image, points, last.score, score)
    square = next
  }
  return undefined
}

/** Share (0..1) of a face's mesh points that lie outside the picture: a cut-off face keeps a mesh score of 1. */
export const shareOutside = ({ landmarks }: Face, { width, height }: RgbaImage): number => {
  let outside = 0
  for (let i = 0; i < landmarks.length; i += 3) {
    const x = landmarks[i] as number
    const y = landmarks[i + 1] as number
    if (x < 0 || y < 0 || x > width || y > height) outside++
  }
  return outside / (landmarks.length / 3)
}

/** True when a face that fills a good part of the picture scores like the animals of the study; good for a warning, never for a refusal. */
export const looksLikeAnimal = ({ score, box, rotation }: Face, { width, height }: RgbaImage): boolean =>
  score < ANIMAL_SCORE &&
  Math.max(box.width, box.height) > 0.2 * Math.max(width, height) &&
  Math.abs(rotation.roll) < 0.6
