import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeVideo } from '../../src/main/core/animator/encode/decode-video.ts'
import { loadFaceModels } from '../../src/main/core/animator/face/face-models.ts'
import type { FaceModels } from '../../src/main/core/animator/face/face-models.ts'
import { createFaceTracker } from '../../src/main/core/animator/face/track-face.ts'
import { createClipStudio } from '../../src/main/core/animator/moving-portrait.ts'
import { createDriverReader } from '../../src/main/core/animator/motion/driver-reader.ts'
import type { Performance } from '../../src/main/core/animator/motion/retarget.ts'
import type { FramePose } from '../../src/main/core/animator/types.ts'
import { correlation } from '../../scripts/measure/figures.ts'
import { CLIP_FPS, clipParameters, knownPoses, poseFrames, writeClip } from './known-clips.ts'
import { modelsDir, sample, tools } from './tools.ts'

const SIDE = 320
const FRAMES = 60

let folder = ''
const at = (name: string): string => join(folder, name)
let models: FaceModels
const poses = knownPoses(FRAMES)
const signal = new AbortController().signal

/** What the product's own tracker and reader make of a video. */
const readClip = async (path: string): Promise<Performance> => {
  const tracker = createFaceTracker(models, 0)
  const reader = createDriverReader(true)
  const options = {
    ffmpegPath: tools.ffmpegPath,
    path,
    rate: [CLIP_FPS, 1],
    maxSide: 512,
    matrix: 'auto',
    signal,
  } as const
  for await (const image of decodeVideo(options)) reader.add(image, tracker.next(image))
  return reader.performance(CLIP_FPS, path)
}

/** How well each curve of a clip follows what was done. */
const agreement = ({ relative }: Performance) => {
  const against = (key: 'yaw' | 'pitch' | 'roll' | 'gap' | 'closure', truth: keyof FramePose): number =>
    correlation(
      relative.map((moment) => moment[key]),
      poses.map((pose) => pose[truth]),
    )
  return {
    yaw: against('yaw', 'yaw'),
    pitch: against('pitch', 'pitch'),
    roll: against('roll', 'roll'),
    mouth: against('gap', 'jaw'),
    blink: against('closure', 'blink'),
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'driven-'))
  models = await loadFaceModels(modelsDir())
  const { frames } = await poseFrames(models, sample('portrait-man.jpg'), SIDE, poses)
  await writeClip(at('driver.mp4'), frames, { voicePath: sample('voice-en.wav') })
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a driven clip', () => {
  it('finds again what the driver did: mouth, blinks and head', async () => {
    const found = agreement(await readClip(at('driver.mp4')))
    console.info('recovered', found)
    for (const value of Object.values(found)) expect(value).toBeGreaterThan(0.9)
  })

  it('gives the driver’s motion to another face', async () => {
    const { render } = createClipStudio(models, tools.ffmpegPath)
    const result = await render(
      {
        sourcePath: sample('portrait-woman.jpg'),
        driverPath: at('driver.mp4'),
        outputPath: at('made.mp4'),
        ffprobePath: tools.ffprobePath,
        parameters: clipParameters(),
        aiTag: true,
      },
      { signal, onProgress: () => undefined },
    )
    expect(result.frames).toBe(FRAMES)
    const found = agreement(await readClip(at('made.mp4')))
    console.info('transferred', found)
    for (const value of Object.values(found)) expect(value).toBeGreaterThan(0.8)
  })
})
