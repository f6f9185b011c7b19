import { StudioError } from '../../../shared/errors.ts'
import { VendorRefusal, type PollResult, type RemoteEngine } from '../engines/engine.ts'
import type { JobRecord } from '../jobs/job-record.ts'
import type { StepContext, StepResult } from '../jobs/step.ts'
import type { SubmitAttempt } from '../jobs/submit-journal.ts'
import { sleep } from '../lib/wait.ts'
import { createOperationPoller, type PollAnswer } from './operation-poller.ts'
import { callContext, fromTheStart, remoteWorkOf, type RemoteParts } from './remote-parts.ts'
import type { Waiter } from './vendor-gate.ts'

/** `unknown` is the vendor's last word only when seen so often. */
const UNKNOWN_SIGHTINGS = 3
/** Answers that cannot be read are given up after so long; the operation is asked for now and then all the same. */
const MALFORMED_LIMIT_MS = 600_000

/**
 * Where a finished operation's result can be had; a null `url`: in the vendor's answer itself. Kept in memory only where
 * the address carries a signature.
 */
export type ResultAddress = { readonly url: string | null; readonly videoSeconds: number | null }

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
  const { lives, keepsAddress } = engine
  // What is inside the vendor's answer is gone with its record.
  const ends = result.resultUrl === null ? attempt.recordExpiresAt : null
  const expiresAt = ends ?? (result.expiresAt ?? clock.now() + offsetMs + lives.resultMs) - offsetMs
  if (typeof result.balance === 'number') {
    parts.balance.saw({ amount: result.balance, currency: spend.pricesOf(engine.id).currency })
  }
  parts.results.set(job.jobId, { url: result.resultUrl, videoSeconds: result.videoSeconds })
  if (attempt.verdict !== 'succeeded') {
    const seconds = result.videoSeconds ?? remoteWorkOf(job).remote?.seconds ?? 0
    parts.store.transaction(() => {
      journal.saw(attempt.attemptId, 'SUCCEEDED', result.times)
      const resultUrl = keepsAddress ? result.resultUrl : null
      journal.settle(attempt.attemptId, 'succeeded', 'charged', {
        expiresAt,
        videoSeconds: result.videoSeconds,
        resultUrl,
      })
      const usage = spend.made(engine, job.jobId, seconds, result.cost ?? null)
      const remote = parts.store.find(job.jobId)?.remote ?? job.remote
      context.remember({ remote: { ...remote, usage } })
    })
  }
  return expiresAt
}

/** One call that tells how an operation stands; keeps the rates and waits out what stands in its way. */
export async function pollOnce(parts: RemoteParts, id: string, waiter: Waiter): Promise<PollAnswer> {
  const { engine, gate } = parts
  const ask = (question: RemoteEngine['poll']) =>
    gate.run('query', waiter, async () => question({ id }, await callContext(parts, waiter.signal)), 1)
  try {
    const answer = await ask(engine.poll)
    if (answer.kind !== 'ready' || engine.result === undefined) return answer
    return await ask(engine.result)
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
    delayMs: (ageMs) => pollIntervalMs ?? engine.pollDelayMs(ageMs) * parts.gate.slowness(),
    isFixed: pollIntervalMs !== null,
    ...(engine.guessMsASecond === undefined ? {} : { guessMsASecond: engine.guessMsASecond }),
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
          case 'ready':
            // Only for an engine that says no more: its result is asked for with the next look.
            return null
          case 'failed':
            store.transaction(() => {
              journal.settle(attempt.attemptId, 'failed', 'none')
              spend.unmade(job.jobId)
              // The user's retry puts up again what the vendor could not fetch.
              if (answer.error.code === 'E-VENDOR-FETCH') {
                const { check, source, voice, driver } = remote?.objects ?? {}
                for (const objectId of [check, source, voice, driver]) {
                  if (objectId !== undefined) parts.objects.distrust(objectId)
                }
              }
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
            if (unknownSeen < UNKNOWN_SIGHTINGS || clock.now() - submittedAt <= engine.unknownAgeMs) return null
            journal.vanish(attempt.attemptId, clock.now())
            // After the life of its records the vendor forgets what it made as well.
            return clock.now() - submittedAt > engine.lives.recordMs
              ? { kind: 'expired', error: expired(parts, attempt, 'possible').data }
              : { kind: 'needs_attention', error: vanished(parts, attempt).data }
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

/** The result can no longer be had; `possible`: its end was never seen. */
export const expired = (parts: RemoteParts, attempt: SubmitAttempt, chargeState: 'charged' | 'possible'): StudioError =>
  new StudioError('E-RESULT-EXPIRED', {
    params: { vendor: parts.engine.vendorName, value: attempt.vendorId ?? '' },
    chargeState,
    ...(attempt.vendorId === null ? {} : { vendorId: attempt.vendorId }),
  })
