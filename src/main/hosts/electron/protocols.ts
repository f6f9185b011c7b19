import { createReadStream } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { CustomScheme, Protocol } from 'electron'
import type { Core } from '../../core/create-core.ts'
import { parseByteRange } from '../../core/lib/byte-range.ts'
import { windowSecurityPolicy } from '../../core/lib/window-files.ts'
import type { WindowFile } from '../../core/lib/window-files.ts'
import { APP_HOST, APP_SCHEME, MEDIA_HOST, MEDIA_SCHEME } from './addresses.ts'

/** To be registered before the app is ready. */
export const SCHEMES: CustomScheme[] = [
  { scheme: APP_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  { scheme: MEDIA_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
]

/** Serves the page from an index of its files, and media by id through the core. */
export function serveProtocols(
  protocol: Pick<Protocol, 'handle'>,
  core: Pick<Core, 'resolveMedia'>,
  files: ReadonlyMap<string, WindowFile>,
): void {
  const policy = windowSecurityPolicy([`${MEDIA_SCHEME}:`])
  protocol.handle(APP_SCHEME, async (request) => {
    const url = new URL(request.url)
    const file = url.host === APP_HOST ? files.get(url.pathname) : undefined
    return file === undefined ? notFound() : pageResponse(request, file, policy)
  })
  protocol.handle(MEDIA_SCHEME, async (request) => {
    const url = new URL(request.url)
    const route = url.host === MEDIA_HOST ? decodeRoute(url.pathname) : null
    const media = route === null ? null : await core.resolveMedia(route)
    return media === null ? notFound() : fileResponse(request, media, "default-src 'none'")
  })
}

function decodeRoute(pathname: string): string | null {
  try {
    return pathname.split('/').slice(1).map(decodeURIComponent).join('/')
  } catch {
    return null
  }
}

function notFound(): Response {
  return new Response(null, { status: 404 })
}

const headersOf = ({ contentType }: WindowFile, policy: string) =>
  new Headers({
    'content-type': contentType,
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-cache',
  })

/** A part of the window, read whole: the archive of a packaged app checks what is read from it in one piece. */
async function pageResponse(request: Request, file: WindowFile, policy: string): Promise<Response> {
  if (request.method !== 'GET') return new Response(null, { status: 405 })
  const body = await readFile(file.path)
  return new Response(new Uint8Array(body), { status: 200, headers: headersOf(file, policy) })
}

async function fileResponse(request: Request, file: WindowFile, policy: string): Promise<Response> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return new Response(null, { status: 405 })
  const size = await fileSize(file.path)
  if (size === null) return notFound()
  const headers = headersOf(file, policy)
  headers.set('accept-ranges', 'bytes')
  const range = parseByteRange(request.headers.get('range'), size)
  if (range === 'unsatisfiable') {
    headers.set('content-range', `bytes */${size}`)
    return new Response(null, { status: 416, headers })
  }
  const { start, end } = range === 'whole' ? { start: 0, end: size - 1 } : range
  headers.set('content-length', String(end - start + 1))
  if (range !== 'whole') headers.set('content-range', `bytes ${start}-${end}/${size}`)
  const status = range === 'whole' ? 200 : 206
  if (request.method === 'HEAD' || size === 0) return new Response(null, { status, headers })
  const body = Readable.toWeb(createReadStream(file.path, { start, end })) as ReadableStream<Uint8Array>
  return new Response(body, { status, headers })
}

async function fileSize(path: string): Promise<number | null> {
  try {
    await using handle = await open(path, 'r')
    const stats = await handle.stat()
    return stats.isFile() ? stats.size : null
  } catch {
    return null
  }
}
