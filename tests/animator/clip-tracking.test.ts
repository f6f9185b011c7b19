import { beforeAll, describe, expect, it } from 'vitest'
import { analyseFaces } from '../../src/main/core/animator/face/analyse-faces.ts'
import { loadFaceModels } from '../../src/main/core/animator/face/face-models.ts'
import type { FaceModels } from '../../src/main/core/animator/face/face-models.ts'
import { createFaceTracker } from '../../src/main/core/animator/face/track-face.ts'
import { decodeVideo, probeVideo } from '../../src/main/core/animator/encode/decode-video.ts'
import { createDriverReader } from '../../src/main/core/animator/motion/driver-reader.ts'
import { REST_POSE } from '../../src/main/core/animator/types.ts'
import type { Face } from '../../src/main/core/animator/types.ts'
import type { RgbaImage } from '../../src/main/core/lib/rgba-image.ts'
import { chance } from '../../src/main/core/animator/motion/chance.ts'
import { poseFrames, sideBySide } from './known-clips.ts'
import { modelsDir, sample, sharedMedia, tools } from './tools.ts'

const SIDE = 240

let models: FaceModels
let man: RgbaImage
let woman: RgbaImage

/** `image` on a grey picture of the given size, at (x, y); what lies outside is cut off. */
const placed = (image: RgbaImage, width: number, height: number, x: number, y: number): RgbaImage => {
  const canvas = sideBySide([{ width, height, data: new Uint8Array(width * height * 4).fill(200) }], height)
  for (let row = Math.max(0, -y); row < Math.min(image.height, height - y); row++) {
    const from = Math.max(0, -x)
    const to = Math.min(image.width, width - x)
    canvas.data.set(
      image.data.subarray((row * image.width + from) * 4, (row * image.width + to) * 4),
      ((row + y) * width + x + from) * 4,
    )
  }
  return canvas
}

const middle = ({ box }: Face): readonly [number, number] => [box.x + box.width / 2, box.y + box.height / 2]

beforeAll(async () => {
  models = await loadFaceModels(modelsDir())
  man = (await poseFrames(models, sample('portrait-man.jpg'), SIDE, [])).image
  woman = (await poseFrames(models, sample('portrait-woman.jpg'), SIDE, [])).image
})

describe('following a face', () => {
  it('stays on a head that jumps by more than half its height from picture to picture', () => {
    const tracker = createFaceTracker(models, 0)
    const ys = [60, 60, 130, 20, 110, 0, 60, 140]
    const xs = [60, 60, 90, 10, 120, 60, 0, 100]
    const first = tracker.next(placed(man, 360, 380, 60, 60))
    if (!first) throw new Error('no face')
    const [x0, y0] = middle(first)
    ys.forEach((y, i) => {
      const x = xs[i] as number
      const face = tracker.next(placed(man, 360, 380, x, y))
      if (!face) throw new Error(`lost in picture ${i}`)
      const [mx, my] = middle(face)
      expect(Math.hypot(mx - x0 - (x - 60), my - y0 - (y - 60)) / first.box.height).toBeLessThan(0.06)
    })
  })

  it('finds by the face’s look that the mesh sits on something else, and looks for it anew', () => {
    const tracker = createFaceTracker(models, 0)
    tracker.next(placed(man, 360, 380, 60, 20))
    // Half a face lower the old square holds neck and chest of the old place, and the face's upper half.
    const face = tracker.next(placed(man, 360, 380, 60, 90))
    const truth = analyseFaces(models, placed(man, 360, 380, 60, 90))[0]
    if (!face || !truth) throw new Error('no face')
    expect(Math.abs(middle(face)[1] - middle(truth)[1]) / truth.box.height).toBeLessThan(0.05)
  })

  it('passes over pictures without the face, and goes on with the same person among two, also when they changed places', () => {
    const tracker = createFaceTracker(models, 0)
    const womanFirst = sideBySide([woman, man], SIDE)
    const manFirst = sideBySide([man, woman], SIDE)
    const followed = tracker.next(womanFirst)
    if (!followed) throw new Error('no face')
    const isLeft = middle(followed)[0] < SIDE
    const blank = { ...womanFirst, data: new Uint8Array(womanFirst.data.length).fill(90) }
    for (let i = 0; i < 2; i++) expect(tracker.next(blank)).toBeUndefined()
    const again = tracker.next(manFirst)
    if (!again) throw new Error('not found again')
    expect(middle(again)[0] < SIDE).toBe(!isLeft)
    const onlyOther = isLeft ? sideBySide([man], SIDE) : sideBySide([woman], SIDE)
    tracker.next(blank)
    expect(tracker.next(onlyOther)).toBeUndefined()
  })

  it('keeps a still head still under noise: second difference of the points at most .15 % of the face', () => {
    const tracker = createFaceTracker(models, 0)
    const tracks: number[][] = []
    let height = 1
    for (let i = 0; i < 14; i++) {
      const data = man.data.map((value, k) => (k % 4 === 3 ? 255 : value + Math.round(6 * (chance(3, i, k) - 0.5))))
      const face = tracker.next({ ...man, data })
      if (!face) throw new Error('lost')
      height = face.box.height
      tracks.push([33, 133, 362, 263, 168, 6, 4, 10].flatMap((k) => [...face.landmarks.slice(k * 3, k * 3 + 2)]))
    }
    const seconds = tracks.slice(2).flatMap((now, i) => {
      const [a, b] = [tracks[i] as number[], tracks[i + 1] as number[]]
      return now.map((value, k) => value - 2 * (b[k] as number) + (a[k] as number))
    })
    const rms = Math.sqrt(seconds.reduce((sum, value) => sum + value * value, 0) / seconds.length) / height
    console.info(`still head: ${(100 * rms).toFixed(3)} % of the face`)
    expect(rms).toBeLessThan(0.0015)
  })

  it('sees blinks behind glasses', async () => {
    const blinks = [0, 0, 0, 0.6, 1, 1, 0.5, 0, 0, 0, 0, 0.7, 1, 0.6, 0, 0]
    const { frames, face } = await poseFrames(
      models,
      sample('portrait-man.jpg'),
      SIDE,
      blinks.map((blink) => ({ ...REST_POSE, blink })),
    )
    const tracker = createFaceTracker(models, 0)
    const reader = createDriverReader(true)
    for (const frame of frames) {
      const image = withGlasses(frame, face)
      reader.add(image, tracker.next(image))
    }
    const { relative } = reader.performance(25, 'glasses')
    for (const at of [4, 5, 12]) expect(relative[at]?.closure).toBeGreaterThan(0.6)
    for (const at of [0, 1, 9, 15]) expect(relative[at]?.closure).toBeLessThan(0.25)
  })

  it('loses no picture of the shared clips', async () => {
    for (const name of ['driving-480-30fps.mp4', 'source-720x1080-25fps.mp4']) {
      const path = sharedMedia(name)
      if (path === undefined) continue
      const { matrix } = await probeVideo(tools.ffprobePath, path)
      const tracker = createFaceTracker(models, 0)
      let missed = 0
      const options = { ffmpegPath: tools.ffmpegPath, path, rate: [5, 2], maxSide: 720, matrix } as const
      for await (const image of decodeVideo({ ...options, signal: new AbortController().signal }))
        if (!tracker.next(image)) missed++
      expect(missed).toBe(0)
    }
  })
})

/** Dark round rims and a bridge over the eyes, and a little light on the lenses. */
const withGlasses = (image: RgbaImage, { landmarks }: Face): RgbaImage => {
  const data = image.data.slice()
  const at = (a: number, b: number, k: 0 | 1): number =>
    ((landmarks[a * 3 + k] as number) + (landmarks[b * 3 + k] as number)) / 2
  const span = (landmarks[263 * 3] as number) - (landmarks[33 * 3] as number)
  for (const [a, b] of [
    [33, 133],
    [362, 263],
  ] as const) {
    const [cx, cy] = [at(a, b, 0), at(a, b, 1)]
    for (let i = 0; i < data.length; i += 4) {
      const [x, y] = [(i / 4) % image.width, Math.floor(i / 4 / image.width)]
      const away = Math.hypot(x - cx, y - cy) / span
      if (Math.abs(away - 0.23) < 0.018) data.fill(30, i, i + 3)
      else if (away < 0.21) for (let c = 0; c < 3; c++) data[i + c] = Math.min(255, (data[i + c] as number) + 12)
    }
  }
  return { ...image, data }
}
