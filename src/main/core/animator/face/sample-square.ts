import type { RgbaImage } from '../../lib/rgba-image.ts'
import { clamp } from '../mesh/easing.ts'

/** A square in an image, turned by `angle` (radians, clockwise on screen) round its centre. Coordinates: pixel i covers i..i+1. */
export type Square = {
  readonly x: number
  readonly y: number
  readonly side: number
  readonly angle: number
}

/** `value = byte * scale + offset`; outside the picture's outermost pixel centres the byte is 0. `mirror` flips the crop left to right. */
export type SampleOptions = {
  readonly size: number
  readonly scale: number
  readonly offset: number
  readonly mirror?: boolean
}

/**
 * Cuts `square` out of `image` as `size * size` RGB floats into `out` (from `start` on), bilinear, with up to 4 x 4 samples a pixel
 * where the crop is smaller than the source, so that landmarks do not jitter with the sub-pixel position of the crop.
 */
export const sampleSquare = (
  { width, height, data }: RgbaImage,
  square: Square,
  { size, scale, offset, mirror = false }: SampleOptions,
  out: Float32Array,
  start = 0,
): void => {
  const step = square.side / size
  const samples = clamp(Math.round(step / 1.6), 1, 4)
  const [cos, sin] = [Math.cos(square.angle), Math.sin(square.angle)]
  const weight = scale / (samples * samples)
  for (let at = 0; at < size * size; at++) {
    let r = 0
    let g = 0
    let b = 0
    for (let sub = 0; sub < samples * samples; sub++) {
      const across = ((at % size) + ((sub % samples) + 0.5) / samples) * step - square.side / 2
      const v = (((at / size) | 0) + (((sub / samples) | 0) + 0.5) / samples) * step - square.side / 2
      const u = mirror ? -across : across
      const px = square.x + u * cos - v * sin - 0.5
      const py = square.y + u * sin + v * cos - 0.5
      if (!(px >= 0 && py >= 0 && px < width - 1 && py < height - 1)) continue
      const i = (Math.imul(py | 0, width) + (px | 0)) << 2
      const j = i + (width << 2)
      const fx = px - (px | 0)
      const fy = py - (py | 0)
      // Written out: a function of the channel takes five times as long.
      const w11 = fx * fy
      const w10 = fx - w11
      const w01 = fy - w11
      const w00 = 1 - fx - w01
      r += (data[i] as number) * w00 + (data[i + 4] as number) * w10
      r += (data[j] as number) * w01 + (data[j + 4] as number) * w11
      g += (data[i + 1] as number) * w00 + (data[i + 5] as number) * w10
      g += (data[j + 1] as number) * w01 + (data[j + 5] as number) * w11
      b += (data[i + 2] as number) * w00 + (data[i + 6] as number) * w10
      b += (data[j + 2] as number) * w01 + (data[j + 6] as number) * w11
    }
    const o = start + at * 3
    out[o] = r * weight + offset
    out[o + 1] = g * weight + offset
    out[o + 2] = b * weight + offset
  }
}
