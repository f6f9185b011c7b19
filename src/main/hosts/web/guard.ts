import type { IncomingMessage } from 'node:http'

/** Why a request is turned away before it reaches any route; null when its shape is right. */
export type Refusal = { readonly status: 400 | 401 | 403 | 405 | 415 | 421 }

/** How much a route asks of a request. Every route names one: the router takes no route without. */
export type Access =
  /** The page's own files: no data, so no session. Another site may link to the page, but not embed or read it. */
  | 'public'
  /** The exchange of the token for a session: a request of our own page. */
  | 'exchange'
  /** Session cookie and a request of our own page, as by EventSource, <img> and <video>. */
  | 'read'
  /** As `read`, and what only our own script can send: own Origin and the `x-studio` header. */
  | 'write'

/** Names under which a browser on this machine reaches us; anything else is a rebound name of some other site. */
const HOST_NAMES = ['127.0.0.1', 'localhost', '[::1]']

/**
 * The shape of a request, whatever its route: HTTP/1.1, exactly one Host that is ours, origin-form target. Node itself
 * takes the first of two Hosts, HTTP/1.0 without one, and absolute-form targets.
 */
export function refuseShape(request: IncomingMessage, port: number): Refusal | null {
  if (request.httpVersion !== '1.1') return { status: 400 }
  const hosts = headerValues(request, 'host')
  if (hosts.length !== 1) return { status: 400 }
  if (!HOST_NAMES.some((name) => hosts[0] === `${name}:${port}`)) return { status: 421 }
  const target = request.url ?? ''
  if (!/^\/(?!\/)[\x21-\x7e]*$/.test(target) || target.includes('#')) return { status: 400 }
  return null
}

/** The origin rules of a route, after `refuseShape`. The session itself is checked by the caller, between the two. */
export function refuseOrigin(request: IncomingMessage, access: Access): Refusal | null {
  const own = `http://${request.headers.host ?? ''}`
  const origins = headerValues(request, 'origin')
  const sites = headerValues(request, 'sec-fetch-site')
  if (origins.length > 1 || sites.length > 1) return { status: 400 }
  const [origin] = origins
  const [site] = sites
  if (access === 'public') {
    // A link from elsewhere may open the page; nothing else may be fetched from elsewhere.
    const isNavigation =
      request.headers['sec-fetch-mode'] === 'navigate' && request.headers['sec-fetch-dest'] === 'document'
    return site === undefined || site === 'same-origin' || site === 'none' || isNavigation ? null : { status: 403 }
  }
  if (origin !== undefined && origin !== own) return { status: 403 }
  if (access === 'read') return site === 'same-origin' ? null : { status: 403 }
  if (origin === undefined || (site !== undefined && site !== 'same-origin')) return { status: 403 }
  return request.headers['x-studio'] === '1' ? null : { status: 403 }
}

export function hasJsonBody(request: IncomingMessage): boolean {
  return /^application\/json(\s*;\s*charset=utf-8)?$/i.test(request.headers['content-type'] ?? '')
}

/** Every value of a header as it came: Node's own map hides doubles. */
function headerValues(request: IncomingMessage, name: string): string[] {
  const values: string[] = []
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    if (request.rawHeaders[i]?.toLowerCase() === name) values.push(request.rawHeaders[i + 1] ?? '')
  }
  return values
}
