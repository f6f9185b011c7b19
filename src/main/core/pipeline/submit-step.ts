import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import type { StudioError } from '../../../shared/errors.ts'
import type { Finding } from '../../../shared/model/media.ts'
import {
  VendorRefusal,
  type Operation,
  type RemoteContext,
  type RemoteRequest,
  type SubmitOutcome,
} from '../engines/engine.ts'
import type { JobRecord } from '../jobs/job-record.ts'
import type { StepContext, StepResult } from '../jobs/step.ts'
import type { SubmitAttempt } from '../jobs/submit-journal.ts'
import { withoutQueries } from '../lib/url-rules.ts'
import { backoffMs, sleep } from '../lib/wait.ts'
import type { InputUploads } from './input-uploads.ts'
import type { RemoteWork } from './job-work.ts'
import { lookForLost, submitUnknown } from './lost-answer.ts'
import { outputTarget, prepareFolder, requireSpace } from './output-place.ts'
import { callContext, fromTheStart, remoteWorkOf, type RemoteParts } from './remote-parts.ts'

/** Looks for a lost answer, after the request began (DashScope contract, section 9, point 1). */
const LOOKS_MS = [2000, 5000, 15_000, 30_000, 60_000] as const
/** A stop leaves a request in the air so long to be answered. */
const STOP_GRACE_MS = 1500
const MAX_RENEWALS = 2
/** About what a second of a result takes on the disk. */
const BYTES_A_SECOND = 1_000_000
/** Nothing is paid for while the disk has less room than this (reliability L01). */
const SPARE_BEFORE_PAYMENT_BYTES = 500_000_000

type SubmitDependencies = RemoteParts & {
  readonly uploads: InputUploads
  /** Requests in the air by job, until their outcome is written: waited for before anybody cancels. */
  readonly inTheAir: Map<string, Promise<unknown>>
  /** Resolves when a place at the vendor may have become free. */
  readonly placeFreed: () => Promise<void>
}

/** The one step that spends money (reliability C.0, submit protocol). */
export function createSubmitStep(parts: SubmitDependencies) {
  const { engine, journal, gate, clock, writer, newId, uploads, inTheAir, placeFreed } = parts

  async function run(job: JobRecord, context: StepContext): Promise<StepResult> {
    const standing = journal.standing(job.jobId)
    if (standing?.outcome === 'accepted') return { kind: 'next', step: 'vendor_queue' }
    if (standing !== null) {
      context.wait({ reason: 'lookup', since: standing.intentAt })
      return gate.exclusive(context.signal, () => lookUp(job, standing, context))
    }
    const { work, remote } = remoteWorkOf(job)
    if (work.inputs === null || remote?.objects === undefined) return fromTheStart(work)
    const target = outputTarget(job)
    await prepareFolder(target.folder)
    await requireSpace(target.folder, remote.seconds * BYTES_A_SECOND, SPARE_BEFORE_PAYMENT_BYTES)
    parts.spend.reserve(engine, job, remote.seconds, false)
    context.wait({ reason: 'slot' })
    return gate.exclusive(context.signal, async () => {
      await waitForPlace(context)
      return send(job, remote, context)
    })
  }

  /** What waits here can still be reordered and removed free of charge; what waits at the vendor cannot. */
  async function waitForPlace(context: StepContext): Promise<void> {
    while (journal.openOperations(engine.id) >= engine.maxOperations) {
      context.wait({ reason: 'slot' })
      const freed = placeFreed()
      const stopped = Promise.withResolvers<never>()
      const stop = () => stopped.reject(context.signal.reason as Error)
      context.signal.addEventListener('abort', stop, { once: true })
      context.signal.throwIfAborted()
      await Promise.race([freed, stopped.promise]).finally(() => context.signal.removeEventListener('abort', stop))
    }
    context.wait(null)
  }

  async function send(job: JobRecord, remote: RemoteWork, context: StepContext): Promise<StepResult> {
    for (let troubles = 0; ;) {
      const request = await requestOf(job, remote, context)
      if (request === null) return renew(job, remote, null)
      const balanceBefore = await parts.balance.before(parts, context)
      await gate.ready('submit', context)
      const call = await callContext(parts, context.signal)
      context.signal.throwIfAborted()
      const attemptId = newId()
      const intent = {
        attemptId,
        jobId: job.jobId,
        vendor: engine.id,
        keyFingerprint: call.keyFingerprint,
        endpoint: call.endpoint.baseUrl,
        bodySha256: createHash('sha256').update(JSON.stringify(request)).digest('hex'),
        intentAt: clock.now(),
        intentMonotonicMs: clock.monotonic(),
        vendorOffsetMs: gate.vendorOffsetMs(),
        balanceBefore,
      }
      journal.begin(intent)
      const air = Promise.withResolvers<void>()
      inTheAir.set(job.jobId, air.promise)
      let outcome: Exclude<SubmitOutcome, { kind: 'accepted' }>
      try {
        const answer = await post(request, call, context)
        if (answer.kind === 'accepted') return await accepted(job, attemptId, answer.operation, false, context)
        outcome = answer
        await writer.write(() => note(attemptId, answer, call.credential))
      } finally {
        inTheAir.delete(job.jobId)
        air.resolve()
      }
      if (outcome.kind === 'ambiguous') {
        context.signal.throwIfAborted()
        const attempt = journal.standing(job.jobId)
        if (attempt === null) throw new Error(`Attempt ${attemptId} is gone`)
        return lookUp(job, attempt, context)
      }
      const { error } = outcome
      if (error instanceof VendorRefusal && error.effect === 'renew') return renew(job, remote, error)
      const meaning = gate.note(error)
      if (meaning === 'no') throw error
      if (meaning === 'trouble') await sleep(clock, backoffMs(++troubles, parts.random), context.signal)
    }
  }

  function note(attemptId: string, outcome: Exclude<SubmitOutcome, { kind: 'accepted' }>, secret: string): void {
    if (outcome.kind === 'rejected') return journal.reject(attemptId, outcome.httpStatus, clock.now())
    const { httpStatus, answer } = outcome
    journal.doubt(attemptId, { httpStatus, answer: redact(answer, secret) }, clock.now())
  }

  /** The POST itself, once. Only a stop of the whole app ends it early, after a moment in which it may be answered. */
  async function post(request: RemoteRequest, call: RemoteContext, context: StepContext): Promise<SubmitOutcome> {
    const sending = new AbortController()
    const onStop = () => clock.setTimer(STOP_GRACE_MS, () => sending.abort(context.signal.reason))
    context.signal.addEventListener('abort', onStop, { once: true })
    try {
      return await engine.submit(request, { ...call, signal: sending.signal })
    } finally {
      context.signal.removeEventListener('abort', onStop)
    }
  }

  async function requestOf(job: JobRecord, remote: RemoteWork, context: StepContext): Promise<RemoteRequest | null> {
    const { objects } = remote
    if (objects === undefined) return null
    const addresses: Partial<Record<'source' | 'voice' | 'driver', string>> = {}
    for (const role of ['source', 'voice', 'driver'] as const) {
      const objectId = objects[role]
      if (objectId === undefined) continue
      const address = await uploads.addressOf(objectId, objects.storageId)
      if (address === null) return null
      await uploads.tryLink(address, objects.storageId, basename(job[role] ?? ''), context)
      addresses[role] = address
    }
    const { source, voice, driver } = addresses
    if (source === undefined) return null
    return {
      source,
      ...(voice === undefined ? {} : { voice }),
      ...(driver === undefined ? {} : { driver }),
      parameters: job.request.parameters,
    }
  }

  /** The vendor could not have the inputs: they are put up again, a few times. Null: a link could no longer be made. */
  function renew(job: JobRecord, remote: RemoteWork, error: StudioError | null): StepResult {
    if (error !== null && remote.renewals >= MAX_RENEWALS) throw error
    const { objects } = remote
    for (const objectId of [objects?.check, objects?.source, objects?.voice, objects?.driver]) {
      if (objectId !== undefined) parts.objects.distrust(objectId)
    }
    const { work } = remoteWorkOf(job)
    const again = { files: [], seconds: remote.seconds, renewals: remote.renewals + 1 }
    return { kind: 'next', step: 'check', work: { inputs: work.inputs, remote: again } }
  }

  async function accepted(
    job: JobRecord,
    attemptId: string,
    operation: Operation,
    isAdopted: boolean,
    context: StepContext,
  ): Promise<StepResult> {
    const owner = journal.ownerOf(engine.id, operation.id)
    if (owner !== null) {
      // The vendor named an operation that is another job's: whether a new one exists is not known.
      const answer = { httpStatus: 200, answer: operation.id, vendorId: operation.id }
      await writer.write(() => journal.doubt(attemptId, answer, clock.now()))
      const error = submitUnknown(parts, [])
      const params = { ...error.data.params, reason: 'id-reused', value: operation.id }
      return { kind: 'needs_attention', error: { ...error.data, params, vendorId: operation.id } }
    }
    await writer.write(() =>
      parts.store.transaction(() => {
        journal.accept(attemptId, operation, clock.now(), isAdopted, engine.lives.recordMs)
        const { requestId } = operation
        const facts = { operation: operation.id, ...(requestId === undefined ? {} : { requestId }) }
        context.remember({ remote: { ...job.remote, ...facts } })
      }),
    )
    return {
      kind: 'next',
      step: 'vendor_queue',
      dueAt: clock.now() + engine.lives.recordMs,
      ...(isAdopted ? { findings: [...job.findings, adoptedNote(operation.id)] } : {}),
    }
  }

  /** The answer was lost: looks for the operation in the vendor's list, and pays for nothing. */
  async function lookUp(job: JobRecord, attempt: SubmitAttempt, context: StepContext): Promise<StepResult> {
    if (attempt.outcome === null) {
      await writer.write(() => journal.doubt(attempt.attemptId, { httpStatus: null, answer: '' }, clock.now()))
    }
    if (engine.list === undefined) {
      await parts.balance.after(parts, attempt, context)
      return { kind: 'needs_attention', error: submitUnknown(parts, []).data }
    }
    // The wall clock may have been set meanwhile: an age that cannot be is none.
    const ageMs = Math.max(0, clock.now() - attempt.intentAt)
    const startedMs = clock.monotonic() - ageMs
    const later = LOOKS_MS.filter((atMs) => atMs > ageMs)
    const looks = ageMs > LOOKS_MS[0] ? [ageMs, ...later] : later
    let ids: string[] = []
    for (const atMs of looks) {
      context.wait({ reason: 'lookup', since: attempt.intentAt })
      await sleep(clock, startedMs + atMs - clock.monotonic(), context.signal)
      const look = await lookForLost(parts, attempt, { signal: context.signal, wait: () => undefined })
      if (look.kind === 'found') {
        return accepted(job, attempt.attemptId, { id: look.id }, true, context)
      }
      ids = look.ids
    }
    return { kind: 'needs_attention', error: submitUnknown(parts, ids).data }
  }

  return run
}

/** Says in the job's own list that its operation was found, not answered. */
export const adoptedNote = (id: string): Finding => ({
  code: 'W-NOTE',
  level: 'note',
  params: { reason: 'adopted', value: id },
})

/** What a person may see of an answer: no key, no signature. */
const redact = (answer: string, secret: string): string => withoutQueries(answer.replaceAll(secret, '[key]'))
