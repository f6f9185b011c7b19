import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DONE, queueHarness, toFinish, toRender } from '../../../../tests/fixtures/queue-harness.ts'
import { tempFolder } from '../../../../tests/fixtures/temp-folder.ts'
import { StudioError } from '../../../shared/errors.ts'
import { JOB_STATES, TERMINAL_STATES, type JobState } from '../../../shared/model/job.ts'
import { ARROWS, requireArrow } from './state-machine.ts'

test('every arrow that is not in the table is refused', () => {
  for (const from of JOB_STATES) {
    for (const to of JOB_STATES) {
      if (ARROWS[from].includes(to)) expect(() => requireArrow(from, to)).not.toThrow()
      else expect(() => requireArrow(from, to)).toThrow(/No arrow/)
    }
  }
})

test('from every state that is not the end a job can get to an end', () => {
  const canEnd = (from: JobState, seen: readonly JobState[] = []): boolean =>
    TERMINAL_STATES.includes(from) || ARROWS[from].some((to) => !seen.includes(to) && canEnd(to, [...seen, from]))
  expect(JOB_STATES.filter((state) => !canEnd(state))).toEqual([])
})

type Harness = ReturnType<typeof queueHarness>
/** The queue as a person would keep it on paper: what each job may be now. */
type Model = { readonly jobs: Map<string, 'open' | 'done' | 'failed' | 'cancelled'>; isPaused: boolean }
type Real = { harness: Harness; readonly folder: string }
type Command = fc.AsyncCommand<Model, Real>

/** Ids of the model's jobs by number, so that commands shrink well. */
const pick = (model: Model, index: number): string | undefined => {
  const ids = [...model.jobs.keys()]
  return ids[index % Math.max(1, ids.length)]
}

function agree(model: Model, { harness }: Real): void {
  for (const [jobId, expected] of model.jobs) {
    const state = harness.state(jobId)
    if (expected === 'open') expect(['queued', 'running']).toContain(state)
    else expect(state).toBe(expected)
  }
  const { counts, total } = harness.queue.list({ offset: 0, limit: 500 })
  expect(total).toBe(model.jobs.size)
  expect(counts.running).toBe(harness.running.size)
  expect(counts.running).toBeLessThanOrEqual(2)
  const rendering = [...harness.running.values()].filter(({ step }) => step === 'render')
  expect(rendering.length).toBeLessThanOrEqual(model.isPaused ? 0 : 1)
}

const command = (name: string, run: (model: Model, real: Real) => Promise<void> | void): Command => ({
  check: () => true,
  run: async (model, real) => {
    await run(model, real)
    await real.harness.settle()
    agree(model, real)
  },
  toString: () => name,
})

const commands = [
  fc.integer({ min: 1, max: 4 }).map((count) =>
    command(`add ${count}`, (model, { harness }) => {
      for (const jobId of harness.add(count)) model.jobs.set(jobId, 'open')
    }),
  ),
  fc.nat(9).map((index) =>
    command(`step on ${index}`, (model, { harness }) => {
      const running = [...harness.running.values()]
      const one = running[index % Math.max(1, running.length)]
      if (one === undefined) return
      if (one.step === 'finish') model.jobs.set(one.jobId, 'done')
      one.finish(one.step === 'check' ? toRender : one.step === 'render' ? toFinish : DONE)
    }),
  ),
  fc.nat(9).map((index) =>
    command(`fail ${index}`, (model, { harness }) => {
      const running = [...harness.running.values()]
      const one = running[index % Math.max(1, running.length)]
      if (one === undefined) return
      model.jobs.set(one.jobId, 'failed')
      one.fail(new StudioError('E-ENGINE-FAILED'))
    }),
  ),
  fc.nat(9).map((index) =>
    command(`cancel ${index}`, async (model, { harness }) => {
      const jobId = pick(model, index)
      if (jobId === undefined) return
      const isOpen = model.jobs.get(jobId) === 'open'
      expect(await harness.queue.cancel([jobId])).toEqual(isOpen ? [jobId] : [])
      if (isOpen) model.jobs.set(jobId, 'cancelled')
    }),
  ),
  fc.nat(9).map((index) =>
    command(`retry ${index}`, (model, { harness }) => {
      const jobId = pick(model, index)
      if (jobId === undefined) return
      const state = model.jobs.get(jobId)
      const canRetry = state === 'failed' || state === 'cancelled'
      expect(harness.queue.retry([jobId])).toEqual(canRetry ? [jobId] : [])
      if (canRetry) model.jobs.set(jobId, 'open')
    }),
  ),
  fc.nat(9).map((index) =>
    command(`remove ${index}`, async (model, { harness }) => {
      const jobId = pick(model, index)
      if (jobId === undefined || harness.running.has(jobId)) return
      expect(await harness.queue.remove([jobId])).toEqual([jobId])
      model.jobs.delete(jobId)
    }),
  ),
  fc.nat(9).map((index) =>
    command(`move ${index}`, (model, { harness }) => {
      const jobId = pick(model, index)
      if (jobId !== undefined) harness.queue.move(jobId, pick(model, index + 1))
    }),
  ),
  fc.constant(
    command('pause', async (model, { harness }) => {
      await harness.queue.pause()
      model.isPaused = true
    }),
  ),
  fc.constant(
    command('resume', (model, { harness }) => {
      harness.queue.resume()
      model.isPaused = false
    }),
  ),
  fc.integer({ min: 1, max: 60_000 }).map((ms) => command(`wait ${ms}`, (_, { harness }) => harness.advance(ms))),
  fc.boolean().map((isCrash) =>
    command(isCrash ? 'crash and start' : 'stop and start', async (_, real) => {
      if (isCrash) real.harness.crash()
      else await real.harness.close()
      real.harness = queueHarness(real.folder)
      real.harness.queue.recover()
      real.harness.queue.start()
    }),
  ),
]

test(
  'any order of adding, running, failing, cancelling, pausing, crashing keeps to a model of a few lines',
  { timeout: 240_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(commands, { maxCommands: 40 }), async (sequence) => {
        const folder = tempFolder()
        const harness = queueHarness(folder)
        harness.queue.start()
        const real: Real = { harness, folder }
        await fc.asyncModelRun(() => ({ model: { jobs: new Map(), isPaused: false }, real }), sequence)
        await real.harness.close()
      }),
      { numRuns: 150 },
    )
  },
)
