import type { Input, Method, Output, StudioEvent } from '../../../shared/api/index.ts'
import type { DroppedFile } from './dropped-files.ts'

/** Where a window stands towards its core: `expired` is a window of an earlier start, `lost` may come back by itself. */
export type Connection = 'connected' | 'lost' | 'expired'

export type MediaRoute = 'thumbnail' | 'frame' | 'source' | 'preview' | 'result' | 'rehearsal'

export type UploadProgress = { readonly doneFiles: number; readonly totalFiles: number }

/** All that the window knows of its core. The transports stand behind it. */
export type StudioClient = {
  /** Throws a StudioError with the core's own code. */
  readonly call: <M extends Method>(method: M, input: Input<M>) => Promise<Output<M>>
  readonly onEvent: (listener: (event: StudioEvent) => void) => () => void
  /** Told at once with the present state, then at every change; `connected` after `lost` means: read everything anew. */
  readonly onConnection: (listener: (connection: Connection) => void) => () => void
  readonly mediaUrl: (route: MediaRoute, id: string) => string
  /** Turns files of a drop, a paste or a file dialog into paths that the core can read. In a browser the bytes travel. */
  readonly adoptFiles: (
    files: readonly DroppedFile[],
    onProgress: (progress: UploadProgress) => void,
  ) => Promise<string[]>
  /** True where a file carries its own path, so that a folder can be handed over as one path. */
  readonly filesHavePaths: boolean
}
