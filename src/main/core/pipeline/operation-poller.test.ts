import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { manualClock } from '../../../../tests/fixtures/manual-clock.ts'
import { dashscopeEngine } from '../engines/dashscope/index.ts'
import { sleep } from '../lib/wait.ts'
import { createOperationPoller, type PollAnswer } from './operation-poller.ts'
import type { Waiter } from './vendor-gate.ts'

const waiter: Waiter = { signal: new AbortController().signal, wait: () => undefined }
const pending = (vendorState = 'RUNNING'): PollAnswer => ({ kind: 'pending', vendorState, step: 'render', times: {} })

function world(options: { intervalMs?: number; withList?: boolean } = {}) {
  const { clock, advance } = manualClock()
  const polls: { id: string; at: number }[] = []
  let lists = 0
  const ends = new Map<string, number>()
  const poller = createOperationPoller({
    clock,
    random: () => 0.5,
    poll: async ({ id }) => {
      polls.push({ id, at: clock.monotonic() })
      return clock.monotonic() >= (ends.get(id) ?? Number.POSITIVE_INFINITY) ? { kind: 'cancelled' } : pending()
    },
    ...(options.withList === true
      ? {
          list: async () => {
            lists += 1
            return new Map([...ends].map(([id, endsAt]) => [id, clock.monotonic() >= endsAt ? 'SUCCEEDED' : 'RUNNING']))
          },
        }
      : {}),
    delayMs: dashscopeEngine.pollDelayMs,
    isFixed: false,
    guessMsASecond: 3000,
    ...(options.intervalMs === undefined ? {} : { delayMs: () => options.intervalMs ?? 0, isFixed: true }),
  })
  const follow = (id: string, seconds: number, endsAt: number) => {
    ends.set(id, endsAt)
    const wait = (delayMs: number) => sleep(clock, delayMs, waiter.signal)
    const watched = { operation: { id }, submittedAt: clock.now(), seconds }
    return poller.follow(watched, waiter, false, wait, (answer) => (answer.kind === 'cancelled' ? true : null))
  }
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      for (let turn = 0; turn < 5; turn++) await setImmediate()
      advance(50)
    }
  }
  return { polls, follow, pass, lists: () => lists }
}

describe('polling', () => {
  it('looks at the moment at which an operation should be ready', async () => {
    const { polls, follow, pass } = world()
    const done = follow('a', 2, 6000)
    await pass(8000)
    await done
    // Two seconds of video, three seconds of work for each: the end is seen within half a second of it.
    const last = polls.at(-1)?.at ?? 0
    expect(last).toBeGreaterThanOrEqual(6000)
    expect(last).toBeLessThanOrEqual(6500)
    expect(polls.length).toBeLessThanOrEqual(4)
  })

  it('looks every 5 s for two minutes and every 15 s from then on', async () => {
    const { polls, follow, pass } = world()
    const done = follow('a', 180, 400_000)
    await pass(420_000)
    await done
    const gaps = polls.map(({ at }, index) => at - (polls[index - 1]?.at ?? 0))
    expect(Math.max(...gaps.slice(0, 20))).toBeLessThanOrEqual(5500)
    expect(Math.min(...gaps.slice(30, 40))).toBeGreaterThanOrEqual(13_000)
    expect(polls.length).toBeLessThan(50)
  })

  it('keeps to a rhythm that a person set', async () => {
    const { polls, follow, pass } = world({ intervalMs: 1000 })
    const done = follow('a', 2, 5500)
    await pass(7000)
    await done
    expect(polls.map(({ at }) => at)).toEqual([1000, 2000, 3000, 4000, 5000, 6000])
  })

  it('asks for many by one list call, and only for the oldest two by themselves', async () => {
    const { polls, follow, pass, lists } = world({ withList: true })
    const all = Array.from({ length: 30 }, (_, index) => follow(`op-${index}`, 60, 200_000))
    await pass(150_000)
    const own = polls.filter(({ id }) => id === 'op-0' || id === 'op-1').length
    expect(polls.length - own).toBeLessThanOrEqual(30)
    expect(lists()).toBeGreaterThan(3)
    expect(lists()).toBeLessThanOrEqual(30)
    await pass(120_000)
    await Promise.all(all)
  })
})
