import { clamp, mix, smoothstep } from '../mesh/easing.ts'
import type { HeadFrame } from '../mesh/head-frame.ts'
import { CURVE, eyeOutlines } from './eye-outline.ts'
import type { EyeOutline } from './eye-outline.ts'
import { lidSkin, lidSkinAt, SKIN_ROWS } from './lid-skin.ts'
import { blend, readTexture } from './texture.ts'
import type { PixelRect, Texture } from './texture.ts'

/** One eye that can close and look about. Lengths are texels. */
export type Eye = Pick<EyeOutline, 'x' | 'y' | 'along' | 'half' | 'upper' | 'lower'> & {
  /** Upper end of the skin that unrolls. */
  readonly top: Float32Array
  /** Thickness of the lid's edge with its lashes, which moves as it is. */
  readonly lash: number
  /** Texels that closing or looking can change, and what the still has there. */
  readonly box: PixelRect
  readonly still: Uint32Array
  /** See lidSkin. */
  readonly skin: Float32Array
}

/** Share of the distance from crease to brow from which lid skin may be taken. */
const ABOVE_CREASE = 0.45
const LASH_BAND = 0.12

const eyeOf = (outline: EyeOutline, texture: Texture): Eye => {
  const { x, y, along, half, upper, lower, crease, brow } = outline
  const highest = Math.min(...brow) - 2
  const lowest = Math.max(...lower) + 0.3 * half
  const xs = [-half, half].flatMap((u) =>
    [highest, lowest].map((v) => [x + u * along[0] - v * along[1], y + u * along[1] + v * along[0]] as const),
  )
  const box: PixelRect = {
    left: clamp(Math.floor(Math.min(...xs.map((p) => p[0]))) - 4, 0, texture.width - 2),
    top: clamp(Math.floor(Math.min(...xs.map((p) => p[1]))) - 4, 0, texture.height - 2),
    right: clamp(Math.ceil(Math.max(...xs.map((p) => p[0]))) + 4, 2, texture.width),
    bottom: clamp(Math.ceil(Math.max(...xs.map((p) => p[1]))) + 4, 2, texture.height),
  }
  const width = box.right - box.left
  const still = new Uint32Array(width * (box.bottom - box.top))
  for (let row = box.top; row < box.bottom; row++) {
    const from = row * texture.width + box.left
    still.set(texture.texels.subarray(from, from + width), (row - box.top) * width)
  }
  const top = crease.map((value, k) => mix(value, brow[k] as number, ABOVE_CREASE))
  return { x, y, along, half, upper, lower, top, lash: LASH_BAND * half, box, still, skin: lidSkin(outline, texture) }
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
  const { box, still, half, upper, lower, top, along, lash, skin } = eye
  const width = box.right - box.left
  const height = box.bottom - box.top
  const { texels, width: stride } = texture
  if (blink <= 0 && gazeX === 0 && gazeY === 0) {
    for (let y = 0; y < height; y++)
      texels.set(still.subarray(y * width, (y + 1) * width), (y + box.top) * stride + box.left)
    return
  }
  const [ax, ay] = along
  const maxX = width - 1.01
  const maxY = height - 1.01
  const read = (u: number, v: number): number => {
    const x = eye.x - box.left + u * ax - v * ay
    const y = eye.y - box.top + u * ay + v * ax
    return readTexture(still, width, clamp(x, 0, maxX) * 65536, clamp(y, 0, maxY) * 65536)
  }
  const perStep = CURVE / (2 * half)
  const unroll = smoothstep(0, 0.55, blink)
  const shadow = 0.35 * smoothstep(0, 0.3, blink)
  const line = 0.3 * smoothstep(0.25, 1, blink)
  const lineWidth = 0.028 * 2 * half
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = (y + box.top) * stride + x + box.left
      const own = still[y * width + x] as number
      texels[to] = own
      const dx = x + box.left - eye.x
      const dy = y + box.top - eye.y
      const u = dx * ax + dy * ay
      if (u <= -half || u >= half) continue
      const v = dy * ax - dx * ay
      const k = (u + half) * perStep
      const i = k | 0
      const f = k - i
      const up = (upper[i] as number) * (1 - f) + (upper[i + 1] as number) * f
      const low = (lower[i] as number) * (1 - f) + (lower[i + 1] as number) * f
      const ceiling = (top[i] as number) * (1 - f) + (top[i + 1] as number) * f
      if (v <= ceiling || v >= low + 3 * lineWidth) continue
      const opening = low - up
      const edge = up + blink * opening
      let ball = own
      if (v > up && v < low && opening > 1) {
        const s = u / half
        const free = (1 - s * s) * smoothstep(0, 0.14, (v - up) / opening) * smoothstep(0, 0.14, (low - v) / opening)
        if (gazeX !== 0 || gazeY !== 0) ball = read(u - gazeX * 2 * half * free, v - gazeY * 2 * half * free)
        if (blink > 0) ball = shade(ball, 1 - shadow * Math.exp(-Math.max(0, v - edge) / (0.1 * half)))
      }
      if (blink <= 0) {
        texels[to] = ball
        continue
      }
      const cover = clamp(edge - v + 0.5)
      let colour = ball
      if (cover > 0) {
        const e = Math.max(0, edge - v)
        let lid: number
        if (e < lash) lid = read(u, up - e)
        else {
          const q = (v - ceiling) / Math.max(1, edge - lash - ceiling)
          lid = read(u, ceiling + q * (up - lash - ceiling))
        }
        const closed = Math.max(1, low - ceiling)
        const row = clamp(e / closed) * (SKIN_ROWS - 1)
        const r0 = Math.min(SKIN_ROWS - 2, row | 0)
        const share =
          unroll *
          smoothstep(0.5 * lash, 1.6 * lash, e) *
          smoothstep(0, 0.35 * closed, v - ceiling) *
          smoothstep(0, 0.15, 1 - Math.abs(u / half))
        if (share > 0) lid = blend(lid, lidSkinAt(skin, i, f, r0, row - r0), (share * 256) | 0)
        colour = cover >= 1 ? lid : blend(ball, lid, (cover * 256) | 0)
      }
      if (line > 0) {
        const d = (v - edge) / lineWidth
        const ends = smoothstep(0, 0.12, 1 - Math.abs(u / half))
        colour = shade(colour, 1 - line * ends * Math.exp(-d * d))
      }
      texels[to] = colour
    }
  }
}

/** Darkens (below 1) a packed colour, alpha kept. */
const shade = (colour: number, light: number): number => {
  const l = (light * 256) | 0
  const low = (Math.imul(colour & 0x00ff00ff, l) >>> 8) & 0x00ff00ff
  const green = (Math.imul((colour >>> 8) & 0xff, l) >>> 8) & 0xff
  return ((colour & 0xff000000) | low | (green << 8)) >>> 0
}
