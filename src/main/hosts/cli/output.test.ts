import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createTexts } from '../../../shared/lib/create-texts.ts'
import { ERROR_CODES } from '../../../shared/errors.ts'
import type { Job, JobState } from '../../../shared/model/job.ts'
import { EXIT, exitCodeOfError, exitCodeOfJob, worstExitCode } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import { createJobReporter } from './job-reporter.ts'
import { jobLine, summarise } from './lines.ts'
import { createOutput, jsonText } from './output.ts'
import { jobText } from './progress-view.ts'

const job = (over: Partial<Job> = {}): Job => ({
  jobId: 'j1',
  batchId: 'b1',
  state: 'queued',
  step: 'check',
  progress: null,
  engine: 'offline',
  source: '/in/anna.png',
  voice: '/in/anna.wav',
  findings: [],
  createdAt: 1,
  ...over,
})
const english = createTexts('en')

describe('names made to act on a terminal', () => {
  const names = [
    'a\u001b[2Jb.png',
    'a\u009b31mb.png',
    'a\rb\nc\td.png',
    'gpj.\u202eexe.png',
    'a\u2066b\u2069.png',
    'zero\u200bwidth\u200d.png',
    'tag\u{e0041}.png',
    'del\u007f.png',
    'line\u2028break.png',
  ]
  it.each(names)('%j is shown, never obeyed', (name) => {
    const acts = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u
    const text = jobText(english, job({ source: `/in/${name}`, state: 'done', output: `/out/${name}.mp4` }))
    expect(acts.test(text)).toBe(false)
    const json = jsonText(jobLine(english, job({ source: name })))
    expect(acts.test(json)).toBe(false)
    expect((JSON.parse(json) as Job).source).toBe(name)
  })
})

describe('exit codes', () => {
  const rows: [ExitCode[], ExitCode][] = [
    [[], 0],
    [[0, 0], 0],
    [[0, 3], 3],
    [[3, 4], 4],
    [[4, 5, 3], 5],
    [[5, 6], 6],
    [[6, 1, 3], 1],
    [[1, 130, 6], 130],
  ]
  it.each(rows)('of several causes %j is %i', (codes, code) => {
    expect(worstExitCode(codes)).toBe(code)
  })

  it.each([
    ['E-INSTANCE', 1],
    ['E-DB-NEWER', 1],
    ['E-TOOL-MISSING', 1],
    ['E-INTERNAL', 1],
    ['E-PARAM-RANGE', 2],
    ['E-CONFIG-INVALID', 2],
    ['E-KEY-MISSING', 5],
    ['E-CREDITS', 5],
    ['E-DISK-FULL', 6],
    ['E-OUT-PERMISSION', 6],
    ['E-INPUT-NO-FACE', 3],
  ] as const)('of a command ended by %s is %i', (code, exit) => {
    expect(exitCodeOfError(code)).toBe(exit)
  })

  it('every code has one', () => {
    const known = new Set<number>(Object.values(EXIT))
    for (const code of ERROR_CODES) expect(known.has(exitCodeOfError(code))).toBe(true)
  })

  const error = (code: NonNullable<Job['error']>['code']) => ({
    code,
    params: {},
    chargeState: 'none' as const,
    retryable: false,
  })
  it.each([
    ['done', undefined, 0],
    ['failed', error('E-INPUT-TYPE'), 3],
    ['failed', error('E-DISK-FULL'), 6],
    ['failed', error('E-INTERNAL'), 1],
    ['cancelled', undefined, 3],
    ['needs_attention', error('E-SPEND-CAP'), 4],
    ['needs_attention', error('E-KEY-LOCKED'), 5],
    ['needs_attention', error('E-TOOL-MISSING'), 1],
    ['expired', error('E-RESULT-EXPIRED'), 4],
  ] as [JobState, Job['error'], number][])('of a job that is %s with %j', (state, jobError, exit) => {
    expect(exitCodeOfJob(jobError === undefined ? { state } : { state, error: jobError })).toBe(exit)
  })
})

describe('job lines', () => {
  it('hold what the contract lists, and nothing of our own', () => {
    const full = job({
      state: 'failed',
      error: {
        code: 'E-INPUT-NO-FACE',
        params: { file: '/in/anna.png' },
        chargeState: 'none',
        retryable: false,
        jobId: 'j1',
        step: 'check',
      },
      startedAt: 2,
    })
    expect(jobLine(english, full)).toEqual({
      event: 'job',
      jobId: 'j1',
      state: 'failed',
      step: 'check',
      progress: null,
      engine: 'offline',
      source: '/in/anna.png',
      voice: '/in/anna.wav',
      error: {
        code: 'E-INPUT-NO-FACE',
        params: { file: '/in/anna.png' },
        message: 'No face was found in anna.png.',
        action: expect.stringMatching(/\w/) as string,
        chargeState: 'none',
        retryable: false,
      },
    })
  })

  it('are summed up once each', () => {
    const rows = [
      job({ jobId: '1', state: 'done', output: '/out/1.mp4' }),
      job({ jobId: '2', state: 'done', output: '/out/2.mp4', reused: true }),
      job({ jobId: '3', state: 'failed' }),
      job({ jobId: '4', state: 'needs_attention' }),
      job({ jobId: '5', state: 'queued' }),
    ]
    expect(summarise(rows, 2)).toEqual({
      done: 2,
      failed: 1,
      needsAttention: 1,
      cancelled: 0,
      expired: 0,
      alreadyMade: 1,
      unpaired: 2,
      outputs: ['/out/1.mp4', '/out/2.mp4'],
    })
  })

  /** A clock that stands until it is moved. */
  function handClock() {
    let now = 0
    let timers: { at: number; action: () => void }[] = []
    return {
      clock: {
        now: () => now,
        monotonic: () => now,
        setTimer: (delayMs: number, action: () => void) => {
          timers.push({ at: now + delayMs, action })
          return { cancel: () => undefined }
        },
      },
      advance: (ms: number) => {
        const end = now + ms
        for (;;) {
          const next = timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0]
          if (next === undefined) break
          timers = timers.filter((timer) => timer !== next)
          now = next.at
          next.action()
        }
        now = end
      },
    }
  }

  it('come at most five times a second for each job, the last one always', async () => {
    const { clock, advance } = handClock()
    const told: { at: number; job: Job }[] = []
    const reporter = createJobReporter(
      clock,
      () => false,
      (row) => told.push({ at: clock.now(), job: row }),
    )
    for (let i = 0; i < 300; i += 1) {
      for (const jobId of ['a', 'b']) reporter.update(job({ jobId, state: 'running', progress: i / 300 }))
      advance(10)
    }
    reporter.update(job({ jobId: 'a', state: 'done', progress: 1 }))
    reporter.update(job({ jobId: 'b', state: 'failed' }))
    const settled = reporter.settled()
    advance(500)
    await settled
    for (const jobId of ['a', 'b']) {
      const at = told.filter((row) => row.job.jobId === jobId).map((row) => row.at)
      for (const start of at)
        expect(at.filter((time) => time >= start && time < start + 1000).length).toBeLessThanOrEqual(5)
      expect(at.length).toBeGreaterThan(10)
    }
    expect(told.findLast((row) => row.job.jobId === 'a')?.job.state).toBe('done')
    expect(told.findLast((row) => row.job.jobId === 'b')?.job.state).toBe('failed')
  })

  it('of progress wait while the reader is behind; ends do not', () => {
    const { clock, advance } = handClock()
    const told: string[] = []
    const reporter = createJobReporter(
      clock,
      () => true,
      ({ state }) => told.push(state),
    )
    reporter.update(job({ state: 'running', progress: 0.5 }))
    advance(1000)
    expect(told).toEqual([])
    reporter.update(job({ state: 'done' }))
    expect(told).toEqual(['done'])
  })
})

describe('output', () => {
  /** A stream that keeps what is written. */
  function sink(isTTY: boolean) {
    let text = ''
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        text += chunk.toString()
        done()
      },
    })
    return { stream: Object.assign(stream, { isTTY, columns: 40 }), text: () => text }
  }

  it.each([
    ['a pipe', false, false, false],
    ['a dumb terminal or --json', true, true, false],
    ['a terminal', true, false, true],
  ])('on %s', (_name, isTTY, plain, redraws) => {
    const [stdout, stderr] = [sink(isTTY), sink(isTTY)]
    const output = createOutput(
      { stdout: stdout.stream, stderr: stderr.stream },
      { plain, onReaderGone: () => undefined },
    )
    output.status('[1/2] rendering 45 %  a name that is far too long for the terminal')
    output.line('done')
    output.status(null)
    expect(stdout.text()).toBe('done\n')
    expect(stderr.text().includes('\u001b')).toBe(redraws)
    expect(stderr.text().replaceAll('\r\u001b[K', '').length).toBeLessThan(40)
  })

  it('tells once that its reader is gone, and goes on without a word', async () => {
    const broken = Object.assign(
      new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error('EPIPE'), { code: 'EPIPE' })) }),
      { isTTY: false },
    )
    let told = 0
    const output = createOutput(
      { stdout: broken, stderr: sink(false).stream },
      { plain: true, onReaderGone: () => (told += 1) },
    )
    output.event({ event: 'x' })
    await new Promise((resolve) => setImmediate(resolve))
    output.event({ event: 'y' })
    await output.flush()
    expect(told).toBe(1)
  })
})
