import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { processesOf, runCli, startCli, writeVoice } from '../fixtures/cli.ts'
import type { CliEvent, CliOutcome } from '../fixtures/cli.ts'

let folder: string
/** A sample at a quarter of its size: what is tested here is not the picture. */
let portrait: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'studio-cli-'))
  portrait = join(folder, 'portrait.jpg')
  await sharp('resources/samples/portrait-woman.jpg').resize(240).toFile(portrait)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A fresh folder of inputs: portraits and voices by stem. */
function inputs(name: string, stems: readonly string[], seconds = 0.6): string {
  const path = join(folder, name)
  mkdirSync(path, { recursive: true })
  for (const [i, stem] of stems.entries()) {
    copyFileSync(portrait, join(path, `${stem}.jpg`))
    // Files of the same bytes would make the same result, and be made once.
    writeVoice(join(path, `${stem}.wav`), seconds, 150 + 10 * i)
  }
  return path
}
const at = (name: string) => join(folder, name)
const of = (outcome: CliOutcome, event: string) => outcome.events.filter((line) => line.event === event)
const isJob = (state: string, step?: string) => (line: CliEvent) =>
  line.event === 'job' && line['state'] === state && (step === undefined || line['step'] === step)

const JOB_KEYS = [
  'event',
  'jobId',
  'state',
  'step',
  'progress',
  'engine',
  'source',
  'voice',
  'output',
  'reused',
  'error',
  'atMs',
]

describe('run', () => {
  it('makes each pair once, tells of it in the lines of the contract, and knows it the next time', async () => {
    const source = inputs('twice', ['anna', 'bert'])
    const args = ['run', source, '--out', at('twice-out'), '--data-dir', at('twice-data'), '--json']
    const first = await runCli(args)
    expect([first.code, first.stderr]).toEqual([0, ''])
    expect(first.stdout.split('\n').filter((line) => line !== '' && !line.startsWith('{'))).toEqual([])
    expect(of(first, 'check').map((line) => line['verdict'])).toEqual(['ok', 'ok', 'ok', 'ok'])
    for (const line of of(first, 'job')) expect(Object.keys(line).filter((key) => !JOB_KEYS.includes(key))).toEqual([])
    const ids = new Set(of(first, 'job').map((line) => line['jobId']))
    expect(ids.size).toBe(2)
    for (const id of ids) {
      const times = of(first, 'job')
        .filter((line) => line['jobId'] === id)
        .map(({ atMs }) => atMs)
      // Sent at least 200 ms apart; a pipe may bring two together.
      expect(times.length).toBeLessThanOrEqual(5 * Math.ceil(((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000) + 1)
    }
    const outputs = ['anna__anna.mp4', 'bert__bert.mp4'].map((name) => join(at('twice-out'), name))
    expect(first.events.at(-1)).toMatchObject({
      event: 'summary',
      done: 2,
      failed: 0,
      alreadyMade: 0,
      unpaired: 0,
      outputs,
    })
    const made = outputs.map((path) => statSync(path).mtimeMs)

    const second = await runCli(args)
    expect(second.code).toBe(0)
    expect(of(second, 'job').map((line) => [line['state'], line['reused']])).toEqual([
      ['done', true],
      ['done', true],
    ])
    expect(second.events.at(-1)).toMatchObject({ done: 2, alreadyMade: 2, outputs })
    expect(outputs.map((path) => statSync(path).mtimeMs)).toEqual(made)
    expect(readdirSync(at('twice-out')).toSorted()).toEqual(['anna__anna.mp4', 'bert__bert.mp4'])

    const again = await runCli([...args, '--again'])
    expect(again.events.at(-1)).toMatchObject({ done: 2, alreadyMade: 0 })
    expect(readdirSync(at('twice-out'))).toContain('anna__anna (2).mp4')
  })

  it('does what it can and ends with 3 when files are rejected, missing or without a partner', async () => {
    const source = inputs('mixed', ['anna', 'broken'])
    writeFileSync(join(source, 'broken.jpg'), 'this is no picture')
    writeVoice(join(source, 'lonely.wav'), 0.5)
    writeFileSync(join(source, 'notes.txt'), 'x')
    const outcome = await runCli([
      'run',
      source,
      at('gone.png'),
      '--out',
      at('mixed-out'),
      '--data-dir',
      at('mixed-data'),
      '--json',
    ])
    expect(outcome.code).toBe(3)
    expect(outcome.events.at(-1)).toMatchObject({ event: 'summary', done: 1, failed: 1, unpaired: 1 })
    const failed = of(outcome, 'job').find(isJob('failed'))
    expect(failed?.['error']).toMatchObject({ code: 'E-INPUT-TYPE', chargeState: 'none', retryable: false })
    expect(failed?.['error']).toMatchObject({ message: expect.stringContaining('broken.jpg') as string })
    const findings = (path: string) =>
      of(outcome, 'check')
        .filter((line) => line['path'] === path)
        .flatMap((line) => line['findings'] as { code: string; level: string }[])
    expect(findings(join(source, 'lonely.wav'))).toMatchObject([{ code: 'E-INPUT-UNPAIRED', level: 'error' }])
    expect(findings(at('gone.png'))).toMatchObject([{ code: 'E-INPUT-MISSING', level: 'error' }])
    expect(findings(join(source, 'notes.txt'))).toMatchObject([{ code: 'E-INPUT-TYPE', level: 'note' }])
  })

  it('of nothing usable ends with 3 and says so', async () => {
    mkdirSync(at('empty'), { recursive: true })
    const outcome = await runCli(['run', at('empty'), '--out', at('empty-out'), '--data-dir', at('empty-data')])
    expect([outcome.code, outcome.stdout]).toEqual([3, '0 done\n'])
    expect(outcome.stderr).toContain('Nothing to run')
    expect(existsSync(at('empty-out'))).toBe(false)
  })

  it.skipIf(!existsSync('/sys/kernel'))('ends with 6 where results cannot be written', async () => {
    const source = inputs('nowhere', ['anna'])
    const outcome = await runCli(['run', source, '--out', '/sys/nowhere', '--data-dir', at('nowhere-data'), '--json'])
    expect(outcome.code).toBe(6)
    expect(JSON.stringify(outcome.events)).toContain('E-OUT-PERMISSION')
  })

  it('ends with 2 where no output folder can be', async () => {
    const source = inputs('file-as-folder', ['anna'])
    const out = join(source, 'anna.wav/out')
    const outcome = await runCli(['run', source, '--out', out, '--data-dir', at('file-as-folder-data'), '--json'])
    expect(outcome.code).toBe(2)
    expect(of(outcome, 'error')).toMatchObject([{ error: { code: 'E-OUT-NAME' } }])
  })

  it('ends with 1 when a tool is missing', async () => {
    const source = inputs('toolless', ['anna'])
    const args = ['run', source, '--out', at('toolless-out'), '--data-dir', at('toolless-data'), '--json']
    const outcome = await runCli(args, { env: { FFPROBE_PATH: at('no-ffprobe') } })
    expect(outcome.code).toBe(1)
    expect(JSON.stringify(outcome.events)).toContain('E-TOOL-MISSING')
  })

  it('speaks to people in their language, without escape sequences where there is no terminal', async () => {
    const source = inputs('people', ['安娜\u202e\u001b[2J'])
    const args = ['run', source, '--out', at('people-out'), '--data-dir', at('people-data')]
    const outcome = await runCli(args, { env: { LC_ALL: 'zh_CN.UTF-8' } })
    expect(outcome.code).toBe(0)
    expect(outcome.stdout).toContain('已完成')
    expect(outcome.stderr).toContain('渲染')
    expect(outcome.stdout + outcome.stderr).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u)
    const json = await runCli([...args, '--json'], { env: { LC_ALL: 'C', LANG: 'C' } })
    expect(of(json, 'job').at(-1)?.['source']).toBe(join(source, '安娜\u202e\u001b[2J.jpg'))
    expect(json.stdout).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u)
  })
})

describe('a mistake in the command line', () => {
  it.each([
    ['run', 'x', '--frobnicate'],
    ['run', 'x', '--out'],
    ['run', 'x', '--set', 'video_fps=99'],
    ['run', 'x', '--set', 'seed=1', '--set', 'seed=2'],
    ['run', 'x', '--api-key', 'CANARY'],
    ['keys', 'set', 'dashscope'],
    ['run'],
  ])('%s %s %s %s ends with 2, and nothing is opened', async (...args) => {
    const data = at('usage-data')
    const env = { LIVEPORTRAIT_STUDIO_DATA_DIR: data }
    const outcome = await runCli([...args.filter(Boolean), '--json'], { env })
    expect([outcome.code, outcome.stderr]).toEqual([2, ''])
    expect(outcome.events.map(({ event }) => event)).toEqual(['error'])
    expect(outcome.stdout).not.toContain('CANARY')
    expect(existsSync(data)).toBe(false)
  })

  it('is told to people on standard error', async () => {
    const outcome = await runCli(['run', 'x', '--api-key', 'CANARY'])
    expect([outcome.code, outcome.stdout]).toEqual([2, ''])
    expect(outcome.stderr).toContain('E-CONFIG-INVALID')
    expect(outcome.stderr).not.toContain('CANARY')
  })
})

describe('check', () => {
  it('of a vendor’s limits needs neither key nor network, and looks at every file', async () => {
    const source = inputs('vendor', ['anna'], 0.5)
    const outcome = await runCli(['check', source, '--engine', 'dashscope', '--data-dir', at('vendor-data'), '--json'])
    expect(outcome.code).toBe(3)
    const findings = of(outcome, 'check').map((line) => [line['kind'], line['verdict'], line['findings']])
    expect(findings).toMatchObject([
      ['image', 'ok', []],
      ['audio', 'rejected', [{ code: 'E-INPUT-TOO-SHORT', value: 0.5, limit: 1 }]],
    ])
    expect((await runCli(['check', source, '--data-dir', at('vendor-data')])).code).toBe(0)
  })
})

describe('the queue on the command line', () => {
  it('is listed, shown, retried, cancelled and cleared', async () => {
    const source = inputs('queue', ['anna'])
    const common = ['--data-dir', at('queue-data'), '--json']
    const noTool = { env: { FFMPEG_PATH: at('no-ffmpeg') } }
    const run = ['run', source, '--out', at('queue-out'), ...common]
    expect((await runCli(run, noTool)).events.at(-1)).toMatchObject({ done: 0, needsAttention: 1 })
    const listed = await runCli(['jobs', 'list', ...common])
    expect(of(listed, 'job')).toMatchObject([{ state: 'needs_attention', error: { code: 'E-TOOL-MISSING' } }])
    const id = String(of(listed, 'job')[0]?.['jobId'])
    const shown = await runCli(['jobs', 'show', id, '--data-dir', at('queue-data')])
    expect(shown.stdout).toContain('E-TOOL-MISSING')
    expect(shown.stdout).toContain('video_fps = 24')

    const cancelled = await runCli(['jobs', 'cancel', id, ...common])
    expect([cancelled.code, of(cancelled, 'job')]).toMatchObject([0, [{ jobId: id, state: 'cancelled' }]])
    expect((await runCli(['jobs', 'cancel', id, ...common])).code).toBe(2)
    expect((await runCli(['jobs', 'show', 'no-such-job', ...common])).code).toBe(2)
    const retried = await runCli(['jobs', 'retry', id, ...common])
    expect([retried.code, retried.events.at(-1)]).toMatchObject([0, { event: 'summary', done: 1 }])
    const removed = await runCli(['jobs', 'remove', id, ...common])
    expect(of(removed, 'job')).toMatchObject([{ jobId: id }])
    expect(of(await runCli(['jobs', 'list', ...common]), 'job')).toEqual([])
    expect(existsSync(join(at('queue-out'), 'anna__anna.mp4'))).toBe(true)
  })
})

describe('one live core a data folder', () => {
  it('a second run says who holds it; looking still works', async () => {
    const data = at('held-data')
    const source = inputs('held', ['anna'])
    await runCli(['run', source, '--out', at('held-out'), '--data-dir', data])
    const server = startCli(['serve', '--port', '0', '--data-dir', data, '--json'])
    await server.until(({ event }) => event === 'listening')
    const second = await runCli(['run', source, '--out', at('held-out'), '--data-dir', data, '--json'])
    expect(second.code).toBe(1)
    expect(second.events).toMatchObject([
      { event: 'error', error: { code: 'E-INSTANCE', params: { pid: server.process.pid, host: 'web' } } },
    ])
    const listed = await runCli(['jobs', 'list', '--data-dir', data, '--json'])
    expect([listed.code, of(listed, 'job')]).toMatchObject([0, [{ state: 'done' }]])
    const id = String(of(listed, 'job')[0]?.['jobId'])
    expect((await runCli(['jobs', 'show', id, '--data-dir', data])).code).toBe(0)
    expect((await runCli(['check', source, '--data-dir', data])).code).toBe(0)
    expect((await runCli(['doctor', '--data-dir', data])).code).toBe(0)
    server.process.kill('SIGTERM')
    expect((await server.ended).code).toBe(130)
    expect((await runCli(['run', source, '--out', at('held-out'), '--data-dir', data])).code).toBe(0)
  })

  it('three started at once: one works, two say so, and each pair is made once', async () => {
    const source = inputs('three', ['anna', 'bert'])
    const args = ['run', source, '--out', at('three-out'), '--data-dir', at('three-data'), '--json']
    const outcomes = await Promise.all([runCli(args), runCli(args), runCli(args)])
    expect(outcomes.map(({ code }) => code).toSorted()).toEqual([0, 1, 1])
    expect(readdirSync(at('three-out'))).toHaveLength(2)
  })
})

describe('an end from outside', () => {
  it('in the middle of a render saves the state, leaves nothing alive, and the next run goes on, whichever signal', async () => {
    const stems = ['anna', 'bert']
    const source = inputs('end', stems)
    writeVoice(join(source, 'anna.wav'), 2)
    const out = at('end-out')
    const args = ['run', source, '--out', out, '--data-dir', at('end-data'), '--json']
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      const running = startCli(args)
      await running.until(isJob('running', 'render'))
      const endedAt = performance.now()
      running.process.kill(signal)
      const outcome = await running.ended
      expect(performance.now() - endedAt, signal).toBeLessThan(3000)
      expect([outcome.code, outcome.events.at(-1)?.event], signal).toEqual([130, 'summary'])
      expect(processesOf(folder), signal).toEqual([])
      expect(readdirSync(out).filter((entry) => entry.endsWith('.mp4') && !entry.startsWith('.'))).toEqual([])
    }
    const next = await runCli(args)
    expect([next.code, next.events.at(-1)]).toMatchObject([0, { done: stems.length }])
    expect(readdirSync(out).toSorted()).toEqual(stems.map((stem) => `${stem}__${stem}.mp4`))
  })

  it('a reader that closes the pipe ends it quietly', async () => {
    const source = inputs('pipe', ['anna'], 2)
    const running = startCli(['run', source, '--out', at('pipe-out'), '--data-dir', at('pipe-data'), '--json'])
    await running.until(isJob('running'))
    running.process.stdout?.destroy()
    const outcome = await running.ended
    expect([outcome.code, outcome.stderr]).toEqual([141, ''])
    expect(processesOf(folder)).toEqual([])
    const listed = await runCli(['jobs', 'list', '--data-dir', at('pipe-data'), '--json'])
    expect(of(listed, 'job').map((line) => line['state'])).toEqual(['queued'])
  })

  it('the death of npm, which hands no signal on, ends it too', async () => {
    const source = inputs('npm', ['anna'], 2)
    // As npm does: a shell that starts the program and waits for it.
    const running = startCli(['run', source, '--out', at('npm-out'), '--data-dir', at('npm-data'), '--json'], {
      wrap: ['/bin/sh', '-c', '"$@"; exit $?', 'sh'],
      env: { npm_lifecycle_event: 'cli' },
    })
    await running.until(isJob('running', 'render'))
    running.process.kill('SIGKILL')
    // The pipes stay open until the orphan has gone as well.
    await running.ended
    expect(processesOf(folder)).toEqual([])
    const listed = await runCli(['jobs', 'list', '--data-dir', at('npm-data'), '--json'])
    expect(of(listed, 'job').map((line) => line['state'])).toEqual(['queued'])
  })

  it('without npm the death of the parent is no end', async () => {
    const source = inputs('nohup', ['anna'])
    const running = startCli(['run', source, '--out', at('nohup-out'), '--data-dir', at('nohup-data'), '--json'], {
      wrap: ['/bin/sh', '-c', '"$@"; exit $?', 'sh'],
    })
    await running.until(isJob('running'))
    running.process.kill('SIGKILL')
    const outcome = await running.ended
    expect(outcome.events.at(-1)).toMatchObject({ event: 'summary', done: 1 })
  })
})

it('nobody else can read the data folder, whatever the umask and even if it stood open', async () => {
  const data = at('private-data')
  mkdirSync(join(data, 'logs'), { recursive: true })
  chmodSync(data, 0o777)
  writeFileSync(join(data, 'logs/studio.log'), '', { mode: 0o666 })
  chmodSync(join(data, 'logs/studio.log'), 0o666)
  const source = inputs('private', ['anna'])
  const outcome = await runCli(['run', source, '--out', at('private-out'), '--data-dir', data], {
    wrap: ['/bin/sh', '-c', 'umask 000; exec "$@"', 'sh'],
  })
  expect(outcome.code).toBe(0)
  const modes = readdirSync(data, { recursive: true, withFileTypes: true }).map((entry) => {
    const mode = statSync(join(entry.parentPath, entry.name)).mode & 0o777
    return `${entry.isDirectory() ? 'folder' : 'file'} ${mode.toString(8)} ${entry.name}`
  })
  expect(statSync(data).mode & 0o777).toBe(0o700)
  expect(modes.filter((line) => !/^(folder 700|file 600) /.test(line))).toEqual([])
  expect(modes.length).toBeGreaterThan(2)
})
