import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAnimator } from '../../src/main/core/animator/animator.ts'
import { decodeVideo } from '../../src/main/core/animator/encode/decode-video.ts'
import { loadFaceModels } from '../../src/main/core/animator/face/face-models.ts'
import type { FaceModels } from '../../src/main/core/animator/face/face-models.ts'
import { createFaceTracker } from '../../src/main/core/animator/face/track-face.ts'
import { createClipStudio } from '../../src/main/core/animator/moving-portrait.ts'
import { createDriverReader } from '../../src/main/core/animator/motion/driver-reader.ts'
import type { Performance } from '../../src/main/core/animator/motion/retarget.ts'
import type { ClipJob, ClipResult, RenderProgress } from '../../src/main/core/animator/protocol.ts'
import { REST_POSE } from '../../src/main/core/animator/types.ts'
import type { FramePose } from '../../src/main/core/animator/types.ts'
import type { ClipParameters } from '../../src/main/core/animator/clip-parameters.ts'
import { entryLayout } from '../../src/main/core/lib/node-ports.ts'
import type { RgbaImage } from '../../src/main/core/lib/rgba-image.ts'
import { APP_ENTRY } from '../fixtures/app-entry.ts'
import { makerPath } from '../fixtures/media-tools.ts'
import { correlation } from '../../scripts/measure/figures.ts'
import { CLIP_FPS, clipParameters, knownPoses, poseFrames, writeClip } from './known-clips.ts'
import { modelsDir, sample, tools } from './tools.ts'

const SIDE = 320
const FRAMES = 51
/** Of the driver of those tests that only count. */
const BRIEF = 10

let folder = ''
const at = (name: string): string => join(folder, name)
let models: FaceModels
/** A small portrait at rest, and in the first poses of the driver. */
let still: RgbaImage
let posed: readonly RgbaImage[] = []
const poses = knownPoses(FRAMES)
const signal = new AbortController().signal

const decoded = (path: string) =>
  decodeVideo({ ffmpegPath: makerPath, path, rate: [CLIP_FPS, 1], maxSide: 512, matrix: 'auto', signal })

/** What the product's own tracker and reader make of a video. */
const readClip = async (path: string): Promise<Performance> => {
  const tracker = createFaceTracker(models, 0)
  const reader = createDriverReader(true)
  for await (const image of decoded(path)) reader.add(image, tracker.next(image))
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

const wholeJob = (job: Partial<ClipJob>, parameters: Partial<ClipParameters> = {}): ClipJob => {
  const files = { sourcePath: '', driverPath: '', outputPath: at('made.mp4'), ffprobePath: tools.ffprobePath, ...job }
  return { ...files, aiTag: true, parameters: clipParameters({ video_frame_load_cap: 0, ...parameters }) }
}

const make = (
  job: Partial<ClipJob>,
  parameters: Partial<ClipParameters> = {},
  watch = { signal, onProgress: (_: RenderProgress): void => undefined },
  ffmpegPath = makerPath,
): Promise<ClipResult> => {
  rmSync(at('made.mp4'), { force: true })
  return createClipStudio(models, ffmpegPath).render(wholeJob(job, parameters), watch)
}

/** With the ffmpeg that the app finds here; what does not hang on it is made by the one that starts at once. */
const makeAsApp = (job: Partial<ClipJob>): Promise<ClipResult> => make(job, {}, undefined, tools.ffmpegPath)

const pictures = async (path: string): Promise<Uint8Array[]> => {
  const all: Uint8Array[] = []
  for await (const { data } of decoded(path)) all.push(Uint8Array.from(data))
  return all
}

/** Mean difference of two pictures, 0..255. */
const difference = (a: Uint8Array = new Uint8Array(1), b: Uint8Array = new Uint8Array(1)): number =>
  a.reduce((sum, value, i) => sum + Math.abs(value - (b[i] ?? 0)), 0) / a.length

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'driven-'))
  models = await loadFaceModels(modelsDir())
  const { frames } = await poseFrames(models, sample('portrait-man.jpg'), SIDE, poses)
  await writeClip(at('driver.mp4'), frames, { voicePath: sample('voice-en.wav') })
  await sharp(sample('portrait-woman.jpg')).resize(256, 256).png().toFile(at('woman.png'))
  const brief = await poseFrames(models, sample('portrait-man.jpg'), 128, poses.slice(0, BRIEF))
  await writeClip(at('brief.mp4'), brief.frames, { voicePath: sample('voice-en.wav') })
  const small = await poseFrames(models, sample('portrait-woman.jpg'), 128, [REST_POSE, ...poses.slice(0, 6)])
  const [rest, ...moving] = small.frames
  if (!rest) throw new Error('no pictures')
  still = rest
  posed = moving
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a driven clip', () => {
  it('finds again what the driver did: mouth, blinks and head', async () => {
    const found = agreement(await readClip(at('driver.mp4')))
    console.info('recovered', found)
    for (const value of Object.values(found)) expect(value).toBeGreaterThan(0.9)
  })

  it('gives the driver’s motion to another face', async () => {
    const result = await makeAsApp({ sourcePath: at('woman.png'), driverPath: at('driver.mp4') })
    expect(result).toMatchObject({ frames: FRAMES, hasSound: true, framesWithoutFace: 0, driverFramesWithoutFace: 0 })
    const found = agreement(await readClip(at('made.mp4')))
    console.info('transferred', found)
    for (const value of Object.values(found)) expect(value).toBeGreaterThan(0.8)
  })

  it('passes pictures without a face through as they are, and says how many', async () => {
    const frames = posed.slice(0, 4)
    const blank = { ...still, data: new Uint8Array(still.data.length).fill(255) }
    for (let i = 0; i < blank.data.length; i += 4) blank.data[i] = (i >> 6) & 255
    const sourcePath = await writeClip(at('gaps.mp4'), [...frames, blank, blank, ...frames])
    const result = await make({ sourcePath, driverPath: at('brief.mp4') })
    expect(result).toMatchObject({ frames: 10, framesWithoutFace: 2, hasSound: false })
    const [own, made] = [await pictures(sourcePath), await pictures(at('made.mp4'))]
    expect(difference(own[5], made[5])).toBeLessThan(2)
    expect(difference(own[8], made[8])).toBeGreaterThan(difference(own[5], made[5]))
  })

  it('cuts to the shorter clip, repeats the source, stops at the cap, and takes the sound that was asked for', async () => {
    const sourcePath = await writeClip(at('short.mp4'), posed)
    const job = { sourcePath, driverPath: at('brief.mp4') }
    expect(await make(job)).toMatchObject({ frames: 6, hasSound: false })
    const circled = await make(job, { mismatch_method: 'circle', driving_audio: true })
    expect(circled).toMatchObject({ frames: BRIEF, hasSound: true })
    expect(await make(job, { mismatch_method: 'circle', video_frame_load_cap: 7 })).toMatchObject({ frames: 7 })
  })

  it.each(['24000/1001', '60/1', 'variable'])(
    'keeps sound and picture together at %s frames a second',
    async (rate) => {
      const isVariable = rate === 'variable'
      const seconds = 0.3
      const fps = isVariable ? 30 : rate
      const count = Math.round(seconds * (rate === '60/1' ? 60 : isVariable ? 30 : 23.976))
      const steady = Array.from({ length: count }, () => still)
      await writeClip(at('steady.mp4'), steady, { fps, voicePath: sample('voice-en.wav') })
      // A variable rate: every third picture of the first half is missing, the others keep their times.
      const drop = ['-vf', "select='gt(t,0.2)+mod(n,3)'", '-vsync', 'vfr', '-c:a', 'copy']
      const path = isVariable ? at('variable.mp4') : at('steady.mp4')
      if (isVariable) execFileSync(makerPath, ['-v', 'error', '-y', '-i', at('steady.mp4'), ...drop, path])
      const result = await makeAsApp({ sourcePath: path, driverPath: at('brief.mp4') })
      const { streams } = JSON.parse(
        execFileSync(tools.ffprobePath, ['-v', 'error', '-show_streams', '-of', 'json', at('made.mp4')], {
          encoding: 'utf8',
        }),
      ) as { streams: { codec_type: string; duration: string; r_frame_rate: string }[] }
      const lengthOf = (kind: string): number => Number(streams.find(({ codec_type }) => codec_type === kind)?.duration)
      const frameSeconds = result.durationSeconds / result.frames
      expect(Math.abs(lengthOf('video') - seconds)).toBeLessThan(frameSeconds + 0.001)
      // Sound comes in packets of 21 ms.
      expect(Math.abs(lengthOf('audio') - lengthOf('video'))).toBeLessThan(frameSeconds + 0.022)
      if (!isVariable) expect(streams.find(({ codec_type }) => codec_type === 'video')?.r_frame_rate).toBe(rate)
    },
  )

  it('stops when it is cancelled, in both halves of the work, and leaves no file', async () => {
    for (const share of [0.2, 0.8]) {
      const cancel = new AbortController()
      const job = {
        sourcePath: at('woman.png'),
        driverPath: at('brief.mp4'),
        outputPath: at('stopped.mp4'),
      }
      const onProgress = ({ framesDone, frameCount }: RenderProgress): void => {
        if (framesDone / frameCount > share) cancel.abort()
      }
      await expect(make(job, {}, { signal: cancel.signal, onProgress })).rejects.toThrow(/enough|aborted/)
      expect(existsSync(at('stopped.mp4'))).toBe(false)
    }
  })

  it('is the same from two threads as from one, also after one that was cancelled', async () => {
    const job = { sourcePath: await writeClip(at('shared.mp4'), posed), driverPath: at('brief.mp4') }
    await makeAsApp(job)
    const alone = await pictures(at('made.mp4'))
    const { animatorWorker: workerUrl } = entryLayout(APP_ENTRY)
    const animator = createAnimator({ workerUrl, modelsDir: modelsDir(), ffmpegPath: tools.ffmpegPath })
    try {
      const outputPath = at('shared-made.mp4')
      const cancel = new AbortController()
      const stopped = animator.renderClip(wholeJob({ ...job, outputPath }), {
        signal: cancel.signal,
        onProgress: () => cancel.abort(),
      })
      await expect(stopped).rejects.toThrow(/aborted/)
      expect(existsSync(outputPath)).toBe(false)
      expect(await animator.renderClip(wholeJob({ ...job, outputPath }))).toMatchObject({ frames: 6 })
      expect((await pictures(outputPath)).map((made, i) => difference(made, alone[i]))).toEqual(alone.map(() => 0))
    } finally {
      await animator.stop()
    }
  })

  it('says by code what is no video and what shows no face', async () => {
    const [noise] = [{ width: 64, height: 64, data: new Uint8Array(64 * 64 * 4).fill(70) }]
    const blank = await writeClip(
      at('blank.mp4'),
      Array.from({ length: 2 }, () => noise),
    )
    const source = at('woman.png')
    const codeOf = async (job: Partial<ClipJob>): Promise<unknown> =>
      make(job).then(
        () => 'none',
        (thrown: unknown) => (thrown as { code?: unknown }).code,
      )
    expect(await codeOf({ sourcePath: source, driverPath: blank })).toBe('E-INPUT-NO-FACE')
    expect(await codeOf({ sourcePath: blank, driverPath: at('brief.mp4') })).toBe('E-INPUT-NO-FACE')
    expect(await codeOf({ sourcePath: source, driverPath: sample('voice-en.wav') })).toBe('E-INPUT-CORRUPT')
    expect(existsSync(at('made.mp4'))).toBe(false)
  })
})
