/** An upright picture in memory: `width * height` pixels of 4 bytes (R, G, B, A), row by row from the top left. */
export type RgbaImage = {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array | Uint8ClampedArray
}
