import type { Logger } from 'pino'
import { StudioError, toErrorData, type ErrorData } from '../../../shared/errors.ts'
import type { QueueSnapshot } from '../../../shared/api/jobs.ts'
import type { EngineId } from '../../../shared/model/engine.ts'
import { TERMINAL_STATES, type Job, type JobDetail, type JobStep } from '../../../shared/model/job.ts'
import type { Clock } from '../ports.ts'
import { createChangeFeed } from './change-feed.ts'
import { toJob, type JobRecord } from './job-record.ts'
import type { JobStore, ListFilter } from './job-store.ts'
import { createBusyTime, estimateSeconds, jobFraction } from './queue-estimate.ts'
import { createSteadyWriter } from './steady-writer.ts'
import type { Step, StepResult, Workflow } from './step.ts'

export type QueueEvent =
  | {
      readonly name: 'jobs-changed'
      readonly payload: { rows: Job[]; removed: string[]; counts: QueueSnapshot['counts'] }
    }
  | { readonly name: 'queue-changed'; readonly payload: QueueSnapshot }

type QueueOptions = {
  readonly store: JobStore
  readonly workflows: ReadonlyMap<EngineId, Workflow>
  readonly clock: Clock
  readonly logger: Logger
  readonly emit: (event: QueueEvent) => void
}

type StopReason = 'cancel' | 'pause' | 'stop'

/** A job whose step is running. */
type ActiveJob = {
  record: JobRecord
  step: Step
  readonly workflow: Workflow
  readonly controller: AbortController
  stopReason: StopReason | null
  progress: number | null
  readonly settled: Promise<void>
}

export type Queue = ReturnType<typeof createQueue>

/**
 * Runs the jobs of the store: oldest first, begun ones before new ones, within the limits of their workflow. It knows
 * steps, lanes and states; what a step does is the workflow's.
 */
export function createQueue({ store, workflows, clock, logger, emit }: QueueOptions) {
  const active = new Map<string, ActiveJob>()
  const busy = createBusyTime(clock.monotonic)
  const writer = createSteadyWriter(clock, logger)
  const feed = createChangeFeed(clock, tell)
  let isStarted = false
  let isStopping = false
  let isPaused = store.isPaused()
  let doneInSession = 0
  let lastTold = ''

  const show = (record: JobRecord): Job => toJob(record, active.get(record.jobId)?.progress ?? null)

  function tell(changed: readonly string[], removed: readonly string[]): void {
    if (changed.length > 0 || removed.length > 0) {
      const rows = store.findMany(changed).map(show)
      emit({ name: 'jobs-changed', payload: { rows, removed: [...removed], counts: store.counts() } })
    }
    const now = snapshot()
    const text = JSON.stringify(now)
    if (text === lastTold) return
    lastTold = text
    emit({ name: 'queue-changed', payload: now })
  }

  function snapshot(): QueueSnapshot {
    const counts = store.counts()
    const open = counts.queued + counts.waiting + counts.running
    if (open === 0) return { paused: isPaused, counts, progress: null, etaSeconds: null }
    let begun = 0
    for (const job of active.values()) begun += jobFraction(job.step.step, job.progress)
    const completed = doneInSession + begun
    return {
      paused: isPaused,
      counts,
      progress: Math.min(1, completed / (open + doneInSession)),
      etaSeconds: isPaused ? null : estimateSeconds(busy.ms(), completed, open - begun),
    }
  }

  // Starting steps

  function pump(): void {
    if (!isStarted || isStopping || isPaused) return
    for (const [engine, workflow] of workflows) pumpEngine(engine, workflow)
    busy.set(active.size > 0)
  }

  function pumpEngine(engine: EngineId, workflow: Workflow): void {
    const [first, ...later] = workflow.steps
    const laterSteps = later.map((step) => step.step)
    const mine = () => [...active.values()].filter((job) => job.workflow === workflow).length
    // A job that is begun comes before a new one, so that lanes cannot fill up with half-made jobs.
    for (const record of store.findQueued(engine, laterSteps, workflow.maxStarted)) startIfFree(record, workflow)
    const room = workflow.maxStarted - mine() - store.countQueued(engine, laterSteps)
    if (room <= 0) return
    for (const record of store.findQueued(engine, [first.step], room)) startIfFree(record, workflow)
  }

  function isLaneFree(workflow: Workflow, lane: string): boolean {
    let used = 0
    for (const job of active.values()) if (job.workflow === workflow && job.step.lane === lane) used++
    return used < (workflow.lanes[lane] ?? 1)
  }

  function startIfFree(queued: JobRecord, workflow: Workflow): void {
    const step = workflow.steps.find((candidate) => candidate.step === queued.step) ?? workflow.steps[0]
    if (!isLaneFree(workflow, step.lane)) return
    let record: JobRecord
    try {
      record = store.transaction(() => {
        const startedAt = queued.startedAt ?? clock.now()
        store.beginAttempt(queued.jobId, step.step, clock.now())
        return store.update(queued, 'running', { step: step.step, startedAt, error: null })
      })
    } catch (cause) {
      // The disk is full or the file busy: the row is still `queued` and is tried again after the next event or retry.
      logger.warn({ jobId: queued.jobId, cause }, 'job could not be started')
      clock.setTimer(1000, pump)
      return
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    const job: ActiveJob = {
      record,
      step,
      workflow,
      controller: new AbortController(),
      stopReason: null,
      progress: null,
      settled: promise,
    }
    active.set(record.jobId, job)
    feed.changed([record.jobId])
    void runSteps(job).finally(() => {
      resolve()
      pump()
    })
  }

  /** Runs one step after the other as long as nothing else has to wait for it. */
  async function runSteps(job: ActiveJob): Promise<void> {
    const { jobId } = job.record
    try {
      while (await runStep(job)) {
        feed.changed([jobId])
        // The lane of the step before is free again.
        pump()
      }
    } catch (cause) {
      // Only a stop gets here: the row stays `running` and is recovered by the next start.
      logger.error({ jobId, cause }, 'the outcome of a step could not be stored')
    } finally {
      active.delete(jobId)
      busy.set(active.size > 0)
      feed.changed([jobId])
    }
  }

  /** Returns true when the job goes on with its next step at once. */
  async function runStep(job: ActiveJob): Promise<boolean> {
    const outcome = await job.step
      .run(job.record, {
        signal: job.controller.signal,
        report: (progress) => {
          job.progress = Math.min(1, Math.max(0, progress))
          feed.changed([job.record.jobId])
        },
      })
      .catch((thrown: unknown) => ({ kind: 'thrown' as const, thrown }))
    if (outcome.kind !== 'next') await release(job)
    const next = await writer.write(() => store.transaction(() => settle(job, outcome)))
    // Memory follows the store, never the other way round.
    if (outcome.kind === 'done') doneInSession++
    if (next === null) return false
    job.record = next.record
    job.step = next.step
    job.progress = null
    return true
  }

  async function release(job: ActiveJob): Promise<void> {
    try {
      await job.workflow.release(job.record.jobId)
    } catch (cause) {
      logger.warn({ jobId: job.record.jobId, cause }, 'temporary files could not be removed')
    }
  }

  type Outcome = StepResult | { readonly kind: 'thrown'; readonly thrown: unknown }
  type NextStep = { readonly record: JobRecord; readonly step: Step }

  /** Stores an outcome; returns the step that follows at once, if any. */
  function settle(job: ActiveJob, outcome: Outcome): NextStep | null {
    const { step } = job
    // The row as it is now: its place, batch and findings may have changed while the step ran.
    const record = store.find(job.record.jobId)
    if (record === null) throw new Error(`Job ${job.record.jobId} is gone`)
    const now = clock.now()
    const end = (outcomeName: 'finished' | 'failed' | 'cancelled' | 'interrupted', error: ErrorData | null = null) =>
      store.endAttempt(record.jobId, now, outcomeName, error)

    if (outcome.kind === 'thrown' && job.stopReason !== null) {
      if (job.stopReason === 'cancel') {
        end('cancelled')
        store.update(record, 'cancelled', { endedAt: now })
      } else {
        end('interrupted')
        store.update(record, 'queued', { step: step.afterInterruption })
      }
      return null
    }
    switch (outcome.kind) {
      case 'thrown': {
        const error: ErrorData = { ...toErrorData(outcome.thrown), jobId: record.jobId, step: step.step }
        if (error.code === 'E-INTERNAL') logger.error({ jobId: record.jobId, cause: outcome.thrown }, 'step failed')
        end('failed', error)
        store.update(record, 'failed', { error, endedAt: now })
        return null
      }
      case 'needs_attention':
        end('failed', outcome.error)
        store.update(record, 'needs_attention', { error: { ...outcome.error, jobId: record.jobId, step: step.step } })
        return null
      case 'done':
        end('finished')
        store.update(record, 'done', { output: outcome.output, work: outcome.work, endedAt: now, error: null })
        return null
      case 'next':
        end('finished')
        return goOn(job, record, outcome, now)
      default:
        throw new Error(`Unknown outcome ${JSON.stringify(outcome satisfies never)}`)
    }
  }

  function goOn(
    job: ActiveJob,
    record: JobRecord,
    outcome: Extract<StepResult, { kind: 'next' }>,
    now: number,
  ): NextStep | null {
    const { workflow } = job
    const next = workflow.steps.find((step) => step.step === outcome.step)
    if (next === undefined) throw new Error(`No step ${outcome.step}`)
    const change = {
      step: next.step,
      ...(outcome.work === undefined ? {} : { work: outcome.work }),
      ...(outcome.findings === undefined ? {} : { findings: outcome.findings }),
    }
    if (job.stopReason === 'cancel') {
      store.update(record, 'cancelled', { ...change, endedAt: now })
      return null
    }
    const canGoOn =
      job.stopReason === null &&
      !isPaused &&
      !isStopping &&
      (next.lane === job.step.lane || isLaneFree(workflow, next.lane))
    if (!canGoOn) {
      store.update(record, 'queued', change)
      return null
    }
    const updated = store.update(record, 'running', change)
    store.beginAttempt(record.jobId, next.step, now)
    return { record: updated, step: next }
  }

  async function interrupt(jobs: readonly ActiveJob[], reason: StopReason): Promise<void> {
    for (const job of jobs) {
      // A cancel outweighs a pause or a stop that came first: the user's word is kept.
      if (job.stopReason === null || reason === 'cancel') job.stopReason = reason
      job.controller.abort(new DOMException('The job was stopped.', 'AbortError'))
    }
    await Promise.all(jobs.map((job) => job.settled))
  }

  return {
    snapshot,
    /** Rows were inserted or changed from outside: tell it and see what can start. */
    notify: (jobIds: readonly string[]) => {
      if (active.size === 0 && store.counts().queued === jobIds.length) {
        doneInSession = 0
        busy.reset()
      }
      feed.changed(jobIds)
      pump()
    },
    isActive: (jobId: string) => active.has(jobId),

    /** Puts what a killed run left into order. To be called once, before anything else. */
    recover: (): JobRecord[] =>
      store.transaction(() =>
        store.inStates(['running', 'queued']).flatMap((record) => {
          const step = workflows.get(record.engine)?.steps.find((candidate) => candidate.step === record.step)
          if (step === undefined) return []
          if (record.state === 'queued' && step.afterInterruption === record.step) return []
          store.endAttempt(record.jobId, clock.now(), 'interrupted', null)
          return store.update(record, 'queued', { step: step.afterInterruption })
        }),
      ),

    start: () => {
      isStarted = true
      pump()
    },

    showMany: (jobIds: readonly string[]): Job[] => store.findMany(jobIds).map(show),

    list: (filter: ListFilter) => {
      const { rows, total } = store.list(filter)
      return { rows: rows.map(show), total, counts: store.counts(filter.batchId) }
    },

    show: (jobId: string): JobDetail => {
      const record = store.find(jobId)
      if (record === null) throw noSuchJob(jobId)
      return { job: show(record), parameters: record.request.parameters, history: store.history(jobId) }
    },

    cancel: async (jobIds: readonly string[]): Promise<string[]> => {
      const changed = store.transaction(() =>
        store.findMany(jobIds).flatMap((record) => {
          if (record.state !== 'queued' && record.state !== 'waiting' && record.state !== 'needs_attention') return []
          return store.update(record, 'cancelled', { endedAt: clock.now() }).jobId
        }),
      )
      for (const record of store.findMany(changed)) await workflows.get(record.engine)?.release(record.jobId)
      feed.changed(changed)
      const running = jobIds.flatMap((jobId) => active.get(jobId) ?? [])
      await interrupt(running, 'cancel')
      const ended = store
        .findMany(running.map((job) => job.record.jobId))
        .filter((record) => record.state === 'cancelled')
      return [...changed, ...ended.map((record) => record.jobId)]
    },

    retry: (jobIds: readonly string[]): string[] => {
      const changed = store.transaction(() =>
        store.findMany(jobIds).flatMap((record) => {
          if (record.state !== 'failed' && record.state !== 'cancelled' && record.state !== 'needs_attention') return []
          return requeue(record, retryStep(record)).jobId
        }),
      )
      feed.changed(changed)
      pump()
      return changed
    },

    remove: async (jobIds: readonly string[]): Promise<string[]> => {
      const begun = store.findMany(jobIds).filter((record) => record.state === 'queued')
      const changed = store.transaction(() => {
        const gone = store
          .findMany(jobIds)
          .filter((record) => record.state === 'queued' || TERMINAL_STATES.includes(record.state))
          .map((record) => record.jobId)
        store.remove(gone)
        return gone
      })
      for (const record of begun) await workflows.get(record.engine)?.release(record.jobId)
      feed.removed(changed)
      pump()
      return changed
    },

    move: (jobId: string, beforeJobId: string | undefined): string[] => {
      const changed = store.transaction(() => {
        const record = store.find(jobId)
        if (record === null) throw noSuchJob(jobId)
        if (record.state !== 'queued' || jobId === beforeJobId) return []
        const position = store.positionBefore(beforeJobId)
        if (position === null) throw noSuchJob(beforeJobId ?? '')
        return [store.update(record, 'queued', { position }).jobId]
      })
      feed.changed(changed)
      return changed
    },

    pause: async (): Promise<QueueSnapshot> => {
      store.setPaused(true)
      isPaused = true
      await interrupt(
        [...active.values()].filter((job) => job.step.onPause === 'stop'),
        'pause',
      )
      feed.touched()
      return snapshot()
    },

    resume: (): QueueSnapshot => {
      store.setPaused(false)
      isPaused = false
      pump()
      feed.touched()
      return snapshot()
    },

    /** Nothing runs any more when it is over; what ran is queued again. Everything has been told. */
    stop: async (): Promise<void> => {
      isStopping = true
      writer.stop()
      await interrupt([...active.values()], 'stop')
      feed.flushAll()
    },

    requeue,
  }

  /** Back to the start of a step, as if it had never been tried. */
  function requeue(record: JobRecord, step: JobStep, change: Parameters<JobStore['update']>[2] = {}): JobRecord {
    return store.update(record, 'queued', { step, error: null, endedAt: null, reused: false, ...change })
  }

  function retryStep(record: JobRecord): JobStep {
    const workflow = workflows.get(record.engine)
    const failed = workflow?.steps.find((step) => step.step === record.step)
    return failed?.afterFailure ?? record.step
  }
}

const noSuchJob = (jobId: string): StudioError =>
  new StudioError('E-PARAM-RANGE', { params: { name: 'jobId', value: jobId.slice(0, 64), reason: 'job' } })
