import type { RgbaImage } from '../../lib/rgba-image.ts'
import type { Face } from '../types.ts'

/** What the picture itself shows between the lips of the mesh, shares 0..1 of what lies there. */
export type MouthLook = {
  /** Not lip: hollow or teeth. The seam of closed lips alone is a small share, however far apart the mesh thinks they are. */
  readonly inside: number
  readonly teeth: number
}

/** Columns of the lips, image left to right: outer and inner edge of the upper lip, inner and outer edge of the lower. */
const COLUMNS = [
  [40, 80, 88, 91],
  [39, 81, 178, 181],
  [37, 82, 87, 84],
  [0, 13, 14, 17],
  [267, 312, 317, 314],
  [269, 311, 402, 405],
  [270, 310, 318, 321],
] as const
const STEPS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
/** Hollows are this much darker than the lips beside them; teeth are hardly redder than white against the lips' red. */
const HOLLOW_LIGHT = 0.62
const TOOTH_LIGHT = 0.9
const TOOTH_RED = 0.75

export const mouthLookOf = (image: RgbaImage, { landmarks }: Face): MouthLook => {
  const { width, height, data } = image
  /** Light and redness of the picture between two landmarks. */
  const between = (a: number, b: number, share: number): readonly [light: number, red: number] => {
    const along = (k: 0 | 1): number =>
      (landmarks[a * 3 + k] as number) * (1 - share) + (landmarks[b * 3 + k] as number) * share
    const x = Math.min(width - 1, Math.max(0, Math.floor(along(0))))
    const y = Math.min(height - 1, Math.max(0, Math.floor(along(1))))
    const at = (y * width + x) * 4
    const [r, g, b2] = [data[at] as number, data[at + 1] as number, data[at + 2] as number]
    const light = 0.3 * r + 0.59 * g + 0.11 * b2
    return [light, (r - (g + b2) / 2) / Math.max(16, r)]
  }
  const lips = COLUMNS.flatMap(([top, upper, lower, bottom]) => [between(top, upper, 0.5), between(bottom, lower, 0.5)])
  const mean = (k: 0 | 1): number => lips.reduce((sum, lip) => sum + lip[k], 0) / lips.length
  const [lipLight, lipRed] = [mean(0), mean(1)]
  let hollow = 0
  let teeth = 0
  for (const [, upper, lower] of COLUMNS) {
    for (const step of STEPS) {
      const [light, red] = between(upper, lower, step)
      if (light < HOLLOW_LIGHT * lipLight) hollow++
      else if (light > TOOTH_LIGHT * lipLight && red < TOOTH_RED * lipRed) teeth++
    }
  }
  const all = COLUMNS.length * STEPS.length
  return { inside: (hollow + teeth) / all, teeth: teeth / all }
}
