import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { contract } from '../../src/shared/api/index.ts'
import { generations, paidWorld, type PaidWorld } from '../fixtures/paid-core.ts'
import { scaledClock } from '../fixtures/scaled-clock.ts'
import { makePairs, makeVideo } from '../fixtures/vendor-media.ts'

const clipWorld = (options: Parameters<typeof paidWorld>[0] = {}) =>
  paidWorld({ engine: 'segmind', voiceSeconds: 1, clock: scaledClock(60), ...options })
const calls = (world: PaidWorld, route: string): number =>
  world.simulator.calls().filter((call) => call.route === `segmind.${route}`).length
/** The answer to the next paid request is lost. `factor`: time limits of single calls pass no faster than a busy machine is. */
async function lostWorld(factor = 8) {
  const world = await clipWorld({ clock: scaledClock(factor) })
  world.simulator.faults.set([{ route: 'segmind.submit', phase: 'after', resetAfterBytes: 0 }])
  const { jobs } = await world.begin()
  await world.settled()
  const [charge] = world.simulator.charges()
  return { world, jobId: jobs[0]?.jobId ?? '', lost: charge?.id ?? '' }
}

describe('a clip made at Segmind', () => {
  it('is submitted once, looked after lightly, fetched once, and priced by the vendor’s own word', async () => {
    const world = await clipWorld({ jobs: 2 })
    await world.begin()
    const jobs = await world.settled()
    expect(jobs.map(({ state }) => state)).toEqual(['done', 'done'])
    for (const job of jobs) {
      expect(existsSync(job.output ?? '')).toBe(true)
      // 15 frames, at 0.279 US dollars for 120.
      expect(job.usage).toEqual({ amount: 0.0349, currency: 'USD' })
      const { submits } = await world.job(job.jobId)
      const [attempt] = submits ?? []
      expect(attempt).toMatchObject({ outcome: 'accepted', verdict: 'succeeded', chargeState: 'charged' })
      expect(attempt?.balanceBefore).toEqual({ amount: expect.any(Number), currency: 'USD' })
      const { intentAt = 0, recordExpiresAt = 0, expiresAt = 0 } = attempt ?? {}
      expect(recordExpiresAt - intentAt).toBe(3600_000)
      expect(Math.round((expiresAt - intentAt) / 3600_000)).toBe(7 * 24)
    }
    expect(generations(world.simulator)).toBe(2)
    expect([calls(world, 'outcome'), calls(world, 'blocking')]).toEqual([2, 0])

    const again = await world.begin()
    expect(again.jobs.map(({ reused }) => reused)).toEqual([true, true])
    const quote = await world.core().handlers['spend.quote'](
      contract['spend.quote'].input.parse({
        engine: 'segmind',
        pairs: world.pairs,
        outputFolder: world.outputFolder,
        again: true,
      }),
    )
    expect(quote.price?.low).toBeLessThan(0.07)
    expect(quote.price?.high).toBeGreaterThan(0.07)
  })

  it('is asked about once before the first public upload, and uploads each content once', async () => {
    const world = await clipWorld({ jobs: 2 })
    const [first, second] = world.pairs
    if (first === undefined || second === undefined || !('driver' in first)) throw new Error('no clips')
    const input = contract['spend.quote'].input.parse({
      engine: 'segmind',
      pairs: [first, { ...second, driver: first.driver }],
      outputFolder: world.outputFolder,
    })
    const quote = await world.core().handlers['spend.quote'](input)
    expect(quote.asksPublicUpload).toBe(true)
    const spend = { confirmed: quote.price?.high ?? 0, currency: 'USD' as const }
    const unasked = world.core().handlers['batch.start'](contract['batch.start'].input.parse({ ...input, spend }))
    await expect(unasked).rejects.toThrow('E-CONFIG-INSECURE')
    expect(calls(world, 'upload')).toBe(0)
    await world.begin({ pairs: input.pairs as PaidWorld['pairs'] })
    expect((await world.settled()).map(({ state }) => state)).toEqual(['done', 'done'])
    expect(calls(world, 'upload')).toBe(3)
    expect((await world.core().handlers['spend.quote']({ ...input, again: true })).asksPublicUpload).toBe(false)
  })

  it('fails alone when it comes with a voice', async () => {
    const world = await clipWorld()
    const [spoken] = makePairs(join(world.folder, 'voices'), 1, 1)
    await world.begin({ pairs: [...world.pairs, ...(spoken === undefined ? [] : [spoken])] })
    const jobs = await world.settled()
    expect(jobs.map(({ state, error }) => [state, error?.code, error?.params['reason']])).toEqual([
      ['done', undefined, undefined],
      ['failed', 'E-INPUT-UNPAIRED', 'needs-driver'],
    ])
  })

  it('comes out of the answer itself when it is asked for as text', async () => {
    const world = await clipWorld({
      makeResult: (path, seconds) => {
        // Longer than what an answer may have: it can only have come as a stream.
        const video = makeVideo(path, seconds)
        const head = Buffer.alloc(8)
        head.writeUInt32BE(8 + 2_000_000)
        head.write('free', 4, 'latin1')
        return Buffer.concat([video, head, Buffer.alloc(2_000_000, 7)])
      },
    })
    await world.begin({ parameters: { base64: true } })
    const [job] = await world.settled()
    expect([job?.state, job?.error?.code]).toEqual(['done', undefined])
    expect(readFileSync(job?.output ?? '').length).toBeGreaterThan(2_000_000)
    expect(generations(world.simulator)).toBe(1)
  })

  it('is fetched from its stored address when its record is gone', async () => {
    const world = await clipWorld()
    world.simulator.faults.set([{ route: 'segmind.result', phase: 'after', hang: true }])
    await world.begin()
    await world.settled(({ step }) => step === 'download')
    await world.stop()
    const gone = { status: 404, body: '{"error": "Request x not found"}', times: 1000 }
    world.simulator.faults.set([
      { route: 'segmind.query', ...gone },
      { route: 'segmind.outcome', ...gone },
    ])
    await world.start()
    const [job] = await world.settled()
    expect(job?.state).toBe('done')
    expect(generations(world.simulator)).toBe(1)
  })

  it('goes on at the vendor when it is cancelled, and its result is kept', async () => {
    const world = await clipWorld({ simulator: { segmind: { queueMs: 100, workMs: () => 30_000 } } })
    const { jobs } = await world.begin()
    await world.settled(({ step, state }) => step === 'render' && state === 'running')
    const { changed } = await world.core().handlers['jobs.cancel']({ jobIds: jobs.map(({ jobId }) => jobId) })
    expect(changed).toEqual([])
    const [job] = await world.settled()
    expect(job?.state).toBe('done')
    expect(job?.findings.map(({ params }) => params['reason'])).toContain('no-cancel')
  })
})

describe('a request to Segmind whose answer was lost', () => {
  it('waits for a person with the balance as a hint, and is never sent again by itself', async () => {
    const { world, jobId } = await lostWorld(1)
    const { job, submits } = await world.job(jobId)
    expect([job.state, job.error?.code, job.error?.chargeState]).toEqual([
      'needs_attention',
      'E-SUBMIT-UNKNOWN',
      'possible',
    ])
    expect(submits?.[0]).toMatchObject({
      outcome: 'ambiguous',
      balanceBefore: { currency: 'USD' },
      balanceAfter: { currency: 'USD' },
    })
    await world.core().handlers['jobs.retry']({ jobIds: [jobId] })
    await world.stop()
    await world.start()
    expect((await world.settled())[0]?.state).toBe('needs_attention')
    expect(generations(world.simulator)).toBe(1)
  })

  it('is done by its pasted request id, which the vendor is asked about first', async () => {
    const { world, jobId, lost } = await lostWorld()
    const { handlers } = world.core()
    const wrong = handlers['jobs.adopt']({ jobId, operation: '00000000-0000-4000-8000-000000000000' })
    await expect(wrong).rejects.toThrow('E-PARAM-RANGE')
    await handlers['jobs.adopt']({ jobId, operation: lost })
    const [job] = await world.settled()
    expect([job?.state, job?.operation]).toEqual(['done', lost])
    expect(generations(world.simulator)).toBe(1)
  })

  it('is paid for once more only when a person says so', async () => {
    const { world, jobId } = await lostWorld()
    await world.core().handlers['jobs.submitAgain']({ jobId, confirmed: true })
    const [job] = await world.settled()
    expect(job?.state).toBe('done')
    expect(generations(world.simulator)).toBe(2)
  })

  it('can be given up', async () => {
    const { world, jobId } = await lostWorld()
    await world.core().handlers['jobs.drop']({ jobId })
    expect((await world.job(jobId)).job.state).toBe('cancelled')
    expect(generations(world.simulator)).toBe(1)
  })
})
