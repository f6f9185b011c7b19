import { describe, expect, it } from 'vitest'
import { blend, channelsOf, over } from './colour.ts'
import { blocksOf, readTexture, textureOf } from './texture.ts'

const width = 24
const height = 16
const data = Uint8Array.from({ length: width * height * 4 }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) % 251))
const pixels = new Uint32Array(data.buffer)
const rect = { left: 0, top: 0, right: width, bottom: height }
const texture = textureOf({ width, height, data }, rect, blocksOf(pixels, width, height, 8))
const at = (x: number, y: number): number =>
  readTexture(texture.texels, texture.width, 2 * x * 65536, 2 * y * 65536) >>> 0

describe('the doubled texture', () => {
  it('gives back every source pixel bit by bit at its own place', () => {
    for (let y = 0; y < height - 1; y++)
      for (let x = 0; x < width - 1; x++) expect(at(x, y)).toBe(pixels[y * width + x])
  })

  it('keeps an edge sharper than bilinear reading half-way between pixels', () => {
    const step = new Uint8Array(width * height * 4).fill(255)
    for (let i = 0; i < width * height; i++) step.fill(i % width < 12 ? 40 : 200, i * 4, i * 4 + 3)
    const sharp = textureOf(
      { width, height, data: step },
      rect,
      blocksOf(new Uint32Array(step.buffer), width, height, 8),
    )
    const red = (x: number): number => readTexture(sharp.texels, sharp.width, 2 * x * 65536, 8 * 65536) & 255
    // Catmull-Rom overshoots beside the edge; bilinear would read 40 and 200.
    expect(red(10.5)).toBeLessThan(40)
    expect(red(12.5)).toBeGreaterThan(200)
    expect(red(11.5)).toBe(120)
  })

  it('lets no colour run over where bright content fades out', () => {
    const glare = Uint8Array.from({ length: width * height * 4 }, (_, i) => {
      const alpha = [255, 255, 240, 180, 60, 0][(i >> 2) % 6] as number
      return i % 4 === 3 ? alpha : Math.floor(alpha * ((i >> 2) % 5 === 0 ? 0.2 : 1))
    })
    const blocks = blocksOf(new Uint32Array(glare.buffer), width, height, 8)
    const { texels } = textureOf({ width, height, data: glare }, rect, blocks)
    for (const texel of texels) {
      expect(Math.max(...channelsOf(texel))).toBeLessThanOrEqual(texel >>> 24)
      const onWhite = over(texel, 0xffffffff)
      const wanted = channelsOf(texel).map((value) => value + 255 - (texel >>> 24))
      channelsOf(onWhite).forEach((value, c) => expect(Math.abs(value - (wanted[c] as number))).toBeLessThan(3))
    }
  })

  it('leaves blocks without content empty', () => {
    const empty = new Uint8Array(32 * 32 * 4)
    const blocks = blocksOf(new Uint32Array(empty.buffer), 32, 32, 8)
    expect(blocks.used.every((used) => used === 0)).toBe(true)
    empty[3] = 9
    const some = blocksOf(new Uint32Array(empty.buffer), 32, 32, 8)
    expect([...some.used].map((used, i) => (used ? i : -1)).filter((i) => i >= 0)).toEqual([0, 1, 4, 5])
  })
})

describe('packed colours', () => {
  it('blend by a share of 256 and compose over an opaque background', () => {
    expect(blend(0xff000000, 0xffffffff, 128) & 255).toBe(127)
    expect(over(0x80400000, 0xff0000c8) >>> 0).toBe(0xff400063)
    expect(over(0xff123456, 0xff0000c8) >>> 0).toBe(0xff123456)
  })
})
