import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { quickEngine } from '../../../../tests/fixtures/quick-engine.ts'
import { makePicture, makeVoice, testCore } from '../../../../tests/fixtures/test-core.ts'
import { tempFolder } from '../../../../tests/fixtures/temp-folder.ts'

type Core = Awaited<ReturnType<typeof testCore>>

/** One pair of real files. */
function makePair(core: Core, name = 'face', colour = 'red') {
  const source = join(core.inputs, `${name}.png`)
  const voice = join(core.inputs, `${name}.wav`)
  makePicture(source, colour)
  makeVoice(voice, 300 + colour.length * 50)
  return { source, voice, folder: '' }
}

/** A render that waits until the test lets it go on. */
function gate() {
  const reached = Promise.withResolvers<void>()
  const open = Promise.withResolvers<void>()
  return {
    reached: reached.promise,
    open: open.resolve,
    begun: () => {
      reached.resolve()
      return open.promise
    },
  }
}

const noLitter = (core: Core) => {
  const left = existsSync(core.output) ? readdirSync(core.output, { recursive: true, encoding: 'utf8' }) : []
  return left.filter((name) => name.includes('.part')).length === 0 && !existsSync(join(core.dataDir, 'work', 'x'))
}

describe('a job', () => {
  test('goes through its steps and leaves one video, named after its inputs, and nothing else', async () => {
    const core = await testCore(tempFolder())
    const pair = { ...makePair(core), folder: 'a/b' }
    const { jobs } = await core.start([pair])
    const [job] = await core.rest(jobs)
    expect(job).toMatchObject({ state: 'done', step: 'finish', progress: 1 })
    expect(job?.output).toBe(join(core.output, 'a', 'b', 'face__face.mp4'))
    expect(readdirSync(join(core.output, 'a', 'b'))).toEqual(['face__face.mp4'])
    expect(readdirSync(core.dataDir)).not.toContain('work')
    const { history, parameters } = await core.call('jobs.show', { jobId: job?.jobId ?? '' })
    expect(history.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual([
      'check finished',
      'repair finished',
      'render finished',
      'finish finished',
    ])
    expect(Object.keys(parameters)).toHaveLength(8)
  })

  test('never overwrites: neither a file nor a link of the same name is touched', async () => {
    const root = tempFolder()
    const core = await testCore(root)
    const pair = makePair(core)
    mkdirSync(core.output)
    const victim = join(root, 'victim')
    writeFileSync(victim, 'precious')
    writeFileSync(join(core.output, 'face__face.mp4'), 'mine')
    symlinkSync(victim, join(core.output, 'face__face (2).mp4'))
    const { jobs } = await core.start([pair])
    const [job] = await core.rest(jobs)
    expect(job?.output).toBe(join(core.output, 'face__face (3).mp4'))
    expect(readFileSync(join(core.output, 'face__face.mp4'), 'utf8')).toBe('mine')
    expect(readFileSync(victim, 'utf8')).toBe('precious')
  })

  test('keeps the folder of a pair inside the output folder', async () => {
    const core = await testCore(tempFolder())
    const { jobs } = await core.start([{ ...makePair(core), folder: '../../../etc' }])
    const [job] = await core.rest(jobs)
    expect(job?.output?.startsWith(`${core.output}/`)).toBe(true)
  })
})

describe('inputs that are not what they were', () => {
  test('a file changed after it was added fails with E-INPUT-CHANGED; a retry takes it as it is now', async () => {
    const core = await testCore(tempFolder(), { startsQueue: false })
    const pair = makePair(core)
    const { jobs } = await core.start([pair])
    appendFileSync(pair.voice, 'more')
    await core.core.stop()
    const next = await testCore(join(core.inputs, '..'))
    const [job] = await next.rest(jobs)
    expect(job).toMatchObject({ state: 'failed', error: { code: 'E-INPUT-CHANGED', params: { file: pair.voice } } })
    expect(existsSync(core.output)).toBe(false)
    const jobId = job?.jobId ?? ''
    expect(await next.core.handlers['jobs.retry']({ jobIds: [jobId] })).toEqual({ changed: [jobId] })
    const [mended] = await next.rest(jobs)
    expect(mended).toMatchObject({ jobId, state: 'done' })
    const again = await next.start([pair])
    expect(again.jobs).toMatchObject([{ jobId, state: 'done', reused: true }])
  })

  test('a file that was only touched, or saved again with the same contents, passes', async () => {
    const core = await testCore(tempFolder(), { startsQueue: false })
    const pair = makePair(core)
    const { jobs } = await core.start([pair])
    utimesSync(pair.source, 1, 1)
    copyFileSync(pair.voice, `${pair.voice}.copy`)
    renameSync(`${pair.voice}.copy`, pair.voice)
    await core.core.stop()
    const next = await testCore(join(core.inputs, '..'))
    expect((await next.rest(jobs))[0]?.state).toBe('done')
  })

  test('a missing file fails its own job only; put back, run or retry makes it', async () => {
    const core = await testCore(tempFolder())
    const good = makePair(core, 'good', 'blue')
    const bad = makePair(core, 'bad', 'green')
    renameSync(bad.source, `${bad.source}.away`)
    const { jobs } = await core.start([bad, good])
    const ended = await core.rest(jobs)
    expect(ended.map((job) => [job.state, job.error?.code])).toEqual([
      ['failed', 'E-INPUT-MISSING'],
      ['done', undefined],
    ])
    renameSync(`${bad.source}.away`, bad.source)
    const again = await core.start([bad, good])
    expect(again.jobs.map(({ jobId }) => jobId)).toEqual(jobs.map(({ jobId }) => jobId))
    expect((await core.rest(again.jobs)).map((job) => [job.state, job.reused])).toEqual([
      ['done', undefined],
      ['done', true],
    ])
  })

  test('a file that vanishes before the render fails there, and retry checks again', async () => {
    const hold = gate()
    const core = await testCore(tempFolder(), { offlineEngine: quickEngine({ begun: hold.begun }) })
    const first = makePair(core, 'first', 'red')
    const second = makePair(core, 'second', 'blue')
    const { jobs } = await core.start([first, second])
    await hold.reached
    renameSync(second.voice, `${second.voice}.away`)
    hold.open()
    const [, failed] = await core.rest(jobs)
    expect(failed).toMatchObject({ state: 'failed', error: { code: 'E-INPUT-MISSING' } })
    renameSync(`${second.voice}.away`, second.voice)
    await core.call('jobs.retry', { jobIds: [failed?.jobId ?? ''] })
    expect((await core.rest(jobs)).map((job) => job.state)).toEqual(['done', 'done'])
  })
})

describe('rejected pairs are jobs that failed with the file’s code', () => {
  test('wrong kinds, damage, no face, several faces', async () => {
    const core = await testCore(tempFolder(), {
      offlineEngine: quickEngine({
        check: (name) =>
          name.startsWith('empty')
            ? [{ code: 'E-INPUT-NO-FACE', level: 'error', params: { file: name } }]
            : [{ code: 'W-FACES', level: 'warning', params: { file: name, value: 2, limit: 0 } }],
      }),
    })
    const good = makePair(core, 'good', 'red')
    const empty = makePair(core, 'empty', 'blue')
    const broken = join(core.inputs, 'broken.png')
    writeFileSync(broken, readFileSync(good.source).subarray(0, 60))
    const { jobs } = await core.start([
      good,
      empty,
      { source: broken, voice: good.voice, folder: '' },
      { source: good.voice, voice: good.voice, folder: '' },
      { source: good.source, voice: good.source, folder: '' },
      { source: core.inputs, voice: good.voice, folder: '' },
    ])
    const ended = await core.rest(jobs)
    expect(ended.map((job) => job.error?.code ?? job.state)).toEqual([
      'done',
      'E-INPUT-NO-FACE',
      'E-INPUT-CORRUPT',
      'E-INPUT-TYPE',
      'E-INPUT-TYPE',
      'E-INPUT-NOT-FILE',
    ])
    expect(ended[0]?.findings.map(({ code }) => code)).toContain('W-FACES')
    expect(ended.every((job) => job.error === undefined || job.error.chargeState === 'none')).toBe(true)
    expect(readdirSync(core.output)).toEqual(['good__good.mp4'])
  })

  test('a pair without a voice, an unknown parameter or an engine that cannot run here starts nothing', async () => {
    const core = await testCore(tempFolder())
    const pair = makePair(core)
    const code = (promise: Promise<unknown>) =>
      promise.then(
        () => 'started',
        (thrown: unknown) => String(thrown),
      )
    expect(await code(core.start([{ source: pair.source, folder: '' }]))).toMatch('E-INPUT-UNPAIRED')
    expect(await code(core.start([pair], { parameters: { video_fps: 14 } }))).toMatch('E-PARAM-RANGE')
    expect(await code(core.start([pair], { parameters: { stitchng: true } }))).toMatch('E-PARAM-UNKNOWN')
    expect(await code(core.start([pair], { outputFolder: 'relative' }))).toMatch('E-OUT-NAME')
    expect(await code(core.start([pair], { outputFolder: join(core.dataDir, 'x') }))).toMatch('E-CONFIG-INVALID')
    expect(await code(core.start([pair], { outputFolder: join(pair.source, 'x') }))).toMatch('E-OUT-NAME')
    expect((await core.call('jobs.list', {})).total).toBe(0)
  })
})

describe('asking again', () => {
  test('the same pair is made once, whatever its files are called, and tells of its doubles', async () => {
    const core = await testCore(tempFolder())
    const pair = makePair(core)
    const copy = join(core.inputs, 'copy.png')
    copyFileSync(pair.source, copy)
    const { jobs } = await core.start([pair, { ...pair }, { ...pair, source: copy }])
    expect(jobs).toHaveLength(1)
    const [job] = await core.rest(jobs)
    expect(
      job?.findings.filter(({ code }) => code === 'E-INPUT-DUPLICATE').map(({ params }) => params['file']),
    ).toEqual([pair.voice, copy])
    expect(readdirSync(core.output)).toHaveLength(1)
  })

  test('other parameters, another folder or `again` make another video', async () => {
    const core = await testCore(tempFolder())
    const pair = makePair(core)
    const first = await core.start([pair])
    await core.rest(first.jobs)
    const other = await core.start([pair], { parameters: { seed: 7 } })
    const elsewhere = await core.start([pair], { outputFolder: `${core.output}-2` })
    const anew = await core.start([pair], { again: true })
    const all = [...first.jobs, ...other.jobs, ...elsewhere.jobs, ...anew.jobs]
    expect(new Set(all.map(({ jobId }) => jobId)).size).toBe(4)
    expect((await core.rest(all)).every((job) => job.state === 'done' && job.reused !== true)).toBe(true)
    expect(readdirSync(core.output)).toHaveLength(3)
  })

  test('while it is running joins the running job', async () => {
    const hold = gate()
    const core = await testCore(tempFolder(), { offlineEngine: quickEngine({ begun: hold.begun }) })
    const pair = makePair(core)
    const first = await core.start([pair])
    await hold.reached
    const second = await core.start([pair])
    expect(second.jobs.map(({ jobId, state }) => [jobId, state])).toEqual([[first.jobs[0]?.jobId, 'running']])
    hold.open()
    const [job] = await core.rest(second.jobs)
    expect(job).toMatchObject({ state: 'done', batchId: second.batchId })
    expect(readdirSync(core.output)).toHaveLength(1)
  })
})

describe('ending early', () => {
  test('a cancelled render leaves no file, and retry makes it', async () => {
    const hold = gate()
    const core = await testCore(tempFolder(), { offlineEngine: quickEngine({ begun: hold.begun }) })
    const pair = makePair(core)
    const { jobs } = await core.start([pair])
    await hold.reached
    const cancelling = core.call('jobs.cancel', { jobIds: jobs.map(({ jobId }) => jobId) })
    hold.open()
    expect((await cancelling).changed).toHaveLength(1)
    expect((await core.rest(jobs))[0]?.state).toBe('cancelled')
    expect(noLitter(core)).toBe(true)
    await core.call('jobs.retry', { jobIds: jobs.map(({ jobId }) => jobId) })
    expect((await core.rest(jobs))[0]?.state).toBe('done')
  })

  test('a stop amid a render keeps the job for the next start', async () => {
    const root = tempFolder()
    const hold = gate()
    const core = await testCore(root, { offlineEngine: quickEngine({ begun: hold.begun }) })
    const { jobs } = await core.start([makePair(core)])
    await hold.reached
    const stopping = core.core.stop()
    hold.open()
    await stopping
    expect(noLitter(core)).toBe(true)
    const next = await testCore(root)
    expect((await next.rest(jobs))[0]?.state).toBe('done')
  })

  test('an output folder that turns into a file fails the job with E-OUT-PERMISSION and a retry elsewhere works', async () => {
    const hold = gate()
    const core = await testCore(tempFolder(), { offlineEngine: quickEngine({ begun: hold.begun }) })
    const first = makePair(core, 'first', 'red')
    const second = { ...makePair(core, 'second', 'blue'), folder: 'sub' }
    const { jobs } = await core.start([first, second])
    await hold.reached
    writeFileSync(join(core.output, 'sub'), 'a file')
    hold.open()
    const [, failed] = await core.rest(jobs)
    expect(failed?.error?.code).toBe('E-OUT-PERMISSION')
    rmSync(join(core.output, 'sub'))
    await core.call('jobs.retry', { jobIds: [failed?.jobId ?? ''] })
    expect((await core.rest(jobs)).map((job) => job.state)).toEqual(['done', 'done'])
  })
})
