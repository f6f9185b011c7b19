import type { EngineId, ParameterSpec, Parameters } from '../../../shared/model/engine.ts'
import type { Money, Quote } from '../../../shared/model/job.ts'
import type { Finding, MediaFacts, MediaLimits } from '../../../shared/model/media.ts'
import type { PriceTable } from '../../../shared/model/spend.ts'
import { StudioError } from '../../../shared/errors.ts'
import type { ErrorCode } from '../../../shared/errors.ts'
import type { AddressAllowance } from '../lib/address-guard.ts'
import type { HttpClient } from '../lib/http-client.ts'
import type { Clock } from '../ports.ts'

/** What every engine declares: data that the core, the window and the command line read without starting anything. */
type EngineFacts = {
  readonly id: EngineId
  readonly limits: MediaLimits
  readonly parameters: readonly ParameterSpec[]
  /** What can drive the source: exactly one of these is given with it. */
  readonly drivenBy: readonly ('voice' | 'driver')[]
  /** Operations at the same time; for a remote engine those at the vendor. */
  readonly maxOperations: number
}

/** Files of one job, checked and repaired, on this machine. */
export type LocalInputs = {
  readonly source: string
  /** Exactly one of the two. */
  readonly voice?: string | undefined
  readonly driver?: string | undefined
  /** The user's own names, for findings; the files may be repaired copies. */
  readonly sourceName: string
  readonly driverName?: string | undefined
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
  ) => Promise<{ readonly durationSeconds: number; readonly hasSound: boolean; readonly findings: readonly Finding[] }>
  /** Bytes that a result will take at most, about. */
  readonly estimateSizeBytes: (seconds: number) => number
  readonly stop: () => Promise<void>
}

/** Inputs of one job as addresses that the vendor can fetch. */
export type RemoteRequest = {
  readonly source: string
  readonly voice?: string
  readonly driver?: string
  readonly parameters: Parameters
}

/** What a remote engine is lent for one call. The credential goes to the configured origin only. */
export type RemoteContext = {
  readonly signal: AbortSignal
  readonly http: HttpClient
  readonly endpoint: RemoteEndpoint
  readonly credential: string
  readonly clock: Clock
}

/** Where a vendor is reached: its own address, or one that a person set. */
export type RemoteEndpoint = {
  /** Without a slash at its end. */
  readonly baseUrl: string
  readonly allowance: AddressAllowance
  /** The origin of a loopback override: results and uploads on exactly this origin are accepted too. */
  readonly loopbackOrigin?: string
  readonly workspaceId?: string
}

/** The vendor's remote run: `id` is its own id as text. Stored before anything else is done with it. */
export type Operation = { readonly id: string; readonly requestId?: string | undefined }

/**
 * What a refusal asks for: `job`: this job cannot be made so. `retry`: the same call later. `renew`: after the inputs
 * were put up again. `pause-vendor`: nothing more goes to this vendor until a person acted.
 */
export type RefusalEffect = 'job' | 'retry' | 'renew' | 'pause-vendor'

/** The vendor said no, with a complete answer. */
export class VendorRefusal extends StudioError {
  readonly effect: RefusalEffect
  /** How long the vendor asks to wait, where it does. */
  readonly retryAfterMs: number | null

  constructor(
    code: ErrorCode,
    options: ConstructorParameters<typeof StudioError>[1] & {
      readonly effect: RefusalEffect
      readonly retryAfterMs?: number | null
    },
  ) {
    super(code, { ...options, retryable: options.effect === 'retry' || options.effect === 'renew' })
    this.effect = options.effect
    this.retryAfterMs = options.retryAfterMs ?? null
  }
}

/** What became of the one paid request (reliability C.0, submit protocol). */
export type SubmitOutcome =
  | { readonly kind: 'accepted'; readonly operation: Operation; readonly vendorTime: number | null }
  /** Proof that no operation exists: refused with a whole answer, or not a byte was sent. */
  | { readonly kind: 'rejected'; readonly error: StudioError; readonly httpStatus: number | null }
  /** Anything else: it may run and be charged. `answer` keeps the first of what came back, for a person. */
  | {
      readonly kind: 'ambiguous'
      readonly error: StudioError
      readonly httpStatus: number | null
      readonly answer: string
      readonly vendorTime: number | null
    }

export type PollResult =
  | {
      readonly kind: 'pending'
      readonly vendorState: string
      readonly step: 'vendor_queue' | 'render'
      readonly times: VendorTimes
    }
  /** Made; the address of the result is had by `result`, which such an engine has. */
  | { readonly kind: 'ready'; readonly vendorState: string }
  | {
      readonly kind: 'completed'
      /** Null: the result is inside the vendor's own answer, and `saveInline` fetches it. */
      readonly resultUrl: string | null
      /** What was charged, and what is left on the account, where the vendor tells. */
      readonly cost?: number | null
      readonly balance?: number | null
      /** Epoch milliseconds by the vendor's clock, where the address tells. */
      readonly expiresAt: number | null
      readonly videoSeconds: number | null
      readonly times: VendorTimes
    }
  /** The vendor's own verdict, and nothing else: a 429, a 5xx or a network fault is thrown as retryable. */
  | { readonly kind: 'failed'; readonly error: StudioError; readonly times: VendorTimes }
  | { readonly kind: 'cancelled' }
  /** The vendor does not know the operation: final only by its contract's rule, which the pipeline counts out. */
  | { readonly kind: 'unknown' }

/** The vendor's own times as it wrote them: shown, never computed with. */
export type VendorTimes = {
  readonly submitted?: string | undefined
  readonly scheduled?: string | undefined
  readonly ended?: string | undefined
}

/** An operation in the vendor's list; `createdAt` in epoch milliseconds on the vendor's clock. */
export type ListedOperation = { readonly id: string; readonly state: string; readonly createdAt: number | null }

/**
 * A vendor's service. The pipeline stores an intent before `submit`, calls it once, stores the operation, and does all
 * waiting itself. Optional members are the capabilities of that vendor.
 */
export type RemoteEngine = EngineFacts & {
  readonly kind: 'remote'
  /** The vendor's name as people know it. */
  readonly vendorName: string
  /** The environment variable of its key: used before all else and never stored. */
  readonly keyVariable: string
  readonly defaultBaseUrl: string
  /** Host suffixes (with a leading dot) of its results. */
  readonly resultHostSuffixes: readonly string[]
  /** Names the models that consume an input file, for storages that bind files to one: the checking and the making one. */
  readonly models: { readonly check: string; readonly make: string }
  /** How long the vendor keeps things, at least: the record of an operation from its submit on, its result from its end on. */
  readonly lives: { readonly recordMs: number; readonly resultMs: number }
  /** True where the address of a result is good for as long as the result lives: it is stored the moment it is seen. */
  readonly keepsAddress: boolean
  /** How long to wait before the next look at an operation that was taken so long ago. */
  readonly pollDelayMs: (ageMs: number) => number
  /** Work for a second of video, where operations run one after the other and their end can be guessed; until measured. */
  readonly guessMsASecond?: number
  /** `unknown` is the last word only when seen three times and no sooner than this after the request. */
  readonly unknownAgeMs: number
  /** All calls with one key in a minute, where the vendor counts them so; a person may set another number. */
  readonly callsPerMinute?: number
  /** Calls a second, by kind (contract, rate limits). */
  readonly rates: { readonly check: number; readonly submit: number; readonly query: number }
  /** Free call that shows whether a key is good. Throws VendorRefusal. */
  readonly testKey: (context: RemoteContext) => Promise<void>
  /** What a key of another vendor or shape looks like, before any call: E-CONFIG-INVALID or nothing. */
  readonly inspectKey: (key: string) => void
  /** The vendor's own check of a source before the paid call; false: it does not accept it, with its words. */
  readonly checkSource?: (
    sourceUrl: string,
    context: RemoteContext,
  ) => Promise<{ readonly pass: boolean; readonly message: string; readonly requestId: string | undefined }>
  /** Sends the paid request exactly once, with no retry of any kind. Never throws for what the vendor does. */
  readonly submit: (request: RemoteRequest, context: RemoteContext) => Promise<SubmitOutcome>
  readonly poll: (operation: Operation, context: RemoteContext) => Promise<PollResult>
  /** What a `ready` operation made. Asked once. */
  readonly result?: (operation: Operation, context: RemoteContext) => Promise<PollResult>
  /**
   * Writes a result that is inside the vendor's answer to a file, decoded as it comes. Throws E-RESULT-BAD (no result in
   * it, over the cap), E-RESULT-EXPIRED (the record is gone), E-NET-*, VendorRefusal.
   */
  readonly saveInline?: (
    operation: Operation,
    context: RemoteContext,
    target: { readonly toPath: string; readonly maxBytes: number; readonly onProgress: (doneBytes: number) => void },
  ) => Promise<{ readonly sizeBytes: number; readonly sha256: string }>
  /** What is left on the account, or null where the vendor does not say. Free. */
  readonly balance?: (context: RemoteContext) => Promise<Money | null>
  /** True when the vendor will not run it any more, false when it is too late. */
  readonly cancel?: (operation: Operation, context: RemoteContext) => Promise<boolean>
  /** Operations of this account, newest first: where a lost answer is looked for, and many are asked for at once. */
  readonly list?: (context: RemoteContext) => Promise<readonly ListedOperation[]>
  /** Length of the video that these will make; absent: as long as what drives it. */
  readonly predictSeconds?: (source: MediaFacts, driver: MediaFacts, parameters: Parameters) => number
  /**
   * Predicted spend of a video of so many seconds; `checks` counts the vendor checks that are still due. `past`: what a
   * second of this account's earlier videos has really cost, where any was made.
   */
  readonly quote: (seconds: number, checks: number, prices: PriceTable, past: number | null) => Quote
  readonly usage: (videoSeconds: number, prices: PriceTable) => Money
}

export type Engine = LocalEngine | RemoteEngine
