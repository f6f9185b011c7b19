import type { RgbaImage } from '../../lib/rgba-image.ts'
import { clamp } from '../mesh/easing.ts'

/** A square in an image, turned by `angle` (radians, clockwise on screen) round its centre. Coordinates: pixel i covers i..i+1. */
export type Square = Readonly<Record<'x' | 'y' | 'side' | 'angle', number>>

/** `value = byte * scale + offset`; outside the picture's outermost pixel centres the byte is 0, or with `isHeld` that of the border. `mirror` flips the crop left to right. */
export type SampleOptions = {
  readonly size: number
  readonly scale: number
  readonly offset: number
  readonly mirror?: boolean
  readonly isHeld?: boolean
}

/**
 * Cuts `square` out of `image` as `size * size` RGB floats into `out` (from `start` on), bilinear, with up to 4 x 4 samples a pixel
 * where the crop is smaller than the source, so that landmarks do not jitter with the sub-pixel position of the crop.
 */
export const sampleSquare = (
  { width, height, data }: RgbaImage,
  square: Square,
  { size, scale, offset, mirror = false, isHeld = false }: SampleOptions,
  out: Float32Array,
  start = 0,
): void => {
  const step = square.side / size
  const samples = clamp(Math.round(step / 1.6), 1, 4)
  const [cos, sin] = [Math.cos(square.angle), Math.sin(square.angle)]
  const weight = scale / (samples * samples)
  /** What the steps across add to a place in the image; the steps down are the same for a whole row. */
  const across = Float64Array.from({ length: size * samples }, (_, k) => {
    const u = (((k / samples) | 0) + ((k % samples) + 0.5) / samples) * step - square.side / 2
    return mirror ? -u : u
  })
  const acrossX = across.map((u) => square.x + u * cos)
  const acrossY = across.map((u) => square.y + u * sin)
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      let r = 0
      let g = 0
      let b = 0
      for (let subRow = 0; subRow < samples; subRow++) {
        const v = (row + (subRow + 0.5) / samples) * step - square.side / 2
        const downX = v * sin
        const downY = v * cos
        for (let k = column * samples; k < (column + 1) * samples; k++) {
          let px = (acrossX[k] as number) - downX - 0.5
          let py = (acrossY[k] as number) + downY - 0.5
          if (isHeld) {
            px = clamp(px, 0, width - 1.001)
            py = clamp(py, 0, height - 1.001)
          }
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
      }
      const o = start + (row * size + column) * 3
      out[o] = r * weight + offset
      out[o + 1] = g * weight + offset
      out[o + 2] = b * weight + offset
    }
  }
}
