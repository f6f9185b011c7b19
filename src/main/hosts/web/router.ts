import type { IncomingMessage, ServerResponse } from 'node:http'
import { StudioError, toErrorData } from '../../../shared/errors.ts'
import type { ErrorData } from '../../../shared/errors.ts'
import { hasJsonBody, refuseOrigin, refuseShape } from './guard.ts'
import type { Access } from './guard.ts'
import type { Sessions } from './sessions.ts'

export type Exchange = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** What follows the route's prefix in the path, still encoded. */
  readonly rest: string
}

/** One route. `access` is a required field: what a route asks for is said where it is made. */
export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** A whole path, or with a trailing '*' a prefix. */
  readonly path: string
  readonly access: Access
  readonly body: 'none' | 'json' | 'bytes'
  readonly handle: (exchange: Exchange) => Promise<void> | void
}

/** Sent with every answer. No CORS header exists anywhere: no other origin is ever let in. */
const COMMON_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
  'cache-control': 'no-store',
} as const
const DEFAULT_POLICY = "default-src 'none'; frame-ancestors 'none'"

/** Turns away everything that no route lets in, then runs the route. Every answer but a media file or page is JSON. */
export function createRouter(routes: readonly Route[], sessions: Sessions, port: () => number) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    for (const [name, value] of Object.entries(COMMON_HEADERS)) response.setHeader(name, value)
    response.setHeader('content-security-policy', DEFAULT_POLICY)
    const misshapen = refuseShape(request, port())
    if (misshapen !== null) return refuse(request, response, misshapen.status)
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const matching = routes.filter((route) => matches(route, path))
    const route = matching.find((candidate) => candidate.method === method)
    // A path that exists for no one is told to those who are signed in only: the others learn nothing.
    const access = route?.access ?? matching[0]?.access ?? 'read'
    if ((access === 'read' || access === 'write') && !sessions.holds(request)) return refuse(request, response, 401)
    if (route === undefined) return refuse(request, response, matching.length > 0 ? 405 : 404)
    const foreign = refuseOrigin(request, route.access)
    if (foreign !== null) return refuse(request, response, foreign.status)
    if (route.body === 'json' && !hasJsonBody(request)) return refuse(request, response, 415)
    try {
      await route.handle({ request, response, rest: path.slice(route.path.replace(/\*$/, '').length) })
    } catch (error) {
      const data = toErrorData(error)
      if (response.headersSent) return void response.destroy()
      // Our own page hears why while it is still sending: what comes is read and thrown away.
      request.resume()
      sendJson(response, statusOf(data), { ok: false, error: data })
    }
  }
}

function matches(route: Route, path: string): boolean {
  return route.path.endsWith('*') ? path.startsWith(route.path.slice(0, -1)) : path === route.path
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value))
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length })
  response.end(body)
}

/** A stranger's body is left unread, so the connection cannot serve another request. */
function refuse(request: IncomingMessage, response: ServerResponse, status: number): void {
  if (!request.complete) response.setHeader('connection', 'close')
  const { data } = new StudioError('E-LOCAL-AUTH', { params: { status } })
  sendJson(response, status, { ok: false, error: data })
}

function statusOf(error: ErrorData): number {
  if (error.code === 'E-INPUT-TOO-LARGE') return 413
  if (error.code === 'E-DISK-FULL') return 507
  if (error.code === 'E-INPUT-MISSING') return 404
  return error.code === 'E-INTERNAL' ? 500 : 400
}

/** Reads a JSON body up to a cap. Throws E-INPUT-TOO-LARGE or E-PARAM-TYPE. */
export async function readJsonBody(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const tooLarge = () =>
    new StudioError('E-INPUT-TOO-LARGE', { params: { file: 'request', value: maxBytes, limit: maxBytes } })
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge()
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length
    if (sizeBytes > maxBytes) throw tooLarge()
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new StudioError('E-PARAM-TYPE', { params: { name: 'body', value: '', expected: 'JSON' } })
  }
}
