import type { Logger } from 'pino'
import type { StartHelper } from './lib/helper-channel.ts'
import type { SealedStore } from './secrets/secret-store.ts'

/** Where things lie. Absolute paths, lent by the host. */
export type Paths = {
  readonly dataDir: string
  /** `out/models`: the face models and the wasm backend. */
  readonly modelsDir: string
  /** Bundled samples. */
  readonly samplesDir: string
  /** The JavaScript (or, from source, TypeScript) file of the animator's worker thread. */
  readonly animatorWorker: URL
  /** The small process that starts ffprobe. */
  readonly probeProcess: URL
  /** The small process that asks the keychain. */
  readonly keychainProcess: URL
  /** Licences of everything that ships. */
  readonly noticeFile: string
  /** The folder of the ffmpeg and ffprobe that ship with the app; absent: they are looked for. */
  readonly toolsDir?: string
  /** Shown as the default output folder. */
  readonly defaultOutputFolder: string
}

export type Clock = {
  /** Wall time, epoch milliseconds. */
  readonly now: () => number
  /** Monotonic milliseconds, for durations and timers. */
  readonly monotonic: () => number
  readonly setTimer: (delayMs: number, action: () => void) => { readonly cancel: () => void }
}

/** A paid vendor played on this computer, for rehearsals. */
export type SimulatedVendor = {
  /** Its base address, on loopback. */
  readonly dashscopeUrl: string
  /** Its ledger so far. */
  readonly charges: () => readonly { readonly kind: 'generation' | 'detect' }[]
  readonly stop: () => Promise<void>
}

/** What a host must lend to the core. Everything is injected so that tests decide time, ids and chance. */
export type Ports = {
  readonly paths: Paths
  readonly clock: Clock
  /** A fresh, unguessable, URL-safe id of at least 128 bits. */
  readonly newId: () => string
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly logger: Logger
  readonly env: Readonly<Record<string, string | undefined>>
  readonly version: string
  readonly host: 'electron' | 'web' | 'cli'
  /** Opens the file manager at a file; absent where the host cannot. */
  readonly showItemInFolder?: (path: string) => Promise<void>
  readonly pickFolder?: () => Promise<string | null>
  /** Starts a small process of ours; absent: with this process's own Node. */
  readonly startHelper?: StartHelper
  /** Files and folders that the system handed over since the last call (open with, a second start). */
  readonly takeHandedFiles?: () => string[]
  /** Begins to drag a finished result out of the window, within the gesture that asked for it. */
  readonly dragOut?: (path: string) => void
  /** The page of the newest release, of which the program tells; absent: there is none, and nobody is asked. */
  readonly releasePage?: URL
  /** The proxy for a URL, or null for none; absent: never one. Behind a proxy the addresses of hosts cannot be checked. */
  readonly resolveProxy?: (url: URL) => Promise<string | null>
  readonly pickInputs?: () => Promise<string[]>
  /** Starts a simulated vendor; absent where the host has none. */
  readonly simulateVendor?: () => Promise<SimulatedVendor>
  /** Keeps secrets where there is no keychain; absent where nothing really encrypts. */
  readonly sealedStore?: SealedStore
}
