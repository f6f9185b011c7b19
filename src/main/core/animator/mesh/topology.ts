import rows from './topology.json' with { type: 'json' }

/** Rows of the face mesh. Every row runs from image left to image right on a face that looks at the viewer, so that rows of one group share a column. */

/** Closed outline of the face, clockwise on screen from the forehead's middle. */
export const FACE_OVAL: readonly number[] = rows.oval

/** Lip rows, corner to corner, 11 points each; inner rows share their ends, and so do outer rows. */
export const LIPS: Readonly<Record<'upperInner' | 'lowerInner' | 'upperOuter' | 'lowerOuter', readonly number[]>> =
  rows.lips

/** One eye: lid edges (`upper`, `lower`), the crease above and the fold below them, and the skin below the brow; 9 columns each. */
export type EyeRows = Readonly<Record<'brow' | 'crease' | 'upper' | 'lower' | 'fold', readonly number[]>>

/** Image-left eye, then image-right eye. */
export const EYES = rows.eyes as unknown as readonly [EyeRows, EyeRows]

/** Upper edge of the brows, image left to image right. */
export const BROWS: readonly number[] = rows.brows

export const FOREHEAD = 10
export const CHIN = 152
/** Outline points just before the ears. */
export const EARS: readonly [number, number] = [234, 454]
/** Pairs of points whose sum is the head's sideways axis. */
export const SIDE_PAIRS = rows.sidePairs as unknown as readonly (readonly [number, number])[]
