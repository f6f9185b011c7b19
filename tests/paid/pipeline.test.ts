import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { checks, generations, paidWorld } from '../fixtures/paid-core.ts'

it('makes each video once, and pays once for each', async () => {
  const world = await paidWorld({ jobs: 3 })
  await world.begin()
  const jobs = await world.settled()
  expect(jobs.map(({ state, error }) => [state, error])).toEqual(jobs.map(() => ['done', undefined]))
  expect(jobs.every(({ output }) => output !== undefined && existsSync(output))).toBe(true)
  expect(generations(world.simulator)).toBe(3)
  // One portrait: one check.
  expect(checks(world.simulator)).toBe(1)
})
