import { describe, expect, it } from 'vitest'
import type { HeadFrame } from '../mesh/head-frame.ts'
import { packed, type Rgb } from './colour.ts'
import { eyeWhites, skinColour } from './face-colours.ts'
import type { Texture } from './texture.ts'

const SKIN: Rgb = [150, 90, 60]
const WHITE: Rgb = [205, 190, 180]
const CHEEKS = [50, 280]
const EYES = [33, 133, 263, 362]

/** A face of plain skin with two level eyes; `eyeAt` colours a place between the corners, 0..1. */
const faceOf = (eyeAt: (share: number) => Rgb): { texture: Texture; frame: HeadFrame } => {
  const [width, height] = [400, 200]
  const texels = new Uint32Array(width * height).fill(packed(...SKIN))
  for (const left of [40, 240])
    for (let x = 0; x <= 80; x++) for (let y = 50; y < 70; y++) texels[y * width + left + x] = packed(...eyeAt(x / 80))
  const points = new Float32Array(468 * 3)
  EYES.forEach((index, k) => points.set([[20, 60, 160, 120][k] ?? 0, 30, 0], index * 3))
  CHEEKS.forEach((index, k) => points.set([40 + 100 * k, 75, 0], index * 3))
  const frame = { points } as Partial<HeadFrame> as HeadFrame
  return { texture: { rect: { left: 0, top: 0, right: 200, bottom: 100 }, width, height, texels }, frame }
}

describe('the colours of a face', () => {
  it('find the skin of the cheeks and the whites beside dark irises', () => {
    const { texture, frame } = faceOf((share) => (Math.abs(share - 0.5) < 0.2 ? [40, 25, 15] : WHITE))
    const skin = skinColour(frame, texture, CHEEKS)
    expect(skin).toEqual(SKIN)
    eyeWhites(frame, texture, skin).forEach((value, c) => expect(value).toBeCloseTo(WHITE[c] as number, 0))
  })

  it('take half-coloured skin for the whites of closed eyes', () => {
    const { texture, frame } = faceOf(() => SKIN)
    const [red, , blue] = eyeWhites(frame, texture, SKIN)
    expect(red).toBeLessThan(150)
    expect(blue).toBeGreaterThan(60)
  })
})
