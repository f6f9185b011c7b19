import type { RgbaImage } from '../../lib/rgba-image.ts'
import { clamp, mix, smoothstep } from '../mesh/easing.ts'
import type { Coarse } from './person.ts'

/**
 * A still taken apart. `front` carries colours multiplied by the person's alpha; over `plate` it gives the still again.
 * `plate` is the background, opaque, with what the person hides filled in. Both are whole pictures, RGBA bytes.
 */
export type Layers = { readonly front: Uint8Array; readonly plate: Uint8Array }

/** Box blur of `channels` interleaved values a cell, in place; cells beyond the border count as 0. */
const boxBlur = (values: Float32Array, channels: number, columns: number, rows: number, radius: number): void => {
  const sums = new Float32Array(Math.max(columns, rows) + 1)
  const blur = (start: number, step: number, count: number): void => {
    for (let k = 0; k < count; k++) sums[k + 1] = (sums[k] as number) + (values[start + k * step] as number)
    for (let k = 0; k < count; k++) {
      const sum = (sums[Math.min(count, k + radius + 1)] as number) - (sums[Math.max(0, k - radius)] as number)
      values[start + k * step] = sum / (2 * radius + 1)
    }
  }
  for (let line = 0; line < rows * channels; line++)
    blur(Math.floor(line / channels) * columns * channels + (line % channels), channels, columns)
  for (let line = 0; line < columns * channels; line++) blur(line, columns * channels, rows)
}

/** Values (three floats a cell) times a share of each cell, and that share itself: four floats a cell. */
const weighted = (values: Float32Array, share: (cell: number) => number): Float32Array =>
  Float32Array.from({ length: (values.length / 3) * 4 }, (_, i) => {
    const cell = i >> 2
    return share(cell) * (i % 4 === 3 ? 1 : (values[cell * 3 + (i % 4)] as number))
  })

/** Local mean of `colour` (three floats a cell) over the cells where `share` is 1, spread into all others, nearest first. */
const spread = ({ columns, rows }: Coarse, colour: Float32Array, share: (cell: number) => number): Float32Array => {
  const count = columns * rows
  const sums = weighted(colour, share)
  const out = new Float32Array(count * 3)
  const known = new Float32Array(count)
  for (const radius of [1, 3, 9, 24]) {
    boxBlur(sums, 4, columns, rows, radius)
    for (let cell = 0; cell < count; cell++) {
      const weight = sums[cell * 4 + 3] as number
      const take = Math.min(1 - (known[cell] as number), weight * 4)
      if (weight < 1e-4 || take <= 0) continue
      known[cell] = (known[cell] as number) + take
      for (let c = 0; c < 3; c++)
        out[cell * 3 + c] = (out[cell * 3 + c] as number) + (take * (sums[cell * 4 + c] as number)) / weight
    }
  }
  return out.map((value, i) => value / Math.max(1e-4, known[Math.floor(i / 3)] as number))
}

/** Kinds of squares between four cells: background throughout; so deep inside the person that nothing behind ever shows. */
const CLEAN = 1
const DEEP = 2
/** More cells than any way out of the person. */
const FAR = 99
/** The hidden background is filled this many cells deep; no pose uncovers more. */
const FILLED = 9
/** Largest share of the person round a cell that tells the background right beside the outline: nearer ones have hair in them. */
const BESIDE = 0.25
/** Pixels that differ by less from the background that is expected there, beyond its usual variety, are grain. */
const GRAIN = 4
/** Backgrounds that vary by less nearby (standard deviation, 0..255) are plain enough to expect anything; by more, nothing. */
const PLAIN: readonly [number, number] = [10, 25]
/** The same for what is right beside the outline. */
const BUSY: readonly [number, number] = [20, 45]
/** From this share of the person round a pixel on it is wholly the person's. */
const INSIDE = 0.99
/** Less of the person than this in a pixel is not seen, and neither is less of the background. */
const LEAST = 0.03
/** The outline lies about so many cells behind clean background. */
const NEAR = 3

/** Ways from every cell to clean background, cells: left or right (signed), up (0 or less), -FAR where there is none; and the shorter one's length. */
type Ways = { readonly side: Float32Array; readonly up: Float32Array; readonly shorter: Float32Array }

const waysOut = (clean: Uint8Array, columns: number): Ways => {
  const side = new Float32Array(clean.length).fill(-FAR)
  const up = new Float32Array(clean.length).fill(-FAR)
  for (let cell = 0; cell < clean.length; cell++) {
    if (clean[cell]) side[cell] = up[cell] = 0
    else {
      if (cell % columns > 0) side[cell] = Math.max(-FAR, (side[cell - 1] as number) - 1)
      if (cell >= columns) up[cell] = Math.max(-FAR, (up[cell - columns] as number) - 1)
    }
  }
  let right = FAR
  for (let cell = clean.length - 1; cell >= 0; cell--) {
    if (cell % columns === columns - 1) right = FAR
    right = clean[cell] ? 0 : right + 1
    if (right < -(side[cell] as number)) side[cell] = right
  }
  return { side, up, shorter: side.map((across, cell) => Math.min(Math.abs(across), -(up[cell] as number))) }
}

/**
 * What the mirrored background must be lifted by, per hidden cell, so that it goes on from what is seen right beside the outline
 * (`isSeen`) and stays there: without that a gradient turns round behind the person and ends in a step at the outline.
 */
const liftOf = (
  coarse: Coarse,
  clean: Uint8Array,
  { side, up, shorter }: Ways,
  variances: Float32Array,
  isSeen: (cell: number) => boolean,
): Float32Array => {
  const { columns, rows, colour } = coarse
  const isKnown = new Uint8Array(clean.length)
  const mirrored = colour.map((own, i) => {
    const cell = Math.floor(i / 3)
    if (clean[cell]) return own
    const [across, above] = [side[cell] as number, up[cell] as number]
    const [a, b] = [cell + 2 * across, cell + 2 * above * columns]
    const wa = clean[a] && Math.floor(a / columns) === Math.floor(cell / columns) ? 1 / across ** 2 : 0
    const wb = clean[b] ? 1 / above ** 2 : 0
    if (wa + wb === 0) return 0
    isKnown[cell] = 1
    return (wa * (colour[a * 3 + (i % 3)] ?? 0) + wb * (colour[b * 3 + (i % 3)] ?? 0)) / (wa + wb)
  })
  const each = (of: (i: number, cell: number, way: number) => number): Float32Array =>
    colour.map((_, i) => of(i, Math.floor(i / 3), shorter[Math.floor(i / 3)] as number))
  const errors = each((i, _, way) => ((colour[i] as number) - (mirrored[i] as number)) / Math.max(1, way))
  const slopes = spread(coarse, errors, (cell) => (isKnown[cell] && isSeen(cell) ? 1 : 0))
  const isEdge = (cell: number): boolean => isKnown[cell] === 1 && (shorter[cell] as number) <= NEAR
  const goals = each((i, _, way) => (mirrored[i] as number) + way * (slopes[i] as number))
  const held = spread(coarse, goals, (cell) => (isEdge(cell) ? 1 : 0))
  const lift = each((i, cell) => ((isEdge(cell) ? goals : held)[i] as number) - (mirrored[i] as number))
  // The lines of a wall stay as the mirror has them: deeper in only what is common to some cells is lifted.
  const common = weighted(lift, (cell) => isKnown[cell] as number)
  boxBlur(common, 4, columns, rows, 2)
  return each((i, cell) => {
    if (!isKnown[cell]) return 0
    const [sum, count] = [common[cell * 4 + (i % 3)] as number, common[cell * 4 + 3] as number]
    const trust = 1 - smoothstep(BUSY[0], BUSY[1], Math.sqrt(variances[cell] as number))
    return trust * (isEdge(cell) ? (lift[i] as number) : sum / count)
  })
}

/**
 * Takes `image` apart along the person's outline. In a narrow band along it a pixel's alpha comes from where its colour lies between the
 * local colours of both sides; where those are alike, from the outline alone. The hidden background is the visible one mirrored along its
 * row and its column, whichever way out is shorter, so that level and upright lines go on, and lifted to the colours right beside the
 * outline, so that a shadow or a glow there goes on as well; deeper in it fades to the local mean. On a plain wall what still differs
 * from that is thin hair, and goes to the person.
 */
export const layersOf = (image: RgbaImage, coarse: Coarse): Layers => {
  const { width, height, data } = image
  const { left, top, step, columns, rows, colour, person } = coarse
  const front = new Uint8Array(data)
  const frontPixels = new Uint32Array(front.buffer)
  const plate = new Uint8Array(data)
  const shares = Float32Array.from(person)
  boxBlur(shares, 1, columns, rows, 2)
  const clean = Uint8Array.from(shares, (share) => (share < 0.01 ? 1 : 0))
  const ways = waysOut(clean, columns)
  const { side, up, shorter } = ways
  const around = Float32Array.from(person)
  boxBlur(around, 1, columns, rows, FILLED)
  const inner = spread(coarse, colour, (cell) => ((shares[cell] as number) > 0.95 ? 1 : 0))
  const outer = spread(coarse, colour, (cell) => clean[cell] as number)
  const squares = spread(
    coarse,
    colour.map((value) => value * value),
    (cell) => clean[cell] as number,
  )
  const variances = side.map((_, here) => {
    const of = (c: 0 | 1 | 2): number => (squares[here * 3 + c] as number) - (outer[here * 3 + c] as number) ** 2
    return Math.max(0, of(0) + of(1) + of(2)) / 3
  })
  const lift = liftOf(coarse, clean, ways, variances, (cell) => (shares[cell] as number) < BESIDE)
  const kind = shares.map((_, here) => {
    const quad = [here, here + 1, here + columns, here + columns + 1]
    if (quad.every((k) => clean[k] !== 0)) return CLEAN
    return quad.every((k) => (around[k] ?? 1) > 0.999) ? DEEP : 0
  })
  const x1 = Math.min(width, left + columns * step)
  const y1 = Math.min(height, top + rows * step)
  const filled = new Float32Array(3)
  let cell = 0
  let fx = 0
  let fy = 0
  const at = (values: Float32Array, stride: number, c: number): number => {
    const a = cell * stride + c
    const b = a + columns * stride
    const upper = (values[a] as number) * (1 - fx) + (values[a + stride] as number) * fx
    return upper * (1 - fy) + ((values[b] as number) * (1 - fx) + (values[b + stride] as number) * fx) * fy
  }
  /** Where the mirrored pixel lies in `data`, or -1 when it is not plain background. */
  const mirror = (x: number, y: number): number => {
    if (x < left || x >= x1 || y < top || y >= y1) return -1
    const there = Math.floor((y - top) / step) * columns + Math.floor((x - left) / step)
    return clean[there] ? (y * width + x) * 4 : -1
  }
  const alphaAt = (share: number, to: number): number => {
    let dot = 0
    let length = 0
    for (let c = 0; c < 3; c++) {
      const b = at(outer, 3, c)
      const f = at(inner, 3, c) - b
      dot += ((data[to + c] as number) - b) * f
      length += f * f
    }
    const trust = length / (length + 1600)
    // Far out before a busy background only what is plainly the person's colour counts; far in only what is plainly background goes.
    const busy = clamp(2.5 * Math.sqrt((3 * at(variances, 1, 0)) / Math.max(1, length)), 0.06, 0.5)
    const needed = busy * (1 - smoothstep(0, 0.85, share))
    const byColour = smoothstep(needed, needed + 0.5, clamp(dot / Math.max(1, length)))
    const mixed = smoothstep(0.3, 0.7, share) * (1 - trust) + byColour * trust
    const alpha = clamp(mixed + smoothstep(0.8, 0.98, share) - smoothstep(0.06, 0.01, share))
    return alpha < LEAST ? 0 : alpha > 1 - LEAST ? 1 : alpha
  }
  for (let y = top; y < y1; y++) {
    const gy = clamp((y - top + 0.5) / step - 0.5, 0, rows - 1.001)
    const j = gy | 0
    fy = gy - j
    for (let x = left; x < x1; x++) {
      const gx = clamp((x - left + 0.5) / step - 0.5, 0, columns - 1.001)
      const i = gx | 0
      fx = gx - i
      cell = j * columns + i
      const to = (y * width + x) * 4
      if (kind[cell] === DEEP) {
        // Never seen: a plate that differs from every opaque colour tells the person's pixels from it.
        plate[to + 3] = 254
        continue
      }
      const share = kind[cell] === CLEAN ? 0 : at(shares, 1, 0)
      if (share < 0.01) {
        frontPixels[to >> 2] = 0
        continue
      }
      const way = at(shorter, 1, 0)
      const across = at(side, 1, 0)
      const above = at(up, 1, 0)
      const a = mirror(Math.round(x + 2 * across * step), y)
      const b = mirror(x, Math.round(y + 2 * above * step))
      const fade = 1 - smoothstep(0.7 * FILLED, FILLED, way)
      const wa = a < 0 ? 0 : fade / (across * across + 0.1)
      const wb = b < 0 ? 0 : fade / (above * above + 0.1)
      const wm = a < 0 && b < 0 ? 1 : (1 - fade) / (way * way + 0.1)
      let strangeness = 0
      for (let c = 0; c < 3; c++) {
        const seen = (wa > 0 ? wa * (data[a + c] as number) : 0) + (wb > 0 ? wb * (data[b + c] as number) : 0)
        const far = wm > 0 ? wm * at(outer, 3, c) : 0
        const value = clamp((seen + far) / (wa + wb + wm) + at(lift, 3, c), 0, 255)
        if (share > INSIDE) plate[to + c] = Math.round(value)
        else strangeness = Math.max(strangeness, Math.abs((data[to + c] as number) - value))
        filled[c] = value
      }
      if (share > INSIDE) continue
      // Hair that the outline and the colours have missed: it belongs to the person as far as it takes to explain it.
      const variety = Math.sqrt(at(variances, 1, 0))
      const strange =
        smoothstep(1, 1.6, strangeness / (GRAIN + variety)) * (1 - smoothstep(PLAIN[0], PLAIN[1], variety))
      let alpha = alphaAt(share, to)
      // Where little of the person is, the picture itself is the better guess, and there is no seam.
      const guessed = Math.max(strange, smoothstep(0, 0.6, alpha))
      for (let c = 0; c < 3; c++) {
        const own = data[to + c] as number
        const value = mix(own, filled[c] as number, guessed)
        alpha = Math.max(alpha, value > own ? (value - own) / value : value < own ? (own - value) / (255 - value) : 0)
        filled[c] = value
      }
      if (alpha < LEAST) {
        frontPixels[to >> 2] = 0
        continue
      }
      for (let c = 0; c < 3; c++) {
        const value = filled[c] as number
        plate[to + c] = Math.round(value)
        if (alpha < 1) front[to + c] = clamp((data[to + c] as number) - value * (1 - alpha), 0, 255 * alpha)
      }
      front[to + 3] = Math.round(255 * alpha)
    }
  }
  return { front, plate }
}
