import type { LookupFunction } from 'node:net'
import type { Readable } from 'node:stream'
import type { Agent, Dispatcher } from 'undici'
import { StudioError } from '../../../shared/errors.ts'
import { guardedLookup } from './address-guard.ts'
import type { AddressAllowance, Lookup } from './address-guard.ts'
import { loadUndici } from './undici.ts'

export type HttpReply = {
  readonly status: number
  /** Lower-case names; repeated headers joined by ", ". */
  readonly headers: Readonly<Record<string, string>>
  /** At most `MAX_REPLY_BYTES`. */
  readonly text: string
}

export type HttpCall = {
  readonly method: 'GET' | 'POST' | 'HEAD'
  readonly url: URL
  readonly allowance: AddressAllowance
  readonly headers: Readonly<Record<string, string>>
  /** A stream needs its `content-length` among the headers. */
  readonly body?: string | FormData | AsyncIterable<Uint8Array>
  readonly signal: AbortSignal
  /** Milliseconds until the answer's headers must be there. */
  readonly responseTimeoutMs?: number
}

/** What became of a request that must not be sent twice. */
export type OnceOutcome =
  | { readonly kind: 'answered'; readonly reply: HttpReply }
  /** The connection was never made: not a byte was sent. */
  | { readonly kind: 'not-sent'; readonly error: StudioError }
  /** Bytes may have arrived, and the answer is not known. */
  | { readonly kind: 'ambiguous'; readonly error: StudioError }

export type HttpClient = {
  /** One request; redirects are answers, never followed. Throws E-NET-OFFLINE, -TIMEOUT, -TLS, E-URL-BLOCKED. */
  readonly call: (call: HttpCall) => Promise<HttpReply>
  /** One request on a connection of its own, never repeated, with the certainty that a paid submit needs. */
  readonly callOnce: (call: HttpCall) => Promise<OnceOutcome>
  /** The dispatcher for streams (downloads, uploads) to such addresses. */
  readonly dispatcher: (url: URL, allowance: AddressAllowance) => Promise<Dispatcher>
  readonly close: () => Promise<void>
}

const MAX_REPLY_BYTES = 1_048_576
const CONNECT_TIMEOUT_MS = 10_000
const RESPONSE_TIMEOUT_MS = 60_000
const BODY_IDLE_MS = 30_000

const NETWORK_DOWN = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
])
const TIMED_OUT = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'])

/** The coded form of a network failure; anything that is already coded stays as it is. */
export function networkError(thrown: unknown, url: URL): StudioError {
  for (let error = thrown; error instanceof Error; error = error.cause) if (error instanceof StudioError) return error
  const code = errorCode(thrown)
  const params = { host: url.host, value: code }
  const options = { params, cause: thrown, retryable: true }
  if (TIMED_OUT.has(code))
    return new StudioError('E-NET-TIMEOUT', { ...options, params: { ...params, limit: RESPONSE_TIMEOUT_MS / 1000 } })
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(code)) return new StudioError('E-NET-TLS', options)
  if (NETWORK_DOWN.has(code)) return new StudioError('E-NET-OFFLINE', options)
  return new StudioError('E-NET-OFFLINE', options)
}

function errorCode(thrown: unknown): string {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if ('code' in error && typeof error.code === 'string') return error.code
    if (error instanceof AggregateError && error.errors.length > 0) return errorCode(error.errors[0])
  }
  return 'unknown'
}

type HttpClientOptions = {
  /** The proxy for a URL, or null for none. Behind a proxy the address check cannot apply: it makes the connection. */
  readonly resolveProxy: (url: URL) => Promise<string | null>
  readonly lookup?: Lookup
}

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const pools = new Map<string, Dispatcher>()
  const timeouts = { headersTimeout: RESPONSE_TIMEOUT_MS, bodyTimeout: BODY_IDLE_MS }

  function connectOptions(allowance: AddressAllowance) {
    const lookup = guardedLookup(allowance, options.lookup)
    return { timeout: CONNECT_TIMEOUT_MS, lookup: lookup as LookupFunction }
  }

  async function dispatcher(url: URL, allowance: AddressAllowance): Promise<Dispatcher> {
    const proxy = allowance === 'loopback' ? null : await options.resolveProxy(url)
    const { Agent, ProxyAgent } = await loadUndici()
    const key = proxy ?? allowance
    const known = pools.get(key)
    if (known !== undefined) return known
    const made =
      proxy === null
        ? new Agent({ ...timeouts, connect: connectOptions(allowance) })
        : new ProxyAgent({ uri: proxy, ...timeouts })
    pools.set(key, made)
    return made
  }

  async function send(call: HttpCall, through: Dispatcher): Promise<HttpReply> {
    const { request } = await loadUndici()
    const response = await request(call.url, {
      dispatcher: through,
      method: call.method,
      headers: { 'accept-encoding': 'identity', ...call.headers },
      ...(call.body === undefined ? {} : { body: call.body as string | Readable }),
      headersTimeout: call.responseTimeoutMs ?? RESPONSE_TIMEOUT_MS,
      signal: call.signal,
    })
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of response.body) {
      const bytes = chunk as Buffer
      size += bytes.length
      if (size > MAX_REPLY_BYTES) {
        response.body.on('error', () => {})
        response.body.destroy()
        break
      }
      chunks.push(bytes)
    }
    return {
      status: response.statusCode,
      headers: flat(response.headers),
      text: Buffer.concat(chunks).toString('utf8'),
    }
  }

  return {
    dispatcher,

    async call(call) {
      const through = await dispatcher(call.url, call.allowance)
      try {
        return await send(call, through)
      } catch (error) {
        call.signal.throwIfAborted()
        throw networkError(error, call.url)
      }
    },

    async callOnce(call) {
      const proxy = call.allowance === 'loopback' ? null : await options.resolveProxy(call.url)
      const { Agent, ProxyAgent, buildConnector } = await loadUndici()
      let connected = false
      const through =
        proxy === null ? freshAgent(() => (connected = true)) : new ProxyAgent({ uri: proxy, ...timeouts })
      // Through a proxy the tunnel hides the moment of the connection: from the start on it counts as sent.
      if (proxy !== null) connected = true

      function freshAgent(onConnected: () => void): Agent {
        const connector = buildConnector(connectOptions(call.allowance))
        return new Agent({
          ...timeouts,
          pipelining: 0,
          connect: (connection, callback) =>
            connector(connection, (...result) => {
              if (result[0] === null) onConnected()
              callback(...result)
            }),
        })
      }

      try {
        return {
          kind: 'answered',
          reply: await send({ ...call, headers: { ...call.headers, connection: 'close' } }, through),
        }
      } catch (error) {
        const coded = networkError(error, call.url)
        return connected ? { kind: 'ambiguous', error: coded } : { kind: 'not-sent', error: coded }
      } finally {
        await through.destroy()
      }
    },

    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()))
      pools.clear()
    },
  }
}

function flat(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )
}
