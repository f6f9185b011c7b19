import type { Logger } from 'pino'
import { StudioError, type ErrorCode, type ErrorData } from '../../../shared/errors.ts'
import type { JobStep } from '../../../shared/model/job.ts'
import type { RemoteContext, RemoteEngine } from '../engines/engine.ts'
import type { JobRecord } from '../jobs/job-record.ts'
import type { JobStore } from '../jobs/job-store.ts'
import type { SteadyWriter } from '../jobs/steady-writer.ts'
import type { Step, StepResult } from '../jobs/step.ts'
import type { SubmitJournal } from '../jobs/submit-journal.ts'
import type { TempFiles } from '../jobs/temp-files.ts'
import type { HttpClient } from '../lib/http-client.ts'
import type { Media } from '../media/media.ts'
import type { Clock } from '../ports.ts'
import { backoffMs, sleep } from '../lib/wait.ts'
import type { BalanceWatch } from './balance-watch.ts'
import { parseWork, type JobWork, type RemoteWork } from './job-work.ts'
import type { RemoteAccess } from './remote-access.ts'
import type { SourceVerdicts } from './source-verdicts.ts'
import type { SpendRules } from './spend-rules.ts'
import type { StoredObjects } from './stored-objects.ts'
import type { VendorGate } from './vendor-gate.ts'

/** What the steps of one vendor's jobs are made of. */
export type RemoteParts = {
  readonly engine: RemoteEngine
  readonly media: Media
  readonly store: JobStore
  readonly journal: SubmitJournal
  readonly verdicts: SourceVerdicts
  readonly objects: StoredObjects
  readonly spend: SpendRules
  readonly tempFiles: TempFiles
  readonly access: RemoteAccess
  readonly http: HttpClient
  readonly gate: VendorGate
  readonly balance: BalanceWatch
  readonly gateOf: (storageId: string) => VendorGate
  readonly writer: SteadyWriter
  readonly clock: Clock
  readonly random: () => number
  readonly newId: () => string
  readonly logger: Logger
  readonly workDir: string
  /** Results wait here while their output folder cannot be written to. */
  readonly keptDir: string
  readonly pollIntervalMs: number | null
}

/** What one call to the vendor is lent, with the key and address of this moment. */
export async function callContext(
  { engine, access, http, gate, clock }: RemoteParts,
  signal: AbortSignal,
): Promise<RemoteContext & { readonly keyFingerprint: string }> {
  const endpoint = access.endpoint(engine)
  const { secret, fingerprint } = await access.credential(engine.id)
  return { signal, http: gate.observe(http), endpoint, credential: secret, clock, keyFingerprint: fingerprint }
}

/** Only a person can help, and until then no job of this vendor can be paid for. */
const HALTING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'E-KEY-MISSING',
  'E-KEY-LOCKED',
  'E-KEY-REJECTED',
  'E-KEY-NO-STORE',
  'E-KEY-TIMEOUT',
  'E-CREDITS',
  'E-VENDOR-GONE',
  'E-BUCKET-AUTH',
  'E-BUCKET-MISSING',
  'E-BUCKET-REGION',
  'E-BUCKET-CLOCK',
  'E-BUCKET-REJECTED',
  'E-CONFIG-INVALID',
  'E-CONFIG-INSECURE',
])
export const isHalting = ({ code }: Pick<ErrorData, 'code'>): boolean => HALTING.has(code)

const BEFORE_PAYING: readonly JobStep[] = ['check', 'repair', 'upload', 'detect', 'submit']
const ASKING: readonly JobStep[] = ['vendor_queue', 'render']

/** Queued steps that such an error keeps from starting: a broken bucket keeps no paid result from being fetched. */
export function haltedSteps({ code }: Pick<ErrorData, 'code'>): readonly JobStep[] {
  return code.startsWith('E-BUCKET-') ? BEFORE_PAYING : [...BEFORE_PAYING, ...ASKING]
}

/** Reasons that are one job's own and still the user's to settle. */
const PERSONAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'E-SPEND-CAP',
  'E-TOOL-MISSING',
  'E-SUBMIT-UNKNOWN',
  'E-TASK-VANISHED',
  'E-URL-BLOCKED',
])

/** Lets a step end with a job that waits for the user wherever only the user can help. */
export function withAttention(parts: RemoteParts, halt: (error: StudioError) => void, run: Step['run']): Step['run'] {
  return async (job, context) => {
    try {
      return await run(job, context)
    } catch (thrown) {
      context.signal.throwIfAborted()
      if (!(thrown instanceof StudioError)) throw thrown
      const standing = parts.journal.standing(job.jobId)
      const isPaidFor = standing?.outcome === 'accepted'
      const error = isPaidFor ? withCharge(thrown.data, standing.chargeState, standing.vendorId) : thrown.data
      if (HALTING.has(thrown.code)) {
        halt(thrown)
        return { kind: 'needs_attention', error }
      }
      // A paid result whose folder is closed waits for another folder; it is not lost.
      const isPlace = isPaidFor && (thrown.code.startsWith('E-OUT-') || thrown.code === 'E-DISK-FULL')
      if (PERSONAL.has(thrown.code) || isPlace) return { kind: 'needs_attention', error }
      throw isPaidFor && thrown.data.chargeState === 'none' ? asError(error, thrown) : thrown
    }
  }
}

/**
 * A disk is full, or the database busy or its disk faulty: nothing is wrong with the job, and all that it needs may be
 * back soon. For a result that is paid for, the download itself finds another place.
 */
const isTroubleHere = (thrown: unknown, isPaidFor: boolean): thrown is StudioError =>
  thrown instanceof StudioError &&
  (thrown.code === 'E-DB-BUSY' ||
    (thrown.code === 'E-DISK-FULL' && (!isPaidFor || thrown.data.params['reason'] === 'database')) ||
    (thrown.code === 'E-INTERNAL' && thrown.data.retryable))

const LONGEST_PATIENCE_MS = 30_000

/**
 * Runs a step again until there is room for what it writes and the database takes what it stores. A step may begin anew at any time, as after a crash; one
 * that failed for this would leave a paid result at the vendor until somebody comes by.
 */
export function withPatience({ store, journal, clock, random }: RemoteParts, run: Step['run']): Step['run'] {
  return async (job, context) => {
    for (let failures = 1; ; failures++) {
      try {
        return await run(failures === 1 ? job : (store.find(job.jobId) ?? job), context)
      } catch (thrown) {
        context.signal.throwIfAborted()
        if (!isTroubleHere(thrown, journal.standing(job.jobId)?.outcome === 'accepted')) throw thrown
        const delayMs = Math.min(LONGEST_PATIENCE_MS, backoffMs(failures, random))
        context.wait({ reason: 'disk', until: Math.round(clock.now() + delayMs), error: thrown.data })
        await sleep(clock, delayMs, context.signal)
        context.wait(null)
      }
    }
  }
}

function withCharge(data: ErrorData, chargeState: ErrorData['chargeState'], vendorId: string | null): ErrorData {
  if (data.chargeState !== 'none') return data
  return { ...data, chargeState, ...(vendorId === null ? {} : { vendorId: data.vendorId ?? vendorId }) }
}

function asError(data: ErrorData, cause: StudioError): StudioError {
  const { code, ...rest } = data
  return new StudioError(code, {
    params: rest.params,
    chargeState: rest.chargeState,
    retryable: rest.retryable,
    ...(rest.vendorId === undefined ? {} : { vendorId: rest.vendorId }),
    cause,
  })
}

export function remoteWorkOf(job: JobRecord): { work: JobWork; remote: RemoteWork | undefined } {
  const work = parseWork(job.work)
  return { work, remote: work.remote }
}

/** Everything again from the first look; nothing is paid twice, since the paid step asks the journal first. */
export const fromTheStart = (work: JobWork): StepResult => ({
  kind: 'next',
  step: 'check',
  work: { inputs: work.inputs } satisfies JobWork,
})
