import { describe, expect, it } from 'vitest'
import { layersOf } from './matte.ts'
import { over } from './colour.ts'

const SIZE = 160
const inside = (x: number, y: number): boolean => x >= 50 && x < 110 && y >= 40
const at = (x: number, y: number): number => y * SIZE + x

/** A brown block before a background; cells of 4 px, 40 x 40 of them. */
function sceneOf(background: (x: number, y: number) => readonly number[]) {
  const data = new Uint8Array(SIZE * SIZE * 4).fill(255)
  for (let y = 0; y < SIZE; y++)
    for (let x = 0; x < SIZE; x++) data.set(inside(x, y) ? [90, 60, 30] : background(x, y), at(x, y) * 4)
  const cells = SIZE / 4
  const colour = new Float32Array(cells * cells * 3)
  const person = new Float32Array(cells * cells)
  for (let cell = 0; cell < cells * cells; cell++) {
    const x = (cell % cells) * 4
    const y = Math.floor(cell / cells) * 4
    person[cell] = inside(x + 2, y + 2) ? 1 : 0
    for (let k = 0; k < 16; k++) {
      const from = at(x + (k & 3), y + (k >> 2)) * 4
      for (let c = 0; c < 3; c++)
        colour[cell * 3 + c] = (colour[cell * 3 + c] as number) + (data[from + c] as number) / 16
    }
  }
  const coarse = { left: 0, top: 0, step: 4, columns: cells, rows: cells, colour, person }
  return { data, ...layersOf({ width: SIZE, height: SIZE, data }, coarse) }
}

/** Blue wallpaper with level lines. */
const { data, front, plate } = sceneOf((_x, y) => (y % 20 < 2 ? [60, 80, 120] : [150, 180, 220]))
const still = new Uint32Array(data.buffer)
const frontPixels = new Uint32Array(front.buffer)
const platePixels = new Uint32Array(plate.buffer)

describe('the layers of a still', () => {
  it('give the still again, front over plate, within eight steps of 255, and away from the outline within two', () => {
    const worst = { near: 0, far: 0 }
    for (let i = 0; i < still.length; i++) {
      const both = over(frontPixels[i] as number, platePixels[i] as number)
      const x = i % SIZE
      const where = x > 38 && x < 122 && Math.floor(i / SIZE) > 28 ? 'near' : 'far'
      for (const shift of [0, 8, 16]) {
        const off = Math.abs(((both >>> shift) & 255) - (((still[i] as number) >>> shift) & 255))
        worst[where] = Math.max(worst[where], off)
      }
    }
    expect(worst.near).toBeLessThanOrEqual(8)
    expect(worst.far).toBeLessThanOrEqual(2)
  })

  it('put the person in front and nothing of the background', () => {
    expect(front[at(80, 90) * 4 + 3]).toBe(255)
    expect(frontPixels[at(20, 90)]).toBe(0)
    expect(frontPixels[at(80, 20)]).toBe(0)
  })

  it('carry level lines on behind the person', () => {
    for (let x = 52; x < 62; x++) {
      for (const y of [101, 90])
        for (let c = 0; c < 3; c++)
          expect(Math.abs((plate[at(x, y) * 4 + c] as number) - (data[at(20, y) * 4 + c] as number))).toBeLessThan(3)
    }
  })

  it('carry a shadow on that the person throws on the wall', () => {
    const shade = (x: number): number => Math.min(220, 150 + 1.5 * Math.max(50 - x, x - 109))
    const { plate: wall } = sceneOf((x) => [shade(x), shade(x), shade(x)])
    const row = Array.from({ length: SIZE }, (_, x) => wall[at(x, 100) * 4] as number)
    for (const x of [51, 53, 106, 108]) expect(row[x]).toBeLessThan(shade(49) + 20)
    // Neither does it grow darker than what is seen of it, nor end as a step.
    expect(Math.min(...row.slice(50, 62))).toBeGreaterThan(shade(49) - 8)
    for (let x = 46; x < 62; x++) expect(Math.abs((row[x + 1] as number) - (row[x] as number))).toBeLessThan(14)
  })

  it('leave no trace of thin hair on a plain wall, and give it to the person', () => {
    const isHair = (x: number, y: number): boolean => x >= 110 && x < 116 && y > 60 && (x + y) % 5 === 0
    const wallAt = (x: number): number => 190 - x / 4
    const hairy = sceneOf((x, y) => (isHair(x, y) ? [150, 148, 146] : [wallAt(x), wallAt(x), wallAt(x)]))
    for (let y = 70; y < 150; y++) {
      for (let x = 110; x < 116; x++) {
        expect(Math.abs((hairy.plate[at(x, y) * 4] as number) - wallAt(x))).toBeLessThan(8)
        if (isHair(x, y)) expect(hairy.front[at(x, y) * 4 + 3]).toBeGreaterThan(15)
      }
    }
  })
})
