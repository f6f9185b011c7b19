import { StudioError } from '../../../shared/errors.ts'
import { VendorRefusal, type PollResult } from '../engines/engine.ts'
import type { JobRecord } from '../jobs/job-record.ts'
import type { StepContext, StepResult } from '../jobs/step.ts'
import type { SubmitAttempt } from '../jobs/submit-journal.ts'
import { sleep } from '../lib/wait.ts'
import { createOperationPoller, type PollAnswer } from './operation-poller.ts'
import { callContext, fromTheStart, remoteWorkOf, type RemoteParts } from './remote-parts.ts'
import type { Waiter } from './vendor-gate.ts'

/** `unknown` is the vendor's last word only when seen so often, and no sooner than this after the request (contract section 9, point 10). */
const UNKNOWN_SIGHTINGS = 3
const UNKNOWN_AGE_MS = 60_000
/** Answers that cannot be read are given up after so long; the operation is asked for now and then all the same. */
const MALFORMED_LIMIT_MS = 600_000
const RESULT_LIFE_MS = 24 * 3600_000

/** Where a finished operation's result can be had. Kept in memory only: the address carries a signature. */
export type ResultAddress = { readonly url: string; readonly videoSeconds: number | null }

type OperationDependencies = RemoteParts & {
  readonly results: Map<string, ResultAddress>
  readonly freePlace: () => void
}

/** What a completed operation leaves: its verdict, its price, and the address of its result. */
export function noteCompleted(
  parts: OperationDependencies,
  job: JobRecord,
  attempt: SubmitAttempt,
  result: Extract<PollResult, { kind: 'completed' }>,
  context: Pick<StepContext, 'remember'>,
): number {
  const { journal, spend, engine, clock, gate } = parts
  const offsetMs = gate.vendorOffsetMs() ?? 0
  const expiresAt = (result.expiresAt ?? clock.now() + offsetMs + RESULT_LIFE_MS) - offsetMs
  parts.results.set(job.jobId, { url: result.resultUrl, videoSeconds: result.videoSeconds })
  if (attempt.verdict !== 'succeeded') {
    const seconds = result.videoSeconds ?? remoteWorkOf(job).remote?.seconds ?? 0
    parts.store.transaction(() => {
      journal.saw(attempt.attemptId, 'SUCCEEDED', result.times)
      journal.settle(attempt.attemptId, 'succeeded', 'charged', { expiresAt, videoSeconds: result.videoSeconds })
      const usage = spend.made(engine, job.jobId, seconds)
      const remote = parts.store.find(job.jobId)?.remote ?? job.remote
      context.remember({ remote: { ...remote, usage } })
    })
  }
  return expiresAt
}

/** One call that tells how an operation stands; keeps the rates and waits out what stands in its way. */
export async function pollOnce(parts: RemoteParts, id: string, waiter: Waiter): Promise<PollAnswer> {
  const { engine, gate } = parts
  try {
    return await gate.run('query', waiter, async () => engine.poll({ id }, await callContext(parts, waiter.signal)), 1)
  } catch (thrown) {
    if (thrown instanceof StudioError && thrown.data.retryable && !thrown.code.startsWith('E-KEY-')) {
      return { kind: 'trouble', error: thrown, isMalformed: !(thrown instanceof VendorRefusal) }
    }
    throw thrown
  }
}

/** The steps in which the vendor is at work: waiting there, and rendering. */
export function createOperationSteps(parts: OperationDependencies) {
  const { engine, journal, clock, random, store, spend, pollIntervalMs } = parts
  const { list } = engine
  const poller = createOperationPoller({
    clock,
    random,
    poll: ({ id }, waiter) => pollOnce(parts, id, waiter),
    ...(list === undefined
      ? {}
      : {
          list: async (waiter: Waiter) => {
            const call = await callContext(parts, waiter.signal)
            const rows = await parts.gate.run('query', waiter, () => list(call))
            return new Map(rows.map(({ id, state }) => [id, state]))
          },
        }),
    ...(pollIntervalMs === null ? {} : { intervalMs: pollIntervalMs }),
  })

  return (name: 'vendor_queue' | 'render') =>
    async (job: JobRecord, context: StepContext): Promise<StepResult> => {
      const attempt = journal.standing(job.jobId)
      const { work, remote } = remoteWorkOf(job)
      // Its operation failed or was cancelled, and the user wants it again.
      if (attempt === null) return fromTheStart(work)
      if (attempt.outcome !== 'accepted' || attempt.vendorId === null) return { kind: 'next', step: 'submit' }
      if (attempt.verdict === 'succeeded') return { kind: 'next', step: 'download', dueAt: attempt.expiresAt }
      const id = attempt.vendorId
      const submittedAt = attempt.answeredAt ?? attempt.intentAt
      const watched = { operation: { id }, submittedAt, seconds: remote?.seconds ?? 0 }
      if (name === 'vendor_queue') context.wait({ reason: 'vendor-queue', since: submittedAt })
      let unknownSeen = 0
      let malformedSince: number | null = null
      let told = ''

      const take = (answer: PollAnswer): StepResult | null => {
        if (answer.kind !== 'unknown') unknownSeen = 0
        if (answer.kind !== 'trouble') malformedSince = null
        switch (answer.kind) {
          case 'pending': {
            const now = JSON.stringify([answer.vendorState, answer.times])
            if (now !== told) journal.saw(attempt.attemptId, answer.vendorState, answer.times)
            told = now
            // A late answer never leads back: what was seen rendering renders.
            if (name === 'render') context.wait(null)
            else if (answer.step === 'render') return { kind: 'next', step: 'render' }
            else context.wait({ reason: 'vendor-queue', since: submittedAt })
            return null
          }
          case 'completed': {
            const dueAt = noteCompleted(parts, job, attempt, answer, context)
            return { kind: 'next', step: 'download', dueAt }
          }
          case 'failed':
            store.transaction(() => {
              journal.settle(attempt.attemptId, 'failed', 'none')
              spend.unmade(job.jobId)
            })
            throw answer.error
          case 'cancelled':
            store.transaction(() => {
              journal.settle(attempt.attemptId, 'cancelled', 'none')
              spend.unmade(job.jobId)
            })
            return { kind: 'cancelled' }
          case 'unknown':
            unknownSeen += 1
            if (unknownSeen < UNKNOWN_SIGHTINGS || clock.now() - submittedAt <= UNKNOWN_AGE_MS) return null
            journal.vanish(attempt.attemptId, clock.now())
            return { kind: 'needs_attention', error: vanished(parts, attempt).data }
          case 'trouble':
            context.wait({ reason: 'vendor-trouble', since: malformedSince ?? clock.now(), error: answer.error.data })
            malformedSince ??= clock.now()
            if (!answer.isMalformed || clock.now() - malformedSince < MALFORMED_LIMIT_MS) return null
            return {
              kind: 'needs_attention',
              error: { ...answer.error.data, chargeState: 'possible', vendorId: id },
            }
          default:
            throw new Error(`Unknown answer ${JSON.stringify(answer satisfies never)}`)
        }
      }
      // An operation that this run did not submit is asked for at once: its end may long be there.
      const isOld = clock.now() - submittedAt > 1000 || name === 'render'
      const isFirst = isOld && name === 'vendor_queue'
      try {
        const wait = (delayMs: number) => sleep(clock, delayMs, context.signal)
        return await poller.follow(watched, context, isFirst, wait, take)
      } finally {
        parts.freePlace()
      }
    }
}

export const vanished = (parts: RemoteParts, attempt: SubmitAttempt): StudioError =>
  new StudioError('E-TASK-VANISHED', {
    params: { vendor: parts.engine.vendorName, value: attempt.vendorId ?? '' },
    chargeState: 'possible',
    ...(attempt.vendorId === null ? {} : { vendorId: attempt.vendorId }),
  })
