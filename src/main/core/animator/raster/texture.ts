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

/** Blocks of `size` px a side, counted from the picture's top left; `used[j * columns + i]` is 0 where a block has no content. */
export type Blocks = { readonly size: number; readonly columns: number; readonly used: Uint8Array }

/**
 * Doubles `image` inside `rect` (whose left and top are multiples of the block size). Blocks without content stay empty. `image.data`
 * already carries premultiplied colours where its alpha varies.
 */
export const textureOf = (image: RgbaImage, rect: PixelRect, blocks: Blocks): Texture => {
  const { data } = image
  const sourceWidth = rect.right - rect.left
  const sourceHeight = rect.bottom - rect.top
  const width = sourceWidth * 2
  const height = sourceHeight * 2
  const texels = new Uint32Array(width * height)
  const bytes = new Uint8Array(texels.buffer)
  const stride = width * 4
  const { size } = blocks
  const eachBlock = (work: (x0: number, y0: number, x1: number, y1: number) => void): void => {
    for (let y = 0; y < sourceHeight; y += size) {
      for (let x = 0; x < sourceWidth; x += size) {
        const used = blocks.used[((y + rect.top) / size) * blocks.columns + (x + rect.left) / size]
        if (used) work(x, y, Math.min(sourceWidth, x + size), Math.min(sourceHeight, y + size))
      }
    }
  }
  eachBlock((left, top, right, bottom) => {
    for (let y = top; y < bottom; y++) {
      const from = ((y + rect.top) * image.width + rect.left) * 4
      const to = y * 2 * stride
      for (let x = left; x < right; x++) {
        const x0 = from + (x > 0 ? x - 1 : 0) * 4
        const x1 = from + x * 4
        const x2 = from + (x + 1 < sourceWidth ? x + 1 : x) * 4
        const x3 = from + (x + 2 < sourceWidth ? x + 2 : sourceWidth - 1) * 4
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
  })
  eachBlock((left, top, right, bottom) => {
    for (let y = 2 * top + 1; y < 2 * bottom; y += 2) {
      const row = (k: number): number => Math.min(height - 2, Math.max(0, y + k)) * stride
      const [a, b, c, d] = [row(-3), row(-1), row(1), row(3)] as const
      const o = y * stride
      for (let i = left * 8; i < right * 8; i++) {
        bytes[o + i] = halfway(
          bytes[a + i] as number,
          bytes[b + i] as number,
          bytes[c + i] as number,
          bytes[d + i] as number,
        )
      }
    }
  })
  return { rect, width, height, texels }
}

/** Blocks of the given size in which, or next to which, `pixels` are not wholly transparent. */
export const blocksOf = (pixels: Uint32Array, width: number, height: number, size: number): Blocks => {
  const columns = Math.ceil(width / size)
  const rows = Math.ceil(height / size)
  const content = new Uint8Array(columns * rows)
  for (let y = 0; y < height; y++) {
    const line = Math.floor(y / size) * columns
    for (let i = 0; i < columns; i++) {
      if (content[line + i]) continue
      const end = Math.min(width, (i + 1) * size) + y * width
      for (let at = i * size + y * width; at < end; at++) {
        if (pixels[at] === 0) continue
        content[line + i] = 1
        break
      }
    }
  }
  const used = new Uint8Array(content.length)
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      for (let b = Math.max(0, j - 1); b <= Math.min(rows - 1, j + 1); b++) {
        for (let a = Math.max(0, i - 1); a <= Math.min(columns - 1, i + 1); a++) {
          if (content[b * columns + a]) used[j * columns + i] = 1
        }
      }
    }
  }
  return { size, columns, used }
}

const LOW = 0x00ff00ff

/** Bilinear read at 16.16 fixed-point texel coordinates, 8-bit weights; `u`, `v` must leave one texel to the right and below. */
export const readTexture = (texels: Uint32Array, width: number, u: number, v: number): number => {
  // `| 0` keeps every step in 32-bit integers, a quarter faster than letting sums grow into doubles.
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

/** `front` (premultiplied) over an opaque `back`; the result is opaque. */
export const over = (front: number, back: number): number => {
  const alpha = front >>> 24
  if (alpha === 255) return front
  const rest = 256 - alpha - (alpha >> 7)
  const low = (Math.imul(back & LOW, rest) >>> 8) & LOW
  const high = Math.imul((back >>> 8) & LOW, rest) & ~LOW
  return (front + (low | high)) | 0xff000000
}

/** `share` (0..256) of `b`, the rest of `a`. */
export const blend = (a: number, b: number, share: number): number => {
  const rest = 256 - share
  const low = ((Math.imul(a & LOW, rest) + Math.imul(b & LOW, share)) >>> 8) & LOW
  const high = (Math.imul((a >>> 8) & LOW, rest) + Math.imul((b >>> 8) & LOW, share)) & ~LOW
  return low | high
}

export const luminance = (colour: number): number =>
  0.3 * (colour & 255) + 0.59 * ((colour >>> 8) & 255) + 0.11 * ((colour >>> 16) & 255)
