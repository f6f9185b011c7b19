import { beforeAll, describe, expect, it } from 'vitest'
import { createMover, movingArea } from '../../src/main/core/animator/clip-mover.ts'
import type { ClipParameters } from '../../src/main/core/animator/clip-parameters.ts'
import { analyseFaces, followFace } from '../../src/main/core/animator/face/analyse-faces.ts'
import { loadFaceModels } from '../../src/main/core/animator/face/face-models.ts'
import type { FaceModels } from '../../src/main/core/animator/face/face-models.ts'
import { createFaceTracker } from '../../src/main/core/animator/face/track-face.ts'
import { createDriverReader } from '../../src/main/core/animator/motion/driver-reader.ts'
import { createFaceReader } from '../../src/main/core/animator/motion/read-face.ts'
import type { FaceReading } from '../../src/main/core/animator/motion/read-face.ts'
import { poseFor } from '../../src/main/core/animator/motion/retarget.ts'
import type { Moment, Performance } from '../../src/main/core/animator/motion/retarget.ts'
import type { Face } from '../../src/main/core/animator/types.ts'
import { REST_POSE } from '../../src/main/core/animator/types.ts'
import { withoutEffect } from '../../src/main/core/engines/offline/clips.ts'
import type { RgbaImage } from '../../src/main/core/lib/rgba-image.ts'
import { defaultParameters, ENGINE_PARAMETERS } from '../../src/shared/model/parameters.ts'
import { clipParameters, poseFrames, sideBySide } from './known-clips.ts'
import { modelsDir, sample } from './tools.ts'

const SIDE = 256

/** A driver of one picture, doing this against its first picture and against its usual face. */
const doing = (moment: Partial<Moment>, absolute: Partial<Moment> = moment): Performance => {
  const rest = { yaw: 0, pitch: 0, roll: 0, shiftX: 0, shiftY: 0, gap: 0, bare: 0, wide: 0, brow: 0 }
  const still: Moment = { ...rest, closure: 0, gazeX: 0, gazeY: 0 }
  return { relative: [{ ...still, ...moment }], absolute: [{ ...still, ...absolute }], missing: 0 }
}

let models: FaceModels
let woman: { image: RgbaImage; face: Face }
let open: { image: RgbaImage; face: Face }

const withFace = (image: RgbaImage): { image: RgbaImage; face: Face } => {
  const face = analyseFaces(models, image)[0]
  if (!face) throw new Error('no face')
  return { image, face }
}

const moved = (
  source: { image: RgbaImage; face: Face },
  changed: Partial<ClipParameters>,
  performance: Performance,
): RgbaImage => {
  const image = { ...source.image, data: source.image.data.slice() }
  createMover(clipParameters(changed), performance)(image, source.face, 0)
  return image
}

/** What the face models see in a moved picture, against the source. */
const seen = (source: { face: Face }, image: RgbaImage): FaceReading => {
  const face = followFace(models, image, source.face)
  if (!face) throw new Error('the face is gone')
  return createFaceReader(source.face)(face)
}

const changedBox = (a: RgbaImage, b: RgbaImage) => {
  let [left, top, right, bottom] = [a.width, a.height, -1, -1]
  for (let i = 0; i < a.data.length; i += 4) {
    if (a.data[i] === b.data[i] && a.data[i + 1] === b.data[i + 1] && a.data[i + 2] === b.data[i + 2]) continue
    const [x, y] = [(i / 4) % a.width, Math.floor(i / 4 / a.width)]
    left = Math.min(left, x)
    right = Math.max(right, x)
    top = Math.min(top, y)
    bottom = Math.max(bottom, y)
  }
  return { left, top, right, bottom }
}

beforeAll(async () => {
  models = await loadFaceModels(modelsDir())
  const poses = [REST_POSE, { ...REST_POSE, jaw: 0.9 }]
  const { frames } = await poseFrames(models, sample('portrait-woman.jpg'), SIDE, poses)
  const [rest, wideOpen] = frames as [RgbaImage, RgbaImage]
  woman = withFace(rest)
  open = withFace(wideOpen)
})

describe('the part that moves', () => {
  const swing = doing({ roll: 0.15, shiftX: 0.05 })

  it('is bounded by scale and dsize, and placed by vx_ratio and vy_ratio', () => {
    const boxOf = (changed: Partial<ClipParameters>) => {
      const box = changedBox(woman.image, moved(woman, changed, swing))
      const area = movingArea(woman.image, woman.face, clipParameters(changed))
      expect(box.left).toBeGreaterThanOrEqual(area.x)
      expect(box.top).toBeGreaterThanOrEqual(area.y)
      expect(box.right).toBeLessThan(area.x + area.width)
      expect(box.bottom).toBeLessThan(area.y + area.height)
      return box
    }
    const [usual, tight] = [boxOf({}), boxOf({ scale: 1.4 })]
    expect(tight.right - tight.left).toBeLessThan(0.75 * (usual.right - usual.left))
    const faceSize = Math.max(woman.face.box.width, woman.face.box.height)
    const bounded = boxOf({ dsize: Math.round(1.9 * faceSize) })
    expect(bounded.bottom - bounded.top).toBeLessThanOrEqual(1.9 * faceSize)
    expect(bounded.right - bounded.left).toBeLessThan(usual.right - usual.left)
    expect(boxOf({ scale: 1.4, vx_ratio: 0.2 }).left).toBeGreaterThan(tight.left + 10)
    expect(boxOf({ scale: 1.4, vy_ratio: 0.2 }).top).toBeGreaterThan(tight.top + 10)
  })

  it('has a soft edge with stitching and a hard one without', () => {
    const parameters = clipParameters({ scale: 1.5 })
    const area = movingArea(woman.image, woman.face, parameters)
    const rimChange = (stitching: boolean): number => {
      const { data } = moved(woman, { scale: 1.5, stitching }, swing)
      let sum = 0
      for (let y = area.y; y < area.y + area.height; y++)
        for (const x of [area.x, area.x + area.width - 1]) {
          const at = (y * SIDE + x) * 4
          sum += Math.abs((data[at] as number) - (woman.image.data[at] as number))
        }
      return sum / area.height
    }
    expect(rimChange(true)).toBeLessThan(0.5)
    expect(rimChange(false)).toBeGreaterThan(1.5)
  })
})

describe('lips and eyes', () => {
  const atRest = doing({})

  it('lip_zero closes an open source above its threshold, and only then', () => {
    const own = seen(woman, open.image).gap
    const gapWith = (changed: Partial<ClipParameters>): number => seen(woman, moved(open, changed, atRest)).gap
    expect(own).toBeGreaterThan(0.1)
    expect(gapWith({})).toBeLessThan(0.4 * own)
    expect(gapWith({ lip_zero: false })).toBeCloseTo(own, 2)
    expect(gapWith({ lip_zero_threshold: 0.9 })).toBeCloseTo(own, 2)
  })

  it('lip_retargeting moves lips and nothing else, as far as its multiplier says', () => {
    const speaking = doing({ gap: 0.1, brow: 1, yaw: 0.2, closure: 1, shiftX: 0.1 })
    const [one, two] = [1, 2].map((lip_retargeting_multiplier) =>
      seen(woman, moved(woman, { lip_retargeting: true, lip_retargeting_multiplier }, speaking)),
    ) as [FaceReading, FaceReading]
    const whole = seen(woman, moved(woman, {}, speaking))
    expect(one.gap).toBeGreaterThan(0.04)
    expect(two.gap).toBeGreaterThan(1.5 * one.gap)
    expect(Math.abs(one.yaw)).toBeLessThan(0.03)
    expect(whole.yaw).toBeGreaterThan(0.1)
    const rest = seen(woman, woman.image)
    expect(Math.abs(one.brow - rest.brow)).toBeLessThan(0.5 * Math.abs(whole.brow - rest.brow))
    expect(one.lids).toBeGreaterThan(0.85 * rest.lids)
  })

  it('eye_retargeting moves lids and nothing else, as far as its multiplier says', () => {
    const winking = doing({ closure: 0.4, gap: 0.2, yaw: 0.2 })
    const lidsWith = (eyes_retargeting_multiplier: number): FaceReading =>
      seen(woman, moved(woman, { eye_retargeting: true, eyes_retargeting_multiplier }, winking))
    const [one, two] = [lidsWith(1), lidsWith(2)]
    expect(two.lids).toBeLessThan(0.9 * one.lids)
    expect(Math.abs(one.yaw)).toBeLessThan(0.03)
    expect(one.gap).toBeLessThan(0.03)
  })

  it('relative ignores how the driver held itself at first, absolute copies it', () => {
    const turned = doing({}, { yaw: 0.25, gap: 0.15 })
    const relative = seen(woman, moved(woman, {}, turned))
    const absolute = seen(woman, moved(woman, { relative: false }, turned))
    expect(Math.abs(relative.yaw)).toBeLessThan(0.02)
    expect(absolute.yaw).toBeGreaterThan(0.1)
    expect(absolute.gap).toBeGreaterThan(relative.gap + 0.05)
  })

  it('a source that smiles does not smile twice, and shows its own smile while the driver shows none', () => {
    const wideOn = (width: number, wide: number): number =>
      poseFor(clipParameters(), doing({ wide }), 0, { gap: 0, width, rotation: { yaw: 0, pitch: 0, roll: 0 } }).wide
    expect(wideOn(0.88, 1)).toBeGreaterThan(0.9)
    expect(wideOn(1.04, 1)).toBeLessThan(0.2)
    expect(wideOn(1.04, 0)).toBeCloseTo(0)
    expect(wideOn(1.04, -0.8)).toBeLessThan(wideOn(0.88, -0.8))
  })
})

describe('drivers', () => {
  it('crop_drive_face takes out where the head is in the picture', async () => {
    const poses = [REST_POSE, ...Array.from({ length: 6 }, () => ({ ...REST_POSE, shiftX: 0.12 }))]
    const { frames } = await poseFrames(models, sample('portrait-man.jpg'), SIDE, poses)
    const shiftOf = (isPlaced: boolean): number => {
      const tracker = createFaceTracker(models, 0)
      const reader = createDriverReader(isPlaced)
      for (const frame of frames) reader.add(frame, tracker.next(frame))
      return reader.performance(25, 'man').relative.at(-1)?.shiftX ?? 0
    }
    expect(shiftOf(true)).toBeGreaterThan(0.05)
    expect(shiftOf(false)).toBe(0)
  })

  it('do not open the mouth by a grin or a pout with closed lips', async () => {
    const poses = [REST_POSE, ...Array.from({ length: 5 }, () => ({ ...REST_POSE, wide: 1.2, press: 0.6 }))]
    const { frames } = await poseFrames(models, sample('portrait-man.jpg'), SIDE, poses)
    const tracker = createFaceTracker(models, 0)
    const reader = createDriverReader(true)
    for (const frame of frames) reader.add(frame, tracker.next(frame))
    for (const { gap } of reader.performance(25, 'man').relative) expect(gap).toBeLessThan(0.02)
  })

  it('index 1 is the smaller of two faces, for source and driver', async () => {
    const { image: man } = await poseFrames(models, sample('portrait-man.jpg'), 180, [])
    const both = sideBySide([woman.image, man], SIDE)
    const first = createFaceTracker(models, 0).next(both)
    const second = createFaceTracker(models, 1).next(both)
    expect(first?.box.x).toBeLessThan(SIDE)
    expect(second?.box.x).toBeGreaterThan(SIDE)
    expect(createFaceTracker(models, 2).next(both)).toBeUndefined()
  })

  it('names what was set and has no effect offline, and nothing that has', () => {
    const defaults = defaultParameters(ENGINE_PARAMETERS.offline)
    expect(withoutEffect(defaults)).toEqual([])
    const set = { ...defaults, base64: true, mismatch_method: 'none', lip_retargeting_multiplier: 2, dsize: 256 }
    expect(withoutEffect(set).map(([name]) => name)).toEqual([
      'base64',
      'mismatch_method',
      'lip_retargeting_multiplier',
    ])
    expect(withoutEffect({ ...set, lip_retargeting: true }).map(([name]) => name)).toEqual([
      'base64',
      'mismatch_method',
    ])
  })
})
