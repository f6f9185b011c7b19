import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { jobSchema, type Job } from '../../src/shared/model/job.ts'
import type { SimulatorClock } from '../../src/main/simulator/simulator-ports.ts'
import type { Simulator } from '../../src/main/simulator/simulator.ts'
import { bundleProgram } from '../fixtures/bundle-program.ts'
import { PAID_VENDORS, startPaidVendors, type PaidEngine } from '../fixtures/paid-vendors.ts'
import { scaledClock } from '../fixtures/scaled-clock.ts'
import { makeVideo } from '../fixtures/vendor-media.ts'

/** The waits of the contract pass so many times faster, in the program and at the vendor. */
const FACTOR = 20
const ASKED_REPEATS = process.env['STUDIO_FAULTS_REPEATS']
/** Unless asked for more, each K of the table is met twice: by two moments of its own, or by one moment twice. */
const LEAST_RUNS = 2
/** At each vendor; deterministic, so that a failure can be repeated. */
const RANDOM_KILLS = 10
const SEED = 20_261_122

type Kill =
  /** In the program: patterns of its calls, see the kill switch. */
  | { readonly on: string }
  /** At the vendor: a call has had its effect, and not a byte of its answer is sent. */
  | { readonly route: string; readonly nth?: number }
  /** At the vendor: a part of an answer is sent. */
  | { readonly half: string; readonly bytesPerSecond: number }

type Row = {
  readonly name: string
  readonly kill: Kill
  /** What the vendor has charged before a person decides; absent: once a job. */
  readonly charges?: number
  /** The answer is lost: found in a list where the vendor has one, and a person's to find where it has none. */
  readonly isLost?: boolean
  /** A step that only this vendor has. */
  readonly only?: PaidEngine
  /** Jobs in the batch: one, so that the kill is sure to be its kill; the random kills have two at the vendor at once. */
  readonly jobs?: number
}

const ROWS: readonly Row[] = [
  { name: 'K01 amid the insert of the batch', kill: { on: 'INSERT INTO jobs>INSERT INTO jobs+' }, jobs: 2 },
  { name: 'K02 while the media are probed', kill: { on: 'spawn+' } },
  { name: 'K03 before a copy is made', kill: { on: 'fs.copyFile' } },
  { name: 'K03 after a copy is made', kill: { on: 'fs.copyFile+' } },
  { name: 'K04 before the first byte of an upload', kill: { on: 'INSERT INTO stored_objects>COMMIT+' } },
  { name: 'K04 after the last byte of an upload', kill: { route: 'upload', nth: 2 } },
  { name: 'K05 while the portrait is checked', kill: { route: 'detect' }, only: 'dashscope' },
  { name: 'K05 before the verdict is stored', kill: { on: 'INSERT INTO source_verdicts' }, only: 'dashscope' },
  { name: 'K06 before the intent is stored', kill: { on: 'INSERT INTO submit_attempts' } },
  {
    name: 'K07 after the intent, before the first byte',
    kill: { on: 'INSERT INTO submit_attempts>COMMIT+' },
    isLost: true,
    charges: 0,
  },
  { name: 'K08 after the request, before the answer', kill: { route: 'submit' }, isLost: true },
  { name: 'K09 amid the answer', kill: { half: 'submit', bytesPerSecond: 200 }, isLost: true },
  {
    name: 'K10 after the answer, before the id is stored',
    kill: { on: "UPDATE submit_attempts SET outcome = 'accepted'" },
    isLost: true,
  },
  {
    name: 'K10 after the id is written, before it is committed',
    kill: { on: "UPDATE submit_attempts SET outcome = 'accepted'+" },
    isLost: true,
  },
  { name: 'K11 right after the id is stored', kill: { on: "UPDATE submit_attempts SET outcome = 'accepted'>COMMIT+" } },
  { name: 'K12 during a poll', kill: { route: 'query' } },
  { name: 'K13 after success is seen, before it is stored', kill: { on: 'UPDATE submit_attempts SET verdict' } },
  { name: 'K13 right after success is stored', kill: { on: 'UPDATE submit_attempts SET verdict>COMMIT+' } },
  { name: 'K13 after the result is named, before that is stored', kill: { route: 'outcome' }, only: 'segmind' },
  { name: 'K14 before the first byte of the result', kill: { route: 'result' } },
  { name: 'K14 in the middle of the result', kill: { half: 'result', bytesPerSecond: 20_000 } },
  {
    name: 'K15 after the result is verified, before that is stored',
    kill: { on: 'fs.open .*part>UPDATE attempts SET ended_at' },
  },
  { name: 'K16 before the result has its name', kill: { on: 'fs.link' } },
  { name: 'K16 between its two names', kill: { on: 'fs.link+' } },
  { name: 'K16 after its temporary name is gone', kill: { on: 'fs.unlink .*part+' } },
  { name: 'K18 while what was put up is forgotten', kill: { on: 'DELETE FROM object_uses' } },
]

type World = {
  readonly simulator: Simulator
  readonly arm: (kill: Kill, child: ChildProcess) => void
  readonly run: (
    env: Record<string, string>,
    decision?: string,
  ) => { child: ChildProcess; ended: Promise<Job[] | null> }
  readonly dataDir: string
  readonly output: string
}

// Started some hundred times, and in the same way each time.
let program = ''
beforeAll(async () => {
  program = await bundleProgram(new URL('paid-batch.ts', import.meta.url))
})

/** What the vendor makes, made once. */
let video: Buffer | null = null

async function makeWorld(
  engine: PaidEngine,
  jobs: number,
  onEnd: (action: () => Promise<void>) => void,
): Promise<World> {
  const root = mkdtempSync(join(tmpdir(), 'studio-killed-'))
  const inputs = join(root, 'in')
  const dataDir = join(root, 'data')
  const output = join(root, 'out')
  const vendor = PAID_VENDORS[engine]
  vendor.makePairs(inputs, jobs, 2)
  const base = scaledClock(FACTOR)
  let onDrip: (() => void) | null = null
  const clock: SimulatorClock = {
    now: base.now,
    setTimer: (delayMs, action) => {
      // The one wait of the simulator's that lasts 100 ms: between two pieces of an answer.
      if (delayMs === 100) onDrip?.()
      return base.setTimer(delayMs, action)
    },
  }
  let onAnswer: ((route: string) => void) | null = null
  const makeResult = (path: string, seconds: number) => (video ??= makeVideo(path, seconds))
  const options = { onCall: ({ route }: { readonly route: string }) => onAnswer?.(route) }
  const simulator = await startPaidVendors(root, clock, 2, options, makeResult)
  onEnd(async () => {
    await simulator.stop()
    rmSync(root, { recursive: true, force: true })
  })
  return {
    simulator,
    dataDir,
    output,
    arm: (kill, child) => {
      if ('route' in kill) {
        let seen = 0
        onAnswer = (route) => {
          if (route === `${engine}.${kill.route}` && ++seen === (kill.nth ?? 1)) child.kill('SIGKILL')
        }
      } else if ('half' in kill) {
        simulator.faults.set([
          { route: `${engine}.${kill.half}`, phase: 'after', dripBytesPerSecond: kill.bytesPerSecond },
        ])
        onDrip = () => {
          onDrip = null
          child.kill('SIGKILL')
        }
      }
      child.once('exit', () => {
        onAnswer = null
        simulator.faults.set([])
      })
    },
    run: (env, decision = '') => {
      const preload = new URL('kill-switch.preload.ts', import.meta.url).href
      const args = [dataDir, inputs, output, vendor.urlOf(simulator), String(FACTOR), decision, engine]
      const child = spawn(process.execPath, ['--import', preload, program, ...args], {
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let said = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
      const ended = once(child, 'close').then(() => {
        const line = said.split('\n').find((text) => text.startsWith('['))
        return line === undefined ? null : z.array(jobSchema).parse(JSON.parse(line))
      })
      return { child, ended }
    },
  }
}

const generations = (simulator: Simulator): number =>
  simulator.charges().filter(({ kind }) => kind === 'generation').length

/** Whole results only, each once; a sound database; nothing of ours left over. */
function expectTidy({ dataDir, output }: World, results: number): void {
  const names = existsSync(output) ? readdirSync(output) : []
  expect(names.filter((name) => name.startsWith('.'))).toEqual([])
  expect(names.length).toBe(results)
  const database = new DatabaseSync(join(dataDir, 'studio.sqlite'), { readOnly: true })
  try {
    expect(database.prepare('PRAGMA integrity_check').get()?.['integrity_check']).toBe('ok')
    expect(database.prepare('PRAGMA foreign_key_check').all()).toEqual([])
    expect(database.prepare('SELECT * FROM temp_files').all()).toEqual([])
  } finally {
    database.close()
  }
}

// Several at once: each waits for its vendor most of the time.
describe.concurrent.for(['dashscope', 'segmind'] as const)('a paid batch at %s that is killed', (engine) => {
  const { hasList } = PAID_VENDORS[engine]
  const isShort = ASKED_REPEATS === undefined && engine !== 'dashscope'
  const rows = ROWS.filter(({ only }) => only === undefined || only === engine).filter(
    ({ isLost, only }) => !isShort || isLost === true || only !== undefined,
  )
  const isLone = ({ name }: Row): boolean =>
    rows.filter((other) => other.name.startsWith(name.slice(0, 3))).length === 1
  // The second vendor once, and only where its own ways matter.
  const usual = (row: Row): number => (engine === 'dashscope' && isLone(row) ? LEAST_RUNS : 1)
  const runs = rows.flatMap((row) =>
    Array.from({ length: Number(ASKED_REPEATS ?? usual(row)) }, (_, index) => ({ ...row, run: index + 1 })),
  )

  test.for(runs)('$name (run $run)', async (row, { expect, onTestFinished }) => {
    const { kill, isLost = false, charges = 1, jobs: count = 1 } = row
    const world = await makeWorld(engine, count, onTestFinished)
    const first = world.run('on' in kill ? { KILL_ON: kill.on } : {})
    world.arm(kill, first.child)
    expect(await first.ended, 'it was not killed').toBeNull()
    expect(first.child.signalCode).toBe('SIGKILL')

    // What was never sent is in no list either.
    const isAsked = isLost && (!hasList || charges === 0)
    const state = isAsked ? 'needs_attention' : 'done'
    const jobs = await world.run({}).ended
    expect(jobs?.map((job) => job.state)).toEqual(Array.from({ length: count }, () => state))
    expect(generations(world.simulator)).toBe(charges * count)
    const bodies = world.simulator.charges().filter(({ kind }) => kind === 'generation')
    expect(new Set(bodies.map(({ bodySha256 }) => bodySha256)).size).toBe(bodies.length)
    expectTidy(world, isAsked ? 0 : count)
    if (!isAsked) return

    const [lost] = bodies
    const adopted = lost === undefined ? 'submit-again' : `${jobs?.[0]?.jobId}=${lost.id}`
    const decided = await world.run({}, adopted).ended
    expect(decided?.map((job) => job.state)).toEqual(['done'])
    expect(generations(world.simulator)).toBe(1)
    expectTidy(world, 1)
  })

  // Hundreds more are `npm run test:faults`.
  test(`${RANDOM_KILLS} times at any moment is charged once a job`, async ({ expect, onTestFinished }) => {
    const world = await makeWorld(engine, 2, onTestFinished)
    let state = SEED
    for (let kill = 0; kill < RANDOM_KILLS; kill++) {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      // A run that goes on with what is there makes fewer calls than a whole one.
      const call = 1 + (state % 400)
      await world.run({ KILL_AT: `${call}${kill % 2 === 0 ? '' : '+'}` }).ended
      expect(generations(world.simulator)).toBeLessThanOrEqual(2)
    }
    const jobs = (await world.run({}).ended) ?? []
    expect(jobs.length).toBe(2)
    for (const { state: now, error } of jobs) {
      // Cut off right after an intent, nothing was sent: only then is a person asked.
      if (now !== 'done') expect([now, error?.code]).toEqual(['needs_attention', 'E-SUBMIT-UNKNOWN'])
    }
    const done = jobs.filter((job) => job.state === 'done').length
    // What a vendor without a list was asked for, and never said that it took, may have been made.
    const mayBePaid = hasList ? done : jobs.length
    expect(generations(world.simulator)).toBeGreaterThanOrEqual(done)
    expect(generations(world.simulator)).toBeLessThanOrEqual(mayBePaid)
    expectTidy(world, done)
  })
})
