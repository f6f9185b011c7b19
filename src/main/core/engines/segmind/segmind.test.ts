import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { scaledClock } from '../../../../../tests/fixtures/scaled-clock.ts'
import { defaultParameters } from '../../../../shared/model/parameters.ts'
import type { HttpCall, HttpClient, HttpReply } from '../../lib/http-client.ts'
import type { RemoteContext } from '../engine.ts'
import { segmindEngine } from './index.ts'

const OPERATION = { id: '2c7f59ea-13f1-402c-9353-915a2b5a2124' }
const fixture = (name: string): string => readFileSync(new URL(`__fixtures__/${name}.json`, import.meta.url), 'utf8')

/** Answers every call alike, and remembers them. */
function answering(status: number, text: string, headers: Record<string, string> = {}) {
  const calls: HttpCall[] = []
  const reply: HttpReply = { status, headers: { date: 'Sun, 22 Nov 2026 01:00:00 GMT', ...headers }, text }
  const http: HttpClient = {
    call: async (call) => (calls.push(call), reply),
    callOnce: async (call) => (calls.push(call), { kind: 'answered', reply }),
    dispatcher: () => Promise.reject(new Error('no stream')),
    close: async () => undefined,
  }
  const context: RemoteContext = {
    signal: new AbortController().signal,
    http,
    endpoint: { baseUrl: 'https://api.segmind.com', allowance: 'public-or-fake-ip' },
    credential: 'SG_0123456789abcdef',
    clock: scaledClock(1),
  }
  return { calls, context }
}

describe('the words of Segmind', () => {
  it('takes the request id, and sends every parameter as it is, with the key in its header', async () => {
    const { calls, context } = answering(200, fixture('submit'))
    const parameters = { ...defaultParameters(segmindEngine.parameters), stitching: false, vx_ratio: 0, vy_ratio: -0.5 }
    const request = { source: 'https://a.example/s.mp4', driver: 'https://a.example/d.mp4', parameters }
    expect(await segmindEngine.submit(request, context)).toMatchObject({ kind: 'accepted', operation: OPERATION })
    const [call] = calls
    expect(call?.url.href).toBe('https://api.segmind.com/v2/live-portrait-video-to-video')
    expect(call?.headers).toMatchObject({ 'x-api-key': context.credential, 'content-type': 'application/json' })
    expect(call?.headers['authorization']).toBeUndefined()
    const { source: input_video, driver: driving_video } = request
    expect(JSON.parse(String(call?.body))).toEqual({ input_video, driving_video, ...parameters })
  })

  it('asks for the light status, and calls a completed run ready', async () => {
    const { calls, context } = answering(200, fixture('processing'))
    expect(await segmindEngine.poll(OPERATION, context)).toMatchObject({ kind: 'pending', step: 'render' })
    expect(calls[0]?.url.pathname).toBe(`/v2/requests/${OPERATION.id}/status`)
    expect(await segmindEngine.poll(OPERATION, answering(200, fixture('completed')).context)).toMatchObject({
      kind: 'ready',
    })
  })

  it('takes address, cost and balance out of the result', async () => {
    expect(await segmindEngine.result?.(OPERATION, answering(200, fixture('result')).context)).toMatchObject({
      kind: 'completed',
      resultUrl: 'https://images.segmind.com/outputs/out.mp4',
      cost: 0.28,
      balance: 9.72,
    })
  })

  it.each([200, 422])('takes FAILED for the last word with HTTP %i', async (status) => {
    const answer = await segmindEngine.poll(OPERATION, answering(status, fixture('failed')).context)
    expect(answer).toMatchObject({ kind: 'failed', error: { code: 'E-VENDOR-FAILED' } })
    if (answer.kind === 'failed') expect(answer.error.data.params['value']).toContain('Prompt is Mandatory')
  })

  it.each([
    [401, 'E-KEY-REJECTED'],
    [429, 'E-RATE-LIMITED'],
    [503, 'E-VENDOR-PROTOCOL'],
  ])('takes no gateway’s "error" with HTTP %i for the end of a paid run', async (status, code) => {
    const { context } = answering(status, '{"status":"error","message":"upstream"}')
    await expect(segmindEngine.poll(OPERATION, context)).rejects.toMatchObject({ code })
    await expect(segmindEngine.result?.(OPERATION, context)).rejects.toMatchObject({ code })
  })

  it('reads the balance, and knows an account without one from a bad key', async () => {
    const ask = (status: number, text: string) => segmindEngine.balance?.(answering(status, text).context)
    expect(await ask(200, fixture('credits'))).toEqual({ amount: 9.72, currency: 'USD' })
    expect(await ask(404, '{"error":"No credits found for the user"}')).toBeNull()
    await expect(ask(401, fixture('bad-key'))).rejects.toMatchObject({ code: 'E-KEY-REJECTED' })
  })

  it.each([
    ['2026-11-22T01:00:07Z', 7000],
    ['2026-11-22 01:00:07', 7000],
    ['1795309207', 7000],
    ['1795309207000', 7000],
    ['soon', null],
    ['', null],
  ])('waits for the reset at "%s"', async (text, retryAfterMs) => {
    const { context } = answering(429, '{"error":"Rate limit exceeded"}', { 'x-rate-limit-reset-at-utc': text })
    await expect(segmindEngine.poll(OPERATION, context)).rejects.toMatchObject({ code: 'E-RATE-LIMITED', retryAfterMs })
  })

  it('looks seldom, and never stops: the age alone is no failure', () => {
    const delays = [0, 20_000, 119_000, 130_000, 900_000, 3_500_000].map(segmindEngine.pollDelayMs)
    expect(delays).toEqual([10_000, 5000, 5000, 10_000, 30_000, 60_000])
  })
})
