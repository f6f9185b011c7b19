import { existsSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Job } from '../../src/shared/model/job.ts'
import { generations, paidWorld, type PaidWorld } from '../fixtures/paid-core.ts'
import type { PaidEngine } from '../fixtures/paid-vendors.ts'
import { scaledClock } from '../fixtures/scaled-clock.ts'

/** Ten minutes of the contract pass in six seconds. */
export const FACTOR = 100

export type Faults = Parameters<PaidWorld['simulator']['faults']['set']>[0]
export type Fault = Omit<Faults[number], 'route'>
export type FaultRow = {
  readonly name: string
  readonly faults: Faults
  readonly state: Job['state']
  readonly code?: string
  readonly chargeState?: string
  /** By the vendor's ledger: requests that it took. */
  readonly charged: number
}

/** As often as anything may ask. */
export const always = 100_000

/** One job of so many seconds a row, all in one world: the job settles as the row says. Gives the world. */
export function itSettles(engine: PaidEngine, voiceSeconds: number, rows: readonly FaultRow[]): () => PaidWorld {
  let world: PaidWorld
  let end: () => Promise<void>
  beforeAll(async () => {
    const options = { engine, jobs: rows.length, voiceSeconds, clock: scaledClock(FACTOR) }
    world = await paidWorld(options, (close) => (end = close))
  })
  afterAll(() => end())

  it.each(rows.map((row, index) => ({ ...row, index })))('$name', async (row) => {
    const before = generations(world.simulator)
    world.simulator.faults.set(row.faults)
    const { batchId } = await world.begin({ pairs: world.pairs.slice(row.index, row.index + 1) })
    const [job] = await world.settled(undefined, batchId)
    expect([job?.state, job?.error?.code]).toEqual([row.state, row.code])
    if (row.chargeState !== undefined) expect(job?.error?.chargeState).toBe(row.chargeState)
    expect(generations(world.simulator) - before).toBe(row.charged)
    if (row.state === 'done') expect(existsSync(job?.output ?? '')).toBe(true)
    if (job?.state === 'needs_attention') await world.core().handlers['jobs.cancel']({ jobIds: [job.jobId] })
  })
  return () => world
}
