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
  { width, height, data }: RgbaImage,
  square: Square,
  { size, scale, offset, mirror = false }: SampleOptions,
  out: Float32Array,
  start = 0,
): void => {
  const step = square.side / size
  const samples = Math.min(4, Math.max(1, Math.round(step / 1.6)))
  const subStep = step / samples
  const [cos, sin] = [Math.cos(square.angle), Math.sin(square.angle)]
  const flip = mirror ? -1 : 1
  const weight = scale / (samples * samples)
  const half = square.side / 2
  // A square that lies in the picture with all its corners needs no look at the border.
  const reach = half * (Math.abs(cos) + Math.abs(sin)) + 2
  const isInside = square.x > reach && square.y > reach && square.x < width - reach && square.y < height - reach
  for (let at = 0; at < size * size; at++) {
    const across = (at % size) * step - half
    const down = ((at / size) | 0) * step - half
    let r = 0
    let g = 0
    let b = 0
    for (let sub = 0; sub < samples * samples; sub++) {
      const u = flip * (across + ((sub % samples) + 0.5) * subStep)
      const v = down + (((sub / samples) | 0) + 0.5) * subStep
      const px = square.x + u * cos - v * sin - 0.5
      const py = square.y + u * sin + v * cos - 0.5
      if (isInside) {
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
        continue
      }
      const x0 = Math.floor(px)
      const y0 = Math.floor(py)
      for (let corner = 0; corner < 4; corner++) {
        const x = x0 + (corner & 1)
        const y = y0 + (corner >> 1)
        if (x < 0 || y < 0 || x >= width || y >= height) continue
        const share = (1 - Math.abs(px - x)) * (1 - Math.abs(py - y))
        const i = (y * width + x) * 4
        r += share * (data[i] as number)
        g += share * (data[i + 1] as number)
        b += share * (data[i + 2] as number)
      }
    }
    const o = start + at * 3
    out[o] = r * weight + offset
    out[o + 1] = g * weight + offset
    out[o + 2] = b * weight + offset
  }
}
