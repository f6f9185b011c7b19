import { z } from 'zod'
import type { Input, Method } from '../../../shared/api/index.ts'
import { StudioError } from '../../../shared/errors.ts'
import type { DroppedFile } from './dropped-files.ts'
import { parseEvent, parseReply, readReply } from './parse-reply.ts'
import type { Connection, StudioClient, UploadProgress } from './studio-client.ts'

const HEADERS = { 'content-type': 'application/json', 'x-studio': '1' } as const
/** Small files are many: a few at once hide the round trips without crowding the core. */
const UPLOADS_AT_ONCE = 3
/** After a call that did not get through, until the events are asked for anew. */
const RENEW_MS = 1000

/** The core is behind this page's own origin; the session lives in an HttpOnly cookie. */
export async function createHttpClient(location: Location, history: History): Promise<StudioClient> {
  const connection = createConnection()
  await exchangeToken(location, history, connection)
  let renewEvents = (): void => undefined

  const request = async (path: string, init: RequestInit): Promise<unknown> => {
    let response: Response
    try {
      response = await fetch(path, { credentials: 'same-origin', cache: 'no-store', ...init })
    } catch (cause) {
      connection.set('lost')
      setTimeout(() => renewEvents(), RENEW_MS)
      throw new StudioError('E-NET-OFFLINE', { params: { host: location.host }, retryable: true, cause })
    }
    if (response.status === 401) {
      connection.set('expired')
      throw new StudioError('E-LOCAL-AUTH')
    }
    try {
      return await response.json()
    } catch (cause) {
      throw new StudioError('E-INTERNAL', { params: { detail: `HTTP ${response.status}: ${path}` }, cause })
    }
  }

  return {
    call: async <M extends Method>(method: M, input: Input<M>) =>
      parseReply(
        method,
        await request(`/api/${method}`, { method: 'POST', headers: HEADERS, body: JSON.stringify(input) }),
      ),
    onEvent: (listener) => {
      const listen = (): EventSource => {
        const opened = new EventSource('/events')
        opened.addEventListener('open', () => connection.set('connected'))
        opened.addEventListener('error', () => {
          connection.set('lost')
          // The browser tries again by itself unless it was refused for good: then one call tells why.
          if (opened.readyState === EventSource.CLOSED)
            void request('/api/queue.snapshot', { method: 'POST', headers: HEADERS, body: '{}' }).catch(() => undefined)
        })
        opened.addEventListener('message', (message: MessageEvent<string>) => {
          const event = parseEvent(readJson(message.data))
          if (event !== null) listener(event)
        })
        return opened
      }
      let source = listen()
      renewEvents = () => {
        // A stream that never broke does not say that calls get through again; the opening of a new one does.
        if (source.readyState !== EventSource.OPEN) return
        source.close()
        source = listen()
      }
      return () => source.close()
    },
    onConnection: connection.subscribe,
    mediaUrl: (route, id) => `/media/${route}/${encodeURIComponent(id)}`,
    adoptFiles: (files, onProgress) => uploadFiles(request, files, onProgress),
    filesHavePaths: false,
  }
}

type Request = (path: string, init: RequestInit) => Promise<unknown>

/** The token stands in the fragment, which never reaches a server or a log; it is spent once and then taken off the address. */
async function exchangeToken(location: Location, history: History, connection: ConnectionState): Promise<void> {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token === null) return
  history.replaceState(null, '', location.pathname)
  try {
    const response = await fetch('/session', {
      method: 'POST',
      credentials: 'same-origin',
      headers: HEADERS,
      body: JSON.stringify({ token }),
    })
    if (response.status === 401) connection.set('expired')
  } catch {
    connection.set('lost')
  }
}

const dropSchema = z.object({ dropId: z.string() })
const receivedSchema = z.object({ path: z.string() })
const dropDoneSchema = z.object({ paths: z.array(z.string()) })
async function uploadFiles(
  request: Request,
  files: readonly DroppedFile[],
  onProgress: (progress: UploadProgress) => void,
): Promise<string[]> {
  if (files.length === 0) return []
  const { dropId } = readReply(
    'drop',
    dropSchema,
    await request('/drop', { method: 'POST', headers: HEADERS, body: '{}' }),
  )
  let doneFiles = 0
  onProgress({ doneFiles, totalFiles: files.length })
  const received: string[] = []
  const waiting = files.entries()
  const uploadNext = async (): Promise<void> => {
    for (const [index, { file, relativePath }] of waiting) {
      const path = relativePath.split('/').map(encodeURIComponent).join('/')
      const reply = await request(`/drop/${encodeURIComponent(dropId)}/${path}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/octet-stream', 'x-studio': '1' },
        body: file,
      })
      received[index] = readReply('drop', receivedSchema, reply).path
      doneFiles += 1
      onProgress({ doneFiles, totalFiles: files.length })
    }
  }
  await Promise.all(Array.from({ length: UPLOADS_AT_ONCE }, uploadNext))
  const done = await request(`/drop/${encodeURIComponent(dropId)}/done`, {
    method: 'POST',
    headers: HEADERS,
    body: '{}',
  })
  return inOrderOf(received, readReply('drop', dropDoneSchema, done).paths)
}

/** Small files overtake large ones on their way, but pairing by order means the order in which they were chosen. */
function inOrderOf(received: readonly string[], roots: readonly string[]): string[] {
  const place = (root: string) =>
    received.findIndex((path) => path === root || path.startsWith(`${root}/`) || path.startsWith(`${root}\\`))
  return roots.toSorted((a, b) => place(a) - place(b))
}

type ConnectionState = {
  readonly set: (next: Connection) => void
  readonly subscribe: (listener: (connection: Connection) => void) => () => void
}

function createConnection(): ConnectionState {
  let present: Connection = 'connected'
  const listeners = new Set<(connection: Connection) => void>()
  return {
    set: (next) => {
      // A window of an earlier start never becomes valid again: only its printed link does.
      if (next === present || present === 'expired') return
      present = next
      for (const listener of listeners) listener(next)
    },
    subscribe: (listener) => {
      listeners.add(listener)
      listener(present)
      return () => listeners.delete(listener)
    },
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
