import { describe, expect, it } from 'vitest'
import { refineLipLine } from './lip-line.ts'

/** Skin with a dark, bowed line between the lips; the model believes the line to be straight and 9 px too high. */
const lipsAt = (x: number): number => 60 + 4 * ((x - 100) / 60) ** 2

const picture = () => {
  const data = new Uint8Array(200 * 120 * 4).fill(255)
  for (let y = 0; y < 120; y++) {
    for (let x = 0; x < 200; x++) {
      const dark = 110 * Math.exp(-(((y - lipsAt(x)) / 2.5) ** 2))
      const noise = ((x * 7 + y * 13) % 11) - 5
      for (let c = 0; c < 3; c++) data[(y * 200 + x) * 4 + c] = 180 - dark + noise
    }
  }
  return { width: 200, height: 120, data }
}

const row = (y: number): Float32Array => Float32Array.from({ length: 22 }, (_, k) => (k % 2 ? y : 40 + 12 * (k >> 1)))

describe('the lip line of a closed mouth', () => {
  it('moves onto the dark line, with both lips on it and the corners left alone', () => {
    const upper = row(50)
    const lower = row(52)
    refineLipLine(picture(), { upper, lower, along: [1, 0], across: [0, 1], width: 120 })
    for (let i = 2; i <= 8; i++) {
      expect(Math.abs((upper[i * 2 + 1] as number) - lipsAt(upper[i * 2] as number))).toBeLessThan(2)
    }
    expect(upper).toEqual(lower)
    expect(upper[1]).toBe(51)
    expect(upper[21]).toBe(51)
  })
})
