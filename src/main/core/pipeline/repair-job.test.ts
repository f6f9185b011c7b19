import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { quickEngine } from '../../../../tests/fixtures/quick-engine.ts'
import { ffmpeg, makePicture, makeVoice, testCore } from '../../../../tests/fixtures/test-core.ts'
import { tempFolder } from '../../../../tests/fixtures/temp-folder.ts'

type Core = Awaited<ReturnType<typeof testCore>>
const hashOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

/** An animated picture and a video with a voice: both have to be converted for the offline engine. */
function makePair(core: Core) {
  const [source, voice] = [join(core.inputs, 'anna.gif'), join(core.inputs, 'anna.mp4')]
  ffmpeg('-f', 'lavfi', '-i', 'testsrc=size=64x64:rate=2:duration=1', source)
  const picture = ['-f', 'lavfi', '-i', 'testsrc=size=64x64:rate=5:duration=0.4']
  ffmpeg(...picture, '-f', 'lavfi', '-i', 'sine=frequency=300:duration=0.4', '-c:a', 'aac', voice)
  return { source, voice, folder: '' }
}

describe('a job whose files do not meet the limits', () => {
  test('fails with the code of the file and names the repair', async () => {
    const core = await testCore(tempFolder())
    const { jobs } = await core.start([makePair(core)])
    const [job] = await core.rest(jobs)
    expect(job).toMatchObject({ state: 'failed', step: 'check' })
    expect(job?.error).toMatchObject({ code: 'E-INPUT-TYPE', params: { repair: 'convert' } })
  })

  test('runs on repaired copies when it may, says so, and leaves nothing but its result', async () => {
    const seen: string[] = []
    const core = await testCore(tempFolder(), {
      offlineEngine: {
        ...quickEngine(),
        check: async ({ inputs }) => {
          seen.push(inputs.source, inputs.voice ?? '')
          expect([inputs.source, inputs.voice ?? ''].every((path) => existsSync(path))).toBe(true)
          return []
        },
      },
    })
    const pair = makePair(core)
    const hashes = [hashOf(pair.source), hashOf(pair.voice)]
    const { jobs } = await core.start([{ ...pair, repair: true }])
    const [job] = await core.rest(jobs)
    expect(job).toMatchObject({ state: 'done', source: pair.source, voice: pair.voice })
    expect(job?.findings.map(({ level, params }) => [level, params['file'], params['reason']])).toEqual([
      ['note', 'anna.gif', 'made-convert'],
      ['note', 'anna.mp4', 'made-convert'],
      ['warning', 'anna.mp4', 'level'],
    ])
    // Faces are looked for in the copy: the engine could not open the file itself.
    expect(seen.map((path) => path.slice(path.lastIndexOf('/') + 1))).toEqual(['image.png', 'audio.wav'])
    expect([hashOf(pair.source), hashOf(pair.voice)]).toEqual(hashes)
    expect(existsSync(join(core.dataDir, 'work', job?.jobId ?? ''))).toBe(false)
    expect(readdirSync(core.output)).toEqual(['anna__anna.mp4'])
  })

  test('a failed job is repaired when it is asked for again with repair', async () => {
    const core = await testCore(tempFolder())
    const pair = makePair(core)
    const first = await core.start([pair])
    await core.rest(first.jobs)
    const { jobs } = await core.start([pair], { repair: true })
    expect(jobs.map(({ jobId }) => jobId)).toEqual(first.jobs.map(({ jobId }) => jobId))
    expect((await core.rest(jobs))[0]?.state).toBe('done')
  })

  test('a file that needs no repair is used as it is', async () => {
    const core = await testCore(tempFolder())
    const [source, voice] = [join(core.inputs, 'face.png'), join(core.inputs, 'face.wav')]
    makePicture(source, 'red')
    makeVoice(voice, 300)
    const { jobs } = await core.start([{ source, voice, folder: '', repair: true }])
    const [job] = await core.rest(jobs)
    expect(job?.state).toBe('done')
    expect(job?.findings.filter(({ params }) => String(params['reason']).startsWith('made-'))).toEqual([])
  })
})

describe('the preview of a repair', () => {
  test('shows the copy that a job will use, with its facts before and after', async () => {
    const noFaces = { ...quickEngine(), faces: async () => ({ width: 300, height: 900, faces: [] }) }
    const core = await testCore(tempFolder(), { offlineEngine: noFaces })
    const path = join(core.inputs, 'long.png')
    await sharp({ create: { width: 300, height: 900, channels: 3, background: 'teal' } })
      .png()
      .toFile(path)
    const before = hashOf(path)
    const preview = await core.call('media.repairPreview', { engine: 'dashscope', path })
    expect(preview).toMatchObject({
      steps: [{ kind: 'pad', before: { width: 300, height: 900 }, after: { width: 450, height: 900 } }],
      before: { width: 300, height: 900, format: 'png' },
      after: { width: 450, height: 900, format: 'png' },
      findings: [],
    })
    const file = await core.core.resolveMedia(`preview/${preview.previewId ?? ''}`)
    expect(file?.contentType).toBe('image/png')
    expect(await sharp(file?.path).metadata()).toMatchObject({ width: 450, height: 900 })
    expect(hashOf(path)).toBe(before)
  })

  test('of a sound is the sound', async () => {
    const core = await testCore(tempFolder())
    const path = join(core.inputs, 'v.flac')
    ffmpeg('-f', 'lavfi', '-i', 'sine=frequency=300:duration=2', path)
    const { steps, after, previewId } = await core.call('media.repairPreview', { engine: 'dashscope', path })
    expect(steps.map(({ kind }) => kind)).toEqual(['convert'])
    expect(after).toMatchObject({ format: 'wav', codec: 'pcm_s16le', durationSeconds: 2 })
    expect((await core.core.resolveMedia(`preview/${previewId ?? ''}`))?.contentType).toBe('audio/wav')
  })

  test('throws what no repair settles, and makes nothing where nothing is wrong', async () => {
    const core = await testCore(tempFolder())
    const [short, fine] = [join(core.inputs, 'short.wav'), join(core.inputs, 'fine.png')]
    makeVoice(short, 300)
    makePicture(fine, 'red')
    await expect(core.call('media.repairPreview', { engine: 'dashscope', path: short })).rejects.toMatchObject({
      code: 'E-INPUT-TOO-SHORT',
    })
    const { steps, previewId } = await core.call('media.repairPreview', { engine: 'dashscope', path: fine })
    expect([steps, previewId]).toEqual([[], null])
  })
})
