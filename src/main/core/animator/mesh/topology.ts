/**
 * Rows of the published 468-point face-mesh map (MediaPipe, Apache-2.0; row names after @vladmandic/human, MIT).
 * Every row runs from image left to image right on a face that looks at the viewer, so that rows of one group share a column.
 */

/** Closed outline of the face, clockwise on screen from the forehead's middle. */
export const FACE_OVAL: readonly number[] = [
  10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136,
  172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
]

/** Lip rows, corner to corner, 11 points each; inner rows share their ends, and so do outer rows. */
export const LIPS = {
  upperInner: [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308],
  lowerInner: [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308],
  upperOuter: [61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291],
  lowerOuter: [61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291],
} as const satisfies Record<string, readonly number[]>

/** One eye: lid edges (`upper`, `lower`), the crease above and the fold below them, and the skin below the brow; 9 columns each. */
export type EyeRows = {
  readonly brow: readonly number[]
  readonly crease: readonly number[]
  readonly upper: readonly number[]
  readonly lower: readonly number[]
  readonly fold: readonly number[]
}

/** Image-left eye, then image-right eye. */
export const EYES: readonly [EyeRows, EyeRows] = [
  {
    brow: [226, 113, 225, 224, 223, 222, 221, 189, 244],
    crease: [130, 247, 30, 29, 27, 28, 56, 190, 243],
    upper: [33, 246, 161, 160, 159, 158, 157, 173, 133],
    lower: [33, 7, 163, 144, 145, 153, 154, 155, 133],
    fold: [130, 25, 110, 24, 23, 22, 26, 112, 243],
  },
  {
    brow: [464, 413, 441, 442, 443, 444, 445, 342, 446],
    crease: [463, 414, 286, 258, 257, 259, 260, 467, 359],
    upper: [362, 398, 384, 385, 386, 387, 388, 466, 263],
    lower: [362, 382, 381, 380, 374, 373, 390, 249, 263],
    fold: [463, 341, 256, 252, 253, 254, 339, 255, 359],
  },
]

/** Upper edge of the brows, image left to image right. */
export const BROWS: readonly number[] = [70, 63, 105, 66, 107, 336, 296, 334, 293, 300]

export const FOREHEAD = 10
export const CHIN = 152
/** Outline points just before the ears. */
export const EARS: readonly [number, number] = [234, 454]
/** Pairs of points whose sum is the head's sideways axis. */
export const SIDE_PAIRS: readonly (readonly [number, number])[] = [
  [33, 263],
  [234, 454],
  [127, 356],
  [58, 288],
  [132, 361],
  [46, 276],
]
