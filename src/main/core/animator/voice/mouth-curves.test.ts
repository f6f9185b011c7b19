import { describe, expect, test } from 'vitest'
import type { MouthCurves } from '../types.ts'
import { mouthCurves } from './mouth-curves.ts'

const RATE = 16_000

/** Formants (Hz) of sounds that a pulse train through three resonators makes well enough. */
const FORMANTS = { a: [800, 1250, 2600], i: [290, 2250, 3000], u: [320, 760, 2350] } as const

type Sound = keyof typeof FORMANTS | 'silence'

/** Speaks sounds of the given lengths (seconds), 120 Hz, with 20 ms ramps. */
function speak(sounds: readonly (readonly [Sound, number])[]): Float32Array {
  const parts = sounds.map(([sound, seconds]) => {
    let wave: Float64Array = Float64Array.from({ length: Math.round(seconds * RATE) }, (_, i) =>
      i % 133 === 0 ? 1 : 0,
    )
    if (sound === 'silence') return wave.fill(0)
    for (const [order, hz] of FORMANTS[sound].entries()) {
      const radius = Math.exp((-Math.PI * (70 + 40 * order)) / RATE)
      const turn = 2 * radius * Math.cos((2 * Math.PI * hz) / RATE)
      const out = new Float64Array(wave.length)
      for (let i = 0; i < wave.length; i++)
        out[i] = (1 - radius) * (wave[i] as number) + turn * (out[i - 1] ?? 0) - radius * radius * (out[i - 2] ?? 0)
      wave = out
    }
    const loudest = Math.max(...wave.map(Math.abs))
    return wave.map((value, i) => (0.5 * value * Math.min(1, i / 320, (wave.length - i) / 320)) / loudest)
  })
  return Float32Array.from(parts.flatMap((part) => [...part]))
}

const mean = (values: Float32Array, from: number, to: number): number =>
  values.slice(Math.round(from * 100), Math.round(to * 100)).reduce((sum, value) => sum + value, 0) /
  (Math.round(to * 100) - Math.round(from * 100))

const everyValue = (curves: MouthCurves): number[] =>
  Object.values(curves).flatMap((curve) => (typeof curve === 'number' ? [] : [...curve]))

const PHRASE = [
  ['silence', 0.5],
  ['a', 0.4],
  ['silence', 0.4],
  ['i', 0.4],
  ['silence', 0.4],
  ['u', 0.4],
  ['silence', 0.5],
] as const

describe('mouthCurves', () => {
  test('one value a hop for the whole voice, however short', () => {
    for (const length of [0, 1, 159, 160, 16_000, 16_001]) {
      const curves = mouthCurves(new Float32Array(length).fill(0.01), RATE)
      expect(curves.hopSeconds).toBe(0.01)
      for (const curve of [curves.jaw, curves.wide, curves.press, curves.upper, curves.energy, curves.slow])
        expect(curve).toHaveLength(Math.floor(length / 160) + 1)
      expect(everyValue(curves).every(Number.isFinite)).toBe(true)
    }
  })

  test('digital silence, faint hiss and a hum keep the lips together', () => {
    let state = 1
    const hiss = Float32Array.from({ length: RATE }, () => {
      state = Math.imul(state, 1_103_515_245) + 12_345
      return state / 2 ** 31 / 20_000
    })
    for (const samples of [new Float32Array(RATE), hiss, hiss.map((_, i) => 5e-4 * Math.sin(i / 51))]) {
      const { jaw, press } = mouthCurves(samples, RATE)
      expect(Math.max(...jaw)).toBeLessThan(0.03)
      expect(mean(press, 0.2, 0.8)).toBeGreaterThan(0.95)
    }
  })

  test('an open vowel opens more than a close one; i is spread and u rounded; lips meet between them', () => {
    const { jaw, wide, press } = mouthCurves(speak(PHRASE), RATE)
    expect(mean(jaw, 0.6, 0.8)).toBeGreaterThan(0.6)
    expect(mean(jaw, 0.6, 0.8)).toBeGreaterThan(1.15 * mean(jaw, 1.4, 1.6))
    expect(mean(jaw, 0.6, 0.8)).toBeGreaterThan(1.15 * mean(jaw, 2.2, 2.4))
    expect(mean(wide, 1.4, 1.6)).toBeGreaterThan(0.4)
    expect(mean(wide, 2.2, 2.4)).toBeLessThan(-0.3)
    for (const pause of [0.2, 1.1, 1.9, 2.7]) {
      expect(mean(jaw, pause - 0.05, pause + 0.05)).toBeLessThan(0.03)
      expect(mean(press, pause - 0.05, pause + 0.05)).toBeGreaterThan(0.95)
    }
    expect(mean(press, 0.6, 0.8)).toBeLessThan(0.05)
  })

  test('a voice recorded 26 dB softer moves the mouth alike', () => {
    const loud = speak(PHRASE)
    const a = mouthCurves(loud, RATE)
    const b = mouthCurves(
      loud.map((value) => value / 20),
      RATE,
    )
    a.jaw.forEach((value, i) => expect(Math.abs(value - (b.jaw[i] as number))).toBeLessThan(0.12))
  })
})
