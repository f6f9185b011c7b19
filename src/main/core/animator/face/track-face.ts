import type { RgbaImage } from '../../lib/rgba-image.ts'
import type { Face } from '../types.ts'
import { analyseFaces, followFace } from './analyse-faces.ts'
import { smoothstep } from '../mesh/easing.ts'
import { likeness, lookOf } from './face-look.ts'
import type { FaceModels } from './face-models.ts'

/** Below this the followed face does not look like the one that is followed (turned heads and grimaces stay above .83). */
const DOUBTFUL = 0.82
/** A face found anew must look this much like the lost one, less for every face height between them. */
const SAME_PERSON = 0.5
const DISTANCE_COST = 0.25
/** How fast the known look follows light and turning heads. */
const LOOK_SHARE = 0.1
/** After so many pictures without the face only every third one is searched. */
const PATIENCE = 10
const SEARCH_EVERY = 3

export type FaceTracker = {
  /** The followed face in the next picture of the sequence; undefined where it is not seen. */
  readonly next: (image: RgbaImage) => Face | undefined
  /** Faces in the first picture that had the wanted one, largest first: 0 until then; and how often a search had to find it again. */
  readonly facts: () => { readonly facesAtFirst: number; readonly searches: number }
}

const sizeOf = ({ box }: Face): number => Math.max(box.width, box.height)

const distance = (a: Face, b: Face): number =>
  Math.hypot(
    a.box.x + a.box.width / 2 - b.box.x - b.box.width / 2,
    a.box.y + a.box.height / 2 - b.box.y - b.box.height / 2,
  ) / sizeOf(b)

/** Moves smaller than the first share of the face are the model's trembling, larger than the second are real. */
const TREMBLING: readonly [number, number] = [0.002, 0.006]
const TREMBLING_SHARE = 0.35

/** `face` with those points held back that hardly moved since `before`. */
const calmed = (before: Face, face: Face): Face => {
  const size = sizeOf(face)
  const landmarks = face.landmarks.map((value, i) => {
    const at = i - (i % 3)
    const move = (k: 0 | 1): number => (face.landmarks[at + k] as number) - (before.landmarks[at + k] as number)
    const share =
      TREMBLING_SHARE + (1 - TREMBLING_SHARE) * smoothstep(...TREMBLING, Math.hypot(move(0), move(1)) / size)
    const old = before.landmarks[i] as number
    return old + share * (value - old)
  })
  return { ...face, landmarks }
}

/**
 * Follows one person through the pictures of a video. The face of rank `index` (0: largest) of the first picture that has so many
 * faces is followed; afterwards who it is decides, not the rank. The mesh's own score is not believed: every followed face is
 * held against how that person looks between brows and nose, and a doubtful one is searched for in the whole picture.
 */
export const createFaceTracker = (models: FaceModels, index: number): FaceTracker => {
  let last: Face | undefined
  let known: Float32Array | undefined
  let others: Float32Array[] = []
  let facesAtFirst = 0
  let searches = 0
  let missed = 0

  const begin = (image: RgbaImage): Face | undefined => {
    const faces = analyseFaces(models, image)
    const face = faces[index]
    if (!face) return undefined
    facesAtFirst = faces.length
    known = lookOf(image, face)
    others = faces.filter((other) => other !== face).map((other) => lookOf(image, other))
    return face
  }

  const search = (
    image: RgbaImage,
    look: Float32Array,
    where: Face,
  ): { face: Face; look: Float32Array } | undefined => {
    searches++
    const found = analyseFaces(models, image).flatMap((face) => {
      const own = lookOf(image, face)
      const like = likeness(own, look)
      const isAnother = others.some((other) => likeness(other, own) > like)
      const score = like - DISTANCE_COST * Math.min(1.5, distance(face, where))
      return isAnother || score < SAME_PERSON ? [] : [{ face, look: own, score }]
    })
    return found.toSorted((a, b) => b.score - a.score)[0]
  }

  return {
    next: (image) => {
      if (known === undefined || last === undefined) return (last = begin(image))
      const followed = missed === 0 ? followFace(models, image, last) : undefined
      const look = followed && lookOf(image, followed)
      let face = look && likeness(look, known) >= DOUBTFUL ? followed : undefined
      let seen = look
      if (!face && (missed < PATIENCE || missed % SEARCH_EVERY === 0)) {
        const found = search(image, known, last)
        face = found?.face
        seen = found?.look
      }
      if (!face || !seen) {
        missed++
        return undefined
      }
      missed = 0
      known = known.map((value, i) => value + LOOK_SHARE * ((seen[i] as number) - value))
      const length = Math.sqrt(known.reduce((sum, value) => sum + value * value, 0)) || 1
      known = known.map((value) => value / length)
      last = calmed(last, face)
      return last
    },
    facts: () => ({ facesAtFirst, searches }),
  }
}
