import { StudioError } from '../../../../shared/errors.ts'
import type { RgbaImage } from '../../lib/rgba-image.ts'
import type { Face } from '../types.ts'
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
export const createDriverReader = (isPlaced: boolean): DriverReader => {
  const readings: (FaceReading | undefined)[] = []
  let first: Face | undefined
  let read: ((face: Face) => FaceReading) | undefined

  return {
    add: (_image, face) => {
      if (face && !read) {
        first = face
        read = createFaceReader(face).read
      }
      const reading = face && read?.(face)
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
