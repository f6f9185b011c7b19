import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { Core } from '../../core/create-core.ts'
import { parseByteRange } from '../../core/lib/byte-range.ts'
import type { WindowFile } from '../../core/lib/window-files.ts'
import { windowSecurityPolicy } from '../../core/lib/window-files.ts'
import { StudioError } from '../../../shared/errors.ts'
import type { Exchange, Route } from './router.ts'

const NOT_FOUND = () => new StudioError('E-INPUT-MISSING', { params: { file: 'media' } })

/** Pictures and videos by id, in parts where a player asks for parts. */
export function mediaRoute(core: Pick<Core, 'resolveMedia'>): Route {
  return {
    method: 'GET',
    path: '/media/*',
    access: 'read',
    body: 'none',
    handle: async (exchange) => {
      const media = await core.resolveMedia(decodeSegments(exchange.rest))
      if (media === null) throw NOT_FOUND()
      await sendFile(exchange, media)
    },
  }
}

/** The files of the window's page, each a route of its own. */
export function windowRoutes(files: ReadonlyMap<string, WindowFile>): Route[] {
  const policy = windowSecurityPolicy()
  return Array.from(files, ([path, file]) => ({
    method: 'GET',
    path,
    access: 'public',
    body: 'none',
    handle: (exchange) => {
      exchange.response.setHeader('content-security-policy', policy)
      return sendFile(exchange, file)
    },
  }))
}

function decodeSegments(rest: string): string {
  try {
    return rest.split('/').map(decodeURIComponent).join('/')
  } catch {
    throw NOT_FOUND()
  }
}

async function sendFile({ request, response }: Exchange, file: WindowFile): Promise<void> {
  let handle
  try {
    handle = await open(file.path, 'r')
  } catch (cause) {
    throw new StudioError('E-INPUT-MISSING', { params: { file: 'media' }, cause })
  }
  try {
    const { size, mtimeMs } = await handle.stat()
    const tag = `"${size.toString(36)}-${Math.floor(mtimeMs).toString(36)}"`
    response.setHeader('etag', tag)
    response.setHeader('cache-control', 'private, no-cache')
    if (request.headers['if-none-match'] === tag) return void response.writeHead(304).end()
    response.setHeader('content-type', file.contentType)
    response.setHeader('accept-ranges', 'bytes')
    const range = parseByteRange(request.headers.range, size)
    if (range === 'unsatisfiable') {
      response.writeHead(416, { 'content-range': `bytes */${size}` }).end()
      return
    }
    const { start, end } = range === 'whole' ? { start: 0, end: size - 1 } : range
    response.setHeader('content-length', size === 0 ? 0 : end - start + 1)
    if (range === 'whole') response.writeHead(200)
    else response.writeHead(206, { 'content-range': `bytes ${start}-${end}/${size}` })
    if (request.method === 'HEAD' || size === 0) return void response.end()
    await pipeline(handle.createReadStream({ start, end, autoClose: false }), response)
  } catch (error) {
    // A player that seeks or a tab that closes goes away in the middle: no fault of anyone.
    if (!response.destroyed) throw error
  } finally {
    await handle.close()
  }
}
