import type { RgbaImage } from '../../lib/rgba-image.ts'
import type { Face } from '../types.ts'
import { analyseFaces, followFace } from './analyse-faces.ts'
import { mix, smoothstep } from '../mesh/easing.ts'
import { axesThrough, type Point } from '../mesh/plane.ts'
import { likeness, lookOf, normalised } from './face-look.ts'
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

const middleOf = ({ box: { x, y, width, height } }: Face): Point => [x + width / 2, y + height / 2]

/** Moves smaller than the first share of the face are the model's trembling, larger than the second are real. */
const TREMBLING: readonly [number, number] = [0.002, 0.006]
const TREMBLING_SHARE = 0.35

/** `face` with those points held back that hardly moved since `before`. */
const calmed = (before: Face, face: Face): Face => {
  const size = sizeOf(face)
  const landmarks = face.landmarks.map((value, i) => {
    const at = i - (i % 3)
    const move = (k: 0 | 1): number => (face.landmarks[at + k] as number) - (before.landmarks[at + k] as number)
    const share = mix(TREMBLING_SHARE, 1, smoothstep(...TREMBLING, Math.hypot(move(0), move(1)) / size))
    return mix(before.landmarks[i] as number, value, share)
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

  const search = (image: RgbaImage, look: Float32Array, where: Face): readonly [Face, Float32Array] | undefined => {
    searches++
    const found = analyseFaces(models, image).flatMap((face) => {
      const own = lookOf(image, face)
      const like = likeness(own, look)
      const isAnother = others.some((other) => likeness(other, own) > like)
      const away = axesThrough(middleOf(face), middleOf(where)).length / sizeOf(where)
      const score = like - DISTANCE_COST * Math.min(1.5, away)
      return isAnother || score < SAME_PERSON ? [] : [{ seen: [face, own] as const, score }]
    })
    return found.toSorted((a, b) => b.score - a.score)[0]?.seen
  }

  return {
    next: (image) => {
      if (known === undefined || last === undefined) return (last = begin(image))
      const followed = missed === 0 ? followFace(models, image, last) : undefined
      const look = followed && lookOf(image, followed)
      const isSame = look && likeness(look, known) >= DOUBTFUL
      const isSearched = !isSame && (missed < PATIENCE || missed % SEARCH_EVERY === 0)
      const found = isSame ? ([followed, look] as const) : isSearched ? search(image, known, last) : undefined
      if (!found) {
        missed++
        return undefined
      }
      const [face, seen] = found
      missed = 0
      known = normalised(known.map((value, i) => mix(value, seen[i] as number, LOOK_SHARE)))
      last = calmed(last, face)
      return last
    },
    facts: () => ({ facesAtFirst, searches }),
  }
}
