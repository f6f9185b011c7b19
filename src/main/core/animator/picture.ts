import { StudioError } from '../../../shared/errors.ts'
import { decodeImage } from '../lib/decode-image.ts'
import type { RgbaImage } from '../lib/rgba-image.ts'
import { analyseFaces, looksLikeAnimal, shareOutside } from './face/analyse-faces.ts'
import type { FaceModels } from './face/face-models.ts'
import { ROI_SCALE, squareOfMesh } from './face/landmarks.ts'
import type { Square } from './face/sample-square.ts'
import type { Box, Face } from './types.ts'

/** Longest side of a produced video, pixels. */
export const MAX_OUTPUT_SIDE = 2160

/** Side of the square that `paste_back: false` cuts, in face sizes (the longer side of the face's box). */
const SQUARE_FACES = 2
/** How far the square's centre lies above the face's centre, in face sizes: hair is taller than the neck is needed. */
const SQUARE_LIFT = 0.1

/** What is known of one face before anything is rendered. */
type FaceFacts = {
  /** In pixels of the upright file, before any scaling. */
  readonly box: Box
  readonly score: number
  /** The square round the face in the frame of its eyes, in the pixels of `box`; `angle` in radians. */
  readonly crop: Square
  /** Share (0..1) of the face's points that lie outside the picture: cut off when clearly above 0. */
  readonly shareOutside: number
  /** A reason to warn (W-ANIMAL), never to refuse. */
  readonly isAnimalLike: boolean
}

/** Faces of a picture, largest first, and the upright size of the file. */
export type PictureFacts = {
  readonly width: number
  readonly height: number
  readonly faces: readonly FaceFacts[]
}

/** A decoded picture with its faces; `image` and `faces` are in the same, possibly reduced, pixels. */
export type Picture = {
  readonly image: RgbaImage
  readonly faces: readonly Face[]
  readonly facts: PictureFacts
}

/** Decodes a picture to at most `maxSide` and finds its faces. Errors as in `decodeImage`; no face is not an error here. */
export const openPicture = async (
  models: FaceModels,
  path: string,
  options: { readonly ffmpegPath: string; readonly maxSide: number; readonly signal?: AbortSignal },
): Promise<Picture> => {
  const image = await decodeImage(path, options)
  const faces = analyseFaces(models, image)
  const scale = image.sourceWidth / image.width
  return {
    image,
    faces,
    facts: {
      width: image.sourceWidth,
      height: image.sourceHeight,
      faces: faces.map((face) => ({
        box: {
          x: face.box.x * scale,
          y: face.box.y * scale,
          width: face.box.width * scale,
          height: face.box.height * scale,
        },
        score: face.score,
        crop: cropOf(face, scale),
        shareOutside: shareOutside(face, image),
        isAnimalLike: looksLikeAnimal(face, image),
      })),
    },
  }
}

const cropOf = ({ landmarks }: Face, scale: number): Square => {
  const { x, y, side, angle } = squareOfMesh(landmarks)
  return { x: x * scale, y: y * scale, side: (side * scale) / ROI_SCALE, angle }
}

/** The face asked for. Throws E-INPUT-NO-FACE, or E-INPUT-FACE-INDEX (params `value`: the index, `limit`: the number of faces). */
export const chooseFace = ({ faces }: Picture, file: string, index: number): Face => {
  if (faces.length === 0) throw new StudioError('E-INPUT-NO-FACE', { params: { file } })
  const face = faces[index]
  if (face) return face
  throw new StudioError('E-INPUT-FACE-INDEX', {
    params: { file, value: index, limit: faces.length },
  })
}

const even = (length: number): number => Math.max(2, Math.floor(length / 2) * 2)

const slideInside = (start: number, length: number, limit: number): number =>
  Math.max(0, Math.min(Math.round(start), limit - length))

/** The part of the picture that the video shows, in its pixels; sides are even. */
export const outputArea = ({ width, height }: RgbaImage, { box }: Face, pasteBack: boolean): Box => {
  if (pasteBack) return { x: 0, y: 0, width: even(width), height: even(height) }
  const faceSize = Math.max(box.width, box.height)
  const side = even(Math.min(SQUARE_FACES * faceSize, width, height))
  return {
    x: slideInside(box.x + box.width / 2 - side / 2, side, width),
    y: slideInside(box.y + box.height / 2 - SQUARE_LIFT * faceSize - side / 2, side, height),
    width: side,
    height: side,
  }
}

/** The pixels of `area`, put into `data` where that is given; the image itself when that is all of it. */
export const cropImage = (
  image: RgbaImage,
  area: Box,
  data = new Uint8Array(area.width * area.height * 4),
): RgbaImage => {
  if (area.width === image.width && area.height === image.height) return image
  for (let row = 0; row < area.height; row++) {
    const start = ((area.y + row) * image.width + area.x) * 4
    data.set(image.data.subarray(start, start + area.width * 4), row * area.width * 4)
  }
  return { width: area.width, height: area.height, data }
}

/** The same face in the pixels of a crop that begins at (`x`, `y`). */
export const moveFace = (face: Face, { x, y }: Box): Face => ({
  ...face,
  box: { ...face.box, x: face.box.x - x, y: face.box.y - y },
  landmarks: face.landmarks.map((value, i) => (i % 3 === 0 ? value - x : i % 3 === 1 ? value - y : value)),
  irises: face.irises.map((value, i) => (i % 2 === 0 ? value - x : value - y)),
})
