import type { ServerResponse } from 'node:http'
import type { Core } from '../../core/create-core.ts'
import type { Clock } from '../../core/ports.ts'
import { events } from '../../../shared/api/index.ts'
import type { StudioEvent } from '../../../shared/api/index.ts'
import type { Route } from './router.ts'

const HEARTBEAT_MS = 15_000
/** A tab that reads nothing is cut off rather than buffered for: it comes back and reads everything anew. */
const MAX_BACKLOG_BYTES = 8 * 1_048_576

/**
 * Everything the core tells, as server-sent events. A tab that connects (again) is first told how things stand, so that
 * what it missed does not matter; it reads its lists anew when the stream opens.
 */
export function createEventStream(core: Pick<Core, 'handlers' | 'subscribe'>, clock: Clock) {
  const tabs = new Set<ServerResponse>()
  const send = (tab: ServerResponse, text: string) => {
    if (tab.writableLength > MAX_BACKLOG_BYTES) tab.destroy()
    else tab.write(text)
  }
  const message = (event: StudioEvent) => `data: ${JSON.stringify(event)}\n\n`
  const unsubscribe = core.subscribe((event) => {
    if (tabs.size === 0) return
    const text = message(event)
    for (const tab of tabs) send(tab, text)
  })
  let timer = clock.setTimer(HEARTBEAT_MS, beat)
  function beat() {
    for (const tab of tabs) send(tab, ': beat\n\n')
    timer = clock.setTimer(HEARTBEAT_MS, beat)
  }
  const route: Route = {
    method: 'GET',
    path: '/events',
    access: 'read',
    body: 'none',
    handle: async ({ request, response }) => {
      if (request.method === 'HEAD') return void response.writeHead(405).end()
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
      response.write('retry: 1000\n\n')
      tabs.add(response)
      response.on('close', () => tabs.delete(response))
      // Each goes out as soon as it is read: an event that comes meanwhile is newer.
      send(response, message({ name: 'queue-changed', payload: await core.handlers['queue.snapshot']({}) }))
      const settings = events['settings-changed'].parse(await core.handlers['settings.get']({}))
      send(response, message({ name: 'settings-changed', payload: settings }))
    },
  }
  return {
    route,
    stop: () => {
      unsubscribe()
      timer.cancel()
      for (const tab of tabs) tab.destroy()
    },
  }
}
