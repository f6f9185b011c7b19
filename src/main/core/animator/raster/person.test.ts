import { describe, expect, it } from 'vitest'
import { PERSON_SIZE, type FaceModels } from '../face/face-models.ts'
import type { Face } from '../types.ts'
import { findPerson } from './person.ts'

const WIDTH = 400
const HEIGHT = 300
const face = { box: { x: 160, y: 100, width: 70, height: 90 }, rotation: { yaw: 0, pitch: 0, roll: 0 } } as Face

/** Sees a person where the picture is red. */
const models = {
  person: (input: Float32Array) => Float32Array.from({ length: PERSON_SIZE ** 2 }, (_, i) => input[i * 3] ?? 0),
} as FaceModels

const within = (x: number, y: number, [x0, y0, x1, y1]: readonly [number, number, number, number]): boolean =>
  x > x0 && y > y0 && x < x1 && y < y1

const person = (
  isThere: (x: number, y: number) => boolean,
  others: Face['box'][] = [],
  of: Face = face,
  seenBy: FaceModels = models,
) => {
  const data = new Uint8Array(WIDTH * HEIGHT * 4)
  for (let i = 0; i < WIDTH * HEIGHT; i++)
    if (isThere((i % WIDTH) + 0.5, Math.floor(i / WIDTH) + 0.5)) data[i * 4] = 240
  const found = findPerson(seenBy, { width: WIDTH, height: HEIGHT, data }, of, others)
  if (!found) return undefined
  const { left, top, step, columns } = found
  return (x: number, y: number) => found.person[Math.floor((y - top) / step) * columns + Math.floor((x - left) / step)]
}

describe('the person round a face', () => {
  it('is what hangs together with the face, where the model sees it in the picture', () => {
    const at = person((x, y) => within(x, y, [140, 60, 250, 300]) || within(x, y, [300, 100, 360, 300]))
    expect([at?.(195, 145), at?.(150, 70), at?.(240, 290)]).toEqual([1, 1, 1])
    expect([at?.(120, 150), at?.(195, 40)]).toEqual([0, 0])
    // Somebody else, at a distance.
    expect(at?.(330, 200)).toBe(0)
  })

  it('has no holes, but leaves the wall between head and shoulders free', () => {
    const body = (x: number, y: number): boolean =>
      within(x, y, [140, 60, 250, 200]) || within(x, y, [60, 240, 340, 300])
    const at = person(
      (x, y) => (body(x, y) || within(x, y, [180, 190, 210, 250])) && !within(x, y, [185, 140, 195, 150]),
    )
    expect(at?.(190, 145)).toBe(1)
    expect(at?.(100, 220)).toBe(0)
  })

  it('is not the one beside, whose face is nearer', () => {
    const both = (x: number, y: number): boolean => within(x, y, [140, 60, 390, 300])
    const at = person(both, [{ x: 300, y: 100, width: 70, height: 90 }])
    expect([at?.(150, 70), at?.(255, 150), at?.(275, 150), at?.(380, 150)]).toEqual([1, 1, 0, 0])
    expect(person(both)?.(380, 150)).toBe(1)
  })

  it('is looked for in a picture that goes on beyond its border, not in one with black bars', () => {
    let darkest = 1
    const watched = {
      person: (input: Float32Array) => {
        darkest = input.reduce((least, value) => Math.min(least, value), 1)
        return models.person(input)
      },
    } as FaceModels
    const data = new Uint8Array(WIDTH * HEIGHT * 4).fill(200)
    expect(findPerson(watched, { width: WIDTH, height: HEIGHT, data }, face)).toBeDefined()
    expect(darkest).toBeCloseTo(200 / 255, 5)
  })

  it('is shown to the model upright when the head leans, and lies where the picture has it', () => {
    const roll = 0.5
    const [cx, cy] = [face.box.x + face.box.width / 2, face.box.y + face.box.height / 2]
    const fromAxis = (x: number, y: number): number => Math.abs((x - cx) * Math.cos(roll) + (y - cy) * Math.sin(roll))
    const columns = new Set<number>()
    const watched = {
      person: (input: Float32Array) => {
        const seen = models.person(input)
        // Rows near the face: farther up the bar has left the picture.
        const near = seen.subarray(100 * PERSON_SIZE, 156 * PERSON_SIZE)
        near.forEach((value, i) => value > 0.9 && columns.add(i % PERSON_SIZE))
        return seen
      },
    } as FaceModels
    const at = person((x, y) => fromAxis(x, y) < 40, [], { ...face, rotation: { ...face.rotation, roll } }, watched)
    expect(columns.size / PERSON_SIZE).toBeLessThan(80 / 400)
    const [upX, upY] = [cx + 100 * Math.sin(roll), cy - 100 * Math.cos(roll)]
    expect([at?.(cx, cy), at?.(upX, upY), at?.(cx, cy - 100)]).toEqual([1, 1, 0])
  })

  it('is not known where the model sees nobody in the face', () => {
    expect(person((x, y) => within(x, y, [160, 180, 230, 190]))).toBeUndefined()
  })
})
