import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { manualClock } from '../../../../tests/fixtures/manual-clock.ts'
import { createCallBudget } from './call-budget.ts'

const signal = new AbortController().signal

async function callsFor(minutes: number, overdrawnAtMs = Number.POSITIVE_INFINITY): Promise<number[]> {
  const { clock, advance } = manualClock()
  const budget = createCallBudget(clock, () => 30)
  const start = clock.monotonic()
  const made: number[] = []
  const keepCalling = async () => {
    for (;;) {
      await budget.take(signal, () => undefined)
      made.push(clock.monotonic() - start)
    }
  }
  void keepCalling()
  for (let passed = 0; passed < minutes * 60_000; passed += 500) {
    for (let turn = 0; turn < 40; turn++) await setImmediate()
    if (passed === overdrawnAtMs) budget.overdrawn()
    advance(500)
  }
  return made
}

const mostInAMinute = (made: readonly number[]): number =>
  Math.max(...made.map((at) => made.filter((other) => other >= at && other < at + 60_000).length))

describe('the calls of a minute', () => {
  it('are never more than agreed, come at once at first, and never stop for long', async () => {
    const made = await callsFor(5)
    expect(mostInAMinute(made)).toBeLessThanOrEqual(30)
    expect(made.filter((at) => at === 0).length).toBe(15)
    expect(made.length).toBeGreaterThan(130)
    const pauses = made.slice(1).map((at, index) => at - (made[index] ?? 0))
    expect(Math.max(...pauses)).toBeLessThanOrEqual(4500)
  })

  it('are half as many for ten minutes after there were too many', async () => {
    const made = await callsFor(12, 60_000)
    const between = (from: number, to: number) => made.filter((at) => at >= from * 60_000 && at < to * 60_000)
    expect(mostInAMinute(between(2, 10.5))).toBeLessThanOrEqual(15)
    expect(between(11, 12).length).toBeGreaterThan(20)
  })
})
