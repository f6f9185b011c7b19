import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { countBlinks, patchShift, percentile } from '../../scripts/measure/figures.ts'
import { linedBackground, type LinedPortrait } from '../../scripts/measure/lined-background.ts'
import { trackVideo } from '../../scripts/measure/retrack.ts'
import type { Track } from '../../scripts/measure/retrack.ts'
import { readFrames, videoFacts } from '../../scripts/measure/video-frames.ts'
import { decodeVoice } from '../../src/main/core/animator/encode/decode-voice.ts'
import { loadFaceModels } from '../../src/main/core/animator/face/face-models.ts'
import type { FaceModels } from '../../src/main/core/animator/face/face-models.ts'
import { openPicture } from '../../src/main/core/animator/picture.ts'
import type { PortraitParameters } from '../../src/main/core/animator/portrait-parameters.ts'
import { createStudio, motionFor, stagePuppet } from '../../src/main/core/animator/talking-portrait.ts'
import type { Studio } from '../../src/main/core/animator/talking-portrait.ts'
import { decodeImage } from '../../src/main/core/lib/decode-image.ts'
import type { RgbaImage } from '../../src/main/core/lib/rgba-image.ts'
import { wav } from '../bad-input/make-files.ts'
import { makerPath } from '../fixtures/media-tools.ts'
import { expectTalk } from './expect-talk.ts'
import { modelsDir, sample, tools } from './tools.ts'

/** The face in these clips is 110 pixels high: enough for the tracker, quick enough for every run of the tests. */
const SIDE = 256
/** Before the wall, whose lines are measured in pixels. */
const WALL_SIDE = 320
/** What looks at finished videos needs no other ffmpeg than one that starts at once. */
const tracking = { ...tools, ffmpegPath: makerPath }

const STILL: PortraitParameters = {
  template_id: 'normal',
  eye_move_freq: 0,
  video_fps: 25,
  mouth_move_strength: 0,
  paste_back: true,
  head_move_strength: 0,
  face_index: 0,
  seed: 1,
}

let folder = ''
const at = (name: string): string => join(folder, name)
let models: FaceModels
let studio: Studio

const make = async (
  name: string,
  image: string,
  voice: string,
  parameters: Partial<PortraitParameters>,
): Promise<string> => {
  const outputPath = at(`${name}.mp4`)
  await studio.render(
    { imagePath: image, voicePath: voice, outputPath, aiTag: true, parameters: { ...STILL, ...parameters } },
    { signal: new AbortController().signal, onProgress: () => undefined },
  )
  return outputPath
}

const eyesOf = ({ tracked }: Track): number[] => tracked.map(({ eyesOpen: [left, right] }) => (left + right) / 2)
const spread = (values: readonly number[]): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'animator-figures-'))
  models = await loadFaceModels(modelsDir())
  studio = createStudio(models, tools.ffmpegPath)
  for (const name of ['woman', 'man']) {
    await sharp(sample(`portrait-${name}.jpg`))
      .resize(SIDE, SIDE)
      .png()
      .toFile(at(`${name}.png`))
  }
  wav(at('silence.wav'), { seconds: 12, shape: 'silence' })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a produced video, tracked again', () => {
  it('opens the mouth in time with the voice, is as long, and keeps the skull', async () => {
    const voicePath = sample('voice-zh.wav')
    const path = await make('talk', at('man.png'), voicePath, {
      mouth_move_strength: 1,
      head_move_strength: 0.7,
      eye_move_freq: 0.3,
    })
    const { frames, fps } = videoFacts(tools.ffprobePath, path)
    const { samples, durationSeconds } = await decodeVoice(tools.ffmpegPath, voicePath)
    expect(Math.abs(frames / fps - durationSeconds)).toBeLessThanOrEqual(1 / fps)
    expectTalk('man', await trackVideo(models, tracking, path, 2), samples)
  })

  it('blinks as often as asked, with both eyes, fully; and not at all at 0', async () => {
    const path = await make('blinks', at('woman.png'), at('silence.wav'), { eye_move_freq: 1, video_fps: 15 })
    const track = await trackVideo(models, tracking, path)
    expect(Math.abs(countBlinks(eyesOf(track)) - 12)).toBeLessThanOrEqual(1)
    for (const eye of [0, 1] as const) {
      const open = track.tracked.map(({ eyesOpen }) => eyesOpen[eye])
      expect(Math.min(...open)).toBeLessThan(0.45 * percentile(open, 0.5))
    }
  })

  describe('before a wall with straight lines', () => {
    const clip = (
      template_id: PortraitParameters['template_id'],
      head_move_strength: number,
      image = at('man.png'),
    ): Promise<string> =>
      make(`${template_id}-${head_move_strength}`, image, sample('voice-en.wav'), {
        template_id,
        head_move_strength,
        video_fps: 15,
      })
    let liveliest = ''
    let patches: LinedPortrait['patches'] = []
    let patchSide = 0

    beforeAll(async () => {
      await sharp(sample('portrait-man.jpg')).resize(WALL_SIDE, WALL_SIDE).png().toFile(at('wall.png'))
      const lined = linedBackground(await decodeImage(at('wall.png'), tools))
      patches = lined.patches
      patchSide = lined.side
      await sharp(lined.image.data, { raw: { width: WALL_SIDE, height: WALL_SIDE, channels: 4 } })
        .png()
        .toFile(at('lines.png'))
      liveliest = await clip('active', 1, at('lines.png'))
    })

    it('moves the head more from calm to normal to active, and with more strength', async () => {
      const sway = async (path: string): Promise<number> => {
        const { tracked } = await trackVideo(models, tracking, path, 3)
        const of = (axis: 'yaw' | 'pitch' | 'roll'): number => spread(tracked.map(({ face }) => face.rotation[axis]))
        return (Math.hypot(of('yaw'), of('pitch'), of('roll')) * 180) / Math.PI
      }
      const [calm, normal] = [await sway(await clip('calm', 1)), await sway(await clip('normal', 1))]
      const [active, half] = [await sway(liveliest), await sway(await clip('active', 0.5))]
      console.info(
        `head motion in degrees: calm ${calm.toFixed(2)}, normal ${normal.toFixed(2)}, active ${active.toFixed(2)}, half ${half.toFixed(2)}`,
      )
      expect(normal / calm).toBeGreaterThan(1.5)
      expect(active / normal).toBeGreaterThan(1.5)
      expect(active / half).toBeGreaterThan(1.5)
    })

    it('keeps the lines behind the liveliest head where they are', async () => {
      let first: RgbaImage | undefined
      let largest = 0
      let watched = 0
      for await (const frame of readFrames(makerPath, liveliest, videoFacts(tools.ffprobePath, liveliest))) {
        first ??= frame
        for (const { left, top } of patches) {
          const shift = patchShift(first, frame, left, top, patchSide)
          if (shift === undefined) continue
          watched++
          largest = Math.max(largest, shift)
        }
      }
      console.info(`background lines: ${largest.toFixed(2)} px at most, in ${patches.length} places`)
      expect(watched).toBeGreaterThan(1000)
      expect(largest).toBeLessThan(0.5)
    })
  })

  it('is the still itself when every strength is 0', async () => {
    const picture = await openPicture(models, at('woman.png'), { ffmpegPath: tools.ffmpegPath, maxSide: 2160 })
    const puppet = stagePuppet(picture, 'woman', STILL)
    const { samples, durationSeconds } = await decodeVoice(tools.ffmpegPath, sample('voice-en.wav'))
    const silent = new Float32Array(Math.ceil(durationSeconds * 100))
    const curves = {
      hopSeconds: 0.01,
      jaw: silent.map(() => 1),
      wide: silent,
      press: silent,
      upper: silent,
      energy: silent,
      slow: silent,
    }
    expect(samples.length).toBeGreaterThan(16_000)
    const { frameCount, poseAt } = motionFor(STILL, { curves, durationSeconds })
    for (let frame = 0; frame < frameCount; frame++) {
      expect(Buffer.compare(puppet.render(poseAt(frame)), Buffer.from(picture.image.data))).toBe(0)
    }
  })
})
