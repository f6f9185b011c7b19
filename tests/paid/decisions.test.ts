import { describe, expect, it } from 'vitest'
import { StudioError } from '../../src/shared/errors.ts'
import { generations, paidWorld, type PaidWorld } from '../fixtures/paid-core.ts'

const LOST = { route: 'dashscope.submit', phase: 'after', resetAfterBytes: 0 } as const
const NO_LIST = { route: 'dashscope.list', status: 200, body: '{"data":[]}', times: 100_000 } as const

/** A world with one job whose operation exists at the vendor, and whose answer was lost for good. */
async function lostWorld(): Promise<{ world: PaidWorld; jobId: string; operation: string }> {
  const world = await paidWorld()
  world.simulator.faults.set([LOST, NO_LIST])
  await world.begin()
  const [job] = await world.settled()
  expect([job?.state, job?.error?.code, job?.error?.chargeState]).toEqual([
    'needs_attention',
    'E-SUBMIT-UNKNOWN',
    'possible',
  ])
  const operation = world.simulator.charges().find(({ kind }) => kind === 'generation')?.id ?? ''
  return { world, jobId: job?.jobId ?? '', operation }
}

describe('a job whose paid request got no answer', () => {
  it('is not sent again by a retry, a restart or the same batch', async () => {
    const { world, jobId } = await lostWorld()
    await world.core().handlers['jobs.retry']({ jobIds: [jobId] })
    expect((await world.settled())[0]?.state).toBe('needs_attention')
    await world.stop()
    await world.start()
    await world.begin()
    expect((await world.settled())[0]?.state).toBe('needs_attention')
    expect(generations(world.simulator)).toBe(1)
  })

  it('is bound to the operation that the user names, and done', async () => {
    const { world, jobId, operation } = await lostWorld()
    const { changed } = await world.core().handlers['jobs.adopt']({ jobId, operation })
    expect(changed).toEqual([jobId])
    const [job] = await world.settled()
    expect([job?.state, job?.operation]).toEqual(['done', operation])
    expect(generations(world.simulator)).toBe(1)
    const { submits } = await world.job(jobId)
    expect(submits?.map(({ outcome, isAdopted, verdict }) => [outcome, isAdopted, verdict])).toEqual([
      ['accepted', true, 'succeeded'],
    ])
  })

  it('is not bound to an operation that the vendor does not know, or that is another job’s', async () => {
    const { world, jobId, operation } = await lostWorld()
    const refused = async (id: string) => {
      const thrown: unknown = await world
        .core()
        .handlers['jobs.adopt']({ jobId, operation: id })
        .catch((error: unknown) => error)
      return thrown instanceof StudioError ? [thrown.code, thrown.data.params['reason']] : thrown
    }
    expect(await refused('00000000-0000-4000-8000-000000000000')).toEqual(['E-PARAM-RANGE', 'operation'])
    await world.core().handlers['jobs.adopt']({ jobId, operation })
    await world.settled()
    const [pair] = world.pairs
    world.simulator.faults.set([LOST, NO_LIST])
    await world.begin({ pairs: pair === undefined ? [] : [pair], again: true })
    const jobs = await world.settled()
    const second = jobs.find(({ state }) => state === 'needs_attention')
    const thrown: unknown = await world
      .core()
      .handlers['jobs.adopt']({ jobId: second?.jobId ?? '', operation })
      .catch((error: unknown) => error)
    expect(thrown instanceof StudioError ? thrown.data.params['reason'] : thrown).toBe('owned')
  })

  it('is paid once more when the user says so, and only then', async () => {
    const { world, jobId } = await lostWorld()
    world.simulator.faults.set([NO_LIST])
    const again = await world.core().handlers['spend.again']({ jobIds: [jobId], by: 'submit-again' })
    expect(again).toEqual({ jobs: 1, prices: [{ low: 0.04, high: 0.04, currency: 'CNY' }] })
    const { changed } = await world.core().handlers['jobs.submitAgain']({ jobId, confirmed: true })
    expect(changed).toEqual([jobId])
    const [job] = await world.settled()
    expect(job?.state).toBe('done')
    expect(generations(world.simulator)).toBe(2)
    const { submits } = await world.job(jobId)
    expect(submits?.map(({ outcome, chargeState }) => [outcome, chargeState])).toEqual([
      ['ambiguous', 'possible'],
      ['accepted', 'charged'],
    ])
  })

  it('is given up, and stays known', async () => {
    const { world, jobId } = await lostWorld()
    await world.core().handlers['jobs.drop']({ jobId })
    const { job, submits } = await world.job(jobId)
    expect([job.state, submits?.map(({ outcome }) => outcome)]).toEqual(['cancelled', ['ambiguous']])
    await world.core().handlers['jobs.retry']({ jobIds: [jobId] })
    const [again] = await world.settled()
    expect([again?.state, again?.error?.code]).toEqual(['needs_attention', 'E-SUBMIT-UNKNOWN'])
    expect(generations(world.simulator)).toBe(1)
  })

  it('goes on by itself when its operation shows up in the list late', async () => {
    const { world } = await lostWorld()
    world.simulator.faults.set([])
    const [job] = await world.settled(({ state }) => state === 'done')
    expect(job?.findings.map(({ params }) => params['reason'])).toContain('adopted')
    expect(generations(world.simulator)).toBe(1)
  })
})

describe('a stop amid a paid request', () => {
  it('ends the app at once, and the operation is found at the next start', async () => {
    const world = await paidWorld()
    world.simulator.faults.set([{ route: 'dashscope.submit', phase: 'after', hang: true }])
    await world.begin()
    await new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (generations(world.simulator) === 0) return
        clearInterval(look)
        resolve()
      }, 5)
    })
    await world.stop()
    world.simulator.faults.set([])
    await world.start()
    const [job] = await world.settled()
    expect([job?.state, job?.findings.map(({ params }) => params['reason'])]).toEqual(['done', ['adopted']])
    expect(generations(world.simulator)).toBe(1)
  })

  it('is as good for a cancel: the answer is waited for, and the operation cancelled at the vendor', async () => {
    const world = await paidWorld({ simulator: { dashscope: { queueMs: 60_000 } } })
    world.simulator.faults.set([{ route: 'dashscope.submit', phase: 'after', delayMs: 4000 }])
    const { jobs } = await world.begin()
    await new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (generations(world.simulator) === 0) return
        clearInterval(look)
        resolve()
      }, 5)
    })
    const [jobId = ''] = jobs.map((job) => job.jobId)
    await world.core().handlers['jobs.cancel']({ jobIds: [jobId] })
    const { job, submits } = await world.job(jobId)
    expect([job.state, submits?.map(({ verdict }) => verdict)]).toEqual(['cancelled', ['cancelled']])
  })
})

describe('cancel', () => {
  it('is free before the submit', async () => {
    const world = await paidWorld({ jobs: 3 })
    await world.core().handlers['queue.pause']({})
    const { jobs } = await world.begin()
    const { changed } = await world.core().handlers['jobs.cancel']({ jobIds: jobs.map(({ jobId }) => jobId) })
    expect(changed.length).toBe(3)
    expect(world.simulator.charges()).toEqual([])
  })

  it('reaches an operation that waits at the vendor, and keeps one that runs, with its result', async () => {
    const world = await paidWorld({
      jobs: 2,
      simulator: { dashscope: { queueMs: 100, workMs: () => 30_000 } },
      remote: { pollIntervalSeconds: 1 },
    })
    await world.begin()
    const jobs = await world.settled(({ operation }) => operation !== undefined)
    // One runs, one waits right behind it.
    await world.settled(({ step, state }) => step === 'render' || (step === 'vendor_queue' && state === 'running'))
    const running = await new Promise<string>((resolve) => {
      const look = async () => {
        const { rows } = await world.core().handlers['jobs.list']({ offset: 0, limit: 10 })
        const found = rows.find(({ step }) => step === 'render')
        if (found === undefined) return
        unsubscribe()
        resolve(found.jobId)
      }
      const unsubscribe = world.core().subscribe(() => void look())
      void look()
    })
    const { changed } = await world.core().handlers['jobs.cancel']({ jobIds: jobs.map(({ jobId }) => jobId) })
    expect(changed).toEqual(jobs.map(({ jobId }) => jobId).filter((jobId) => jobId !== running))
    const rested = await world.settled()
    const kept = rested.find(({ jobId }) => jobId === running)
    expect(kept?.state).toBe('done')
    expect(kept?.findings.map(({ params }) => params['reason'])).toContain('cancel-too-late')
    expect(rested.find(({ jobId }) => jobId !== running)?.state).toBe('cancelled')
    const cancelled = await world.job(changed[0] ?? '')
    expect(cancelled.submits?.map(({ verdict, chargeState }) => [verdict, chargeState])).toEqual([
      ['cancelled', 'none'],
    ])
  })
})

describe('an id that is another job’s', () => {
  it('is not believed: both jobs keep what they have, and the user decides', async () => {
    const world = await paidWorld({ jobs: 2 })
    const [first, second] = world.pairs
    await world.begin({ pairs: first === undefined ? [] : [first] })
    const [done] = await world.settled()
    const body = JSON.stringify({ output: { task_id: done?.operation, task_status: 'PENDING' } })
    world.simulator.faults.set([{ route: 'dashscope.submit', phase: 'after', body }])
    await world.begin({ pairs: second === undefined ? [] : [second] })
    const jobs = await world.settled()
    const doubted = jobs.find(({ state }) => state === 'needs_attention')
    expect([doubted?.error?.code, doubted?.error?.params['reason']]).toEqual(['E-SUBMIT-UNKNOWN', 'id-reused'])
    expect(jobs.find(({ jobId }) => jobId === done?.jobId)?.operation).toBe(done?.operation)
  })
})
