import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { jobSchema, type Job } from '../../src/shared/model/job.ts'
import { bundleProgram } from '../fixtures/bundle-program.ts'
import { ffprobePath, makerPath } from '../fixtures/media-tools.ts'
import { tempFolder } from '../fixtures/temp-folder.ts'
import { ffmpeg } from '../fixtures/test-core.ts'

const here = dirname(fileURLToPath(import.meta.url))
const samples = join(here, '../../resources/samples')
/** Deterministic, so that a failure can be repeated. */
const SEED = 20_261_121
const RANDOM_KILLS = 8

type Place = {
  readonly dataDir: string
  readonly inputs: string
  readonly output: string
  /** Names of the results, each once. */
  readonly results: readonly string[]
}
type Ended = { readonly exitCode: number | null; readonly signal: string | null; readonly jobs: Job[] | null }

const placeOf = (root: string): Place => ({
  dataDir: join(root, 'data'),
  inputs: join(root, 'in'),
  output: join(root, 'out'),
  results: ['face__voice0.mp4', 'face__voice1.mp4'],
})

/** One picture and two voices, all different. */
function makePlace(root: string): Place {
  const inputs = join(root, 'in')
  mkdirSync(inputs)
  ffmpeg('-f', 'lavfi', '-i', 'color=c=red:s=64x64', '-frames:v', '1', join(inputs, 'face.png'))
  for (const index of [0, 1]) {
    const tone = `sine=frequency=${300 + 200 * index}:duration=0.4`
    ffmpeg('-f', 'lavfi', '-i', tone, join(inputs, `voice${index}.wav`))
  }
  return placeOf(root)
}

/** A real portrait and two short pieces of a real voice, for the real renderer. */
function makeRealPlace(root: string): Place {
  const inputs = join(root, 'in')
  mkdirSync(inputs)
  const names = readdirSync(samples)
  const portrait = names.find((name) => name.endsWith('.jpg')) ?? ''
  const voice = names.find((name) => name.endsWith('.wav')) ?? ''
  ffmpeg('-i', join(samples, portrait), '-vf', 'scale=400:-2', join(inputs, 'face.png'))
  for (const start of [0, 1])
    ffmpeg('-ss', `${start}`, '-t', '1', '-i', join(samples, voice), join(inputs, `voice${start}.wav`))
  return placeOf(root)
}

// Started some hundred times, and in the same way each time.
let program = ''
beforeAll(async () => {
  program = await bundleProgram(new URL('offline-batch.ts', import.meta.url))
})

async function runBatch(place: Place, env: Record<string, string>, engine?: 'real'): Promise<Ended> {
  const preload = new URL('kill-switch.preload.ts', import.meta.url).href
  const child = spawn(
    process.execPath,
    ['--import', preload, program, place.dataDir, place.inputs, place.output, engine ?? 'ffmpeg'],
    // A process group of its own: whatever is left of it can be found.
    { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'], detached: true },
  )
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [exitCode, signal] = await once(child, 'close')
  await requireNoneLeft(child.pid ?? -1)
  const line = said.split('\n').find((text) => text.startsWith('['))
  return { exitCode, signal, jobs: line === undefined ? null : z.array(jobSchema).parse(JSON.parse(line)) }
}

/** Helpers end by themselves when their parent is gone. */
async function requireNoneLeft(group: number): Promise<void> {
  if (process.platform !== 'linux') return
  const left = () =>
    readdirSync('/proc').filter((name) => {
      if (!/^\d+$/.test(name)) return false
      try {
        const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
          .replace(/^.*\) /, '')
          .split(' ')
        return fields[0] !== 'Z' && Number(fields[2]) === group
      } catch {
        return false
      }
    })
  for (let tries = 0; tries < 100 && left().length > 0; tries++) await delay(50)
  expect(left().map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))).toEqual([])
}

/** At any instant: what has a final name is a whole video. */
function expectNoPartial(place: Place): void {
  if (!existsSync(place.output)) return
  for (const name of readdirSync(place.output)) {
    if (name.startsWith('.')) continue
    const probe = ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', join(place.output, name)]
    const { stdout } = spawnSync(ffprobePath, probe, { encoding: 'utf8' })
    expect(Number(stdout), name).toBeGreaterThan(0.3)
  }
}

/** After the run that was let through: every pair once, nothing else, nothing left. */
function expectSettled(place: Place, ended: Ended): void {
  expect(ended).toMatchObject({ exitCode: 0, signal: null })
  expect(ended.jobs?.map((job) => job.state)).toEqual(place.results.map(() => 'done'))
  expect(ended.jobs?.map((job) => job.output).toSorted()).toEqual(place.results.map((name) => join(place.output, name)))
  expect(readdirSync(place.output).toSorted()).toEqual(place.results)
  expectNoPartial(place)
  expect(existsSync(join(place.dataDir, 'work'))).toBe(false)
  expect(existsSync(join(place.dataDir, 'damaged'))).toBe(false)
  withDatabase(place, (database) => {
    expect(database.prepare('PRAGMA integrity_check').get()?.['integrity_check']).toBe('ok')
    expect(database.prepare('PRAGMA foreign_key_check').all()).toEqual([])
    expect(database.prepare('SELECT * FROM temp_files').all()).toEqual([])
  })
}

function withDatabase(place: Place, look: (database: DatabaseSync) => void): void {
  const file = join(place.dataDir, 'studio.sqlite')
  if (!existsSync(file) || statSync(file).size === 0) return
  const database = new DatabaseSync(file)
  look(database)
  database.close()
}

/** All jobs of a batch or none. */
function expectWholeBatch(place: Place): void {
  withDatabase(place, (database) => {
    const hasJobs = database.prepare(`SELECT 1 FROM sqlite_master WHERE name = 'jobs'`).get() !== undefined
    const count = hasJobs ? Number(database.prepare('SELECT count(*) AS n FROM jobs').get()?.['n']) : 0
    expect([0, place.results.length]).toContain(count)
  })
}

async function expectSurvivesKill(place: Place, env: Record<string, string>, engine?: 'real'): Promise<void> {
  const killed = await runBatch(place, env, engine)
  // The calls of the undisturbed run come in a slightly different order: a late one may not be reached.
  if (killed.signal !== null) {
    expect(killed.signal).toBe('SIGKILL')
    expectNoPartial(place)
    expectWholeBatch(place)
  }
  expectSettled(place, await runBatch(place, {}, engine))
}

/** One undisturbed run names every call in which a kill can fall, as `number name`. */
let trace: readonly string[] = []
beforeAll(async () => {
  const root = mkdtempSync(join(tmpdir(), 'studio-trace-'))
  try {
    const place = makePlace(root)
    const file = join(root, 'trace')
    expectSettled(place, await runBatch(place, { KILL_TRACE: file }))
    trace = readFileSync(file, 'utf8').trim().split('\n')
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})

/** The number of the first call of this name after all calls in `after` have been seen in their order. */
function callNumber(name: string, ...after: string[]): number {
  let from = 0
  for (const earlier of after) from = trace.findIndex((line, index) => index >= from && line.includes(earlier)) + 1
  const line = trace.slice(from).find((candidate) => candidate.includes(name))
  if (line === undefined) throw new Error(`No call ${name} after ${after.join(', ')}`)
  return Number.parseInt(line, 10)
}

describe('a batch that is killed and run again makes every pair exactly once', () => {
  const encoding = `spawn ${makerPath}`
  const inserting = ['voice1.wav', 'BEGIN IMMEDIATE']
  test.each<[string, string, string[], string]>([
    ['before the first schema is there', 'BEGIN IMMEDIATE', [], ''],
    ['amid the insert of the batch', 'sql run', [...inserting, 'sql run', 'sql run'], ''],
    ['when the journal has the batch and the database has not', 'COMMIT', inserting, ''],
    ['when the prober is started', 'spawn', [], '+'],
    ['before the encoder is started', encoding, [], ''],
    ['while the encoder runs', encoding, [], '+'],
    ['when the result is verified', '.part', [], ''],
    ['before the result gets its name', 'fs.link', [], ''],
    ['when the result has two names', 'fs.link', [], '+'],
    ['when the result has its name and nobody knows', 'fs.unlink', ['fs.link'], '+'],
    ['right after the record of the result', 'COMMIT', ['fs.link'], '+'],
  ])('%s', async (_, name, after, side) => {
    await expectSurvivesKill(makePlace(tempFolder()), { KILL_AT: `${callNumber(name, ...after)}${side}` })
  })

  test(`at ${RANDOM_KILLS} moments by chance, one after the other (seed ${SEED})`, { timeout: 240_000 }, async () => {
    const place = makePlace(tempFolder())
    let state = SEED
    for (let i = 0; i < RANDOM_KILLS; i++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      // A run that gets to its end makes everything anew, so that there is always something to kill.
      const { signal } = await runBatch(place, { KILL_AT: `${1 + (state % trace.length)}${i % 2 === 0 ? '' : '+'}` })
      expectNoPartial(place)
      expectWholeBatch(place)
      if (signal === null) for (const name of readdirSync(place.output)) rmSync(join(place.output, name))
    }
    expectSettled(place, await runBatch(place, {}))
  })

  test('amid the frames of the real renderer', { timeout: 120_000 }, async () => {
    await expectSurvivesKill(makeRealPlace(tempFolder()), { KILL_AT_FRAME: '7' }, 'real')
  })
})

test('a finished batch that is run again is done at once, and makes anew only what is gone or was changed', async () => {
  const place = makePlace(tempFolder())
  const first = await runBatch(place, {})
  expectSettled(place, first)
  const [changed = '', kept = ''] = place.results.map((name) => join(place.output, name))
  const mine = Buffer.from('my own notes now')
  writeFileSync(changed, mine)
  const before = statSync(kept)
  const second = await runBatch(place, {})
  expect(second.jobs?.map((job) => [job.jobId, job.state])).toEqual(
    expect.arrayContaining((first.jobs ?? []).map((job) => [job.jobId, 'done'])),
  )
  const byOutput = new Map(second.jobs?.map((job) => [job.output, job.reused === true]))
  expect(byOutput.get(kept)).toBe(true)
  expect(byOutput.get(changed.replace('.mp4', ' (2).mp4'))).toBe(false)
  expect(readFileSync(changed)).toEqual(mine)
  expect(statSync(kept)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs })

  rmSync(kept)
  const third = await runBatch(place, {})
  expect(third.jobs?.map((job) => [job.output, job.reused === true])).toEqual(
    expect.arrayContaining([
      [kept, false],
      [changed.replace('.mp4', ' (2).mp4'), true],
    ]),
  )
})
