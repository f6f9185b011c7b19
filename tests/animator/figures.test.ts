import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { patchShift } from '../../scripts/measure/figures.ts'
import { linedBackground, type LinedPortrait } from '../../scripts/measure/lined-background.ts'
import { trackVideo } from '../../scripts/measure/retrack.ts'
import type { Track } from '../../scripts/measure/retrack.ts'
import { readFrames, videoFacts } from '../../scripts/measure/video-frames.ts'
import { decodeVoice } from '../../src/main/core/animator/encode/decode-voice.ts'
import { loadFaceModels } from '../../src/main/core/animator/face/face-models.ts'
import type { FaceModels } from '../../src/main/core/animator/face/face-models.ts'
import { openPicture } from '../../src/main/core/animator/picture.ts'
import type { PortraitParameters } from '../../src/main/core/animator/portrait-parameters.ts'
import { motionOf } from '../../src/main/core/animator/motion/plan-motion.ts'
import { createStudio, stagePuppet } from '../../src/main/core/animator/talking-portrait.ts'
import type { Studio } from '../../src/main/core/animator/talking-portrait.ts'
import { decodeImage } from '../../src/main/core/lib/decode-image.ts'
import type { RgbaImage } from '../../src/main/core/lib/rgba-image.ts'
import { ffmpeg } from '../bad-input/make-files.ts'
import { makerPath } from '../fixtures/media-tools.ts'
import { expectTalk } from './expect-talk.ts'
import { modelsDir, sample, tools } from './tools.ts'

/** The face in these clips is 110 pixels high: enough for the tracker, quick enough for every run of the tests. */
const SIDE = 256
/** Before the wall, whose lines are measured in pixels. */
const WALL_SIDE = 320
/** So much of a voice is long enough to tell calm heads from lively ones. */
const VOICE_SECONDS = 4.8
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
/** The man who talks, every frame of it tracked. */
let talk: Track
/** The head that moves most, before a wall with straight lines. */
let liveliest = ''
let wall: LinedPortrait

/** A clip of the man, silent and with open eyes unless more is asked for. */
const clip = async (
  template_id: PortraitParameters['template_id'],
  head_move_strength: number,
  imagePath = at('man.png'),
  parameters: Partial<PortraitParameters> = {},
): Promise<string> => {
  const outputPath = at(`${template_id}-${head_move_strength}.mp4`)
  const moving = { ...STILL, template_id, head_move_strength, video_fps: 15, ...parameters }
  await studio.render(
    { imagePath, voicePath: at('voice.wav'), outputPath, aiTag: true, parameters: moving },
    { signal: new AbortController().signal, onProgress: () => undefined },
  )
  return outputPath
}

const spread = (values: readonly number[]): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'animator-figures-'))
  models = await loadFaceModels(modelsDir())
  studio = createStudio(models, tools.ffmpegPath)
  const side = async (name: string, of: string, px: number): Promise<void> => {
    await sharp(sample(`portrait-${of}.jpg`))
      .resize(px, px)
      .png()
      .toFile(at(name))
  }
  await side('woman.png', 'woman', SIDE)
  await side('man.png', 'man', SIDE)
  await side('wall.png', 'man', WALL_SIDE)
  wall = linedBackground(await decodeImage(at('wall.png'), tools))
  await sharp(wall.image.data, { raw: { width: WALL_SIDE, height: WALL_SIDE, channels: 4 } })
    .png()
    .toFile(at('lines.png'))
  ffmpeg('-i', sample('voice-zh.wav'), '-t', String(VOICE_SECONDS), at('voice.wav'))
  liveliest = await clip('active', 1, at('lines.png'))
  const talking = await clip('normal', 1, at('man.png'), { mouth_move_strength: 1, eye_move_freq: 0.3 })
  talk = await trackVideo(models, tracking, talking)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a produced video, tracked again', () => {
  it('opens the mouth in time with the voice, is as long, and keeps the skull', async () => {
    const { frames, fps } = videoFacts(tools.ffprobePath, at('normal-1.mp4'))
    const { samples, durationSeconds } = await decodeVoice(makerPath, at('voice.wav'))
    expect(Math.abs(frames / fps - durationSeconds)).toBeLessThanOrEqual(1 / fps)
    expectTalk('man', talk, samples)
  })

  it('moves the head more from calm to normal to active, and with more strength', async () => {
    const sway = ({ tracked }: Track): number => {
      const of = (axis: 'yaw' | 'pitch' | 'roll'): number => spread(tracked.map(({ face }) => face.rotation[axis]))
      return (Math.hypot(of('yaw'), of('pitch'), of('roll')) * 180) / Math.PI
    }
    const swayOf = async (path: string): Promise<number> => sway(await trackVideo(models, tracking, path, 3))
    const [calm, normal] = [await swayOf(await clip('calm', 1)), sway(talk)]
    const [active, half] = [await swayOf(liveliest), await swayOf(await clip('active', 0.5))]
    console.info(
      `head motion in degrees: calm ${calm.toFixed(2)}, normal ${normal.toFixed(2)}, active ${active.toFixed(2)}, half ${half.toFixed(2)}`,
    )
    expect(normal / calm).toBeGreaterThan(1.5)
    expect(active / normal).toBeGreaterThan(1.5)
    expect(active / half).toBeGreaterThan(1.5)
  })

  it('keeps the straight lines of a wall behind the liveliest head where they are', async () => {
    let first: RgbaImage | undefined
    let largest = 0
    let watched = 0
    for await (const frame of readFrames(makerPath, liveliest, videoFacts(tools.ffprobePath, liveliest))) {
      first ??= frame
      for (const { left, top } of wall.patches) {
        const shift = patchShift(first, frame, left, top, wall.side)
        if (shift === undefined) continue
        watched++
        largest = Math.max(largest, shift)
      }
    }
    console.info(`background lines: ${largest.toFixed(2)} px at most, in ${wall.patches.length} places`)
    expect(watched).toBeGreaterThan(1000)
    expect(largest).toBeLessThan(0.5)
  })

  it('is the still itself when every strength is 0', async () => {
    const picture = await openPicture(models, at('woman.png'), { ffmpegPath: tools.ffmpegPath, maxSide: 2160 })
    const puppet = stagePuppet(models, picture, 'woman', STILL)
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
    const { frameCount, poseAt } = motionOf(STILL, { curves, durationSeconds })
    for (let frame = 0; frame < frameCount; frame++) {
      expect(Buffer.compare(puppet.render(poseAt(frame)), Buffer.from(picture.image.data))).toBe(0)
    }
  })
})
