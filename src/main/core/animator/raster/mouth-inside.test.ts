import { describe, expect, it } from 'vitest'
import { lightOf, saturationOf } from './colour.ts'
import { insideColour, mouthPaletteOf, type MouthPalette, type MouthPlace } from './mouth-inside.ts'

const palette: MouthPalette = {
  teeth: [200, 190, 175],
  tongue: [150, 75, 70],
  flesh: [100, 40, 40],
  depth: [30, 12, 12],
}
const place = (extra: Partial<MouthPlace>): MouthPlace => ({
  x: 0.08,
  skullY: 0.03,
  jawY: 0.2,
  fromUpper: 0.06,
  fromLower: 0.2,
  gap: 0.26,
  widest: 0.26,
  soft: 0.01,
  teeth: 1,
  ...extra,
})
const light = (colour: number): number => (colour & 255) + ((colour >>> 8) & 255) + ((colour >>> 16) & 255)

describe('the inside of a mouth', () => {
  it('shows teeth where the skull holds them, and dark below', () => {
    expect(light(insideColour(palette, place({})))).toBeGreaterThan(300)
    expect(light(insideColour(palette, place({ skullY: 0.11, fromUpper: 0.14 })))).toBeLessThan(200)
    expect(light(insideColour(palette, place({ teeth: 0 })))).toBeLessThan(200)
  })

  it('lies in the shadow of the upper lip', () => {
    expect(light(insideColour(palette, place({ fromUpper: 0 })))).toBeLessThan(
      light(insideColour(palette, place({ fromUpper: 0.06 }))),
    )
  })

  it('changes by small steps as the mouth opens by small steps, so that it cannot flicker', () => {
    let largest = 0
    for (let x = -0.45; x <= 0.45; x += 0.05) {
      let before: number | undefined
      for (let step = 0; step <= 100; step++) {
        const gap = 0.003 * step
        const now = light(
          insideColour(palette, place({ x, gap, widest: gap, fromUpper: gap / 2, fromLower: gap / 2, jawY: gap / 2 })),
        )
        if (before !== undefined) largest = Math.max(largest, Math.abs(now - before))
        before = now
      }
    }
    expect(largest).toBeLessThan(30)
  })
})

describe('the colours of a mouth that the still keeps closed', () => {
  it('are those of the eyes for teeth: as bright in a dark face as the whites, and hardly coloured', () => {
    const { teeth, flesh } = mouthPaletteOf([148, 86, 52], [203, 187, 176])
    expect(lightOf(teeth)).toBeGreaterThan(185)
    expect(saturationOf(teeth)).toBeLessThan(0.3)
    expect(lightOf(flesh)).toBeLessThan(70)
  })

  it('expect teeth by the cheeks where the eyes are in deep shadow', () => {
    expect(lightOf(mouthPaletteOf([233, 165, 136], [60, 50, 45]).teeth)).toBeGreaterThan(185)
  })

  it('stay grey in a picture without colour', () => {
    for (const colour of Object.values(mouthPaletteOf([120, 120, 120], [170, 170, 170])))
      expect(saturationOf(colour)).toBeLessThan(0.02)
  })
})
