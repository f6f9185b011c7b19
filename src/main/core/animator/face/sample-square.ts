import type { RgbaImage } from '../../lib/rgba-image.ts'

/** A square in an image, turned by `angle` (radians, clockwise on screen) round its centre. Coordinates: pixel i covers i..i+1. */
export type Square = {
  readonly x: number
  readonly y: number
  readonly side: number
  readonly angle: number
}

/** `value = byte * scale + offset`; outside the picture the byte is 0. `mirror` flips the crop left to right. */
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
  image: RgbaImage,
  square: Square,
  { size, scale, offset, mirror = false }: SampleOptions,
  out: Float32Array,
  start = 0,
): void => {
  const { width, height, data } = image
  const step = square.side / size
  const samples = Math.min(4, Math.max(1, Math.round(step / 1.6)))
  const subStep = step / samples
  const cos = Math.cos(square.angle)
  const sin = Math.sin(square.angle)
  const flip = mirror ? -1 : 1
  const weight = scale / (samples * samples)
  const half = square.side / 2
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      let r = 0
      let g = 0
      let b = 0
      for (let sub = 0; sub < samples * samples; sub++) {
        const u = flip * (column * step + ((sub % samples) + 0.5) * subStep - half)
        const v = row * step + (((sub / samples) | 0) + 0.5) * subStep - half
        const px = square.x + u * cos - v * sin - 0.5
        const py = square.y + u * sin + v * cos - 0.5
        const x0 = Math.floor(px)
        const y0 = Math.floor(py)
        if (x0 < -1 || y0 < -1 || x0 >= width || y0 >= height) continue
        const fx = px - x0
        const fy = py - y0
        const inLeft = x0 >= 0
        const inRight = x0 + 1 < width
        const top = y0 >= 0
        const bottom = y0 + 1 < height
        const i = (y0 * width + x0) * 4
        const j = i + width * 4
        const w00 = inLeft && top ? (1 - fx) * (1 - fy) : 0
        const w10 = inRight && top ? fx * (1 - fy) : 0
        const w01 = inLeft && bottom ? (1 - fx) * fy : 0
        const w11 = inRight && bottom ? fx * fy : 0
        if (w00 > 0) {
          r += w00 * (data[i] as number)
          g += w00 * (data[i + 1] as number)
          b += w00 * (data[i + 2] as number)
        }
        if (w10 > 0) {
          r += w10 * (data[i + 4] as number)
          g += w10 * (data[i + 5] as number)
          b += w10 * (data[i + 6] as number)
        }
        if (w01 > 0) {
          r += w01 * (data[j] as number)
          g += w01 * (data[j + 1] as number)
          b += w01 * (data[j + 2] as number)
        }
        if (w11 > 0) {
          r += w11 * (data[j + 4] as number)
          g += w11 * (data[j + 5] as number)
          b += w11 * (data[j + 6] as number)
        }
      }
      const o = start + (row * size + column) * 3
      out[o] = r * weight + offset
      out[o + 1] = g * weight + offset
      out[o + 2] = b * weight + offset
    }
  }
}
