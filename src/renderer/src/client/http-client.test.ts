import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createHttpClient } from './http-client.ts'

/** What the browser lends: a stream that a test opens, and a network that a test can take away. */
class TestEventSource extends EventTarget {
  static readonly OPEN = 1
  static readonly CLOSED = 2
  static readonly all: TestEventSource[] = []
  readyState = 0
  constructor() {
    super()
    TestEventSource.all.push(this)
  }
  open() {
    this.readyState = TestEventSource.OPEN
    this.dispatchEvent(new Event('open'))
  }
  close() {
    this.readyState = TestEventSource.CLOSED
  }
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('EventSource', TestEventSource)
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('is connected again after one call that did not get through, though the events never broke', async () => {
  const counts = { total: 0 }
  vi.stubGlobal(
    'fetch',
    vi.fn().mockRejectedValueOnce(new TypeError('Failed to fetch')).mockResolvedValue(Response.json(counts)),
  )
  const page = { hash: '', pathname: '/', host: '127.0.0.1' } as unknown as Location
  const client = await createHttpClient(page, {} as unknown as History)
  const states: string[] = []
  client.onConnection((connection) => states.push(connection))
  client.onEvent(() => undefined)
  TestEventSource.all.at(-1)?.open()
  await expect(client.call('queue.snapshot', {})).rejects.toMatchObject({ code: 'E-NET-OFFLINE' })
  expect(states).toEqual(['connected', 'lost'])
  await vi.advanceTimersByTimeAsync(2000)
  expect(TestEventSource.all.map(({ readyState }) => readyState)).toEqual([TestEventSource.CLOSED, 0])
  TestEventSource.all.at(-1)?.open()
  expect(states).toEqual(['connected', 'lost', 'connected'])
})
