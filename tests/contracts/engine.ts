import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type {
  Engine,
  LocalEngine,
  RemoteContext,
  RemoteEngine,
  RemoteRequest,
} from '../../src/main/core/engines/engine.ts'
import { StudioError } from '../../src/shared/errors.ts'
import { ENGINE_LIMITS } from '../../src/shared/model/limits.ts'
import { DEFAULT_PRICES } from '../../src/shared/model/spend.ts'
import { defaultParameters, ENGINE_PARAMETERS } from '../../src/shared/model/parameters.ts'
import { createHttpClient, type HttpClient } from '../../src/main/core/lib/http-client.ts'
import { scaledClock } from '../fixtures/scaled-clock.ts'

/** A vendor that a remote engine is shown with: what it charged, and how to make it misbehave. */
export type RemoteSubject = {
  readonly baseUrl: string
  readonly credential: string
  readonly request: RemoteRequest
  /** Submits that the vendor took. */
  readonly charges: () => number
  /** The next submit is taken, and its connection is reset before the answer. */
  readonly loseNextAnswer: () => void
  /** Answers to the next call of this kind, in place of the true one; `taken`: it has its effect all the same. */
  readonly answerNext: (
    call: 'submit' | 'query' | 'check',
    answer: { readonly status: number; readonly body: string; readonly taken?: boolean },
  ) => void
  readonly stop: () => Promise<void>
}

export type LocalSubject = {
  readonly inputs: { readonly source: string; readonly voice: string; readonly sourceName: string }
  readonly outputPath: string
  readonly exists: (path: string) => boolean
}

const never = new AbortController().signal
const codeOf = async (work: Promise<unknown>): Promise<unknown> => {
  const thrown: unknown = await work.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  )
  return thrown instanceof StudioError ? thrown.code : thrown
}

/** What every engine declares. */
function describeFacts(engine: Engine): void {
  it('declares the limits and parameters of its contract', () => {
    expect(engine.limits).toBe(ENGINE_LIMITS[engine.id])
    expect(engine.parameters).toBe(ENGINE_PARAMETERS[engine.id])
    expect(engine.maxOperations).toBeGreaterThan(0)
    const keys = engine.parameters.map(({ key }) => key)
    expect(new Set(keys).size).toBe(keys.length)
  })
}

/** The suite that an engine on this machine passes. */
export function describeLocalEngine(
  name: string,
  start: () => Promise<{ readonly engine: LocalEngine; readonly subject: LocalSubject }>,
  facts: LocalEngine,
): void {
  describe(`${name} engine`, () => {
    describeFacts(facts)
    let engine: LocalEngine
    let subject: LocalSubject
    beforeAll(async () => ({ engine, subject } = await start()))
    afterAll(() => engine.stop())

    const request = () => ({ inputs: subject.inputs, parameters: defaultParameters(engine.parameters) })

    it('writes one whole file to the given path, and reports progress', async () => {
      const seen: number[] = []
      const made = await engine.render(
        { ...request(), outputPath: subject.outputPath, aiLabel: true },
        { report: (progress) => seen.push(progress) },
      )
      expect(made.durationSeconds).toBeGreaterThan(0)
      expect(subject.exists(subject.outputPath)).toBe(true)
      expect(seen.every((progress) => progress >= 0 && progress <= 1)).toBe(true)
      expect(seen.toSorted((a, b) => a - b)).toEqual(seen)
    })

    it('leaves no file when it is stopped', async () => {
      const outputPath = `${subject.outputPath}.stopped.part`
      const stopping = new AbortController()
      const work = engine.render(
        { ...request(), outputPath, aiLabel: true },
        { signal: stopping.signal, report: () => stopping.abort() },
      )
      await expect(work).rejects.toThrow(/abort/i)
      expect(subject.exists(outputPath)).toBe(false)
    })

    it('throws a coded error for an input that is not there', async () => {
      const inputs = { ...subject.inputs, source: `${subject.inputs.source}.missing` }
      const work = engine.render({ ...request(), inputs, outputPath: `${subject.outputPath}.none`, aiLabel: true }, {})
      expect(await codeOf(work)).toMatch(/^E-/)
      expect(subject.exists(`${subject.outputPath}.none`)).toBe(false)
    })

    it('expects more bytes of a longer voice', () => {
      expect(engine.estimateSizeBytes(10)).toBeGreaterThan(engine.estimateSizeBytes(1))
    })
  })
}

/** The suite that every engine of a vendor passes. */
export function describeRemoteEngine(
  name: string,
  engine: RemoteEngine,
  start: () => Promise<RemoteSubject>,
  bodies: { readonly badKey: string; readonly tooFast: string; readonly badInput: string },
): void {
  describe(`${name} engine`, () => {
    describeFacts(engine)
    let subject: RemoteSubject
    let http: HttpClient
    beforeAll(async () => {
      subject = await start()
      http = createHttpClient({ resolveProxy: async () => null })
    })
    afterAll(async () => {
      await http.close()
      await subject.stop()
    })

    const context = (signal = never, baseUrl = subject.baseUrl): RemoteContext => ({
      signal,
      http,
      endpoint: { baseUrl, allowance: 'loopback', loopbackOrigin: new URL(baseUrl).origin },
      credential: subject.credential,
      clock: scaledClock(1),
    })
    async function submitted() {
      const outcome = await engine.submit(subject.request, context())
      if (outcome.kind !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(outcome)}`)
      return outcome.operation
    }

    it('submits exactly once, and gives an operation that can be asked for', async () => {
      const before = subject.charges()
      const operation = await submitted()
      expect(operation.id).toMatch(/^[A-Za-z0-9_-]{8,128}$/)
      expect(subject.charges()).toBe(before + 1)
      expect((await engine.poll(operation, context())).kind).toMatch(/^(pending|ready|completed)$/)
    })

    it('calls a lost answer ambiguous, and does not send the request again', async () => {
      const before = subject.charges()
      subject.loseNextAnswer()
      const outcome = await engine.submit(subject.request, context())
      expect(outcome.kind).toBe('ambiguous')
      expect(subject.charges()).toBe(before + 1)
    })

    it.each([500, 502, 503, 504, 408, 307])('calls a submit that answers %i ambiguous', async (status) => {
      const before = subject.charges()
      subject.answerNext('submit', { status, body: '{}', taken: true })
      expect((await engine.submit(subject.request, context())).kind).toBe('ambiguous')
      expect(subject.charges()).toBe(before + 1)
    })

    it.each(['', 'null', '[]', '{}', '<html></html>'])(
      'calls a submit that answers 200 and %j ambiguous',
      async (body) => {
        subject.answerNext('submit', { status: 200, body, taken: true })
        const outcome = await engine.submit(subject.request, context())
        expect(outcome.kind).toBe('ambiguous')
        if (outcome.kind === 'ambiguous') expect(outcome.error.data.chargeState).toBe('possible')
      },
    )

    it('calls a submit to a closed port rejected: nothing was sent', async () => {
      const outcome = await engine.submit(subject.request, context(never, 'http://127.0.0.1:9/api/v1'))
      expect([outcome.kind, outcome.kind === 'rejected' ? outcome.error.code : '']).toEqual([
        'rejected',
        'E-NET-OFFLINE',
      ])
    })

    it('classes refusals by what they ask for', async () => {
      const refusedWith = async (status: number, body: string) => {
        subject.answerNext('submit', { status, body })
        const outcome = await engine.submit(subject.request, context())
        if (outcome.kind !== 'rejected') return outcome.kind
        return [outcome.error.code, 'effect' in outcome.error ? outcome.error.effect : null]
      }
      const before = subject.charges()
      expect(await refusedWith(401, bodies.badKey)).toEqual(['E-KEY-REJECTED', 'pause-vendor'])
      expect(await refusedWith(429, bodies.tooFast)).toEqual(['E-RATE-LIMITED', 'retry'])
      expect(await refusedWith(400, bodies.badInput)).toEqual(['E-VENDOR-REJECTED', 'job'])
      expect(await refusedWith(410, '{}')).toEqual(['E-VENDOR-GONE', 'pause-vendor'])
      expect(subject.charges()).toBe(before)
    })

    it('throws what is not the vendor’s verdict while polling, and never calls it failed', async () => {
      const operation = await submitted()
      for (const [status, body] of [
        [500, '{}'],
        [503, '<html></html>'],
        [429, bodies.tooFast],
        [200, 'null'],
      ] as const) {
        subject.answerNext('query', { status, body })
        const thrown: unknown = await engine.poll(operation, context()).catch((error: unknown) => error)
        expect(thrown instanceof StudioError && thrown.data.retryable, `${status} ${body}`).toBe(true)
      }
    })

    it('refuses redirects, and sends the key to the configured origin only', async () => {
      const seen: IncomingHttpHeaders[] = []
      const elsewhere = createServer((request, response) => {
        seen.push(request.headers)
        response.end('{}')
      })
      await new Promise<void>((ready) => elsewhere.listen(0, '127.0.0.1', ready))
      const target = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/x`
      const redirecting = createServer((_request, response) => response.writeHead(307, { location: target }).end())
      await new Promise<void>((ready) => redirecting.listen(0, '127.0.0.1', ready))
      const away = context(never, `http://127.0.0.1:${(redirecting.address() as AddressInfo).port}/api/v1`)
      try {
        expect((await engine.submit(subject.request, away)).kind).toBe('ambiguous')
        expect(await codeOf(engine.poll({ id: 'abcdefgh12345678' }, away))).toMatch(/^E-/)
        expect(await codeOf(engine.testKey(away))).toMatch(/^E-/)
        expect(seen).toEqual([])
      } finally {
        elsewhere.close()
        redirecting.close()
      }
    })

    it('ends a call when it is stopped', async () => {
      const stopped = AbortSignal.abort()
      await expect(engine.poll({ id: 'abcdefgh12345678' }, context(stopped))).rejects.toThrow(/abort/i)
    })

    it('tests a key for free', async () => {
      const before = subject.charges()
      await engine.testKey(context())
      expect(await codeOf(engine.testKey({ ...context(), credential: 'wrong-key-0123' }))).toBe('E-KEY-REJECTED')
      expect(subject.charges()).toBe(before)
    })

    it('quotes no less for more, and names one price for what was made', () => {
      const prices = DEFAULT_PRICES[engine.id === 'segmind' ? 'segmind' : 'dashscope']
      for (const past of [null, 0.05]) {
        const short = engine.quote(2.79, 0, prices, past)
        const long = engine.quote(10, 2, prices, past)
        expect(short.low).toBeLessThanOrEqual(short.high)
        expect(long.low).toBeGreaterThanOrEqual(short.low)
        expect(long.high).toBeGreaterThan(short.high)
      }
      expect(engine.usage(2.79, prices).amount).toBeLessThanOrEqual(engine.quote(2.79, 0, prices, null).high)
    })

    // Capabilities that a vendor does not have are not skipped: there is nothing to test.
    it.for([engine.list ?? []].flat())('lists what was submitted, with the time of its making', async (list) => {
      const operation = await submitted()
      const row = (await list(context())).find(({ id }) => id === operation.id)
      expect(row?.createdAt).toEqual(expect.any(Number))
    })

    it.for([engine.cancel ?? []].flat())('cancels what waits, and says when it is too late', async (cancel) => {
      await submitted()
      const waiting = await submitted()
      expect(await cancel(waiting, context())).toBe(true)
      expect((await engine.poll(waiting, context())).kind).toBe('cancelled')
      expect(await cancel(waiting, context())).toBe(false)
    })

    it('tells an operation that the vendor does not know from one that failed', async () => {
      const answer = await engine
        .poll({ id: '00000000-0000-4000-8000-000000000000' }, context())
        .then(({ kind }) => kind)
      expect(answer).toBe('unknown')
    })
  })
}
