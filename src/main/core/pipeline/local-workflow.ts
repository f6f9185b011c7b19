import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Logger } from 'pino'
import { StudioError } from '../../../shared/errors.ts'
import type { JobStep } from '../../../shared/model/job.ts'
import type { CheckResult, MediaLimits } from '../../../shared/model/media.ts'
import type { LocalEngine, LocalRequest } from '../engines/engine.ts'
import type { JobRecord } from '../jobs/job-record.ts'
import type { JobStore } from '../jobs/job-store.ts'
import type { Step, StepContext, StepResult, Workflow } from '../jobs/step.ts'
import type { TempFiles } from '../jobs/temp-files.ts'
import { partPath } from '../lib/publish-file.ts'
import type { Media } from '../media/media.ts'
import { requireUnchanged } from './job-inputs.ts'
import { parseWork, type JobInput, type JobWork } from './job-work.ts'
import { outerCause, outputTarget, prepareFolder, requireSpace } from './output-place.ts'
import { checkInputs, keptFindings, needsRepair, repairInputs, requireNoError, waitForTools } from './prepare-steps.ts'
import { createPublishStep } from './publish-step.ts'

/** Jobs that may be begun: while one renders, the next one is checked. */
const MAX_STARTED = 2
/** A result that differs more than this from its voice is not a whole one. */
const DURATION_TOLERANCE_SECONDS = 0.5

type LocalDependencies = {
  readonly engine: LocalEngine
  readonly media: Media
  readonly store: JobStore
  readonly tempFiles: TempFiles
  /** Our own folder for repaired copies, one folder a job. */
  readonly workDir: string
  readonly newId: () => string
  readonly logger: Logger
}

/** The steps of a job whose engine runs on this machine: check, repair, render, finish. */
export function createLocalWorkflow(dependencies: LocalDependencies): Workflow {
  const { engine, media, store, tempFiles, workDir, newId, logger } = dependencies

  const check: Step['run'] = async (job, { signal }) => {
    const { inputs, checks, findings } = await checkInputs(media, engine.limits, job, signal)
    // What cannot be opened as it is, is looked at when it is repaired.
    const isAsIs = !checks.some(needsRepair)
    const found = isAsIs ? await lookCloser(job, filesOf(job, new Map()), signal) : []
    const work = { inputs, checks } satisfies JobWork
    return { kind: 'next', step: 'repair', work, findings: [...keptFindings(job), ...findings, ...found] }
  }

  async function lookCloser(job: JobRecord, files: JobFiles, signal: AbortSignal) {
    const found = await engine.check(requestOf(job, files), { signal })
    requireNoError(found)
    return found
  }

  const repair: Step['run'] = async (job, { signal }) => {
    const work = parseWork(job.work)
    if (work.inputs === null || work.checks === undefined) return backToStart(work)
    const { inputs, checks } = work
    const made = await repairInputs(media, engine.limits, job, { ...work, inputs, checks }, workDir, signal)
    const prepared = filesOf(job, made.paths)
    const found = checks.some(needsRepair) ? await lookCloser(job, prepared, signal) : []
    const next = { ...work, checks: made.checks, prepared } satisfies JobWork
    return { kind: 'next', step: 'render', work: next, findings: [...made.findings, ...found] }
  }

  const render: Step['run'] = async (job, context) => {
    const work = parseWork(job.work)
    if (work.inputs === null || work.prepared === undefined) return backToStart(work)
    await requireUnchanged(media, work.inputs, context.signal)
    const target = outputTarget(job)
    await prepareFolder(target.folder)
    const expectedBytes = engine.estimateSizeBytes(secondsOf(job, work.checks ?? []))
    await requireSpace(target.folder, expectedBytes)
    const path = partPath(target.folder, job.jobId, newId().slice(0, 8))
    tempFiles.add(path, job.jobId)
    const request = { ...requestOf(job, work.prepared), outputPath: path, aiLabel: job.request.aiLabel }
    const made = await engine
      .render(request, { signal: context.signal, report: context.report })
      .catch(async (thrown: unknown) => {
        throw context.signal.aborted ? thrown : await outerCause(thrown, target.folder, expectedBytes)
      })
    const part = await verifyResult(path, made, context)
    return {
      kind: 'next',
      step: 'finish',
      work: { inputs: work.inputs, part } satisfies JobWork,
      findings: [...job.findings, ...made.findings],
    }
  }

  /** Whole, playable, of the right length; throws E-RESULT-BAD otherwise. */
  async function verifyResult(
    path: string,
    { durationSeconds, hasSound }: { durationSeconds: number; hasSound: boolean },
    { signal }: StepContext,
  ) {
    const limits: MediaLimits = { video: { formats: ['mp4', 'mov'], maxSizeBytes: Number.MAX_SAFE_INTEGER } }
    const { kind, facts, verdict } = await media.check(path, limits, signal)
    const seconds = facts.durationSeconds ?? 0
    const isWhole =
      verdict === 'ok' &&
      kind === 'video' &&
      facts.hasAudio === hasSound &&
      Math.abs(seconds - durationSeconds) <= DURATION_TOLERANCE_SECONDS
    if (!isWhole) {
      throw new StudioError('E-RESULT-BAD', { params: { value: `${kind} ${seconds} s / ${durationSeconds} s` } })
    }
    const sha256 = await media.contentHash(path, signal)
    return { path, sha256, sizeBytes: facts.sizeBytes ?? 0 }
  }

  const finish = createPublishStep({ media, store, whenGone: backToStart })

  function requestOf(job: JobRecord, files: JobFiles): LocalRequest {
    const driverName = job.driver === null ? undefined : basename(job.driver)
    return { inputs: { ...files, sourceName: basename(job.source), driverName }, parameters: job.request.parameters }
  }

  async function release(jobId: string): Promise<void> {
    await rm(join(workDir, jobId), { recursive: true, force: true })
    for (const temp of tempFiles.all()) if (temp.jobId === jobId) await removeTemp(temp.path)
  }

  /** A file in a folder that is gone or closed to us cannot be removed now; its name stays recorded. */
  async function removeTemp(path: string): Promise<void> {
    try {
      await rm(path, { force: true })
      tempFiles.remove(path)
    } catch (cause) {
      logger.warn({ path, cause }, 'temporary file could not be removed')
    }
  }

  const step = (name: JobStep, lane: string, run: Step['run'], rest: Partial<Step> = {}): Step => ({
    step: name,
    lane,
    // Checking again costs little and finds what changed meanwhile; repaired copies do not outlive a run.
    afterInterruption: 'check',
    afterFailure: 'check',
    onPause: 'finish',
    run: waitForTools(run),
    ...rest,
  })
  return {
    steps: [
      step('check', 'prepare', check),
      step('repair', 'prepare', repair),
      step('render', 'render', render, { onPause: 'stop' }),
      step('finish', 'finish', finish, { afterInterruption: 'finish' }),
    ],
    lanes: { prepare: 1, render: engine.maxOperations, finish: 1 },
    maxStarted: MAX_STARTED,
    release,
  }
}

type JobFiles = NonNullable<JobWork['prepared']>

/** The files that the engine gets: the job's own, or copies of them by role. */
function filesOf({ source, voice, driver }: JobRecord, copies: ReadonlyMap<JobInput['role'], string>): JobFiles {
  return {
    source: copies.get('source') ?? source,
    ...(voice === null ? {} : { voice: copies.get('voice') ?? voice }),
    ...(driver === null ? {} : { driver: copies.get('driver') ?? driver }),
  }
}

/** Length of the voice, or of the longer clip. */
function secondsOf({ voice }: JobRecord, checks: readonly CheckResult[]): number {
  const timed = checks.filter(({ kind }) => kind === (voice === null ? 'video' : 'audio'))
  return Math.max(0, ...timed.map(({ facts }) => facts.durationSeconds ?? 0))
}

const backToStart = (work: JobWork): StepResult => ({
  kind: 'next',
  step: 'check',
  work: { inputs: work.inputs } satisfies JobWork,
})
