import { StudioError } from '../../../../shared/errors.ts'
import type { RgbaImage } from '../../lib/rgba-image.ts'
import type { Face } from '../types.ts'
import { mouthLookOf } from '../face/mouth-look.ts'
import { smoothstep } from '../mesh/easing.ts'
import { createFaceReader } from './read-face.ts'
import type { FaceReading } from './read-face.ts'
import { lidClosures, performanceOf } from './retarget.ts'
import type { Performance } from './retarget.ts'

/** Collects what a driver does, picture by picture, and makes a performance of it in the end. */
export type DriverReader = {
  readonly add: (image: RgbaImage, face: Face | undefined) => void
  readonly count: () => number
  /** E-INPUT-NO-FACE (params `file`) when no picture had the face. */
  readonly performance: (fps: number, file: string) => Performance
}

/** `isPlaced` false: where the head is in the picture does not count, only how it is turned. */
/**
 * The mesh sees a gap between the closed lips of a grin or a pout: a small gap counts as far as the picture shows the mouth's inside. And
 * what of the inside is teeth was bared by the lips, not opened by the jaw.
 */
const weighMouth = (reading: FaceReading, image: RgbaImage, face: Face): FaceReading & { bare: number } => {
  const { inside, teeth } = mouthLookOf(image, face)
  const gate = Math.max(smoothstep(0.12, 0.22, reading.gap), smoothstep(0.2, 0.45, inside))
  return { ...reading, gap: reading.gap * gate, bare: gate * smoothstep(0.25, 0.42, teeth) }
}

export const createDriverReader = (isPlaced: boolean): DriverReader => {
  const readings: (ReturnType<typeof weighMouth> | undefined)[] = []
  let first: Face | undefined
  let read: ((face: Face) => FaceReading) | undefined

  return {
    add: (image, face) => {
      if (face && !read) {
        first = face
        read = createFaceReader(face)
      }
      const reading = face && read && weighMouth(read(face), image, face)
      readings.push(reading && !isPlaced ? { ...reading, shiftX: 0, shiftY: 0 } : reading)
    },
    count: () => readings.length,
    performance: (fps, file) => {
      if (!first) throw new StudioError('E-INPUT-NO-FACE', { params: { file } })
      const seen = readings.filter((reading) => reading !== undefined)
      const closures = lidClosures(seen.map(({ lids }) => lids))
      let at = 0
      const weighed = readings.map((reading) => reading && { ...reading, closure: closures[at++] ?? 0 })
      return performanceOf(weighed, first.rotation, fps)
    },
  }
}
