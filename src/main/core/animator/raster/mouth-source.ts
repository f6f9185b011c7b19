import { clamp, smoothstep } from '../mesh/easing.ts'
import type { FaceGeometry, MotionField } from '../mesh/motion-field.ts'
import { splineAt } from '../mesh/spline.ts'
import { blend, luminance } from './colour.ts'
import type { Inside, LipTable } from './mouth.ts'
import { insideColour, type MouthPalette, type MouthPlace } from './mouth-inside.ts'
import { readClamped, type Texture } from './texture.ts'

const share256 = (share: number): number => (share * 256) | 0

/**
 * What lies between the lips: made up from the palette where the still keeps its mouth closed; the still's own pixels where it shows
 * them. Of an open still the upper part stays with the skull as far down as it is as bright as teeth, the lowest part goes with the jaw,
 * and the hollow that opens between them is made up. `field` and `table` are read anew for every pixel: they are those of the frame.
 */
export const insideOf = (
  { frame, mouth }: FaceGeometry,
  field: MotionField,
  table: LipTable,
  texture: Texture,
  palette: MouthPalette,
): Inside => {
  const { edges, half, centre, along, across, gap: stillGap } = mouth
  const [left, right] = half
  const scale = 1 / mouth.width
  const depth = frame.points[13 * 3 + 2] as number
  const place: MouthPlace = {
    ...{ x: 0, skullY: 0, jawY: 0, fromUpper: 0, fromLower: 0, gap: 0, widest: 0 },
    soft: 0.8 * scale,
    teeth: 1 - smoothstep(0.09, 0.15, stillGap * scale),
  }
  const wideOpen = 1 - place.teeth
  /** The still's colour at an offset along and across the mouth, px from its centre. */
  const own = (u: number, v: number): number => {
    const x = centre[0] + u * along[0] + v * across[0] - texture.rect.left
    const y = centre[1] + u * along[1] + v * across[1] - texture.rect.top
    return readClamped(texture, 2 * x, 2 * y)
  }
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

  return (x, y, fromUpper, fromLower, widest) => {
    // Undo the head's motion at the depth of the lips: where this pixel is fixed to the skull.
    const m = field.head
    const a = 1 + (m[0] as number)
    const b = m[1] as number
    const c = m[4] as number
    const d = 1 + (m[5] as number)
    const px = x - (m[2] as number) * depth - (m[3] as number)
    const py = y - (m[6] as number) * depth - (m[7] as number)
    const inverse = 1 / (a * d - b * c)
    const qx = (d * px - b * py) * inverse - centre[0]
    const qy = (a * py - c * px) * inverse - centre[1]
    const u = qx * along[0] + qy * along[1]
    const v = qx * across[0] + qy * across[1]
    const s = (u + left) / (left + right)
    const edge = splineAt(edges.upper, s)
    const below = (y - table.y) * table.alongX - (x - table.x) * table.alongY
    place.x = s - 0.5
    place.skullY = (v - edge) * scale
    place.jawY = ((table.lower[table.lower.length >> 1] as number) - below) * scale
    place.fromUpper = fromUpper * scale
    place.fromLower = fromLower * scale
    place.gap = (fromUpper + fromLower) * scale
    place.widest = widest * scale
    if (stillGap === 0) return insideColour(palette, place)
    const floor = splineAt(edges.lower, s)
    const gap = Math.max(1, floor - edge)
    // As long as the mouth is no wider than the still's, what shows is the still's own inside, fixed to the skull.
    const grown = smoothstep(0, 0.07, (widest - stillGap) * scale)
    const direct = own(u, clamp(v, edge + 0.08 * gap, floor))
    if (grown === 0) return (direct | 0xff000000) >>> 0
    const upper = (1 - smoothstep(teethShare - 0.08, teethShare + 0.06, (v - edge) / gap)) * smoothstep(0.3, 2, gap)
    const inLower = smoothstep(Math.max(0.55, teethShare), 1, 1 - fromLower / gap)
    const lower = inLower * (1 - smoothstep(0.8, 0.9, teethShare))
    let colour = insideColour(palette, place)
    if (lower > 0) colour = blend(colour, own(u, floor - Math.min(gap, fromLower)), share256(lower * wideOpen))
    if (upper > 0) colour = blend(colour, direct, share256(upper * wideOpen))
    return (blend(direct, colour, share256(grown)) | 0xff000000) >>> 0
  }
}
