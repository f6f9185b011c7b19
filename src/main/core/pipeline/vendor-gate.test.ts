import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { StudioError } from '../../../shared/errors.ts'
import type { Wait } from '../../../shared/model/job.ts'
import { manualClock } from '../../../../tests/fixtures/manual-clock.ts'
import { VendorRefusal } from '../engines/engine.ts'
import { createVendorGate, type Waiter } from './vendor-gate.ts'

const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await setImmediate()
}
const offline = () => new StudioError('E-NET-OFFLINE', { params: { host: 'h' }, retryable: true })
const slowDown = (retryAfterMs: number | null) =>
  new VendorRefusal('E-RATE-LIMITED', { effect: 'retry', retryAfterMs, params: { vendor: 'V' } })

function world(rates = {}, probe?: () => Promise<unknown>) {
  const { clock, advance } = manualClock()
  const halts: string[] = []
  const gate = createVendorGate({
    clock,
    random: () => 1,
    rates,
    ...(probe === undefined ? {} : { probe }),
    onHalt: (error) => halts.push(error.code),
  })
  const told: (Wait | null)[] = []
  const waiter: Waiter = { signal: new AbortController().signal, wait: (why) => told.push(why) }
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 250) {
      await settle()
      advance(250)
    }
    await settle()
  }
  return { clock, gate, halts, told, waiter, pass }
}

describe('the gate of a vendor', () => {
  it('keeps the rate of each kind of call', async () => {
    const { clock, gate, waiter, pass } = world({ submit: 1, query: 10 })
    const at: number[] = []
    const calls = Array.from({ length: 4 }, () =>
      gate.run('submit', waiter, async () => void at.push(clock.monotonic())),
    )
    await pass(4000)
    await Promise.all(calls)
    expect(at).toEqual([0, 1000, 2000, 3000])
  })

  it.each([
    [7000, 7000],
    [null, 1000],
    [100, 1000],
    [3_600_000, 900_000],
  ])('stands still as a whole for a 429 that asks for %j ms: %i ms', async (asked, expected) => {
    const { clock, gate, waiter, pass, told } = world()
    let isFirst = true
    let first = 0
    let second = 0
    const work = gate.run('query', waiter, async () => {
      if (!isFirst) return void (first = clock.monotonic())
      isFirst = false
      throw slowDown(asked)
    })
    await settle()
    const other = gate.run('check', waiter, async () => void (second = clock.monotonic()))
    await pass(expected + 500)
    await Promise.all([work, other])
    expect([first, second]).toEqual([expected, expected])
    expect(told.some((why) => why?.reason === 'rate-limit' && why.until !== undefined)).toBe(true)
  })

  it('sends one probe for all who wait, later and later, and lets all through when it is answered', async () => {
    const probes: number[] = []
    let isDown = true
    const { clock, gate, waiter, pass, told } = world({}, async () => {
      probes.push(clock.monotonic())
      if (isDown) throw offline()
    })
    let calls = 0
    const work = Array.from({ length: 50 }, () =>
      gate.run('query', waiter, async () => {
        calls += 1
        if (isDown) throw offline()
      }),
    )
    await pass(600_000)
    expect(probes.length).toBeLessThanOrEqual(16)
    expect(calls).toBeLessThanOrEqual(50)
    expect(told.some((why) => why?.reason === 'offline')).toBe(true)
    isDown = false
    await pass(130_000)
    await Promise.all(work)
    expect(told.at(-1)).toBeNull()
  })

  it('tries one call for all who wait where there is no probe, and rarely while its lead is in an outage', async () => {
    const {
      clock,
      gate: lead,
      waiter,
      pass,
    } = world({}, async () => {
      if (isDown) throw offline()
    })
    let isDown = true
    const alone = createVendorGate({ clock, random: () => 1 })
    const led = createVendorGate({ clock, random: () => 1, lead })
    const tries = { alone: 0, led: 0 }
    const call = (name: 'alone' | 'led') => async () => {
      tries[name] += 1
      if (isDown) throw offline()
    }
    const work = Array.from({ length: 3 }, () => [
      lead.run('query', waiter, async () => {
        if (isDown) throw offline()
      }),
      alone.run('query', waiter, call('alone')),
      led.run('query', waiter, call('led')),
    ])
    await pass(600_000)
    expect(tries.alone).toBeLessThanOrEqual(18)
    expect(tries.led).toBeLessThanOrEqual(5)
    isDown = false
    await pass(130_000)
    await Promise.all(work.flat())
  })

  it('is shut by a refusal that only a person can settle, once, until it is opened again', async () => {
    const { gate, halts, waiter } = world()
    const refusal = () => new VendorRefusal('E-KEY-REJECTED', { effect: 'pause-vendor', params: {} })
    const failing = gate.run('query', waiter, async () => {
      throw refusal()
    })
    await expect(failing).rejects.toThrow('E-KEY-REJECTED')
    await expect(gate.run('query', waiter, async () => 1)).rejects.toThrow('E-KEY-REJECTED')
    expect(halts).toEqual(['E-KEY-REJECTED'])
    gate.reopen()
    expect(await gate.run('query', waiter, async () => 1)).toBe(1)
  })

  it('lets nobody wait for what waiting cannot mend', async () => {
    const { gate, waiter } = world()
    const locked = gate.run('query', waiter, async () => {
      throw new StudioError('E-KEY-LOCKED', { retryable: true })
    })
    await expect(locked).rejects.toThrow('E-KEY-LOCKED')
  })

  it('gives up an answer that is only trouble after as many tries as it is told', async () => {
    const { gate, waiter, pass } = world()
    let calls = 0
    const work = gate.run(
      'check',
      waiter,
      async () => {
        calls += 1
        throw new StudioError('E-VENDOR-PROTOCOL', { retryable: true })
      },
      3,
    )
    const ended = work.catch((error: unknown) => error)
    await pass(10_000)
    expect(String(await ended)).toContain('E-VENDOR-PROTOCOL')
    expect(calls).toBe(3)
  })

  it('lets one after the other in where they exclude each other, and forgets who left', async () => {
    const { gate } = world()
    const order: string[] = []
    const signal = new AbortController()
    const hold = Promise.withResolvers<void>()
    const first = gate.exclusive(new AbortController().signal, async () => {
      order.push('first')
      await hold.promise
    })
    const left = gate.exclusive(signal.signal, async () => void order.push('left'))
    const last = gate.exclusive(new AbortController().signal, async () => void order.push('last'))
    await settle()
    signal.abort(new Error('gone'))
    await expect(left).rejects.toThrow('gone')
    expect(order).toEqual(['first'])
    hold.resolve()
    await Promise.all([first, last])
    expect(order).toEqual(['first', 'last'])
  })

  it('ends a wait when it is stopped', async () => {
    const { gate } = world({ submit: 0.001 })
    const stopping = new AbortController()
    const waiter: Waiter = { signal: stopping.signal, wait: () => undefined }
    await gate.ready('submit', waiter)
    const waiting = gate.ready('submit', waiter)
    stopping.abort(new Error('stopped'))
    await expect(waiting).rejects.toThrow('stopped')
  })
})
