import type { RgbaImage } from '../../src/main/core/lib/rgba-image.ts'

/** Pixels of the bluish studio background of the sample portrait of the man; nothing of the man is bluish. */
const isBackground = (data: RgbaImage['data'], i: number): boolean =>
  (data[i * 4 + 2] as number) - (data[i * 4] as number) > 12

const LINE_EVERY_PX = 24
const LINE_WIDTH_PX = 2

export type LinedPortrait = {
  readonly image: RgbaImage
  /** Squares of `side` pixels that hold background alone, at least `side` away from the head. */
  readonly patches: readonly { readonly left: number; readonly top: number }[]
  readonly side: number
}

/** The portrait of the man before a wall with a grid of straight lines, and the places where lines can be watched. */
export const linedBackground = ({ width, height, data }: RgbaImage): LinedPortrait => {
  const side = 16
  const lined = Uint8Array.from(data)
  const background = new Uint8Array(width * height)
  for (let i = 0; i < width * height; i++) {
    if (!isBackground(data, i)) continue
    background[i] = 1
    const x = i % width
    const y = Math.floor(i / width)
    if (x % LINE_EVERY_PX >= LINE_WIDTH_PX && y % LINE_EVERY_PX >= LINE_WIDTH_PX) continue
    for (let k = 0; k < 3; k++) lined[i * 4 + k] = 0.35 * (data[i * 4 + k] as number)
  }
  const patches: { left: number; top: number }[] = []
  for (let top = side; top + 2 * side < height; top += side) {
    for (let left = side; left + 2 * side < width; left += side) {
      let isFree = true
      for (let y = top - side; y < top + 2 * side && isFree; y++) {
        for (let x = left - side; x < left + 2 * side && isFree; x++) isFree = background[y * width + x] === 1
      }
      if (isFree) patches.push({ left, top })
    }
  }
  return { image: { width, height, data: lined }, patches, side }
}
