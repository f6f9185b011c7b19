/** Colours packed as the platform packs RGBA bytes into 32 bits (little endian: A B G R). */

export type Rgb = readonly [red: number, green: number, blue: number]

const LOW = 0x00ff00ff

/** 0..255 a channel. */
export const channelsOf = (colour: number): Rgb => [colour & 255, (colour >>> 8) & 255, (colour >>> 16) & 255]

/** An opaque colour of channels from 0 to 255, which are cut off to whole numbers. */
export const packed = (red: number, green: number, blue: number): number =>
  (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0

export const lightOf = ([red, green, blue]: Rgb): number => 0.3 * red + 0.59 * green + 0.11 * blue

export const luminance = (colour: number): number => lightOf(channelsOf(colour))

/** 0 grey .. 1. */
export const saturationOf = (colour: Rgb): number => {
  const most = Math.max(...colour)
  return (most - Math.min(...colour)) / Math.max(1, most)
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

/** A colour in other light: 256 leaves it, more brightens up to white; alpha is kept. */
export const lit = (colour: number, light: number): number => {
  const red = ((colour & 255) * light) >> 8
  const green = (((colour >>> 8) & 255) * light) >> 8
  const blue = (((colour >>> 16) & 255) * light) >> 8
  const low = ((blue > 255 ? 255 : blue) << 16) | ((green > 255 ? 255 : green) << 8) | (red > 255 ? 255 : red)
  return ((colour & 0xff000000) | low) >>> 0
}
