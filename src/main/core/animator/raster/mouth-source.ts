import { clamp, smoothstep } from '../mesh/easing.ts'
import { lipEdges } from '../mesh/expression.ts'
import type { FaceGeometry, MotionField } from '../mesh/motion-field.ts'
import { splineAt } from '../mesh/spline.ts'
import type { Inside, LipTable } from './mouth.ts'
import { insideColour } from './mouth-inside.ts'
import type { MouthPalette, MouthPlace } from './mouth-inside.ts'
import { blend, luminance, readTexture } from './texture.ts'
import type { Texture } from './texture.ts'

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
  const edges = lipEdges(mouth)
  const [left, right] = mouth.half
  const [cx, cy] = mouth.centre
  const [alongX, alongY] = mouth.along
  const [acrossX, acrossY] = mouth.across
  const scale = 1 / mouth.width
  const depth = frame.points[13 * 3 + 2] as number
  const place: MouthPlace = {
    x: 0,
    skullY: 0,
    jawY: 0,
    fromUpper: 0,
    fromLower: 0,
    gap: 0,
    widest: 0,
    soft: 0.8 * scale,
    teeth: 1,
  }
  /** The still's colour at an offset along and across the mouth, px from its centre. */
  const own = (u: number, v: number): number => {
    const x = 2 * (cx + u * alongX + v * acrossX - texture.rect.left)
    const y = 2 * (cy + u * alongY + v * acrossY - texture.rect.top)
    return readTexture(
      texture.texels,
      texture.width,
      clamp(x, 0, texture.width - 1.01) * 65536,
      clamp(y, 0, texture.height - 1.01) * 65536,
    )
  }
  const stillGap = Math.max(...mouth.gap)
  const wideOpen = smoothstep(0.09, 0.15, stillGap * scale)
  const teethShare = mouth.open ? brightShare(own, edges, left, right) : 0

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
    const qx = (d * px - b * py) * inverse - cx
    const qy = (a * py - c * px) * inverse - cy
    const u = qx * alongX + qy * alongY
    const v = qx * acrossX + qy * acrossY
    const s = (u + left) / (left + right)
    const edge = splineAt(edges.upper, s)
    const across = (y - table.y) * table.alongX - (x - table.x) * table.alongY
    place.x = s - 0.5
    place.skullY = (v - edge) * scale
    place.jawY = ((table.lower[table.lower.length >> 1] as number) - across) * scale
    place.fromUpper = fromUpper * scale
    place.fromLower = fromLower * scale
    place.gap = (fromUpper + fromLower) * scale
    place.widest = widest * scale
    place.teeth = 1 - wideOpen
    const grown = mouth.open ? smoothstep(0, 0.07, (widest - stillGap) * scale) : 1
    let colour = grown > 0 ? insideColour(palette, place) : 0
    if (!mouth.open) return colour
    const floor = splineAt(edges.lower, s)
    const gap = Math.max(1, floor - edge)
    // As long as the mouth is no wider than the still's, what shows is the still's own inside, fixed to the skull.
    const direct = own(u, clamp(v, edge + 0.08 * gap, floor))
    if (grown === 0) return (direct | 0xff000000) >>> 0
    const upper = (1 - smoothstep(teethShare - 0.08, teethShare + 0.06, (v - edge) / gap)) * smoothstep(0.3, 2, gap)
    const lower =
      smoothstep(Math.max(0.55, teethShare), 1, 1 - fromLower / gap) * (1 - smoothstep(0.8, 0.9, teethShare))
    if (lower > 0) colour = blend(colour, own(u, floor - Math.min(gap, fromLower)), (lower * wideOpen * 256) | 0)
    if (upper > 0) colour = blend(colour, direct, (upper * wideOpen * 256) | 0)
    colour = blend(direct, colour, (grown * 256) | 0)
    return (colour | 0xff000000) >>> 0
  }
}

/** How far down (0..1 of the still's gap) the inside is as bright as its brightest row: where the upper teeth end. */
const brightShare = (
  own: (u: number, v: number) => number,
  edges: { readonly upper: Float32Array; readonly lower: Float32Array },
  left: number,
  right: number,
): number => {
  const rows = Array.from({ length: 19 }, (_, k) => {
    let sum = 0
    for (let i = 0; i <= 12; i++) {
      const s = 0.3 + (0.4 * i) / 12
      const edge = splineAt(edges.upper, s)
      sum += luminance(own(-left + s * (left + right), edge + ((k + 1) / 20) * (splineAt(edges.lower, s) - edge)))
    }
    return sum / 13
  })
  const brightest = Math.max(...rows)
  const last = rows.findLastIndex((value) => value > 0.72 * brightest)
  return clamp((last + 1.5) / 20, 0.35, 0.96)
}
