import { execFileSync } from 'node:child_process'
import { mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHeic } from '../../../../tests/fixtures/make-heic.ts'
import { decodeImage } from './decode-image.ts'
import type { RgbaImage } from './rgba-image.ts'
import { ffmpegPath } from '../../../../tests/fixtures/media-tools.ts'

let folder = ''
const at = (name: string): string => join(folder, name)

/** 60 x 40: red left half, blue right half, with a green top band of 10 rows. */
const flag = () =>
  sharp({ create: { width: 60, height: 40, channels: 3, background: '#ff0000' } }).composite([
    { input: { create: { width: 30, height: 40, channels: 3, background: '#0000ff' } }, left: 30, top: 0 },
    { input: { create: { width: 60, height: 10, channels: 3, background: '#00ff00' } }, left: 0, top: 0 },
  ])

const pixel = (image: RgbaImage, x: number, y: number): number[] => [
  ...image.data.subarray((y * image.width + x) * 4, (y * image.width + x) * 4 + 4),
]

const expectNear = (actual: number[], expected: number[], tolerance = 6): void =>
  actual.forEach((value, i) => expect(Math.abs(value - (expected[i] as number))).toBeLessThanOrEqual(tolerance))

const codeOf = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'none',
    (thrown: unknown) => (thrown as { code?: unknown }).code,
  )

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'decode-image-'))
  const png = await flag().png().toBuffer()
  writeFileSync(at('flag.png'), png)
  await sharp(png).jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).toFile(at('flag.jpg'))
  await sharp(png).webp({ lossless: true }).toFile(at('flag.webp'))
  await sharp(png).avif({ quality: 90 }).toFile(at('flag.avif'))
  await sharp(png).tiff({ compression: 'lzw' }).toFile(at('flag.tiff'))
  await sharp(png).gif().toFile(at('flag.gif'))
  await sharp(png).toColourspace('rgb16').png().toFile(at('deep.png'))
  await sharp(png).toColourspace('cmyk').jpeg({ quality: 95 }).toFile(at('cmyk.jpg'))
  execFileSync(ffmpegPath, ['-v', 'error', '-y', '-i', at('flag.png'), at('flag.bmp')])
  renameSync(at('flag.bmp'), at('frame%03d.bmp'))
}, 30_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('decodeImage', () => {
  it.each(['flag.png', 'flag.jpg', 'flag.webp', 'flag.avif', 'flag.tiff', 'flag.gif', 'deep.png', 'frame%03d.bmp'])(
    'reads %s to the same upright 8-bit pixels',
    async (name) => {
      const image = await decodeImage(at(name), { ffmpegPath })
      expect([image.width, image.height, image.sourceWidth, image.sourceHeight]).toEqual([60, 40, 60, 40])
      expect(image.data.length).toBe(60 * 40 * 4)
      expectNear(pixel(image, 5, 30), [255, 0, 0, 255], 12)
      expectNear(pixel(image, 50, 30), [0, 0, 255, 255], 12)
      expectNear(pixel(image, 30, 3), [0, 255, 0, 255], 12)
    },
  )

  it('turns a picture upright by its orientation tag', async () => {
    await flag().jpeg({ quality: 95 }).withMetadata({ orientation: 6 }).toFile(at('turned.jpg'))
    const image = await decodeImage(at('turned.jpg'), { ffmpegPath })
    expect([image.width, image.height, image.sourceWidth, image.sourceHeight]).toEqual([40, 60, 40, 60])
    expectNear(pixel(image, 37, 30), [0, 255, 0, 255], 12)
  })

  it('reads HEIC, with the turn that its container asks for', async () => {
    const picture = { path: at('flag.png'), width: 60, height: 40 }
    makeHeic(ffmpegPath, picture, at('flag.heic'))
    const image = await decodeImage(at('flag.heic'), { ffmpegPath })
    expect([image.width, image.height]).toEqual([60, 40])
    expectNear(pixel(image, 5, 30), [255, 0, 0, 255], 24)
    expectNear(pixel(image, 30, 3), [0, 255, 0, 255], 24)
    makeHeic(ffmpegPath, picture, at('turned.heic'), true)
    const turned = await decodeImage(at('turned.heic'), { ffmpegPath, maxSide: 30 })
    expect([turned.width, turned.height, turned.sourceWidth, turned.sourceHeight]).toEqual([20, 30, 40, 60])
    expectNear(pixel(turned, 1, 15), [0, 255, 0, 255], 40)
  })

  it('reads grey and CMYK pictures as colour', async () => {
    await sharp({ create: { width: 8, height: 8, channels: 3, background: '#808080' } })
      .greyscale()
      .png()
      .toFile(at('grey.png'))
    const grey = await decodeImage(at('grey.png'), { ffmpegPath })
    expectNear(pixel(grey, 4, 4), [128, 128, 128, 255])
    const cmyk = await decodeImage(at('cmyk.jpg'), { ffmpegPath })
    const [red, green, blue] = pixel(cmyk, 5, 30) as [number, number, number]
    expect(red).toBeGreaterThan(2 * Math.max(green, blue))
  })

  it('lays transparency on white', async () => {
    await sharp({ create: { width: 8, height: 8, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0.5 } } })
      .png()
      .toFile(at('half.png'))
    expectNear(pixel(await decodeImage(at('half.png'), { ffmpegPath }), 4, 4), [255, 127, 127, 255])
  })

  it('scales down to the longest side asked for, never up', async () => {
    const small = await decodeImage(at('flag.png'), { ffmpegPath, maxSide: 30 })
    expect([small.width, small.height, small.sourceWidth]).toEqual([30, 20, 60])
    expect((await decodeImage(at('flag.png'), { ffmpegPath, maxSide: 500 })).width).toBe(60)
  })

  it('refuses a picture that is cut off, an unknown format and a missing file by code', async () => {
    await sharp({
      create: {
        width: 400,
        height: 400,
        channels: 3,
        noise: { type: 'gaussian', mean: 128, sigma: 60 },
        background: '#000',
      },
    })
      .jpeg()
      .toFile(at('cut.jpg'))
    truncateSync(at('cut.jpg'), 20_000)
    writeFileSync(at('cut.bmp'), Buffer.concat([Buffer.from('BM'), Buffer.alloc(10)]))
    writeFileSync(at('drawing.svg'), '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    expect(await codeOf(decodeImage(at('cut.jpg'), { ffmpegPath }))).toBe('E-INPUT-CORRUPT')
    expect(await codeOf(decodeImage(at('cut.bmp'), { ffmpegPath }))).toBe('E-INPUT-CORRUPT')
    expect(await codeOf(decodeImage(at('drawing.svg'), { ffmpegPath }))).toBe('E-INPUT-TYPE')
    expect(await codeOf(decodeImage(at('absent.png'), { ffmpegPath }))).toBe('E-INPUT-MISSING')
  })

  it('blames a missing ffmpeg, not the file that it should have read', async () => {
    const noTool = { ffmpegPath: at('no-ffmpeg') }
    expect(await codeOf(decodeImage(at('frame%03d.bmp'), noTool))).toBe('E-TOOL-MISSING')
  })
})
