import type { RgbaImage } from '../../lib/rgba-image.ts'

/** Pixel rectangle, right and bottom exclusive. */
export type PixelRect = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number }

/**
 * The moving part of a still at twice its resolution, packed as the platform packs RGBA bytes into 32 bits (little endian:
 * A B G R), colours multiplied by alpha. Texel (2 (x - left), 2 (y - top)) is source pixel (x, y) itself.
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

/** Half-way weights of the Catmull-Rom kernel: -1 9 9 -1 over 16. */
const halfway = (a: number, b: number, c: number, d: number): number => {
  const value = (9 * (b + c) - a - d + 8) >> 4
  return value < 0 ? 0 : value > 255 ? 255 : value
}

/** Doubles `image` inside `rect`. `image.data` already carries premultiplied colours when its alpha varies. */
export const textureOf = (image: RgbaImage, rect: PixelRect): Texture => {
  const sourceWidth = rect.right - rect.left
  const sourceHeight = rect.bottom - rect.top
  const width = sourceWidth * 2
  const height = sourceHeight * 2
  const texels = new Uint32Array(width * height)
  const bytes = new Uint8Array(texels.buffer)
  const stride = width * 4
  for (let y = 0; y < sourceHeight; y++) {
    const from = ((y + rect.top) * image.width + rect.left) * 4
    const to = y * 2 * stride
    const { data } = image
    for (let x = 0; x < sourceWidth; x++) {
      const x0 = from + Math.max(0, x - 1) * 4
      const x1 = from + x * 4
      const x2 = from + Math.min(sourceWidth - 1, x + 1) * 4
      const x3 = from + Math.min(sourceWidth - 1, x + 2) * 4
      const o = to + x * 8
      for (let c = 0; c < 4; c++) {
        bytes[o + c] = data[x1 + c] as number
        bytes[o + 4 + c] = halfway(
          data[x0 + c] as number,
          data[x1 + c] as number,
          data[x2 + c] as number,
          data[x3 + c] as number,
        )
      }
    }
  }
  for (let y = 1; y < height; y += 2) {
    const row = (k: number): number => Math.min(height - 2, Math.max(0, y + k)) * stride
    const [a, b, c, d] = [row(-3), row(-1), row(1), row(3)] as const
    const o = y * stride
    for (let i = 0; i < stride; i++) {
      bytes[o + i] = halfway(
        bytes[a + i] as number,
        bytes[b + i] as number,
        bytes[c + i] as number,
        bytes[d + i] as number,
      )
    }
  }
  return { rect, width, height, texels }
}

const LOW = 0x00ff00ff

/** Bilinear read at 16.16 fixed-point texel coordinates, 8-bit weights; `u`, `v` must leave one texel to the right and below. */
export const readTexture = (texels: Uint32Array, width: number, u: number, v: number): number => {
  const at = (v >> 16) * width + (u >> 16)
  const fx = (u >> 8) & 255
  const fy = (v >> 8) & 255
  const w11 = (fx * fy) >> 8
  const w10 = fx - w11
  const w01 = fy - w11
  const w00 = 256 - fx - fy + w11
  const a = texels[at] as number
  const b = texels[at + 1] as number
  const c = texels[at + width] as number
  const d = texels[at + width + 1] as number
  const low =
    ((Math.imul(a & LOW, w00) +
      Math.imul(b & LOW, w10) +
      Math.imul(c & LOW, w01) +
      Math.imul(d & LOW, w11) +
      0x800080) >>>
      8) &
    LOW
  const high =
    (Math.imul((a >>> 8) & LOW, w00) +
      Math.imul((b >>> 8) & LOW, w10) +
      Math.imul((c >>> 8) & LOW, w01) +
      Math.imul((d >>> 8) & LOW, w11) +
      0x800080) &
    ~LOW
  return low | high
}

/** `front` (premultiplied) over an opaque `back`. */
export const over = (front: number, back: number): number => {
  const alpha = front >>> 24
  if (alpha === 255) return front
  const rest = 256 - alpha - (alpha >> 7)
  const low = (Math.imul(back & LOW, rest) >>> 8) & LOW
  const high = Math.imul((back >>> 8) & LOW, rest) & ~LOW
  return (front + (low | high)) | 0
}

/** `share` (0..256) of `b`, the rest of `a`. */
export const blend = (a: number, b: number, share: number): number => {
  const rest = 256 - share
  const low = ((Math.imul(a & LOW, rest) + Math.imul(b & LOW, share)) >>> 8) & LOW
  const high = (Math.imul((a >>> 8) & LOW, rest) + Math.imul((b >>> 8) & LOW, share)) & ~LOW
  return low | high
}
