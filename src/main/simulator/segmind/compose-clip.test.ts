import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ffmpeg } from '../../../../tests/bad-input/make-files.ts'
import { createTestMedia, tools } from '../../../../tests/bad-input/test-media.ts'
import { ENGINE_LIMITS } from '../../../shared/model/limits.ts'
import { defaultParameters, ENGINE_PARAMETERS } from '../../../shared/model/parameters.ts'
import { createClipComposer } from './compose-clip.ts'

const folder = mkdtempSync(join(tmpdir(), 'compose-'))
const media = createTestMedia()
const defaults = defaultParameters(ENGINE_PARAMETERS.segmind)
let source: Buffer
let driver: Buffer
let faces = 1

function clip(name: string, fps: number, seconds: number, ...sound: string[]): Buffer {
  const path = join(folder, name)
  ffmpeg('-f', 'lavfi', '-i', `testsrc=s=96x64:r=${fps}:d=${seconds}`, ...sound, '-pix_fmt', 'yuv420p', path)
  return readFileSync(path)
}
beforeAll(() => {
  source = clip('source.mp4', 25, 1, '-f', 'lavfi', '-i', 'sine=duration=1')
  driver = clip('driver.mp4', 15, 2)
})
afterAll(() => {
  media.stop()
  rmSync(folder, { recursive: true, force: true })
})

const compose = (parameters: object, clips: { source: Buffer; driver: Buffer } = { source, driver }) => {
  const { ffmpeg: made, ffprobe } = tools
  if (made === null || ffprobe === null) throw new Error('these tests need ffmpeg and ffprobe')
  const render = createClipComposer({
    tools: { ffmpeg: made.path, ffprobe: ffprobe.path },
    folder,
    newId: randomUUID,
    countFaces: async () => faces,
  })
  return render({ ...clips, parameters: { ...defaults, ...parameters } })
}
async function factsOf(made: Awaited<ReturnType<typeof compose>>) {
  if ('error' in made) return made.error
  const path = join(folder, `${randomUUID()}.mp4`)
  writeFileSync(path, made.bytes)
  const { frames, fps, hasAudio } = (await media.check(path, ENGINE_LIMITS.segmind)).facts
  return { frames, fps, hasAudio }
}

describe('the composite of the simulated clip model', () => {
  it.each([
    ['the source’s frames and sound', {}, { frames: 25, fps: 25, hasAudio: true }],
    ['no more frames than the cap', { video_frame_load_cap: 10 }, { frames: 10, fps: 25, hasAudio: true }],
    ['the source again and again', { mismatch_method: 'circle' }, { frames: 30, fps: 25, hasAudio: true }],
    ['the driver’s silence', { driving_audio: true }, { frames: 25, fps: 25, hasAudio: false }],
  ])('has %s', async (_name, parameters, expected) => {
    expect(await factsOf(await compose(parameters))).toEqual(expected)
  })

  it('fails in the model’s words for too short a driver, no face, and what is no video', async () => {
    expect(await compose({}, { source, driver: source })).toHaveProperty('frames', 25)
    expect(await factsOf(await compose({}, { source: driver, driver: source }))).toMatch(/^driving images/)
    expect(await factsOf(await compose({}, { source, driver: Buffer.from('no video') }))).toMatch(/could not read/)
    faces = 0
    expect(await factsOf(await compose({}))).toMatch(/No face/)
    faces = 1
    expect(await factsOf(await compose({ input_face_index: 1 }))).toMatch(/out of range/)
  })
})
