import type { Logger } from 'pino'
import type { JobStore } from '../jobs/job-store.ts'
import type { SubmitAttempt } from '../jobs/submit-journal.ts'
import { lookForLost } from './lost-answer.ts'
import { pollOnce } from './operation-steps.ts'
import type { RemoteParts } from './remote-parts.ts'

const TICK_MS = 60_000
/** An answer that was lost is looked for so long after its job came to need the user. */
const LOST_LIMIT_MS = 600_000
const VANISHED_EVERY_MS = 3600_000
const MALFORMED_EVERY_MS = 600_000
const VANISHED_LIMIT_MS = 24 * 3600_000
/** One look must not hang on a vendor that cannot be reached. */
const LOOK_LIMIT_MS = 45_000

type LateDependencies = RemoteParts & {
  readonly store: JobStore
  readonly logger: Logger
  /** The operation is known again: its job goes on by itself. */
  readonly found: (jobId: string, attemptId: string, operationId: string, isAdopted: boolean) => void
  /** The vendor forgot it for good. */
  readonly expired: (jobId: string) => void
}

/** Goes on looking for what jobs that wait for the user wait for, and lets them go on when it turns up. */
export function createLateLooks(parts: LateDependencies) {
  const { engine, journal, store, clock, gate, logger } = parts
  const firstLook = new Map<string, number>()
  const lastAsked = new Map<string, number>()
  const closing = new AbortController()
  let timer: { cancel: () => void } | null = null

  async function lookForAnswer(attempt: SubmitAttempt, signal: AbortSignal): Promise<void> {
    // It drops only when a run ends: what is left now tells more than right after the request.
    if (engine.list === undefined) return parts.balance.after(parts, attempt, { signal, wait: () => undefined })
    const look = await lookForLost(parts, attempt, { signal, wait: () => undefined })
    if (look.kind === 'found') parts.found(attempt.jobId, attempt.attemptId, look.id, true)
  }

  async function askFor(attempt: SubmitAttempt, signal: AbortSignal): Promise<void> {
    const id = attempt.vendorId
    if (id === null) return
    const answer = await pollOnce(parts, id, { signal, wait: () => undefined })
    if (answer.kind !== 'unknown' && answer.kind !== 'trouble') {
      parts.found(attempt.jobId, attempt.attemptId, id, attempt.isAdopted)
    } else if (clock.now() - attempt.intentAt > VANISHED_LIMIT_MS) {
      parts.expired(attempt.jobId)
    }
  }

  function isDue(attempt: SubmitAttempt): boolean {
    const job = store.find(attempt.jobId)
    if (job?.state !== 'needs_attention') return false
    const now = clock.monotonic()
    if (attempt.outcome !== 'accepted') {
      const since = firstLook.get(attempt.attemptId) ?? now
      firstLook.set(attempt.attemptId, since)
      return (engine.list ?? engine.balance) !== undefined && now - since < LOST_LIMIT_MS
    }
    if (job.error?.code !== 'E-TASK-VANISHED' && job.error?.code !== 'E-VENDOR-PROTOCOL') return false
    const last = lastAsked.get(attempt.attemptId)
    const everyMs = job.error.code === 'E-TASK-VANISHED' ? VANISHED_EVERY_MS : MALFORMED_EVERY_MS
    return last === undefined || now - last >= everyMs
  }

  async function tick(): Promise<void> {
    if (gate.isHalted()) return
    for (const attempt of [...journal.uncertain(engine.id), ...journal.unended(engine.id)]) {
      if (!isDue(attempt)) continue
      lastAsked.set(attempt.attemptId, clock.monotonic())
      const limit = new AbortController()
      const timeout = clock.setTimer(LOOK_LIMIT_MS, () => limit.abort())
      const signal = AbortSignal.any([limit.signal, closing.signal])
      try {
        await (attempt.outcome === 'accepted' ? askFor(attempt, signal) : lookForAnswer(attempt, signal))
      } catch (cause) {
        closing.signal.throwIfAborted()
        logger.info({ jobId: attempt.jobId, cause }, 'a late look brought nothing')
      } finally {
        timeout.cancel()
      }
    }
  }

  function schedule(): void {
    if (timer !== null || closing.signal.aborted) return
    timer = clock.setTimer(TICK_MS, () => {
      timer = null
      tick()
        .catch((cause: unknown) => {
          if (!closing.signal.aborted) logger.error({ cause }, 'late looks failed')
        })
        .finally(() => {
          if (journal.uncertain(engine.id).length + journal.unended(engine.id).length > 0) schedule()
        })
    })
  }

  return {
    /** Something may be to look for from now on. */
    begin: schedule,
    stop: () => {
      closing.abort()
      timer?.cancel()
    },
  }
}
