/**
 * Makes the pictures of docs/animator.md from the sample portraits. Run: `node scripts/animator-pictures.ts [portrait ...]`;
 * with portraits of your own it makes the same sheets of them beside one another, to be judged by eye, in the folder `out/pictures`.
 */
import { mkdirSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import sharp from 'sharp'
import { analyseFaces } from '../src/main/core/animator/face/analyse-faces.ts'
import { loadFaceModels } from '../src/main/core/animator/face/face-models.ts'
import { layersOf } from '../src/main/core/animator/raster/matte.ts'
import { findPerson } from '../src/main/core/animator/raster/person.ts'
import { createPuppet } from '../src/main/core/animator/raster/puppet.ts'
import { REST_POSE } from '../src/main/core/animator/types.ts'
import type { Face, FramePose } from '../src/main/core/animator/types.ts'
import type { RgbaImage } from '../src/main/core/lib/rgba-image.ts'
import { copyModels } from './copy-models.mjs'

const TILE = 240
const degrees = (value: number): number => (value * Math.PI) / 180

/** One row of tiles: the part of the face that it shows (width and height in face heights, centre as landmarks) and its poses. */
const SHEETS: readonly {
  readonly name: string
  readonly around: readonly [number, number]
  readonly size: readonly [number, number]
  readonly poses: readonly Partial<FramePose>[]
}[] = [
  {
    name: 'head',
    around: [10, 152],
    size: [2.1, 2.1],
    poses: [{}, { yaw: degrees(10) }, { yaw: degrees(-10) }, { pitch: degrees(6) }, { roll: degrees(-5) }],
  },
  {
    name: 'mouth',
    around: [13, 17],
    size: [0.6, 0.5],
    poses: [{}, { press: 1 }, { jaw: 0.3 }, { jaw: 0.8 }, { jaw: 0.3, wide: -1 }],
  },
  {
    name: 'eyes',
    around: [33, 263],
    size: [0.9, 0.36],
    poses: [{}, { blink: 0.3 }, { blink: 0.7 }, { blink: 1 }, { gazeX: 0.06 }],
  },
]

const root = resolve(import.meta.dirname, '..')

const read = async (path: string): Promise<RgbaImage> => {
  const { data, info } = await sharp(path).rotate().ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, data: Uint8Array.from(data) }
}

const tileOf = async (
  { width, height, data }: RgbaImage,
  area: { left: number; top: number; width: number; height: number },
): Promise<Buffer> => {
  const raw = { raw: { width, height, channels: 4 as const } }
  const cut = await sharp(data, raw).extract(area).flatten({ background: '#2a8' }).png().toBuffer()
  return sharp(cut).resize(TILE).png().toBuffer()
}

const saveRow = async (tiles: readonly Buffer[], path: string): Promise<void> => {
  const { height } = await sharp(tiles[0]).metadata()
  const sheet = sharp({ create: { width: tiles.length * TILE, height, channels: 3, background: '#000' } })
  await sheet
    .composite(tiles.map((input, i) => ({ input, left: i * TILE, top: 0 })))
    .jpeg({ quality: 80 })
    .toFile(path)
}

const areaOf = (image: RgbaImage, face: Face, around: readonly number[], size: readonly [number, number]) => {
  const at = (point: number, k: 0 | 1): number => face.landmarks[point * 3 + k] as number
  const faceHeight = Math.hypot(at(10, 0) - at(152, 0), at(10, 1) - at(152, 1))
  const centre = (k: 0 | 1): number => around.reduce((sum, point) => sum + at(point, k), 0) / around.length
  const width = Math.min(image.width, Math.round(size[0] * faceHeight))
  const height = Math.min(image.height, Math.round(size[1] * faceHeight))
  const within = (value: number, most: number): number => Math.round(Math.min(most, Math.max(0, value)))
  return {
    left: within(centre(0) - width / 2, image.width - width),
    top: within(centre(1) - height / 2, image.height - height),
    width,
    height,
  }
}

const modelsDir = join(root, 'out/models')
copyModels(modelsDir)
const models = await loadFaceModels(modelsDir)
const given = process.argv.slice(2)
const folder = join(root, given.length > 0 ? 'out/pictures' : 'docs/images')
mkdirSync(folder, { recursive: true })

for (const path of given.length > 0 ? given : [join(root, 'resources/samples/portrait-woman.jpg')]) {
  const image = await read(path)
  const [face] = analyseFaces(models, image)
  if (!face) {
    console.log(`${path}: no face`)
    continue
  }
  const prefix = given.length > 0 ? basename(path).replace(/\.\w+$/, '') : 'animator'
  const person = findPerson(models, image, face)
  const puppet = createPuppet(image, face, { person })
  for (const { name, around, size, poses } of SHEETS) {
    const tiles: Buffer[] = []
    for (const pose of poses) {
      const data = puppet.render({ ...REST_POSE, ...pose })
      tiles.push(await tileOf({ ...image, data }, areaOf(image, face, around, size)))
    }
    await saveRow(tiles, join(folder, `${prefix}-${name}.jpg`))
  }
  if (!person) continue
  const { front, plate } = layersOf(image, person)
  const area = areaOf(image, face, [10, 152], [2.1, 2.1])
  const layers = [image.data, front, plate].map((data) => tileOf({ ...image, data }, area))
  await saveRow(await Promise.all(layers), join(folder, `${prefix}-layers.jpg`))
}
console.log(`pictures in ${folder}`)
