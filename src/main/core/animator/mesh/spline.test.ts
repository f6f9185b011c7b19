import { describe, expect, it } from 'vitest'
import { evenCurve, splineAt } from './spline.ts'

describe('splines', () => {
  it('pass through their values and stay straight on a line', () => {
    const line = Float32Array.from({ length: 11 }, (_, i) => 2 * i)
    expect(splineAt(line, 0.5)).toBe(10)
    expect(splineAt(line, 0.33)).toBeCloseTo(6.6, 4)
    expect(splineAt(line, -1)).toBe(0)
    expect(splineAt(line, 2)).toBe(20)
  })

  it('resample uneven points to even steps and hold their ends', () => {
    const diagonal = [0, 1, 4].map((place) => [place, place] as const)
    const out = evenCurve(diagonal, -1, 5, new Float32Array(5))
    expect(out[0]).toBe(0)
    expect(out[4]).toBe(4)
    expect(out[1]).toBeCloseTo(0.5, 0)
  })
})
