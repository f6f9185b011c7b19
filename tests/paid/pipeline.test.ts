import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Job } from '../../src/shared/model/job.ts'
import { checks, generations, paidWorld } from '../fixtures/paid-core.ts'
import { scaledClock } from '../fixtures/scaled-clock.ts'

const states = (jobs: readonly Job[]) => jobs.map(({ state }) => state)
const started = (world: Awaited<ReturnType<typeof paidWorld>>, route: string) =>
  world.simulator.calls().filter((call) => call.route === `dashscope.${route}`).length

describe('paid jobs', () => {
  it('are made once, paid for once, and leave nothing behind', async () => {
    const world = await paidWorld({ jobs: 3 })
    await world.begin()
    const jobs = await world.settled()
    expect(jobs.map(({ state, error }) => [state, error])).toEqual(jobs.map(() => ['done', undefined]))
    expect(generations(world.simulator)).toBe(3)
    expect(checks(world.simulator)).toBe(3)
    expect(new Set(jobs.map(({ operation }) => operation)).size).toBe(3)
    const outputs = jobs.map(({ output = '' }) => output)
    expect(readdirSync(world.outputFolder).toSorted()).toEqual(outputs.map((path) => path.split('/').at(-1)).toSorted())
    for (const job of jobs) {
      expect(job.usage).toEqual({ amount: 0.044, currency: 'CNY' })
      expect(job.usage?.amount).toBeLessThanOrEqual(job.quote?.high ?? 0)
    }
    // The simulated vendor makes the same bytes for all: people are told that this is strange.
    expect(jobs.flatMap(({ findings }) => findings).map(({ code }) => code)).toContain('E-RESULT-SUSPECT')
    await world.stop()
    expect(readdirSync(join(world.dataDir, 'work'))).toEqual([])
  })

  it('check a portrait once, however many voices it speaks', async () => {
    const world = await paidWorld({ jobs: 4 })
    const [first] = world.pairs
    const pairs = world.pairs.map((pair) => ({ ...pair, source: first?.source ?? '' }))
    await world.begin({ pairs })
    expect(states(await world.settled())).toEqual(['done', 'done', 'done', 'done'])
    expect(checks(world.simulator)).toBe(1)
    expect(generations(world.simulator)).toBe(4)
    // The picture is put up once for each of the two models, a voice for each job.
    expect(started(world, 'upload')).toBe(2 + 4)
  })

  it('are done and reused when they are asked for again, and cost nothing', async () => {
    const world = await paidWorld({ jobs: 2 })
    await world.begin()
    await world.settled()
    await world.stop()
    await world.start()
    const { jobs } = await world.begin()
    expect(jobs.map(({ state, reused }) => [state, reused])).toEqual([
      ['done', true],
      ['done', true],
    ])
    expect(generations(world.simulator)).toBe(2)
  })

  it('only download again when a finished file is gone', async () => {
    const world = await paidWorld()
    await world.begin()
    const [made] = await world.settled()
    rmSync(made?.output ?? '')
    await world.begin()
    const [again] = await world.settled()
    expect([again?.state, existsSync(again?.output ?? '')]).toEqual(['done', true])
    expect(generations(world.simulator)).toBe(1)
  })

  it('are downloaded again on request, and never made again', async () => {
    const world = await paidWorld()
    await world.begin()
    const [made] = await world.settled()
    const jobIds = [made?.jobId ?? '']
    const { changed: untouched } = await world.core().handlers['jobs.downloadAgain']({ jobIds })
    expect(untouched).toEqual([])
    rmSync(made?.output ?? '')
    const { changed } = await world.core().handlers['jobs.downloadAgain']({ jobIds })
    expect(changed).toEqual(jobIds)
    const [again] = await world.settled()
    expect([again?.state, existsSync(again?.output ?? '')]).toEqual(['done', true])
    expect(generations(world.simulator)).toBe(1)
  })

  it('never stand at the vendor more than two at a time', async () => {
    const world = await paidWorld({ jobs: 5 })
    let most = 0
    const unsubscribe = world.core().subscribe(() => {
      const calls = world.simulator.calls()
      const taken = calls.filter(({ route }) => route === 'dashscope.submit').length
      const fetched = calls.filter(({ route }) => route === 'dashscope.result').length
      most = Math.max(most, taken - fetched)
    })
    await world.begin()
    expect(states(await world.settled())).toEqual(Array.from({ length: 5 }, () => 'done'))
    unsubscribe()
    // A finished one may not have been fetched yet when the next one is submitted.
    expect(most).toBeLessThanOrEqual(3)
    expect(generations(world.simulator)).toBe(5)
  })

  it.each([-86_400_000, -300_000, 300_000, 86_400_000])(
    'find a lost answer although our clock is %i ms off',
    async (skewMs) => {
      // The simulated vendor keeps its own time; only ours is wrong.
      const world = await paidWorld({ ports: { clock: scaledClock(20, skewMs) } })
      world.simulator.faults.set([{ route: 'dashscope.submit', phase: 'after', resetAfterBytes: 0 }])
      await world.begin()
      const [job] = await world.settled()
      expect([job?.state, job?.error]).toEqual(['done', undefined])
      expect(job?.findings.map(({ params }) => params['reason'])).toContain('adopted')
      expect(generations(world.simulator)).toBe(1)
    },
  )

  it('wait through an outage, probing as one, and then go on', async () => {
    const world = await paidWorld({ jobs: 3 })
    const outage = 20
    world.simulator.faults.set([{ route: '*', nth: 4, times: outage, resetAfterBytes: 0 }])
    const reasons = new Set<string>()
    world.core().subscribe((event) => {
      if (event.name !== 'jobs-changed') return
      for (const { why } of event.payload.rows) if (why !== undefined) reasons.add(why.reason)
    })
    await world.begin()
    const jobs = await world.settled()
    expect(jobs.filter(({ state }) => state !== 'done').map(({ error }) => error?.code)).toEqual(
      jobs.filter(({ state }) => state !== 'done').map(() => 'E-SUBMIT-UNKNOWN'),
    )
    expect(reasons.has('offline')).toBe(true)
    expect(generations(world.simulator)).toBe(jobs.filter(({ state }) => state === 'done').length)
  })

  it('all wait for a key that was refused in the middle, and go on with their operations when the queue is resumed', async () => {
    const world = await paidWorld({ jobs: 4 })
    const refusal = { status: 401, body: '{"code":"InvalidApiKey","message":"no"}' }
    world.simulator.faults.set([{ route: 'dashscope.query', times: 100_000, ...refusal }])
    await world.begin()
    const waiting = await world.settled()
    expect(new Set(states(waiting))).toEqual(new Set(['needs_attention']))
    expect(new Set(waiting.map(({ error }) => error?.code))).toEqual(new Set(['E-KEY-REJECTED']))
    const paid = generations(world.simulator)
    expect(paid).toBeLessThanOrEqual(2)
    world.simulator.faults.set([])
    await world.core().handlers['queue.resume']({})
    expect(states(await world.settled())).toEqual(['done', 'done', 'done', 'done'])
    expect(generations(world.simulator)).toBe(4)
  })

  it('goes on with what is paid while the queue is paused, and starts nothing new', async () => {
    const world = await paidWorld({ jobs: 6 })
    await world.begin()
    await world.settled((job) => job.operation !== undefined || job.state === 'queued' || job.step !== 'finish')
    await new Promise<void>((resolve) => {
      const unsubscribe = world.core().subscribe(() => {
        if (generations(world.simulator) === 0) return
        unsubscribe()
        resolve()
      })
    })
    await world.core().handlers['queue.pause']({})
    const rested = await world.settled(
      (job) => job.state === 'done' || (job.state === 'queued' && job.operation === undefined),
    )
    const done = rested.filter(({ state }) => state === 'done').length
    expect(done).toBeGreaterThan(0)
    expect(generations(world.simulator)).toBe(done)
    await world.core().handlers['queue.resume']({})
    await world.settled()
    expect(generations(world.simulator)).toBe(6)
  })

  it('keep a paid result in our own folder while their output folder is gone, and bring it home later', async () => {
    const world = await paidWorld()
    await world.begin()
    // The folder becomes a file as soon as the job is paid for: nothing can be written there.
    await world.settled(({ operation }) => operation !== undefined)
    rmSync(world.outputFolder, { recursive: true, force: true })
    writeFileSync(world.outputFolder, 'in the way')
    const [waiting] = await world.settled()
    expect([waiting?.state, waiting?.error?.code.slice(0, 6)]).toEqual(['needs_attention', 'E-OUT-'])
    expect(waiting?.error?.chargeState).toBe('charged')
    expect(readdirSync(join(world.dataDir, 'results')).length).toBe(1)
    rmSync(world.outputFolder)
    await world.core().handlers['jobs.retry']({ jobIds: [waiting?.jobId ?? ''] })
    const [done] = await world.settled()
    expect([done?.state, dirname(done?.output ?? '')]).toEqual(['done', world.outputFolder])
    expect(statSync(done?.output ?? '').size).toBeGreaterThan(0)
    expect(readdirSync(join(world.dataDir, 'results'))).toEqual([])
    expect(generations(world.simulator)).toBe(1)
    expect(started(world, 'result')).toBe(1)
  })
})
