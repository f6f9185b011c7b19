import type { Logger } from 'pino'
import { StudioError, toErrorData, type ErrorData } from '../../../shared/errors.ts'
import type { QueueSnapshot } from '../../../shared/api/jobs.ts'
import type { EngineId } from '../../../shared/model/engine.ts'
import { TERMINAL_STATES, type Job, type JobDetail, type JobStep, type Wait } from '../../../shared/model/job.ts'
import type { Clock } from '../ports.ts'
import { createChangeFeed } from './change-feed.ts'
import { toJob, type JobRecord } from './job-record.ts'
import type { JobChange, JobStore, ListFilter } from './job-store.ts'
import { createBusyTime, estimateSeconds, jobFraction } from './queue-estimate.ts'
import { createSteadyWriter, type SteadyWriter } from './steady-writer.ts'
import type { Step, StepContext, StepResult, Workflow } from './step.ts'
import { toSubmitView, type SubmitJournal } from './submit-journal.ts'

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
  /** Absent: one of its own. */
  readonly writer?: SteadyWriter
  readonly journal?: SubmitJournal
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
  why: Wait | null
  readonly settled: Promise<void>
}

export type Queue = ReturnType<typeof createQueue>

/** Reasons that are over by themselves at the vendor's pace: the step is at work. */
const MOVING: readonly Wait['reason'][] = ['vendor-queue']

/**
 * Runs the jobs of the store: oldest first, begun ones before new ones, within the limits of their workflow. It knows
 * steps, lanes and states; what a step does is the workflow's.
 *
 * One long file on purpose: everything that moves a row from state to state shares the map of running jobs, and reads as
 * one story.
 */
export function createQueue({ store, workflows, clock, logger, emit, ...lent }: QueueOptions) {
  const active = new Map<string, ActiveJob>()
  const busy = createBusyTime(clock.monotonic)
  const writer = lent.writer ?? createSteadyWriter(clock, logger)
  const feed = createChangeFeed(clock, tell)
  let isStarted = false
  let isStopping = false
  let isPaused = store.isPaused()
  let doneInSession = 0
  let lastTold = ''

  const show = (record: JobRecord): Job => {
    const job = active.get(record.jobId)
    return toJob(record, job?.progress ?? null, job === undefined ? whyQueued(record) : job.why)
  }

  function whyQueued(record: JobRecord): Wait | null {
    if (record.state !== 'queued') return null
    const step = stepOf(record)
    if (isPaused && step?.evenPaused !== true) return { reason: 'paused' }
    return { reason: step === workflows.get(record.engine)?.steps[0] ? 'turn' : 'slot' }
  }

  const stepOf = (record: JobRecord): Step | undefined =>
    workflows.get(record.engine)?.steps.find((candidate) => candidate.step === record.step)

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
    if (!isStarted || isStopping) return
    for (const [engine, workflow] of workflows) pumpEngine(engine, workflow)
    busy.set(active.size > 0)
  }

  function pumpEngine(engine: EngineId, workflow: Workflow): void {
    const [first, ...later] = workflow.steps
    // What is nearer its end comes first, so that lanes cannot fill up with half-made jobs.
    for (const lane of new Set(later.map((step) => step.lane).toReversed())) {
      const steps = later.filter((step) => step.lane === lane && mayStart(engine, workflow, step))
      const free = freeSlots(workflow, lane)
      if (free <= 0 || steps.length === 0) continue
      const names = steps.map((step) => step.step)
      for (const record of store.findQueued(engine, names, free)) startIfFree(record, workflow)
    }
    const laterNames = later.map((step) => step.step)
    const running = [...active.values()].filter((job) => job.workflow === workflow).length
    const room = workflow.maxStarted - running - store.countQueued(engine, laterNames)
    if (room <= 0 || !mayStart(engine, workflow, first)) return
    for (const record of store.findQueued(engine, [first.step], room)) startIfFree(record, workflow)
  }

  function mayStart(engine: EngineId, workflow: Workflow, step: Step): boolean {
    if (isPaused && step.evenPaused !== true) return false
    if (step.yieldsTo === undefined) return true
    const preferred = workflow.steps.filter((other) => other.lane === step.yieldsTo).map((other) => other.step)
    return store.countQueued(engine, preferred) === 0
  }

  function freeSlots(workflow: Workflow, lane: string): number {
    let used = 0
    for (const job of active.values()) if (job.workflow === workflow && job.step.lane === lane) used++
    return (workflow.lanes[lane] ?? 1) - used
  }

  const isLaneFree = (workflow: Workflow, lane: string): boolean => freeSlots(workflow, lane) > 0

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
      why: null,
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
      // A core that is closing puts things in order at its next start.
      if (!isStopping) job.workflow.settled?.(jobId)
    }
  }

  /** What a running step may do to its own row. */
  function stepContext(job: ActiveJob): StepContext {
    const { jobId } = job.record
    const change = (body: (record: JobRecord) => void): void => {
      store.transaction(() => {
        const record = store.find(jobId)
        if (record !== null && active.get(jobId) === job) body(record)
      })
      feed.changed([jobId])
    }
    return {
      signal: job.controller.signal,
      report: (progress) => {
        job.progress = Math.min(1, Math.max(0, progress))
        feed.changed([jobId])
      },
      wait: (why) => {
        if (JSON.stringify(why) === JSON.stringify(job.why)) return
        job.why = why
        const state = why === null || MOVING.includes(why.reason) ? 'running' : 'waiting'
        try {
          change((record) => {
            if (record.state !== state) job.record = store.update(record, state)
          })
        } catch (cause) {
          // Only what is shown is behind; the step itself goes on.
          logger.warn({ jobId, cause }, 'the wait of a job could not be stored')
        }
      },
      remember: (stored) => change((record) => (job.record = store.update(record, record.state, stored))),
    }
  }

  /** Returns true when the job goes on with its next step at once. */
  async function runStep(job: ActiveJob): Promise<boolean> {
    const outcome = await job.step
      .run(job.record, stepContext(job))
      .catch((thrown: unknown) => ({ kind: 'thrown' as const, thrown }))
    const isCutOff = outcome.kind === 'thrown' && (job.stopReason === 'pause' || job.stopReason === 'stop')
    if (outcome.kind !== 'next') await release(job, isCutOff ? 'interrupted' : 'ended')
    const next = await writer.write(() => store.transaction(() => settle(job, outcome)))
    // Memory follows the store, never the other way round.
    if (outcome.kind === 'done') doneInSession++
    if (next === null) return false
    job.record = next.record
    job.step = next.step
    job.progress = null
    job.why = null
    return true
  }

  async function release(job: ActiveJob, rest: 'interrupted' | 'ended'): Promise<void> {
    try {
      await job.workflow.release(job.record.jobId, rest)
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
    const found = store.find(job.record.jobId)
    if (found === null) throw new Error(`Job ${job.record.jobId} is gone`)
    const record = found.state === 'waiting' ? store.update(found, 'running') : found
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
      case 'cancelled':
        end('cancelled')
        store.update(record, 'cancelled', { endedAt: now })
        return null
      case 'expired':
        end('failed', outcome.error)
        store.update(record, 'expired', {
          error: { ...outcome.error, jobId: record.jobId, step: step.step },
          endedAt: now,
        })
        return null
      case 'done':
        end('finished')
        store.update(record, 'done', {
          output: outcome.output,
          work: outcome.work,
          ...(outcome.findings === undefined ? {} : { findings: outcome.findings }),
          endedAt: now,
          error: null,
        })
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
      ...(outcome.dueAt === undefined ? {} : { dueAt: outcome.dueAt }),
    }
    if (job.stopReason === 'cancel') {
      store.update(record, 'cancelled', { ...change, endedAt: now })
      return null
    }
    const canGoOn =
      job.stopReason === null &&
      !isStopping &&
      mayStart(record.engine, workflow, next) &&
      (next.lane === job.step.lane || isLaneFree(workflow, next.lane))
    if (!canGoOn) {
      store.update(record, 'queued', change)
      return null
    }
    const updated = store.update(record, 'running', change)
    store.beginAttempt(record.jobId, next.step, now)
    return { record: updated, step: next }
  }

  /** Ends what waits for its turn or for the user; returns the ids. */
  async function cancelResting(jobIds: readonly string[]): Promise<string[]> {
    const changed = store.transaction(() =>
      store.findMany(jobIds).flatMap((record) => {
        if (active.has(record.jobId)) return []
        if (record.state !== 'queued' && record.state !== 'needs_attention') return []
        return store.update(record, 'cancelled', { endedAt: clock.now() })
      }),
    )
    for (const record of changed) {
      await workflows.get(record.engine)?.release(record.jobId, 'ended')
      workflows.get(record.engine)?.settled?.(record.jobId)
    }
    const ids = changed.map((record) => record.jobId)
    feed.changed(ids)
    return ids
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
        store.inStates(['running', 'waiting', 'queued']).flatMap((record) => {
          const step = stepOf(record)
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
      return {
        job: show(record),
        parameters: record.request.parameters,
        history: store.history(jobId),
        submits: (lent.journal?.ofJob(jobId) ?? []).map(toSubmitView),
      }
    },

    cancel: async (jobIds: readonly string[]): Promise<string[]> => {
      const asks = store.findMany(jobIds).some((record) => workflows.get(record.engine)?.beforeCancel !== undefined)
      // Where nobody is to be asked the word holds from this moment on.
      const stoppable = asks ? await askBeforeCancel(jobIds) : jobIds
      // Those at rest first, or they would start as soon as a running one makes room.
      const resting = await cancelResting(stoppable)
      const running = stoppable.flatMap((jobId) => active.get(jobId) ?? [])
      await interrupt(running, 'cancel')
      const stopped = store.findMany(running.map((job) => job.record.jobId))
      const ended = stopped.filter((record) => record.state === 'cancelled').map((record) => record.jobId)
      // A pause may have put a job to rest in the moment when the cancel came.
      const late = await cancelResting(stopped.map((record) => record.jobId))
      return [...resting, ...ended, ...late]
    },

    /** From the failed step on; a job among `renewed` from its first step on, with what stands there. */
    retry: (
      jobIds: readonly string[],
      renewed: ReadonlyMap<string, Pick<JobChange, 'work' | 'identity'>> = new Map(),
    ): string[] => {
      const changed = store.transaction(() =>
        store.findMany(jobIds).flatMap((record) => {
          if (record.state !== 'failed' && record.state !== 'cancelled' && record.state !== 'needs_attention') return []
          const anew = renewed.get(record.jobId)
          const first = workflows.get(record.engine)?.steps[0].step
          if (anew !== undefined && first !== undefined) return requeue(record, first, anew).jobId
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
          .filter((record) => workflows.get(record.engine)?.mayRemove?.(record) ?? true)
          .map((record) => record.jobId)
        store.remove(gone)
        return gone
      })
      for (const record of begun.filter(({ jobId }) => changed.includes(jobId))) {
        await workflows.get(record.engine)?.release(record.jobId, 'ended')
        workflows.get(record.engine)?.settled?.(record.jobId)
      }
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

    /** Queued jobs of an engine at these steps stop where they are: none of them can move without the user. */
    halt: (engine: EngineId, error: ErrorData, steps: readonly JobStep[]): void => {
      const changed = store.transaction(() =>
        store.inStates(['queued']).flatMap((record) => {
          if (record.engine !== engine || active.has(record.jobId) || !steps.includes(record.step)) return []
          return store.update(record, 'needs_attention', { error: { ...error, jobId: record.jobId } }).jobId
        }),
      )
      feed.changed(changed)
    },

    /** Jobs that stand still for a reason that is over go on where they stood. */
    unhalt: (engine: EngineId, isOver: (error: ErrorData) => boolean): string[] => {
      const changed = store.transaction(() =>
        store.inStates(['needs_attention']).flatMap((record) => {
          if (record.engine !== engine || record.error === null || !isOver(record.error)) return []
          return requeue(record, retryStep(record)).jobId
        }),
      )
      feed.changed(changed)
      pump()
      return changed
    },

    /** A job at rest goes on at a step that it may not have stood at. */
    goTo: (record: JobRecord, step: JobStep, change: Parameters<JobStore['update']>[2] = {}): void => {
      store.transaction(() => requeue(record, step, change))
      feed.changed([record.jobId])
      pump()
    },
  }

  /** The jobs of these that may be stopped; what is too late goes on. */
  async function askBeforeCancel(jobIds: readonly string[]): Promise<string[]> {
    const answers = await Promise.all(
      store.findMany(jobIds).map(async (record) => {
        if (TERMINAL_STATES.includes(record.state)) return []
        const answer = (await workflows.get(record.engine)?.beforeCancel?.(record)) ?? 'stop'
        return answer === 'stop' ? [record.jobId] : []
      }),
    )
    feed.changed(jobIds)
    return answers.flat()
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

export const noSuchJob = (jobId: string): StudioError =>
  new StudioError('E-PARAM-RANGE', { params: { name: 'jobId', value: jobId.slice(0, 64), reason: 'job' } })
