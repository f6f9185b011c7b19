import type { Method } from '../../../shared/api/index.ts'
import { parseEvent, parseReply } from './parse-reply.ts'
import type { StudioClient } from './studio-client.ts'

/** What the preload script puts on the window. */
export type StudioBridge = {
  readonly call: (method: string, input: unknown) => Promise<unknown>
  readonly onEvent: (listener: (event: unknown) => void) => () => void
  /** Absolute path of a file that the user dropped or chose; '' when it has none (pasted pixels). */
  readonly pathForFile: (file: File) => string
}

/** The core lives in the process next door, and files keep their paths. */
export function createBridgeClient(bridge: StudioBridge): StudioClient {
  return {
    call: async <M extends Method>(method: M, input: unknown) => parseReply(method, await bridge.call(method, input)),
    onEvent: (listener) =>
      bridge.onEvent((raw) => {
        const event = parseEvent(raw)
        if (event !== null) listener(event)
      }),
    onConnection: (listener) => {
      listener('connected')
      return () => undefined
    },
    mediaUrl: (route, id) => `studio-media://media/${route}/${encodeURIComponent(id)}`,
    adoptFiles: (files) => {
      const paths = files.map(({ file }) => bridge.pathForFile(file)).filter((path) => path !== '')
      return Promise.resolve([...new Set(paths)])
    },
    filesHavePaths: true,
  }
}
