import type { RgbaImage } from '../../lib/rgba-image.ts'
import { clamp } from '../mesh/easing.ts'

/** Pixel rectangle, right and bottom exclusive. */
export type PixelRect = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number }

/** Stands in every file that needs it: a constant that is imported makes a frame take a third longer in V8. */
const LOW = 0x00ff00ff

/**
 * The moving part of a still at twice its resolution, packed colours multiplied by alpha. Texel (2 (x - left), 2 (y - top)) is source
 * pixel (x, y) itself.
 *
 * Even texels are the source; odd ones are interpolated once with a Catmull-Rom kernel. Bilinear reads of this texture keep
 * nearly the sharpness of Catmull-Rom reads of the source at a quarter of their cost.
 */
export type Texture = {
  readonly rect: PixelRect
  readonly width: number
  readonly height: number
  readonly texels: Uint32Array
}

/** Half-way weights of the Catmull-Rom kernel, -1 9 9 -1 over 16, on two channels at a time, a channel in 16 bits. */
const halfwayPair = (a: number, b: number, c: number, d: number): number => {
  // 32 too much, so that nothing is below 0.
  const sum = (Math.imul(9, (b & LOW) + (c & LOW)) - (a & LOW) - (d & LOW) + 0x02080208) | 0
  const raised = (sum >>> 4) & 0x01ff01ff
  const pair = (raised - 0x00200020) | 0
  if ((pair & ~LOW) === 0) return pair
  const clamped = (value: number): number => (value < 32 ? 0 : value > 287 ? 255 : value - 32)
  return (clamped(raised >>> 16) << 16) | clamped(raised & 0xffff)
}

/** The kernel overshoots each channel for itself, and a colour over its alpha would run over when it is laid on another. */
const within = (colour: number): number => {
  const alpha = colour >>> 24
  const least = (shift: number): number => Math.min((colour >>> shift) & 255, alpha) << shift
  return (alpha << 24) | least(16) | least(8) | least(0)
}

const halfway = (a: number, b: number, c: number, d: number): number => {
  const colour = halfwayPair(a, b, c, d) | (halfwayPair(a >>> 8, b >>> 8, c >>> 8, d >>> 8) << 8)
  return colour >>> 24 === 255 ? colour : within(colour)
}

/** The packed pixels of a picture, in its own memory. */
export const pixelsOf = ({ data }: RgbaImage): Uint32Array =>
  new Uint32Array(data.buffer, data.byteOffset, data.length >> 2)

/** Memory that one picture after another uses: an array of `length` numbers a place, 0 or what the last picture left there. */
export type PixelMemory = (place: 'crop' | 'texels' | 'plate', length: number) => Uint32Array

/** Blocks of `size` px a side, counted from the picture's top left; `used[j * columns + i]` is 0 where a block has no content. */
export type Blocks = { readonly size: number; readonly columns: number; readonly used: Uint8Array }

/**
 * Doubles `image` inside `rect` (whose left and top are multiples of the block size). Blocks without content stay empty. `image.data`
 * already carries premultiplied colours where its alpha varies. `memory` lends the texels; without it they are fresh.
 */
export const textureOf = (
  image: RgbaImage,
  rect: PixelRect,
  { size, columns, used }: Blocks,
  memory?: PixelMemory,
): Texture => {
  // Signed: V8 makes an object of every larger number that it hands to a function.
  const signed = (values: Uint32Array): Int32Array => new Int32Array(values.buffer, values.byteOffset, values.length)
  const pixels = signed(pixelsOf(image))
  const right = rect.right - rect.left
  const bottom = rect.bottom - rect.top
  const [width, height] = [2 * right, 2 * bottom]
  const whole = memory?.('texels', width * height) ?? new Uint32Array(width * height)
  const texels = signed(whole)
  const eachRow = (first: number, work: (y: number, x0: number, x1: number) => void): void => {
    for (let y = 0; y < bottom; y++) {
      const line = ((((y + rect.top) / size) | 0) * columns + rect.left / size) | 0
      for (let x = 0, end = 0; x < right; x = end + size) {
        for (end = x; end < right && used[line + end / size];) end += size
        if (end > x) work(2 * y + first, x, Math.min(right, end))
      }
    }
  }
  eachRow(0, (to, x0, x1) => {
    const from = (to / 2 + rect.top) * image.width + rect.left
    const at = (x: number): number => pixels[from + clamp(x, 0, right - 1)] as number
    for (let x = x0; x < x1; x++) {
      texels[to * width + 2 * x] = at(x)
      texels[to * width + 2 * x + 1] = halfway(at(x - 1), at(x), at(x + 1), at(x + 2))
    }
  })
  eachRow(1, (to, x0, x1) => {
    const row = (k: number): number => clamp(to + k, 0, height - 2) * width
    const [a, b, c, d] = [row(-3), row(-1), row(1), row(3)] as const
    for (let i = 2 * x0; i < 2 * x1; i++)
      texels[to * width + i] = halfway(
        texels[a + i] as number,
        texels[b + i] as number,
        texels[c + i] as number,
        texels[d + i] as number,
      )
  })
  return { rect, width, height, texels: whole }
}

/** Blocks of the given size in which, or next to which, `pixels` are not wholly transparent. */
export const blocksOf = (pixels: Uint32Array, width: number, height: number, size: number): Blocks => {
  const columns = Math.ceil(width / size)
  const rows = Math.ceil(height / size)
  const used = new Uint8Array(columns * rows)
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      const right = Math.min(width, (i + 1) * size)
      let isEmpty = true
      for (let y = j * size; isEmpty && y < Math.min(height, (j + 1) * size); y++)
        for (let at = y * width + i * size; isEmpty && at < y * width + right; at++) isEmpty = pixels[at] === 0
      if (isEmpty) continue
      for (let b = Math.max(0, j - 1); b <= Math.min(rows - 1, j + 1); b++)
        used.fill(1, b * columns + Math.max(0, i - 1), b * columns + Math.min(columns, i + 2))
    }
  }
  return { size, columns, used }
}

/** Bilinear read at 16.16 fixed-point texel coordinates, 8-bit weights; `u`, `v` must leave one texel to the right and below. */
export const readTexture = (texels: Uint32Array, width: number, u: number, v: number): number => {
  // `| 0` keeps every step in 32-bit integers, a quarter faster than letting sums grow into doubles. Any longer, and V8 would no longer
  // inline this into the loops over pixels, which doubles the time of a frame.
  const at = (Math.imul(v >> 16, width) + (u >> 16)) | 0
  const fx = (u >> 8) & 255
  const fy = (v >> 8) & 255
  const w11 = Math.imul(fx, fy) >> 8
  const w10 = (fx - w11) | 0
  const w01 = (fy - w11) | 0
  const w00 = (256 - fx - w01) | 0
  const a = (texels[at] as number) | 0
  const b = (texels[at + 1] as number) | 0
  const c = (texels[at + width] as number) | 0
  const d = (texels[at + width + 1] as number) | 0
  const low =
    (((Math.imul(a & LOW, w00) + Math.imul(b & LOW, w10)) | 0) +
      ((Math.imul(c & LOW, w01) + Math.imul(d & LOW, w11)) | 0) +
      0x800080) |
    0
  const high =
    (((Math.imul((a >>> 8) & LOW, w00) + Math.imul((b >>> 8) & LOW, w10)) | 0) +
      ((Math.imul((c >>> 8) & LOW, w01) + Math.imul((d >>> 8) & LOW, w11)) | 0) +
      0x800080) |
    0
  return ((low >>> 8) & LOW) | (high & ~LOW)
}

/** Bilinear read at texel coordinates anywhere; the border is held. */
export const readClamped = ({ texels, width, height }: Omit<Texture, 'rect'>, x: number, y: number): number =>
  readTexture(texels, width, clamp(x, 0, width - 1.01) * 65536, clamp(y, 0, height - 1.01) * 65536)
