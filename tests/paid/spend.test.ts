import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { contract } from '../../src/shared/api/index.ts'
import { StudioError } from '../../src/shared/errors.ts'
import { generations, paidWorld, type PaidWorld } from '../fixtures/paid-core.ts'

const startInput = (world: PaidWorld, spend?: object) =>
  contract['batch.start'].input.parse({
    engine: 'dashscope',
    pairs: world.pairs,
    outputFolder: world.outputFolder,
    ...(spend === undefined ? {} : { spend }),
  })
const refusal = async (work: Promise<unknown>): Promise<unknown> => {
  const thrown: unknown = await work.then(
    () => null,
    (error: unknown) => error,
  )
  return thrown instanceof StudioError ? [thrown.code, thrown.data.params['reason']] : thrown
}

describe('spending', () => {
  it('needs somebody who agreed to the price, whoever asks', async () => {
    const world = await paidWorld({ jobs: 3 })
    const { handlers, dispatch } = world.core()
    expect(await refusal(handlers['batch.start'](startInput(world)))).toEqual(['E-SPEND-CAP', 'unconfirmed'])
    expect(await refusal(dispatch('batch.start', startInput(world)))).toEqual(['E-SPEND-CAP', 'unconfirmed'])
    const tooLittle = startInput(world, { confirmed: 0.1, currency: 'CNY' })
    expect(await refusal(handlers['batch.start'](tooLittle))).toEqual(['E-SPEND-CAP', 'price'])
    const wrongMoney = startInput(world, { confirmed: 100, currency: 'USD' })
    expect(await refusal(handlers['batch.start'](wrongMoney))).toEqual(['E-SPEND-CAP', 'price'])
    expect((await handlers['jobs.list']({ offset: 0, limit: 10 })).total).toBe(0)
    expect(world.simulator.calls()).toEqual([])
  })

  it('asks for a file that was mended after the start: a retry pays for nothing that had no price', async () => {
    const world = await paidWorld()
    const voice = String(Object.values(world.pairs[0] ?? {}).find((path) => path.endsWith('.wav')))
    const whole = readFileSync(voice)
    writeFileSync(voice, 'words, and no sound of any kind at all')
    const { jobs } = await world.begin()
    expect(await world.settled()).toMatchObject([{ state: 'failed' }])
    writeFileSync(voice, whole)
    const jobIds = jobs.map(({ jobId }) => jobId)
    const { handlers } = world.core()
    const again = await handlers['spend.again']({ jobIds, by: 'retry' })
    expect(again).toMatchObject({ jobs: 1, prices: [{ currency: 'CNY' }] })
    expect(await refusal(handlers['jobs.retry']({ jobIds }))).toEqual(['E-SPEND-CAP', 'unconfirmed'])
    expect(world.simulator.charges()).toEqual([])
    const agreed = again.prices.map(({ high: amount, currency }) => ({ amount, currency }))
    await handlers['jobs.retry']({ jobIds, agreed })
    expect(await world.settled()).toMatchObject([{ state: 'done' }])
    expect(generations(world.simulator)).toBe(1)
  })

  it('is told before it happens: jobs, seconds, checks, low and high price', async () => {
    const world = await paidWorld({ jobs: 3, voiceSeconds: 2.5 })
    const quote = await world.core().handlers['spend.quote'](
      contract['spend.quote'].input.parse({
        engine: 'dashscope',
        pairs: world.pairs,
        outputFolder: world.outputFolder,
      }),
    )
    expect(quote).toMatchObject({ jobs: 3, checks: 3, spentToday: 0, dayCap: null, pricesAsOf: '2026-03-15' })
    expect(quote.seconds).toBeCloseTo(7.503, 2)
    expect(quote.price?.low).toBeCloseTo(3 * 0.004 + 7.503 * 0.02, 3)
    expect(quote.price?.high).toBeCloseTo(3 * (0.004 + 3 * 0.02), 6)
    expect(world.simulator.calls()).toEqual([])
  })

  it('stops at the cap of a batch: a cap for seven of ten lets exactly seven through', async () => {
    const world = await paidWorld({ jobs: 10, voiceSeconds: 1 })
    // Each voice is a hair over a second: two seconds at most, and one check.
    await world.begin({ maxCost: 7 * 0.044 - 0.02 })
    const jobs = await world.settled()
    expect(jobs.filter(({ state }) => state === 'done').length).toBe(7)
    const stopped = jobs.filter(({ state }) => state === 'needs_attention')
    expect(stopped.map(({ error }) => [error?.code, error?.params['reason'], error?.chargeState])).toEqual(
      stopped.map(() => ['E-SPEND-CAP', 'batch', 'none']),
    )
    expect(generations(world.simulator)).toBe(7)

    // Its cap is lifted just so far that two of the three fit.
    const { handlers } = world.core()
    const [{ batchId } = { batchId: '' }] = jobs
    const found = await handlers['spend.batchCap']({ batchId })
    expect([found.jobs, found.currency, found.cap]).toEqual([3, 'CNY', 7 * 0.044 - 0.02])
    expect(found.needed).toBeGreaterThanOrEqual(found.spent + 3 * 0.04)
    const { changed } = await handlers['spend.raiseBatchCap']({ batchId, cap: found.spent + 2 * 0.044 })
    expect(changed.length).toBe(3)
    const later = await world.settled()
    expect([later.filter(({ state }) => state === 'done').length, generations(world.simulator)]).toEqual([9, 9])
  })

  it('stops at the cap of a day, in every batch of it, and goes on when the cap is raised', async () => {
    const world = await paidWorld({ jobs: 4, voiceSeconds: 1.5 })
    const { handlers } = world.core()
    await handlers['settings.update']({ change: { dayCaps: { dashscope: 3 * 0.044 } } })
    await world.begin({ pairs: world.pairs.slice(0, 2) })
    await world.settled()
    await world.begin({ pairs: world.pairs.slice(2) })
    const jobs = await world.settled()
    expect(jobs.filter(({ state }) => state === 'done').length).toBe(3)
    const stopped = jobs.find(({ state }) => state === 'needs_attention')
    expect(stopped?.error?.params['reason']).toBe('day')
    await handlers['settings.update']({ change: { dayCaps: { dashscope: 10 } } })
    await handlers['jobs.retry']({ jobIds: [stopped?.jobId ?? ''] })
    await world.settled(({ state }) => state === 'done')
    expect(generations(world.simulator)).toBe(4)
  })

  it('gives back what was set aside for a job that was not charged', async () => {
    const world = await paidWorld({ voiceSeconds: 2 })
    world.simulator.faults.set([
      {
        route: 'dashscope.query',
        phase: 'after',
        body: '{"output":{"task_status":"FAILED","code":"InternalError"}}',
        times: 100,
      },
    ])
    const price = { engine: 'dashscope', pairs: world.pairs, outputFolder: world.outputFolder, again: true }
    await world.begin()
    await world.settled()
    const after = await world.core().handlers['spend.quote'](contract['spend.quote'].input.parse(price))
    // The check of the picture was made; nothing else was charged.
    expect(after.spentToday).toBeCloseTo(0.004, 6)
    expect(after.checks).toBe(0)

    // To try again is to pay again: by the prices of now, and not before somebody agreed to them.
    const { handlers } = world.core()
    const dear = { currency: 'CNY', perSecond: 0.5, perRun: 0, perCheck: 0.004, asOf: '2026-11-22' } as const
    await handlers['settings.update']({ change: { prices: { dashscope: dear } } })
    const [job] = await world.settled()
    const jobIds = [job?.jobId ?? '']
    const again = await handlers['spend.again']({ jobIds, by: 'retry' })
    expect(again).toEqual({ jobs: 1, prices: [{ low: 1, high: 1, currency: 'CNY' }] })
    expect(await refusal(handlers['jobs.retry']({ jobIds }))).toEqual(['E-SPEND-CAP', 'unconfirmed'])
    const tooLittle = [{ amount: 0.04, currency: 'CNY' as const }]
    expect(await refusal(handlers['jobs.retry']({ jobIds, agreed: tooLittle }))).toEqual(['E-SPEND-CAP', 'price'])
    world.simulator.faults.set([])
    const agreed = [{ amount: 1, currency: 'CNY' as const }]
    expect(await handlers['jobs.retry']({ jobIds, agreed })).toEqual({ changed: jobIds })
    expect((await world.settled())[0]?.state).toBe('done')
    expect(generations(world.simulator)).toBe(2)
  })
})
