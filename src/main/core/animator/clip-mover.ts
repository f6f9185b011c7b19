import type { RgbaImage } from '../lib/rgba-image.ts'
import type { ClipParameters } from './clip-parameters.ts'
import { analyseFaces } from './face/analyse-faces.ts'
import type { FaceModels } from './face/face-models.ts'
import { createFaceReader } from './motion/read-face.ts'
import { poseFor } from './motion/retarget.ts'
import type { Performance } from './motion/retarget.ts'
import { cropImage, moveFace } from './picture.ts'
import { findPerson } from './raster/person.ts'
import { createPuppet } from './raster/puppet.ts'
import type { Puppet } from './raster/puppet.ts'
import type { PixelMemory } from './raster/texture.ts'
import type { Box, Face } from './types.ts'

/** Lips nearer than this are closed lips that the mesh sees as slightly open. */
const CLOSED_GAP = 0.045
/** `dsize` does not cut into the head: so many sizes of the face's box always move. */
const LEAST_FACES = 1.8

/**
 * The part of the picture that moves: a square of `scale` sizes of the face's box, of at most `dsize` pixels, shifted along the face's
 * own axes; what of it lies in the picture.
 */
export const movingArea = (
  image: RgbaImage,
  { box, landmarks }: Face,
  { scale, dsize, vx_ratio, vy_ratio }: ClipParameters,
): Box => {
  const faceSize = Math.max(box.width, box.height)
  const side = Math.min(scale * faceSize, Math.max(dsize, LEAST_FACES * faceSize))
  const eyes = (k: 0 | 1): number => (landmarks[263 * 3 + k] as number) - (landmarks[33 * 3 + k] as number)
  const length = Math.hypot(eyes(0), eyes(1)) || 1
  const [alongX, alongY] = [(side * eyes(0)) / length, (side * eyes(1)) / length]
  const x = box.x + (box.width - side) / 2 + vx_ratio * alongX - vy_ratio * alongY
  const y = box.y + (box.height - side) / 2 + vx_ratio * alongY + vy_ratio * alongX
  const inside = (value: number, limit: number): number => Math.round(Math.min(limit, Math.max(0, value)))
  const [left, top] = [inside(x, image.width), inside(y, image.height)]
  return { x: left, y: top, width: inside(x + side, image.width) - left, height: inside(y + side, image.height) - top }
}

/** Whether the middle of the face lies in the area. */
const holdsFace = (area: Box, { box }: Face): boolean => {
  const [x, y] = [box.x + box.width / 2 - area.x, box.y + box.height / 2 - area.y]
  return x > 0 && y > 0 && x < area.width && y < area.height
}

const paste = (image: RgbaImage, area: Box, pixels: Uint8Array): void => {
  for (let row = 0; row < area.height; row++) {
    const from = row * area.width * 4
    image.data.set(pixels.subarray(from, from + area.width * 4), ((area.y + row) * image.width + area.x) * 4)
  }
}

const createMemory = (): PixelMemory => {
  const arrays = new Map<string, Uint32Array>()
  return (place, length) => {
    const known = arrays.get(place)
    // A head that comes nearer must not ask for more every time.
    const array = known && known.length >= length ? known : new Uint32Array(Math.ceil(1.2 * length))
    arrays.set(place, array)
    return array.subarray(0, length)
  }
}

/** The puppet of a still: its person before what lies behind. */
const cutOut = (models: FaceModels, image: RgbaImage, face: Face, isSoft: boolean): Puppet => {
  const boxes = analyseFaces(models, image).map(({ box }) => box)
  const others = boxes.filter((box) => !holdsFace(box, face))
  return createPuppet(image, face, { person: findPerson(models, image, face, others), isSoft })
}

/** Makes a picture of the source do what the driver does at a moment, in place. `face` is the source's, as it is in that picture. */
export type Mover = (image: RgbaImage, face: Face, moment: number) => void

/** `stillModels`: all pictures are the same still, whose person is found once. */
export const createMover = (parameters: ClipParameters, performance: Performance, stillModels?: FaceModels): Mover => {
  let read: ReturnType<typeof createFaceReader> | undefined
  let stillPuppet: Puppet | undefined
  const memory = createMemory()
  return (image, face, moment) => {
    read ??= createFaceReader(face)
    const area = movingArea(image, face, parameters)
    if (!holdsFace(area, face)) return
    const { gap, width } = read(face)
    const pose = poseFor(parameters, performance, moment, {
      gap: gap < CLOSED_GAP ? 0 : gap,
      width,
      rotation: face.rotation,
    })
    const isSoft = parameters.stitching
    if (stillModels) {
      stillPuppet ??= cutOut(stillModels, cropImage(image, area), moveFace(face, area), isSoft)
      paste(image, area, stillPuppet.render(pose))
      return
    }
    const { buffer, byteOffset, byteLength } = memory('crop', area.width * area.height)
    const crop = cropImage(image, area, new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength))
    paste(image, area, createPuppet(crop, moveFace(face, area), { isSoft, memory }).render(pose))
  }
}
