import { rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { StudioError } from '../../../shared/errors.ts'
import type { JobStep } from '../../../shared/model/job.ts'
import type { CheckResult } from '../../../shared/model/media.ts'
import type { RemoteEngine } from '../engines/engine.ts'
import type { JobRecord } from '../jobs/job-record.ts'
import type { Queue } from '../jobs/queue.ts'
import type { Step, StepResult, Workflow } from '../jobs/step.ts'
import type { SourceVerdict } from './source-verdicts.ts'
import { bringHome, createDownloadStep } from './download-step.ts'
import { createInputUploads, takeCopy } from './input-uploads.ts'
import type { JobInput, JobWork } from './job-work.ts'
import { createLateLooks } from './late-looks.ts'
import { createOperationSteps, pollOnce, type ResultAddress } from './operation-steps.ts'
import { checkInputs, keptFindings, repairInputs, waitForTools } from './prepare-steps.ts'
import { createPublishStep } from './publish-step.ts'
import {
  callContext,
  fromTheStart,
  haltedSteps,
  isHalting,
  remoteWorkOf,
  withAttention,
  withPatience,
  type RemoteParts,
} from './remote-parts.ts'
import { adoptedNote, createSubmitStep } from './submit-step.ts'
import type { VendorGate } from './vendor-gate.ts'

/** Begun jobs: two at the vendor, the next ones ready for it, results on their way. Beyond that nothing more is spent. */
const MAX_STARTED = 8
const LANES = { prepare: 1, upload: 2, submit: 1, operations: 1000, download: 3, finish: 1 } as const
/** A synchronous check is asked so often before it is given up: each may be billed. */
const CHECK_TRIES = 3
const MAX_RENEWALS = 2
const CANCEL_LIMIT_MS = 15_000

type WorkflowDependencies = RemoteParts & {
  readonly resultGate: VendorGate
  /** Made after the workflows. */
  readonly queue: () => Queue
}

export type RemoteJobs = ReturnType<typeof createRemoteWorkflow>

/** The steps of a job that a vendor makes: check, repair, upload, detect, submit, vendor_queue, render, download, finish. */
export function createRemoteWorkflow(parts: WorkflowDependencies) {
  const { engine, media, store, journal, verdicts, objects, spend, access, gate, clock, logger, queue } = parts
  const results = new Map<string, ResultAddress>()
  const inTheAir = new Map<string, Promise<unknown>>()
  const checking = new Map<string, Promise<SourceVerdict>>()
  const closing = new AbortController()
  let freed = Promise.withResolvers<void>()
  const freePlace = (): void => {
    const now = freed
    freed = Promise.withResolvers<void>()
    now.resolve()
  }
  const uploads = createInputUploads({
    engine,
    access,
    objects,
    gateOf: parts.gateOf,
    http: parts.http,
    newId: parts.newId,
  })
  const shared = { ...parts, results, freePlace }
  const operationStep = createOperationSteps(shared)
  const lateLooks = createLateLooks({ ...parts, found, expired })

  const check: Step['run'] = async (job, { signal }) => {
    // What is paid for goes on where it stands, whatever became of its inputs.
    const standing = journal.standing(job.jobId)
    if (standing !== null) return { kind: 'next', step: standing.outcome === 'accepted' ? 'vendor_queue' : 'submit' }
    const { inputs, checks, findings: found } = await checkInputs(media, engine.limits, job, signal)
    const findings = [...keptFindings(job), ...found]
    const { remote } = remoteWorkOf(job)
    const kept = remote === undefined ? {} : { remote: { files: [], seconds: 0, renewals: remote.renewals } }
    return { kind: 'next', step: 'repair', work: { inputs, checks, ...kept } satisfies JobWork, findings }
  }

  const repair: Step['run'] = async (job, { signal }) => {
    const { work, remote } = remoteWorkOf(job)
    if (work.inputs === null || work.checks === undefined) return fromTheStart(work)
    const { inputs } = work
    const asked = { ...work, inputs, checks: work.checks }
    const made = await repairInputs(media, engine.limits, job, asked, parts.workDir, signal)
    const { paths, checks, findings } = made
    const files = []
    for (const [index, original] of inputs.entries()) {
      const looked = checks[index]
      if (looked === undefined) return fromTheStart(work)
      const from = { role: original.role, path: paths.get(original.role) ?? original.path, original }
      files.push(await takeCopy(media, looked, from, join(parts.workDir, job.jobId), signal))
    }
    const seconds = secondsToMake(engine, job, inputs, checks)
    const next: JobWork = { inputs, remote: { files, seconds, renewals: remote?.renewals ?? 0 } }
    return { kind: 'next', step: 'upload', work: next, findings }
  }

  const upload: Step['run'] = async (job, context) => {
    const { work, remote } = remoteWorkOf(job)
    const source = remote?.files.find(({ role }) => role === 'source')
    if (remote === undefined || source === undefined) return fromTheStart(work)
    const verdict = engine.checkSource === undefined ? null : verdicts.find(engine.id, source.sha256)
    const isChecked = engine.checkSource === undefined || verdict !== null
    if (verdict?.pass === false) throw notAccepted(job, verdict)
    // Before the first byte: a job that may not be paid for is not sent anywhere.
    spend.reserve(engine, job, remote.seconds, !isChecked)
    const placed = await uploads.putAll(job.jobId, remote, isChecked, context, context.report)
    return { kind: 'next', step: 'detect', work: { ...work, remote: { ...remote, objects: placed } } }
  }

  const detect: Step['run'] = async (job, context) => {
    const { work, remote } = remoteWorkOf(job)
    const source = remote?.files.find(({ role }) => role === 'source')
    if (remote?.objects === undefined || source === undefined) return fromTheStart(work)
    if (engine.checkSource === undefined) return { kind: 'next', step: 'submit' }
    const known = verdicts.find(engine.id, source.sha256)
    if (known !== null) spend.checkSpared(job.jobId)
    else spend.reserve(engine, job, remote.seconds, true)
    try {
      const verdict = known ?? (await checkOnce(job, source.sha256, remote.objects, context))
      if (verdict === null) return fromTheStart(work)
      if (!verdict.pass) throw notAccepted(job, verdict)
      return { kind: 'next', step: 'submit' }
    } catch (thrown) {
      const isRenewal = thrown instanceof StudioError && 'effect' in thrown && thrown.effect === 'renew'
      if (!isRenewal || remote.renewals >= MAX_RENEWALS) throw thrown
      for (const id of [remote.objects.check, remote.objects.source]) if (id !== undefined) objects.distrust(id)
      const again = { files: [], seconds: remote.seconds, renewals: remote.renewals + 1 }
      return { kind: 'next', step: 'check', work: { inputs: work.inputs, remote: again } }
    }
  }

  /** One check for one content, however many jobs want it at the same moment. Null: its link could not be made. */
  async function checkOnce(
    job: JobRecord,
    sha256: string,
    placed: NonNullable<NonNullable<JobWork['remote']>['objects']>,
    context: Parameters<Step['run']>[1],
  ): Promise<SourceVerdict | null> {
    const running = checking.get(sha256)
    if (running !== undefined) {
      // Somebody else's fault is not ours: then it is tried for this job, too.
      const theirs = await running.catch(() => null)
      context.signal.throwIfAborted()
      if (theirs !== null) {
        spend.checkSpared(job.jobId)
        return theirs
      }
    }
    const address = await uploads.addressOf(placed.check ?? placed.source, placed.storageId)
    const { checkSource } = engine
    if (address === null || checkSource === undefined) return null
    await uploads.tryLink(address, placed.storageId, basename(job.source), context)
    const own = gate.run(
      'check',
      context,
      async () => checkSource(address, await callContext(parts, context.signal)),
      CHECK_TRIES,
    )
    checking.set(sha256, own)
    try {
      const verdict = await own
      store.transaction(() => {
        verdicts.save(engine.id, sha256, verdict)
        spend.checkUsed(engine, job.jobId)
      })
      return verdict
    } finally {
      if (checking.get(sha256) === own) checking.delete(sha256)
    }
  }

  const notAccepted = (job: JobRecord, { message, requestId }: SourceVerdict): StudioError =>
    new StudioError('E-VENDOR-REJECTED', {
      params: { vendor: engine.vendorName, file: basename(job.source), value: message },
      ...(requestId === undefined ? {} : { vendorId: requestId }),
    })

  // Jobs at rest

  /** The operation of a job that waits for the user is known (again): it goes on by itself. */
  function found(jobId: string, attemptId: string, operationId: string, isAdopted: boolean): void {
    const job = store.find(jobId)
    if (job === null || (job.state !== 'needs_attention' && job.state !== 'cancelled')) return
    store.transaction(() => {
      if (isAdopted)
        journal.accept(attemptId, { id: operationId, requestId: undefined }, clock.now(), true, engine.lives.recordMs)
      queue().goTo(job, 'vendor_queue', {
        remote: { ...job.remote, operation: operationId },
        findings: isAdopted ? [...job.findings, adoptedNote(operationId)] : job.findings,
      })
    })
  }

  function expired(jobId: string): void {
    const job = store.find(jobId)
    if (job?.state !== 'needs_attention') return
    store.update(job, 'expired', { endedAt: clock.now() })
    queue().notify([jobId])
  }

  async function beforeCancel(job: JobRecord): Promise<'stop' | 'keep'> {
    await inTheAir.get(job.jobId)
    const attempt = journal.standing(job.jobId)
    if (attempt === null) return 'stop'
    if (attempt.outcome !== 'accepted' || attempt.vanishedAt !== null) {
      journal.decide(attempt.attemptId, 'dropped')
      return 'stop'
    }
    const { cancel } = engine
    if (attempt.verdict === null && attempt.vendorId !== null && cancel !== undefined) {
      const limit = new AbortController()
      const timer = clock.setTimer(CANCEL_LIMIT_MS, () => limit.abort())
      const waiter = { signal: AbortSignal.any([limit.signal, closing.signal]), wait: () => undefined }
      const operation = { id: attempt.vendorId }
      try {
        const isCancelled = await gate.run('query', waiter, async () =>
          cancel(operation, await callContext(parts, waiter.signal)),
        )
        if (isCancelled) {
          store.transaction(() => {
            journal.settle(attempt.attemptId, 'cancelled', 'none')
            spend.unmade(job.jobId)
          })
          freePlace()
          return 'stop'
        }
      } catch (cause) {
        logger.warn({ jobId: job.jobId, cause }, 'the vendor could not be asked to cancel')
        return 'keep'
      } finally {
        timer.cancel()
      }
    }
    // It will finish and be charged: its result is kept.
    const now = store.find(job.jobId)
    const reason = cancel === undefined ? 'no-cancel' : 'cancel-too-late'
    const isTold = now?.findings.some(({ params }) => params['reason'] === reason) ?? true
    if (now !== null && !isTold) {
      const note = {
        code: 'W-NOTE',
        level: 'note',
        params: { reason, value: engine.vendorName },
      } as const
      store.update(now, now.state, { findings: [...now.findings, note] })
    }
    return 'keep'
  }

  async function release(jobId: string, rest: 'interrupted' | 'ended'): Promise<void> {
    if (rest === 'interrupted') return
    await rm(join(parts.workDir, jobId), { recursive: true, force: true })
    for (const temp of parts.tempFiles.all()) {
      if (temp.jobId !== jobId) continue
      try {
        await rm(temp.path, { force: true })
        parts.tempFiles.remove(temp.path)
      } catch (cause) {
        logger.warn({ path: temp.path, cause }, 'temporary file could not be removed')
      }
    }
  }

  function settled(jobId: string): void {
    freePlace()
    const job = store.find(jobId)
    if (job?.state === 'needs_attention') lateLooks.begin()
    const isOver = job === null || ['done', 'failed', 'cancelled', 'expired'].includes(job.state)
    if (!isOver) return
    if (journal.standing(jobId) === null) spend.unmade(jobId)
    if (job === null) void rm(join(parts.keptDir, `${jobId}.bad`), { force: true })
    // After the caller's own work: what this job put up is not needed any more.
    clock.setTimer(0, () => void sweep())
  }

  let sweeping: Promise<void> | null = null
  function sweep(): Promise<void> {
    sweeping ??= objects
      .sweep(access, closing.signal)
      .catch((cause: unknown) => {
        if (!closing.signal.aborted) logger.warn({ cause }, 'stored objects could not be looked through')
      })
      .finally(() => (sweeping = null))
    return sweeping
  }

  function halt(error: StudioError): void {
    // A broken bucket is nobody's reason not to ask the vendor for what is paid.
    if (!error.code.startsWith('E-BUCKET-')) gate.halt(error)
    queue().halt(engine.id, error.data, haltedSteps(error.data))
  }

  const step = (name: JobStep, lane: keyof typeof LANES, run: Step['run'], rest: Partial<Step> = {}): Step => ({
    step: name,
    lane,
    afterInterruption: 'check',
    afterFailure: 'check',
    onPause: 'finish',
    run: waitForTools(withAttention(parts, halt, withPatience(parts, run))),
    ...rest,
  })
  const paid = { evenPaused: true } as const
  const workflow: Workflow = {
    steps: [
      step('check', 'prepare', check),
      step('repair', 'prepare', repair),
      // Results that expire come before anything new is sent.
      step('upload', 'upload', upload, { yieldsTo: 'download', onPause: 'stop' }),
      step('detect', 'upload', detect),
      step('submit', 'submit', createSubmitStep({ ...shared, uploads, inTheAir, placeFreed: () => freed.promise }), {
        afterInterruption: 'submit',
      }),
      step('vendor_queue', 'operations', operationStep('vendor_queue'), {
        ...paid,
        afterInterruption: 'vendor_queue',
        afterFailure: 'vendor_queue',
      }),
      step('render', 'operations', operationStep('render'), {
        ...paid,
        afterInterruption: 'render',
        afterFailure: 'vendor_queue',
      }),
      step('download', 'download', createDownloadStep(shared), {
        ...paid,
        afterInterruption: 'download',
        afterFailure: 'download',
      }),
      step(
        'finish',
        'finish',
        createPublishStep({
          media,
          store,
          whenGone: (work): StepResult => ({ kind: 'next', step: 'download', work: { inputs: work.inputs } }),
          bringHome: (job, part, target) => bringHome(parts, job, part, target),
        }),
        { ...paid, afterInterruption: 'finish', afterFailure: 'download' },
      ),
    ],
    lanes: LANES,
    maxStarted: MAX_STARTED,
    release,
    beforeCancel,
    mayRemove: (job) => job.state !== 'queued' || journal.standing(job.jobId) === null,
    settled,
  }

  return {
    engine,
    workflow,
    sweep,
    /** Goes on looking for what was lost before this start. */
    begin: () => {
      if (journal.uncertain(engine.id).length + journal.unended(engine.id).length > 0) lateLooks.begin()
      void sweep()
    },
    stop: () => {
      closing.abort(new DOMException('The app is closing.', 'AbortError'))
      lateLooks.stop()
    },

    /** The next call may try again. */
    knock: (): void => gate.reopen(),

    /** A person acted (a key, a bucket, a start): what stood still for such a reason goes on. */
    reopen: (): void => {
      gate.reopen()
      queue().unhalt(engine.id, isHalting)
    },

    adopt: async (job: JobRecord, operation: string): Promise<boolean> => {
      const attempt = journal.standing(job.jobId)
      const isOpen = job.state === 'needs_attention' || job.state === 'cancelled'
      if (!isOpen || attempt === null || attempt.outcome === 'accepted') return false
      const refused = (reason: string) =>
        new StudioError('E-PARAM-RANGE', { params: { name: 'operation', value: operation, reason } })
      if (journal.ownerOf(engine.id, operation) !== null) throw refused('owned')
      const limit = new AbortController()
      const timer = clock.setTimer(CANCEL_LIMIT_MS, () =>
        limit.abort(
          new StudioError('E-NET-TIMEOUT', {
            params: { host: engine.vendorName, limit: CANCEL_LIMIT_MS / 1000 },
            retryable: true,
          }),
        ),
      )
      try {
        const answer = await pollOnce(parts, operation, { signal: limit.signal, wait: () => undefined })
        if (answer.kind === 'unknown') throw refused('operation')
        if (answer.kind === 'trouble') throw answer.error
      } finally {
        timer.cancel()
      }
      // Meanwhile it may have been found by itself.
      if (journal.ownerOf(engine.id, operation) !== null) throw refused('owned')
      found(job.jobId, attempt.attemptId, operation, true)
      return true
    },

    /** Throws E-SPEND-CAP. */
    submitAgain: (job: JobRecord): boolean => {
      const attempt = journal.standing(job.jobId)
      if (attempt === null || attempt.outcome === 'accepted' || job.state !== 'needs_attention') return false
      const seconds = remoteWorkOf(job).remote?.seconds ?? 0
      store.transaction(() => {
        spend.reserve(engine, job, seconds, false, true)
        journal.decide(attempt.attemptId, 'again')
        queue().goTo(job, 'check')
      })
      return true
    },

    drop: (job: JobRecord): boolean => {
      const attempt = journal.standing(job.jobId)
      if (attempt === null || job.state !== 'needs_attention') return false
      store.transaction(() => {
        journal.decide(attempt.attemptId, 'dropped')
        store.update(job, 'cancelled', { endedAt: clock.now() })
      })
      settled(job.jobId)
      return true
    },

    downloadAgain: async (job: JobRecord): Promise<boolean> => {
      const attempt = journal.standing(job.jobId)
      if (attempt?.verdict !== 'succeeded' || !['done', 'failed', 'expired'].includes(job.state)) return false
      if (job.output !== null && (await isThere(job))) return false
      results.delete(job.jobId)
      queue().goTo(job, 'download', {
        output: null,
        dueAt: attempt.expiresAt,
        work: { inputs: null } satisfies JobWork,
      })
      return true
    },
  }
}

/** Length of the video to be made, as far as the inputs tell. */
function secondsToMake(
  { predictSeconds }: RemoteEngine,
  { request }: JobRecord,
  inputs: readonly JobInput[],
  checks: readonly CheckResult[],
): number {
  const factsOf = (roles: readonly JobInput['role'][]) =>
    checks[inputs.findIndex(({ role }) => roles.includes(role))]?.facts ?? {}
  const driving = factsOf(['voice', 'driver'])
  return predictSeconds?.(factsOf(['source']), driving, request.parameters) ?? driving.durationSeconds ?? 0
}

/** Whether the result lies where it was put, as far as its size tells. */
async function isThere({ output, outputSizeBytes }: JobRecord): Promise<boolean> {
  if (output === null) return false
  return stat(output).then(
    (stats) => stats.size === outputSizeBytes,
    () => false,
  )
}
