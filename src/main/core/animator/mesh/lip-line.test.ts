import { describe, expect, it } from 'vitest'
import { lipLineOf } from './lip-line.ts'

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

const row = (y: number) => Array.from({ length: 11 }, (_, i) => [40 + 12 * i, y] as const)

describe('the lip line of a closed mouth', () => {
  it('lies on the dark line, with the corners left alone', () => {
    const line = lipLineOf(picture(), { upper: row(50), lower: row(52), along: [1, 0], across: [0, 1], width: 120 })
    for (const [x, y] of line.slice(2, -2)) expect(Math.abs(y - lipsAt(x))).toBeLessThan(2)
    expect(line).toHaveLength(11)
    expect(line[0]).toEqual([40, 51])
    expect(line[10]).toEqual([160, 51])
  })
})
