import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAnimator } from '../../src/main/core/animator/animator.ts'
import type { Animator } from '../../src/main/core/animator/animator.ts'
import type { PortraitParameters } from '../../src/main/core/animator/portrait-parameters.ts'
import type { PortraitJob, RenderProgress } from '../../src/main/core/animator/protocol.ts'
import { entryLayout } from '../../src/main/core/lib/node-ports.ts'
import { APP_ENTRY } from '../fixtures/app-entry.ts'
import { makerPath } from '../fixtures/media-tools.ts'
import { modelsDir, sample, tools } from './tools.ts'
import { readFrames, videoFacts } from '../../scripts/measure/video-frames.ts'

const CALM: PortraitParameters = {
  template_id: 'normal',
  eye_move_freq: 0.5,
  video_fps: 25,
  mouth_move_strength: 1,
  paste_back: true,
  head_move_strength: 0.7,
  face_index: 0,
  seed: 1,
}

let folder = ''
const at = (name: string): string => join(folder, name)
let animator: Animator

const { animatorWorker: workerUrl } = entryLayout(APP_ENTRY)

const job = (extra: Partial<PortraitJob> = {}, parameters: Partial<PortraitParameters> = {}): PortraitJob => ({
  imagePath: at('small.png'),
  voicePath: at('short.wav'),
  outputPath: at('out.mp4'),
  parameters: { ...CALM, ...parameters },
  aiTag: true,
  ...extra,
})

const codeOf = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'none',
    (thrown: unknown) => (thrown as { code?: unknown }).code,
  )

/** Hash of the decoded frames: the file itself carries no more. */
const framesHash = async (path: string): Promise<string> => {
  const hash = createHash('sha256')
  for await (const { data } of readFrames(makerPath, path, videoFacts(tools.ffprobePath, path))) hash.update(data)
  return hash.digest('hex')
}

/** ffmpeg processes whose parent is this process, from the kernel's own list. */
const ffmpegChildren = (): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const [, command = '', parent = ''] = /\((.*)\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
        return command === 'ffmpeg' && Number(parent) === process.pid
      } catch {
        return false
      }
    })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'animator-'))
  await sharp(sample('portrait-woman.jpg')).resize(321, 321).png().toFile(at('small.png'))
  execFileSync(makerPath, ['-v', 'error', '-i', sample('voice-en.wav'), '-t', '0.43', at('short.wav')])
  animator = createAnimator({ workerUrl, modelsDir: modelsDir(), ffmpegPath: tools.ffmpegPath })
})

afterAll(async () => {
  await animator.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe('the animator', () => {
  it('makes a video of the whole picture with even sides and the voice’s length', async () => {
    const progress: RenderProgress[] = []
    const result = await animator.render(job(), { onProgress: (step) => progress.push(step) })
    expect(result).toMatchObject({ width: 320, height: 320, frames: 11 })
    expect(result.picture.faces).toHaveLength(1)
    expect(result.scaledDown).toBeUndefined()
    expect(videoFacts(tools.ffprobePath, at('out.mp4'))).toEqual({ width: 320, height: 320, fps: 25, frames: 11 })
    expect(progress.at(-1)).toEqual({ framesDone: 11, frameCount: 11 })
    expect(
      progress.every(({ framesDone }, i) => i === 0 || framesDone > (progress[i - 1] as RenderProgress).framesDone),
    ).toBe(true)
  })

  it('makes an even square of the face when nothing is pasted back', async () => {
    await sharp(sample('portrait-man.jpg')).extend({ left: 700, background: '#456' }).png().toFile(at('wide.png'))
    const { width, height, picture } = await animator.render(job({ imagePath: at('wide.png') }, { paste_back: false }))
    const box = picture.faces[0]?.box ?? { width: 0, height: 0 }
    expect(width).toBe(height)
    expect(width % 2).toBe(0)
    expect(Math.abs(width - 2 * Math.max(box.width, box.height))).toBeLessThanOrEqual(2)
  })

  it('scales a larger picture down to 2,160 pixels and says so', async () => {
    await sharp(sample('portrait-woman.jpg')).resize(2201, 2201, { fit: 'fill' }).jpeg().toFile(at('large.jpg'))
    execFileSync(makerPath, ['-v', 'error', '-y', '-i', sample('voice-en.wav'), '-t', '0.04', at('blip.wav')])
    const result = await animator.render(job({ imagePath: at('large.jpg'), voicePath: at('blip.wav') }))
    expect(result).toMatchObject({ width: 2160, height: 2160, scaledDown: { fromSide: 2201, toSide: 2160 } })
    expect(result.picture).toMatchObject({ width: 2201, height: 2201 })
  })

  it('makes the same frames from the same seed, and others from another', async () => {
    await animator.render(job())
    const first = await framesHash(at('out.mp4'))
    await animator.render(job())
    expect(await framesHash(at('out.mp4'))).toBe(first)
    await animator.render(job({}, { seed: 2 }))
    expect(await framesHash(at('out.mp4'))).not.toBe(first)
  })

  it('refuses a picture without a face and a face that is not there, by code, leaving no file', async () => {
    await sharp({ create: { width: 300, height: 300, channels: 3, background: '#357' } })
      .png()
      .toFile(at('blank.png'))
    rmSync(at('out.mp4'), { force: true })
    expect((await animator.findFaces(at('blank.png'))).faces).toEqual([])
    expect(await codeOf(animator.render(job({ imagePath: at('blank.png') })))).toBe('E-INPUT-NO-FACE')
    const thrown: unknown = await animator.render(job({}, { face_index: 3 })).catch((error: unknown) => error)
    expect(thrown).toMatchObject({ code: 'E-INPUT-FACE-INDEX', data: { params: { value: 3, limit: 1 } } })
    expect(await codeOf(animator.render(job({ voicePath: at('small.png') })))).toBe('E-INPUT-CORRUPT')
    expect(existsSync(at('out.mp4'))).toBe(false)
  })

  it('animates the face that was chosen', async () => {
    const small = await sharp(sample('portrait-man.jpg')).resize(300, 300).png().toBuffer()
    await sharp(sample('portrait-woman.jpg'))
      .resize(500, 500)
      .extend({ right: 300, background: '#888' })
      .composite([{ input: small, left: 500, top: 0 }])
      .png()
      .toFile(at('two.png'))
    const { faces } = await animator.findFaces(at('two.png'))
    expect(faces).toHaveLength(2)
    const chosen = faces[1]?.box ?? { x: 0, y: 0, width: 0, height: 0 }
    expect(chosen.x).toBeGreaterThan(500)
    const { width } = await animator.render(job({ imagePath: at('two.png') }, { face_index: 1, paste_back: false }))
    expect(Math.abs(width - 2 * Math.max(chosen.width, chosen.height))).toBeLessThanOrEqual(2)
  })

  it('stops a running video when cancelled: no file, no ffmpeg, and the next one works', async () => {
    const cancel = new AbortController()
    const running = animator.render(job({ voicePath: sample('voice-en.wav') }), {
      signal: cancel.signal,
      onProgress: ({ framesDone }) => {
        if (framesDone > 3) cancel.abort(new Error('cancelled by the test'))
      },
    })
    await expect(running).rejects.toThrow('cancelled by the test')
    expect(existsSync(at('out.mp4'))).toBe(false)
    expect(ffmpegChildren()).toEqual([])
    expect((await animator.render(job())).frames).toBe(11)
  })

  it('drops a waiting video at once when cancelled, and one that was cancelled before', async () => {
    const first = animator.render(job())
    const cancel = new AbortController()
    const waiting = animator.render(job({ outputPath: at('second.mp4') }), { signal: cancel.signal })
    cancel.abort(new Error('changed my mind'))
    await expect(waiting).rejects.toThrow('changed my mind')
    expect((await first).frames).toBe(11)
    await expect(animator.render(job({ outputPath: at('second.mp4') }), { signal: cancel.signal })).rejects.toThrow(
      'changed my mind',
    )
    expect(existsSync(at('second.mp4'))).toBe(false)
  })

  it('shows one frame of any parameters at any time, also while a video is made', async () => {
    const rendering = animator.render(job())
    const request = { imagePath: at('small.png'), parameters: CALM, timeSeconds: 0.3, voicePath: at('short.wav') }
    const speaking = await animator.previewFrame(request)
    const { format, width, height } = await sharp(speaking).metadata()
    expect([format, width, height]).toEqual(['jpeg', 320, 320])
    expect(Buffer.from(await animator.previewFrame(request)).equals(speaking)).toBe(true)
    const square = await animator.previewFrame({ ...request, parameters: { ...CALM, paste_back: false } })
    expect((await sharp(square).metadata()).width).toBeLessThan(320)
    const { voicePath: _, ...silent } = request
    const closed = await animator.previewFrame({ ...silent, parameters: { ...CALM, mouth_move_strength: 0 } })
    const open = await animator.previewFrame({ ...silent, parameters: { ...CALM, mouth_move_strength: 1.5 } })
    expect(Buffer.from(open).equals(closed)).toBe(false)
    await rendering
  })

  it('rejects with E-ENGINE-FAILED when its thread dies, and starts a new one for the next call', async () => {
    const fragile = createAnimator({
      workerUrl: new URL('./crashing-worker.ts', import.meta.url),
      modelsDir: modelsDir(),
      ffmpegPath: tools.ffmpegPath,
    })
    expect((await fragile.findFaces(at('small.png'))).faces).toHaveLength(1)
    expect(await codeOf(fragile.findFaces(at('crash.png')))).toBe('E-ENGINE-FAILED')
    expect((await fragile.findFaces(at('small.png'))).faces).toHaveLength(1)
    await fragile.stop()
  })

  it('says by code that its models or its ffmpeg are missing', async () => {
    const noModels = createAnimator({ workerUrl, modelsDir: at('nowhere'), ffmpegPath: tools.ffmpegPath })
    expect(await codeOf(noModels.findFaces(at('small.png')))).toBe('E-ENGINE-FAILED')
    await noModels.stop()
    const noFfmpeg = createAnimator({ workerUrl, modelsDir: modelsDir(), ffmpegPath: at('no-ffmpeg') })
    expect(await codeOf(noFfmpeg.render(job()))).toBe('E-TOOL-MISSING')
    await noFfmpeg.stop()
  })
})
