import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { Core } from '../../core/create-core.ts'
import { replyOf } from '../../core/lib/reply.ts'
import { indexWindowFiles } from '../../core/lib/window-files.ts'
import type { Ports } from '../../core/ports.ts'
import { StudioError } from '../../../shared/errors.ts'
import { createDrops } from './drops.ts'
import type { Drops } from './drops.ts'
import { createEventStream } from './event-stream.ts'
import { mediaRoute, windowRoutes } from './media-routes.ts'
import { createRouter, readJsonBody, sendJson } from './router.ts'
import type { Route } from './router.ts'
import { createSessions } from './sessions.ts'
import type { Sessions } from './sessions.ts'

const ADDRESS = '127.0.0.1'
const DEFAULT_PORT = 4127
const PORTS_TO_TRY = 20
/** 10,000 pairs with long paths, with room to spare. */
const MAX_CALL_BYTES = 16 * 1_048_576
const MAX_TOKEN_BYTES = 4096

export type WebHost = {
  /** The address with the token in its fragment: the only place where the token is ever shown. */
  readonly url: string
  readonly routes: readonly Route[]
  readonly stop: () => Promise<void>
}

export type WebHostOptions = Pick<Ports, 'clock' | 'newId' | 'logger'> & {
  readonly dataDir: string
  /** The built window. */
  readonly rendererDir: string
  readonly port: number | undefined
}

/**
 * Opens the window without Electron: the page, the contract, the event stream, media and drops on 127.0.0.1 only.
 * With a port given, a taken one is E-CONFIG-INVALID; without, the next free one is used.
 */
export async function startWebHost(core: Core, options: WebHostOptions): Promise<WebHost> {
  const { dataDir, clock, newId, logger, rendererDir } = options
  const drops = createDrops(dataDir, clock, newId)
  await sweepDrops(core, drops)
  let port = 0
  const sessions = createSessions(clock, () => port)
  const events = createEventStream(core, clock)
  const routes = [
    ...windowRoutes(indexWindowFiles(rendererDir)),
    sessionRoute(sessions),
    callRoute(core, logger),
    events.route,
    mediaRoute(core),
    ...dropRoutes(drops),
  ]
  const answer = createRouter(routes, sessions, () => port)
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      logger.error({ err: error }, 'request failed')
      response.destroy()
    })
  })
  // Upgrades and tunnels are no part of this host.
  server.on('upgrade', (_request, socket) => socket.destroy())
  server.on('connect', (_request, socket) => socket.destroy())
  try {
    port = await listen(server, options.port)
  } catch (error) {
    events.stop()
    throw error
  }
  return {
    url: `http://${ADDRESS}:${port}/#token=${sessions.token}`,
    routes,
    stop: async () => {
      events.stop()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      await drops.stop()
    },
  }
}

async function listen(server: Server, wanted: number | undefined): Promise<number> {
  const candidates = wanted === undefined ? Array.from({ length: PORTS_TO_TRY }, (_, i) => DEFAULT_PORT + i) : [wanted]
  for (const candidate of candidates) {
    const port = await tryListen(server, candidate)
    if (port !== null) return port
  }
  if (wanted === undefined) return (await tryListen(server, 0)) ?? 0
  throw new StudioError('E-CONFIG-INVALID', { params: { reason: 'port', name: '--port', value: wanted } })
}

/** The port, or null when it is taken or not ours to take. */
function tryListen(server: Server, port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null)
      else reject(error)
    }
    server.once('error', onError)
    server.listen({ host: ADDRESS, port, exclusive: true }, () => {
      server.off('error', onError)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

function sessionRoute(sessions: Sessions): Route {
  return {
    method: 'POST',
    path: '/session',
    access: 'exchange',
    body: 'json',
    handle: async ({ request, response }) => {
      const body = await readJsonBody(request, MAX_TOKEN_BYTES)
      const token = typeof body === 'object' && body !== null && 'token' in body ? body.token : undefined
      const cookie = await sessions.exchange(typeof token === 'string' ? token : '')
      if (cookie === null) return sendJson(response, 401, { ok: false, error: new StudioError('E-LOCAL-AUTH').data })
      response.setHeader('set-cookie', cookie)
      sendJson(response, 200, { ok: true, value: {} })
    },
  }
}

function callRoute(core: Core, logger: Ports['logger']): Route {
  return {
    method: 'POST',
    path: '/api/*',
    access: 'write',
    body: 'json',
    handle: async ({ request, response, rest }) => {
      const input = await readJsonBody(request, MAX_CALL_BYTES)
      sendJson(response, 200, await replyOf(core.dispatch(rest, input), logger))
    },
  }
}

function dropRoutes(drops: Drops): Route[] {
  const reply = (value: unknown) => ({ ok: true, value })
  return [
    {
      method: 'POST',
      path: '/drop',
      access: 'write',
      body: 'json',
      handle: async ({ response }) => sendJson(response, 200, reply(await drops.begin())),
    },
    {
      method: 'PUT',
      path: '/drop/*',
      access: 'write',
      body: 'bytes',
      handle: async ({ request, response, rest }) => {
        const [dropId = '', ...segments] = rest.split('/')
        sendJson(response, 200, reply(await drops.receive(dropId, segments.join('/'), request)))
      },
    },
    {
      method: 'POST',
      path: '/drop/*',
      access: 'write',
      body: 'json',
      handle: async ({ response, rest }) => {
        const [dropId = '', last, ...more] = rest.split('/')
        if (last !== 'done' || more.length > 0) throw new StudioError('E-INPUT-MISSING', { params: { file: 'drop' } })
        sendJson(response, 200, reply(await drops.finish(dropId)))
      },
    },
  ]
}

/** Dropped files live as long as a job refers to them; a desk that was never started is gone with its start. */
async function sweepDrops(core: Core, drops: Drops): Promise<void> {
  const inUse: string[] = []
  for (let offset = 0; ;) {
    const { rows, total } = await core.handlers['jobs.list']({ offset, limit: 500 })
    for (const { source, voice, driver } of rows) inUse.push(source, voice ?? '', driver ?? '')
    offset += rows.length
    if (rows.length === 0 || offset >= total) break
  }
  await drops.sweep((folder) => inUse.some((path) => path.startsWith(`${folder}/`) || path.startsWith(`${folder}\\`)))
}
