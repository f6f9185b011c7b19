/** Hair as many tapered strands that follow guide curves, and the seeded chance that keeps every run the same. */

import { at, blended, type Line, type Point, resampled, ribbon } from './geometry.ts'
import { fill } from './paint.ts'

/** A number from 0 up to, not including, 1. */
export type Chance = () => number
export type Range = readonly [from: number, to: number]

/** Mulberry32: the same seed gives the same picture on every machine. */
export function seededChance(seed: number): Chance {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixedBits = Math.imul(state ^ (state >>> 15), 1 | state)
    mixedBits = (mixedBits + Math.imul(mixedBits ^ (mixedBits >>> 7), 61 | mixedBits)) ^ mixedBits
    return ((mixedBits ^ (mixedBits >>> 14)) >>> 0) / 4294967296
  }
}

export function within([from, to]: Range, chance: Chance): number {
  return from + (to - from) * chance()
}

/** A sideways swing that grows from 30 % of a strand to its tip. `fan` shifts it across the width of the hair (radians). */
export type Wave = { amplitude: number; turns: number; phase: number; fan: number }

const straight: Wave = { amplitude: 0, turns: 2, phase: 0, fan: 0 }

/** The sideways move at `t` (0 root, 1 tip) of the strand at `u` across the hair. */
export function swing(wave: Wave, t: number, u: number): number {
  const grown = Math.max(0, (t - 0.3) / 0.7)
  return wave.amplitude * grown * Math.sin(t * wave.turns * 6.28 + wave.phase + wave.fan * u)
}

/** Strands spread evenly across the guides; `starts` and `ends` are the parts of the way (0..1) they begin and end at. */
export type Strands = {
  count: number
  width: Range
  opacity: Range
  /** One paint, or a colour from the place across the hair and a chance. */
  paint: string | ((u: number, chance: number) => string)
  wave?: Wave
  /** Local units at the tip; the root stays on its guide. */
  jitter?: number
  starts?: Range
  ends?: Range
}

const steps = 22

function strandLine(guides: readonly Line[], u: number, options: Strands, chance: Chance): Point[] {
  const { wave = straight, jitter = 3, starts = [0, 0], ends = [1, 1] } = options
  const dx = (chance() - 0.5) * jitter * 2
  const dy = (chance() - 0.5) * jitter * 2
  const phase = wave.phase + (chance() - 0.5) * 0.5
  const amplitude = wave.amplitude * (0.7 + 0.6 * chance())
  const first = Math.floor(within(starts, chance) * steps)
  const last = Math.max(first + 3, Math.ceil(within(ends, chance) * steps))
  const line = resampled(blended(guides, u), steps).map(([x, y], i): Point => {
    const t = i / steps
    return [x + dx * t + swing({ ...wave, phase, amplitude }, t, u), y + dy * t]
  })
  return line.slice(first, last + 1)
}

export function strands(guides: readonly Line[], options: Strands, chance: Chance): string {
  return Array.from({ length: options.count }, (_, k) => {
    const u = (k + chance()) / options.count
    const line = strandLine(guides, u, options, chance)
    const path = ribbon(line, within(options.width, chance))
    const paint = typeof options.paint === 'string' ? options.paint : options.paint(u, chance())
    return fill(path, paint, { opacity: within(options.opacity, chance) })
  }).join('')
}

/** A wide lock between the guides at `u`, full-bodied with a pointed tip; `missing` points are cut from its end. */
export function lock(guides: readonly Line[], u: number, wave: Wave, missing: number): string {
  const all = resampled(blended(guides, u), 26)
  const line = all.map(([x, y], i): Point => [x + swing(wave, i / 26, u), y]).slice(0, all.length - missing)
  return ribbon(line, 34, (t) => {
    const root = t < 0.08 ? 0.35 + 8 * t : 1
    const tip = t > 0.72 ? Math.max(0.02, 1 - ((t - 0.72) / 0.28) ** 1.6) : 1
    return root * tip
  })
}

/** The guides of one side: the innermost line lies along the face, the outermost is the silhouette. */
export function edges(guides: readonly Line[]): { inner: Line; outer: Line } {
  return { inner: at(guides, 0), outer: at(guides, guides.length - 1) }
}
