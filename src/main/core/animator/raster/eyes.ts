import { clamp, mix, smoothstep } from '../mesh/easing.ts'
import type { HeadFrame } from '../mesh/head-frame.ts'
import { evenCurve } from '../mesh/spline.ts'
import { EYES } from '../mesh/topology.ts'
import type { EyeRows } from '../mesh/topology.ts'
import { blend, readTexture } from './texture.ts'
import type { PixelRect, Texture } from './texture.ts'

/**
 * One eye of the still, in texels of its texture. Offsets run along the eye's corners (`u`, from -half to half) and at right angles
 * down (`v`), both from the middle between the corners. The curves have CURVE + 1 even steps of u.
 */
export type Eye = {
  readonly x: number
  readonly y: number
  readonly along: readonly [number, number]
  readonly half: number
  /** Lid edges, the top of the skin that unrolls, and the lash band's share of it. */
  readonly upper: Float32Array
  readonly lower: Float32Array
  readonly top: Float32Array
  readonly lash: number
  /** Texels that closing or looking can change. */
  readonly box: PixelRect
  readonly still: Uint32Array
  /** Skin that slides out from under the crease: colour at (u step, distance above the lid's edge), see `lidSkin`. */
  readonly skin: Float32Array
  readonly skinRows: number
}

const CURVE = 64

const curveOf = (
  frame: HeadFrame,
  texture: Texture,
  row: readonly number[],
  eye: { x: number; y: number; along: readonly [number, number]; half: number },
): Float32Array => {
  const us = new Float32Array(row.length)
  const vs = new Float32Array(row.length)
  row.forEach((index, i) => {
    const dx = 2 * ((frame.points[index * 3] as number) - texture.rect.left) - eye.x
    const dy = 2 * ((frame.points[index * 3 + 1] as number) - texture.rect.top) - eye.y
    us[i] = dx * eye.along[0] + dy * eye.along[1]
    vs[i] = dy * eye.along[0] - dx * eye.along[1]
  })
  const out = new Float32Array(CURVE + 1)
  evenCurve(us, vs, -eye.half, eye.half, out)
  return out
}

/** Share of the distance from crease to brow from which lid skin may be taken. */
const ABOVE_CREASE = 0.45
/** Thickness of the lid's edge with its lashes, which moves as it is, in eye widths. */
const LASH_BAND = 0.06
const SKIN_ROWS = 48

/**
 * Skin for the closed lid: for each of CURVE + 1 columns and SKIN_ROWS distances above the lid's edge (0 = edge, last = as far as the
 * closed lid is high), R G B. Low frequencies come from the bare skin between crease and brow and below the eye (the lighter half of each,
 * so that painted shadow, eyeliner and strands of hair do not run down), grain from below the eye; the lid's roundness is shaded on top.
 */
const lidSkin = (
  still: Uint32Array,
  width: number,
  height: number,
  at: (step: number, v: number) => readonly [number, number],
  { crease, brow, lower, fold }: Record<'crease' | 'brow' | 'lower' | 'fold', Float32Array>,
  half: number,
): Float32Array => {
  const lidHeight = Math.max(...lower.map((value, k) => value - (crease[k] as number)))
  const columns = CURVE + 1
  const out = new Float32Array(columns * SKIN_ROWS * 3)
  const read = (step: number, v: number): number => {
    const [x, y] = at(step, v)
    return readTexture(still, width, clamp(x, 0, width - 1.01) * 65536, clamp(y, 0, height - 1.01) * 65536)
  }
  const tone = new Float32Array(columns * 3)
  const under = new Float32Array(columns * 3)
  for (let k = 0; k < columns; k++) {
    const above = (i: number): number => mix(crease[k] as number, brow[k] as number, 0.15 + 0.06 * i)
    const beneath = (i: number): number => mix(lower[k] as number, fold[k] as number, 0.9 + 0.12 * i)
    for (const [into, place] of [
      [tone, above],
      [under, beneath],
    ] as const) {
      const colours = Array.from({ length: 9 }, (_, i) => read(k, place(i))).toSorted(
        (a, b) => luminance(a) - luminance(b),
      )
      for (const colour of colours.slice(4, 8))
        for (let c = 0; c < 3; c++) into[k * 3 + c] = (into[k * 3 + c] as number) + ((colour >>> (8 * c)) & 255) / 4
    }
  }
  tone.forEach((value, i) => (tone[i] = mix(value, under[i] as number, UNDER_SHARE)))
  smoothColumns(tone, columns, 3, 14)
  const step = (2 * half) / CURVE
  for (let r = 0; r < SKIN_ROWS; r++) {
    const q = r / (SKIN_ROWS - 1)
    const light = 0.95 + 0.08 * Math.sin(Math.PI * Math.min(1, q * 1.15)) - 0.07 * smoothstep(0.7, 1, q)
    for (let k = 0; k < columns; k++) {
      const deepest = fold[CURVE >> 1] as number
      const v = deepest + (r * lidHeight) / SKIN_ROWS / 2
      const here = luminance(read(k, v))
      let around = 0
      for (const [dk, dv] of GRAIN) around += luminance(read(clamp(k + dk / step, 0, CURVE), v + dv))
      const grain = clamp(here - around / GRAIN.length, -12, 12)
      for (let c = 0; c < 3; c++) {
        out[(r * columns + k) * 3 + c] = clamp((tone[k * 3 + c] as number) * light + 0.9 * grain, 0, 255)
      }
    }
  }
  return out
}

/** Share of the lid's colour that comes from below the eye; the rest comes from between crease and brow, often in shadow. */
const UNDER_SHARE = 0.4
/** Neighbours, texels, against which grain is measured. */
const GRAIN: readonly (readonly [number, number])[] = [
  [-4, 0],
  [4, 0],
  [0, -4],
  [0, 4],
  [-3, 3],
  [3, -3],
]

const luminance = (colour: number): number =>
  0.3 * (colour & 255) + 0.59 * ((colour >>> 8) & 255) + 0.11 * ((colour >>> 16) & 255)

const smoothColumns = (values: Float32Array, columns: number, channels: number, passes: number): void => {
  for (let pass = 0; pass < passes; pass++) {
    const before = values.slice()
    for (let k = 0; k < columns; k++) {
      for (let c = 0; c < channels; c++) {
        const a = before[Math.max(0, k - 2) * channels + c] as number
        const b = before[k * channels + c] as number
        const d = before[Math.min(columns - 1, k + 2) * channels + c] as number
        values[k * channels + c] = (a + 2 * b + d) / 4
      }
    }
  }
}

const eyeOf = (frame: HeadFrame, texture: Texture, rows: EyeRows): Eye => {
  const place = (index: number): readonly [number, number] => [
    2 * ((frame.points[index * 3] as number) - texture.rect.left),
    2 * ((frame.points[index * 3 + 1] as number) - texture.rect.top),
  ]
  const a = place(rows.upper[0] as number)
  const b = place(rows.upper[8] as number)
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1
  const frameOfEye = {
    x: (a[0] + b[0]) / 2,
    y: (a[1] + b[1]) / 2,
    along: [(b[0] - a[0]) / length, (b[1] - a[1]) / length] as const,
    half: length / 2,
  }
  const upper = curveOf(frame, texture, rows.upper, frameOfEye)
  const lower = curveOf(frame, texture, rows.lower, frameOfEye)
  const crease = curveOf(frame, texture, rows.crease, frameOfEye)
  const brow = curveOf(frame, texture, rows.brow, frameOfEye)
  const fold = curveOf(frame, texture, rows.fold, frameOfEye)
  for (let k = 0; k <= CURVE; k++) {
    const middle = ((upper[k] as number) + (lower[k] as number)) / 2
    if ((lower[k] as number) < (upper[k] as number)) upper[k] = lower[k] = middle
    crease[k] = Math.min(crease[k] as number, (upper[k] as number) - 0.04 * length)
    fold[k] = Math.max(fold[k] as number, (lower[k] as number) + 0.08 * length)
    brow[k] = Math.min(brow[k] as number, (crease[k] as number) - 0.06 * length)
  }
  const top = crease.map((value, k) => mix(value, brow[k] as number, ABOVE_CREASE))
  const corner = (u: number, v: number): readonly [number, number] => [
    frameOfEye.x + u * frameOfEye.along[0] - v * frameOfEye.along[1],
    frameOfEye.y + u * frameOfEye.along[1] + v * frameOfEye.along[0],
  ]
  const highest = Math.min(...brow) - 2
  const lowest = Math.max(...fold) + 0.35 * length
  const xs = [-1, 1].flatMap((s) => [highest, lowest].map((v) => corner(s * frameOfEye.half, v)))
  const box: PixelRect = {
    left: clamp(Math.floor(Math.min(...xs.map((p) => p[0]))) - 4, 0, texture.width - 2),
    top: clamp(Math.floor(Math.min(...xs.map((p) => p[1]))) - 4, 0, texture.height - 2),
    right: clamp(Math.ceil(Math.max(...xs.map((p) => p[0]))) + 4, 2, texture.width),
    bottom: clamp(Math.ceil(Math.max(...xs.map((p) => p[1]))) + 4, 2, texture.height),
  }
  const width = box.right - box.left
  const height = box.bottom - box.top
  const still = new Uint32Array(width * height)
  for (let y = 0; y < height; y++) {
    const from = (y + box.top) * texture.width + box.left
    still.set(texture.texels.subarray(from, from + width), y * width)
  }
  const at = (step: number, v: number): readonly [number, number] => {
    const [x, y] = corner(-frameOfEye.half + (2 * frameOfEye.half * step) / CURVE, v)
    return [x - box.left, y - box.top]
  }
  return {
    ...frameOfEye,
    upper,
    lower,
    top,
    lash: LASH_BAND * length,
    box,
    still,
    skin: lidSkin(still, width, height, at, { crease, brow, lower, fold }, frameOfEye.half),
    skinRows: SKIN_ROWS,
  }
}

/** Both eyes of the still, image left first. */
export const eyesOf = (frame: HeadFrame, texture: Texture): readonly [Eye, Eye] => [
  eyeOf(frame, texture, EYES[0]),
  eyeOf(frame, texture, EYES[1]),
]

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
  const columns = CURVE + 1
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
          smoothstep(0, 0.16, 1 - Math.abs(u / half))
        if (share > 0) lid = blend(lid, skinAt(skin, columns, i, f, r0, row - r0), (share * 256) | 0)
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

const skinAt = (skin: Float32Array, columns: number, i: number, f: number, row: number, g: number): number => {
  let packed = 0xff000000
  const a = (row * columns + i) * 3
  const b = a + columns * 3
  for (let c = 0; c < 3; c++) {
    const top = (skin[a + c] as number) * (1 - f) + (skin[a + 3 + c] as number) * f
    const bottom = (skin[b + c] as number) * (1 - f) + (skin[b + 3 + c] as number) * f
    packed |= ((top * (1 - g) + bottom * g) | 0) << (8 * c)
  }
  return packed >>> 0
}

/** Darkens (below 1) a packed colour, alpha kept. */
const shade = (colour: number, light: number): number => {
  const l = (light * 256) | 0
  const low = (Math.imul(colour & 0x00ff00ff, l) >>> 8) & 0x00ff00ff
  const green = (Math.imul((colour >>> 8) & 0xff, l) >>> 8) & 0xff
  return ((colour & 0xff000000) | low | (green << 8)) >>> 0
}
