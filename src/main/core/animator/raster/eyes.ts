import { clamp, mix, smoothstep } from '../mesh/easing.ts'
import type { HeadFrame } from '../mesh/head-frame.ts'
import { blend, lit } from './colour.ts'
import { CURVE, eyeOutlines, type EyeOutline } from './eye-outline.ts'
import { lidSkin, lidSkinAt, SKIN_ROWS } from './lid-skin.ts'
import { readClamped, type PixelRect, type Texture } from './texture.ts'

/** One eye that can close and look about. Lengths are texels. */
export type Eye = EyeOutline & {
  /** Upper end of the skin that unrolls. */
  readonly top: Float32Array
  /** Texels that closing or looking can change, and what the still has there. */
  readonly box: PixelRect
  readonly still: { readonly width: number; readonly height: number; readonly texels: Uint32Array }
  /** See lidSkin: found by the first blink. */
  readonly lid: () => Float32Array
}

/** Share of the distance from crease to brow from which lid skin may be taken. */
const ABOVE_CREASE = 0.45
/** Thickness of the lid's edge with its lashes, which moves as it is, half eye widths. */
const LASH_BAND = 0.12

const eyeOf = (outline: EyeOutline, texture: Texture): Eye => {
  const { x, y, along, half, lower, crease, brow } = outline
  const corners = [-half, half].flatMap((u) =>
    [Math.min(...brow) - 2, Math.max(...lower) + 0.3 * half].map((v) => ({
      x: x + u * along[0] - v * along[1],
      y: y + u * along[1] + v * along[0],
    })),
  )
  const [xs, ys] = [corners.map((corner) => corner.x), corners.map((corner) => corner.y)]
  const box: PixelRect = {
    left: clamp(Math.floor(Math.min(...xs)) - 4, 0, texture.width - 2),
    top: clamp(Math.floor(Math.min(...ys)) - 4, 0, texture.height - 2),
    right: clamp(Math.ceil(Math.max(...xs)) + 4, 2, texture.width),
    bottom: clamp(Math.ceil(Math.max(...ys)) + 4, 2, texture.height),
  }
  const [width, height] = [box.right - box.left, box.bottom - box.top]
  const texels = new Uint32Array(width * height)
  for (let row = 0; row < height; row++) {
    const from = (row + box.top) * texture.width + box.left
    texels.set(texture.texels.subarray(from, from + width), row * width)
  }
  const top = crease.map((value, k) => mix(value, brow[k] as number, ABOVE_CREASE))
  let found: Float32Array | undefined
  const lid = (): Float32Array => (found ??= lidSkin(outline, texture))
  return { ...outline, top, box, still: { width, height, texels }, lid }
}

/** Both eyes of the still, image left first; none when they cannot be told apart from their surroundings (see eyeOutlines). */
export const eyesOf = (frame: HeadFrame, texture: Texture): readonly Eye[] =>
  eyeOutlines(frame, texture)?.map((outline) => eyeOf(outline, texture)) ?? []

/**
 * Repaints one eye in the texture: the eyeball, moved by the gaze (eye widths) where the lids leave it free, and over it the upper lid,
 * whose edge comes down to the lower lid's as `blink` goes from 0 to 1. The lid's edge with its lashes moves as it is; skin slides
 * out from under the crease behind it; nothing else moves, so rims of glasses stay where they are. At 0, 0, 0 the still returns.
 */
export const paintEye = (texture: Texture, eye: Eye, blink: number, gazeX: number, gazeY: number): void => {
  const { box, still, half, upper, lower, top, along } = eye
  const lash = LASH_BAND * half
  const { texels, width: stride } = texture
  for (let row = 0; row < still.height; row++) {
    const from = row * still.width
    texels.set(still.texels.subarray(from, from + still.width), (row + box.top) * stride + box.left)
  }
  const looks = gazeX !== 0 || gazeY !== 0
  if (blink <= 0 && !looks) return
  const skin = blink > 0 ? eye.lid() : undefined
  const [ax, ay] = along
  const [originX, originY] = [eye.x - box.left, eye.y - box.top]
  const read = (u: number, v: number): number =>
    readClamped(still, originX + u * ax - v * ay, originY + u * ay + v * ax)
  const unroll = smoothstep(0, 0.55, blink)
  const shadow = 0.35 * smoothstep(0, 0.3, blink)
  const line = 0.3 * smoothstep(0.25, 1, blink)
  const lineWidth = 0.056 * half
  for (let at = 0; at < still.texels.length; at++) {
    const x = (at % still.width) - originX
    const y = Math.floor(at / still.width) - originY
    const u = x * ax + y * ay
    if (u <= -half || u >= half) continue
    const v = y * ax - x * ay
    const i = (((u + half) * CURVE) / (2 * half)) | 0
    const f = ((u + half) * CURVE) / (2 * half) - i
    const up = (upper[i] as number) * (1 - f) + (upper[i + 1] as number) * f
    const low = (lower[i] as number) * (1 - f) + (lower[i + 1] as number) * f
    const ceiling = (top[i] as number) * (1 - f) + (top[i + 1] as number) * f
    if (v <= ceiling || v >= low + 3 * lineWidth) continue
    const opening = low - up
    const edge = up + blink * opening
    const side = Math.abs(u / half)
    let colour = still.texels[at] as number
    if (v > up && v < low && opening > 1) {
      const free =
        smoothstep(0, 0.14, (v - up) / opening) * smoothstep(0, 0.14, (low - v) / opening) * (1 - side * side)
      if (looks) colour = read(u - gazeX * 2 * half * free, v - gazeY * 2 * half * free)
      colour = lit(colour, 256 * (1 - shadow * Math.exp(-Math.max(0, v - edge) / (0.1 * half))))
    }
    const cover = blink > 0 ? clamp(edge - v + 0.5) : 0
    if (cover > 0) {
      const e = Math.max(0, edge - v)
      const slid = ceiling + ((v - ceiling) / Math.max(1, edge - lash - ceiling)) * (up - lash - ceiling)
      // Towards the brow the still stays as it is, so that a rim of glasses there is not drawn out.
      const pull = smoothstep(mix(ceiling, up, 0.6), Math.max(up, ceiling + 1), v)
      let lid = e < lash ? read(u, up - e) : blend(colour, read(u, slid), (pull * 256) | 0)
      const closed = Math.max(1, low - ceiling)
      const row = clamp(e / closed) * (SKIN_ROWS - 1)
      const r0 = Math.min(SKIN_ROWS - 2, row | 0)
      const inside = smoothstep(0, 0.35 * closed, v - ceiling) * smoothstep(0, 0.15, 1 - side)
      const share = unroll * smoothstep(0.5 * lash, 1.6 * lash, e) * inside
      if (share > 0 && skin) lid = blend(lid, lidSkinAt(skin, i, f, r0, row - r0), (share * 256) | 0)
      colour = cover >= 1 ? lid : blend(colour, lid, (cover * 256) | 0)
    }
    if (line > 0) {
      const d = (v - edge) / lineWidth
      colour = lit(colour, 256 * (1 - line * smoothstep(0, 0.12, 1 - side) * Math.exp(-d * d)))
    }
    texels[(Math.floor(at / still.width) + box.top) * stride + box.left + (at % still.width)] = colour
  }
}
