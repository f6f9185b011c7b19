import sharp from 'sharp'
import type { Sharp } from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  analyseFaces,
  followFace,
  looksLikeAnimal,
  shareOutside,
} from '../../src/main/core/animator/face/analyse-faces.ts'
import { loadFaceModels } from '../../src/main/core/animator/face/face-models.ts'
import type { FaceModels } from '../../src/main/core/animator/face/face-models.ts'
import type { Face } from '../../src/main/core/animator/types.ts'
import { decodeImage } from '../../src/main/core/lib/decode-image.ts'
import type { RgbaImage } from '../../src/main/core/lib/rgba-image.ts'
import { modelsDir, sample, sharedMedia, tools } from './tools.ts'

let models: FaceModels
let woman: RgbaImage
let womanFace: Face

const degrees = (radians: number): number => (radians * 180) / Math.PI

const toImage = async (picture: Sharp): Promise<RgbaImage> => {
  const { data, info } = await picture.ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, data }
}
const asPicture = ({ width, height, data }: RgbaImage): Sharp => sharp(data, { raw: { width, height, channels: 4 } })

const onlyFace = (image: RgbaImage): Face => {
  const faces = analyseFaces(models, image)
  expect(faces).toHaveLength(1)
  return faces[0] as Face
}

/** Largest distance between the landmarks of two faces after `map`, in face widths of the first. */
const apart = (a: Face, b: Face, map: (x: number, y: number) => readonly [number, number]): number => {
  let largest = 0
  for (let i = 0; i < a.landmarks.length; i += 3) {
    const [x, y] = map(a.landmarks[i] as number, a.landmarks[i + 1] as number)
    largest = Math.max(largest, Math.hypot(x - (b.landmarks[i] as number), y - (b.landmarks[i + 1] as number)))
  }
  return largest / b.box.width
}

beforeAll(async () => {
  models = await loadFaceModels(modelsDir())
  woman = await decodeImage(sample('portrait-woman.jpg'), tools)
  womanFace = onlyFace(woman)
})

describe('the face analysis', () => {
  it.each(['portrait-woman.jpg', 'portrait-man.jpg'])('finds the one level face of %s', async (name) => {
    const face = onlyFace(await decodeImage(sample(name), tools))
    expect(face.meshScore).toBeGreaterThan(0.95)
    expect(Math.abs(degrees(face.rotation.yaw))).toBeLessThan(5)
    expect(Math.abs(degrees(face.rotation.pitch))).toBeLessThan(5)
    expect(Math.abs(degrees(face.rotation.roll))).toBeLessThan(5)
    expect(face.irises).toHaveLength(20)
  })

  it('puts the irises between the lids, their extremes in picture order', () => {
    const point = (k: number): [number, number] => [
      womanFace.irises[k * 2] as number,
      womanFace.irises[k * 2 + 1] as number,
    ]
    for (const [eye, left, right] of [
      [0, 33, 133],
      [5, 362, 263],
    ] as const) {
      const [x, y] = point(eye)
      expect(x).toBeGreaterThan(womanFace.landmarks[left * 3] as number)
      expect(x).toBeLessThan(womanFace.landmarks[right * 3] as number)
      expect(point(eye + 1)[0]).toBeGreaterThan(x)
      expect(point(eye + 2)[1]).toBeLessThan(y)
      expect(point(eye + 3)[0]).toBeLessThan(x)
      expect(point(eye + 4)[1]).toBeGreaterThan(y)
    }
  })

  it('sees the same landmarks at half the size', async () => {
    const half = onlyFace(await toImage(asPicture(woman).resize(woman.width / 2)))
    expect(apart(womanFace, half, (x, y) => [x / 2, y / 2])).toBeLessThan(0.02)
  })

  it('follows a picture shifted by less than a pixel', async () => {
    const half = await toImage(asPicture(woman).resize(woman.width / 2))
    const large = await toImage(asPicture(half).resize(half.width * 4, null, { kernel: 'cubic' }))
    const shiftPx = 2
    const moved = await toImage(
      asPicture(large)
        .extract({ left: shiftPx, top: 0, width: large.width - 4, height: large.height - 4 })
        .resize(half.width - 1, half.height - 1, { kernel: 'linear' }),
    )
    const before = followFace(models, half, onlyFace(half)) as Face
    const after = followFace(models, moved, before) as Face
    let sum = 0
    for (let i = 0; i < 468; i++) sum += (before.landmarks[i * 3] as number) - (after.landmarks[i * 3] as number)
    // The model's own jitter is a third of a pixel of a 1,024 px picture; whole-pixel landmarks would be off by half a pixel and more.
    expect(Math.abs(sum / 468 - shiftPx / 4)).toBeLessThan(0.35)
  })

  it.each([30, 60, 90])('reads a head leaning %i degrees', async (angle) => {
    const turned = await toImage(asPicture(woman).rotate(angle, { background: '#888' }))
    const face = analyseFaces(models, turned)[0] as Face
    expect(Math.abs(degrees(face.rotation.roll - womanFace.rotation.roll) - angle)).toBeLessThan(4)
  })

  it('mirrors yaw and roll with the picture', async () => {
    const mirrored = onlyFace(await toImage(asPicture(woman).flop()))
    expect(Math.abs(degrees(mirrored.rotation.yaw + womanFace.rotation.yaw))).toBeLessThan(3)
    expect(Math.abs(degrees(mirrored.rotation.roll + womanFace.rotation.roll))).toBeLessThan(2)
  })

  it('finds nine faces and orders them by size', async () => {
    const tiles = await Promise.all(
      Array.from({ length: 9 }, async (_, i) => {
        const side = 200 + ((i * 37) % 9) * 20
        const name = i % 2 ? 'portrait-woman.jpg' : 'portrait-man.jpg'
        const input = await sharp(sample(name)).resize(side, side).png().toBuffer()
        return { input, left: (i % 3) * 400, top: Math.floor(i / 3) * 400 }
      }),
    )
    const group = await toImage(
      sharp({ create: { width: 1200, height: 1200, channels: 3, background: '#556' } }).composite(tiles),
    )
    const faces = analyseFaces(models, group)
    expect(faces).toHaveLength(9)
    const areas = faces.map(({ box }) => box.width * box.height)
    expect(areas).toEqual(areas.toSorted((a, b) => b - a))
  })

  it('finds a small face far to the side of a wide picture, and one in a large empty picture', async () => {
    const small = await sharp(sample('portrait-man.jpg')).resize(240, 240).png().toBuffer()
    const wide = sharp({ create: { width: 2400, height: 600, channels: 3, background: '#7a8' } })
    expect(analyseFaces(models, await toImage(wide.composite([{ input: small, left: 2100, top: 300 }])))).toHaveLength(
      1,
    )
    const large = sharp({ create: { width: 2000, height: 2000, channels: 3, background: '#7a8' } })
    expect(analyseFaces(models, await toImage(large.composite([{ input: small, left: 1500, top: 120 }])))).toHaveLength(
      1,
    )
  })

  it('tells a face that is cut off by its points outside the picture', async () => {
    expect(shareOutside(womanFace, woman)).toBe(0)
    const { box } = womanFace
    const height = Math.round(box.y + box.height * 0.75)
    const cut = await toImage(asPicture(woman).extract({ left: 0, top: 0, width: woman.width, height }))
    expect(shareOutside(onlyFace(cut), cut)).toBeGreaterThan(0.05)
  })

  it('finds nothing in a picture without a face', async () => {
    const noise = { type: 'gaussian', mean: 120, sigma: 40 } as const
    const image = await toImage(sharp({ create: { width: 600, height: 400, channels: 3, background: '#000', noise } }))
    expect(analyseFaces(models, image)).toEqual([])
  })

  const people = ['dark', 'full-body', 'seated', 'three-quarter'].map((name) => `portrait-${name}.jpg`)
  it.runIf(people.every(sharedMedia)).each(people)('finds exactly one human face in %s', async (name) => {
    const image = await decodeImage(sharedMedia(name) as string, tools)
    const face = onlyFace(image)
    expect(face.meshScore).toBeGreaterThan(0.9)
    expect(looksLikeAnimal(face, image)).toBe(false)
    expect(Math.abs(degrees(face.rotation.pitch))).toBeLessThan(9)
  })
})
