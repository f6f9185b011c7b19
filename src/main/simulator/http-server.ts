import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { SimulatorClock } from './simulator-ports.ts'
import type { Fault, FaultDial } from './faults.ts'

/** A whole request as a route sees it. */
export type SimulatedRequest = {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}
export type SimulatedAnswer = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: Buffer | string
}
/** A route's name (for faults and the log) and its effect. `match` gives null for a request that is not its own. */
export type Route = {
  readonly name: string
  readonly match: (request: { readonly method: string; readonly url: URL }) => Readonly<Record<string, string>> | null
  readonly answer: (request: SimulatedRequest, parts: Readonly<Record<string, string>>) => Promise<SimulatedAnswer>
}

export type CallRecord = {
  readonly at: number
  readonly route: string
  readonly method: string
  readonly path: string
  readonly status: number
}

const MAX_BODY_BYTES = 1_100_000_000

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = chunk as Buffer
    size += bytes.length
    if (size > MAX_BODY_BYTES) throw new Error('body over the limit')
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): SimulatedAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(value),
  }
}

type ServerOptions = {
  readonly port: number
  readonly clock: SimulatorClock
  readonly faults: FaultDial
  readonly routes: readonly Route[]
  readonly onCall: (call: CallRecord) => void
}

/** Serves the routes on 127.0.0.1 and lets the fault dial spoil what it is told to. */
export async function serve(
  options: ServerOptions,
): Promise<{ readonly origin: string; readonly stop: () => Promise<void> }> {
  let origin = ''
  const { routes } = options

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? 'GET'
    const url = new URL(request.url ?? '/', origin)
    let found: { route: Route; parts: Readonly<Record<string, string>> } | null = null
    for (const route of routes) {
      const parts = route.match({ method, url })
      if (parts !== null) found = { route, parts }
      if (found !== null) break
    }
    const name = found?.route.name ?? 'unknown'
    const fault = options.faults.next(name)
    const body = await readBody(request)
    const effective = found !== null && (fault === null || fault.phase === 'after' || !replaces(fault))
    const truth: SimulatedAnswer =
      found !== null && effective
        ? await found.route.answer({ method, url, headers: request.headers, body }, found.parts)
        : { status: found === null ? 404 : 503, body: '' }
    const status = fault?.status ?? truth.status
    options.onCall({ at: options.clock.now(), route: name, method, path: url.pathname, status })
    await send(response, truth, fault, options.clock)
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  server.keepAliveTimeout = 5000
  await new Promise<void>((ready, fail) => {
    server.once('error', fail)
    server.listen(options.port, '127.0.0.1', ready)
  })
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    stop: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

/** Whether a fault of phase `before` keeps the call from having its effect (a mere delay or slow body does not). */
function replaces(fault: Fault): boolean {
  return fault.status !== undefined || fault.body !== undefined || fault.hang || fault.resetAfterBytes === 0
}

async function send(
  response: ServerResponse,
  truth: SimulatedAnswer,
  fault: Fault | null,
  clock: SimulatorClock,
): Promise<void> {
  const wait = (delayMs: number) => new Promise<void>((done) => clock.setTimer(delayMs, done))
  if (fault?.hang) return
  if (fault !== null && fault.delayMs > 0) await wait(fault.delayMs)
  if (fault?.resetAfterBytes === 0) {
    response.socket?.resetAndDestroy()
    return
  }
  const full = Buffer.from(fault?.body ?? truth.body)
  const corrupted = Buffer.from(full)
  if (fault?.corrupt) corrupted[corrupted.length >> 1] = (corrupted[corrupted.length >> 1] ?? 0) ^ 0xff
  const headers: Record<string, string> = { ...truth.headers, ...fault?.headers }
  if (fault?.noLength) headers['connection'] = 'close'
  else headers['content-length'] = String(full.length)
  if (fault?.noLength) response.useChunkedEncodingByDefault = false
  response.writeHead(fault?.status ?? truth.status, headers)
  const cut = fault?.truncateAtBytes ?? fault?.resetAfterBytes ?? corrupted.length
  const bytes = corrupted.subarray(0, cut)
  const slice =
    fault?.dripBytesPerSecond === undefined ? bytes.length : Math.max(1, Math.ceil(fault.dripBytesPerSecond / 10))
  for (let sent = 0; sent < bytes.length; sent += slice) {
    if (response.destroyed) return
    response.write(bytes.subarray(sent, sent + slice))
    if (fault?.dripBytesPerSecond !== undefined) await wait(100)
  }
  if (fault?.resetAfterBytes !== undefined || (fault?.truncateAtBytes !== undefined && !fault.noLength))
    response.socket?.destroySoon()
  else response.end()
}
