import type { Logger } from 'pino'
import type { EngineId, ParameterSpec, Parameters } from '../../../shared/model/engine.ts'
import type { Money, Quote } from '../../../shared/model/job.ts'
import type { Finding, MediaLimits } from '../../../shared/model/media.ts'
import type { StudioError } from '../../../shared/errors.ts'
import type { Clock } from '../ports.ts'

/** What every engine declares: data that the core, the window and the command line read without starting anything. */
type EngineFacts = {
  readonly id: EngineId
  readonly limits: MediaLimits
  readonly parameters: readonly ParameterSpec[]
  /** What drives the source: exactly one of these is given with it. */
  readonly drivenBy: 'voice' | 'driver'
  /** Operations at the same time; for a remote engine those at the vendor. */
  readonly maxOperations: number
}

/** Files of one job, checked and repaired, on this machine. */
export type LocalInputs = {
  readonly source: string
  readonly voice: string
  /** The user's own name of the source, for findings; `source` may be a repaired copy. */
  readonly sourceName: string
}

export type LocalRequest = { readonly inputs: LocalInputs; readonly parameters: Parameters }
export type LocalContext = { readonly signal?: AbortSignal | undefined; readonly report?: (progress: number) => void }

/** Makes the video itself, in this process or its workers. */
export type LocalEngine = EngineFacts & {
  readonly kind: 'local'
  /**
   * The slower look that belongs to the engine (faces). Findings of level `error` reject the pair. Throws what is not
   * the file's fault (E-TOOL-MISSING, E-ENGINE-FAILED) and the signal's reason.
   */
  readonly check: (request: LocalRequest, context: LocalContext) => Promise<readonly Finding[]>
  /**
   * Writes a whole MP4 to `outputPath`, or throws a StudioError or the signal's reason and leaves no file there.
   * Cancelled within 200 ms.
   */
  readonly render: (
    request: LocalRequest & { readonly outputPath: string; readonly aiLabel: boolean },
    context: LocalContext,
  ) => Promise<{ readonly durationSeconds: number; readonly findings: readonly Finding[] }>
  /** Bytes that a result will take at most, about. */
  readonly estimateSizeBytes: (voiceSeconds: number) => number
  readonly stop: () => Promise<void>
}

/** Inputs of one job as addresses that the vendor can fetch. */
type RemoteRequest = {
  readonly source: string
  readonly voice?: string
  readonly driver?: string
  readonly parameters: Parameters
}

/** What a remote engine is lent for one call. The credential goes to the configured origin only. */
type RemoteContext = {
  readonly signal: AbortSignal
  readonly fetch: typeof globalThis.fetch
  readonly credential: string
  readonly clock: Clock
  readonly logger: Logger
}

/** The vendor's remote run: `id` is its own id as text, the rest is the engine's. Stored before anything else is done. */
type Operation = { readonly id: string; readonly requestId?: string; readonly detail: unknown }

type PollResult =
  | { readonly kind: 'pending'; readonly vendorState: string; readonly step: 'vendor_queue' | 'render' }
  | {
      readonly kind: 'completed'
      readonly resultUrl: string
      readonly expiresAt: number | null
      readonly usage: Money | null
    }
  /** The vendor's own verdict, and nothing else: a 429, a 5xx or a network fault is thrown as retryable. */
  | { readonly kind: 'failed'; readonly error: StudioError }

/**
 * A vendor's service. The pipeline stores an intent before `submit`, calls it once, stores the operation, and does all
 * waiting itself. Optional members are the capabilities of that vendor.
 */
type RemoteEngine = EngineFacts & {
  readonly kind: 'remote'
  /** Sends the paid request exactly once, with no retry of any kind. */
  readonly submit: (request: RemoteRequest, context: RemoteContext) => Promise<Operation>
  readonly poll: (operation: Operation, context: RemoteContext) => Promise<PollResult>
  readonly check?: (request: RemoteRequest, context: RemoteContext) => Promise<readonly Finding[]>
  /** True when the vendor will not run it any more. */
  readonly cancel?: (operation: Operation, context: RemoteContext) => Promise<boolean>
  /** Operations that were created in a span of the vendor's clock, epoch milliseconds: where a lost answer is looked for. */
  readonly reconcile?: (from: number, until: number, context: RemoteContext) => Promise<readonly Operation[]>
  readonly estimateCost?: (seconds: number, parameters: Parameters) => Quote
  readonly balance?: (context: RemoteContext) => Promise<Money>
}

export type Engine = LocalEngine | RemoteEngine
