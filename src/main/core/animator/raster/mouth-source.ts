import { clamp, smoothstep } from '../mesh/easing.ts'
import { stepOf } from '../mesh/head-frame.ts'
import type { FaceGeometry, MotionField } from '../mesh/motion-field.ts'
import { uOf, vOf, xOf, yOf } from '../mesh/plane.ts'
import { splineAt } from '../mesh/spline.ts'
import { blend, luminance } from './colour.ts'
import type { Inside, MovedLips } from './mouth.ts'
import { insideColour, type MouthPalette } from './mouth-inside.ts'
import { readStill, type Texture } from './texture.ts'

const share256 = (share: number): number => (share * 256) | 0

/**
 * What lies between the lips: made up from the palette where the still keeps its mouth closed; the still's own pixels where it shows
 * them. Of an open still the upper part stays with the skull as far down as it is as bright as teeth, the lowest part goes with the jaw,
 * and the hollow that opens between them is made up. Gives the inside of a frame's mouth for its `field` and `lips`.
 */
export const insideOf = (
  { frame, mouth }: FaceGeometry,
  texture: Texture,
  palette: MouthPalette,
): ((field: MotionField, lips: MovedLips) => Inside) => {
  const { axes, edges, half, gap: stillGap } = mouth
  const [left, right] = half
  const scale = 1 / mouth.width
  const depth = frame.points[13 * 3 + 2] as number
  const teeth = 1 - smoothstep(0.09, 0.15, stillGap * scale)
  const wideOpen = 1 - teeth
  /** The still's colour at an offset along and across the mouth. */
  const own = (u: number, v: number): number => readStill(texture, xOf(axes, u, v), yOf(axes, u, v))
  /** How far down (0..1 of the still's gap) the inside is as bright as its brightest row: where the upper teeth end. */
  const brightShare = (): number => {
    const rows = Array.from({ length: 19 }, (_, k) => {
      const columns = Array.from({ length: 13 }, (__, i) => {
        const s = 0.3 + (0.4 * i) / 12
        const edge = splineAt(edges.upper, s)
        return luminance(own(-left + s * (left + right), edge + ((k + 1) / 20) * (splineAt(edges.lower, s) - edge)))
      })
      return columns.reduce((sum, light) => sum + light, 0)
    })
    const brightest = Math.max(...rows)
    return clamp((rows.findLastIndex((value) => value > 0.72 * brightest) + 1.5) / 20, 0.35, 0.96)
  }
  const teethShare = stillGap > 0 ? brightShare() : 0

  return ({ head }, lips) => {
    // Undone at the depth of the lips, the head's motion tells where a pixel is fixed to the skull.
    const [[mx, ny], [nx, my]] = head
    const inverse = 1 / ((1 + mx) * (1 + my) - ny * nx)
    const shiftX = stepOf(head[0], 0, 0, depth)
    const shiftY = stepOf(head[1], 0, 0, depth)
    const jawLine = lips.lower[lips.lower.length >> 1] as number
    const widest = lips.widest * scale
    // As long as the mouth is no wider than the still's, what shows is the still's own inside, fixed to the skull.
    const grown = smoothstep(0, 0.07, widest - stillGap * scale)
    return (x, y, fromUpper, fromLower) => {
      const qx = ((1 + my) * (x - shiftX) - ny * (y - shiftY)) * inverse
      const qy = ((1 + mx) * (y - shiftY) - nx * (x - shiftX)) * inverse
      const [u, v] = [uOf(axes, qx, qy), vOf(axes, qx, qy)]
      const s = (u + left) / (left + right)
      const edge = splineAt(edges.upper, s)
      const madeUp = (): number =>
        insideColour(palette, {
          x: s - 0.5,
          skullY: (v - edge) * scale,
          jawY: (jawLine - vOf(lips.axes, x, y)) * scale,
          fromUpper: fromUpper * scale,
          fromLower: fromLower * scale,
          gap: (fromUpper + fromLower) * scale,
          widest,
          soft: 0.8 * scale,
          teeth,
        })
      if (stillGap === 0) return madeUp()
      const floor = splineAt(edges.lower, s)
      const gap = Math.max(1, floor - edge)
      const direct = own(u, clamp(v, edge + 0.08 * gap, floor))
      if (grown === 0) return (direct | 0xff000000) >>> 0
      const upper = (1 - smoothstep(teethShare - 0.08, teethShare + 0.06, (v - edge) / gap)) * smoothstep(0.3, 2, gap)
      const inLower = smoothstep(Math.max(0.55, teethShare), 1, 1 - fromLower / gap)
      const lower = inLower * (1 - smoothstep(0.8, 0.9, teethShare))
      let colour = madeUp()
      if (lower > 0) colour = blend(colour, own(u, floor - Math.min(gap, fromLower)), share256(lower * wideOpen))
      if (upper > 0) colour = blend(colour, direct, share256(upper * wideOpen))
      return (blend(direct, colour, share256(grown)) | 0xff000000) >>> 0
    }
  }
}
