import { rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Logger } from 'pino'
import { StudioError } from '../../../shared/errors.ts'
import type { JobStep } from '../../../shared/model/job.ts'
import type { CheckResult, Finding, MediaLimits } from '../../../shared/model/media.ts'
import type { LocalEngine, LocalRequest } from '../engines/engine.ts'
import type { JobRecord } from '../jobs/job-record.ts'
import type { JobStore } from '../jobs/job-store.ts'
import type { Step, StepContext, StepResult, Workflow } from '../jobs/step.ts'
import type { TempFiles } from '../jobs/temp-files.ts'
import { findPublished, partPath, publishFile, type PublishTarget } from '../lib/publish-file.ts'
import type { Media } from '../media/media.ts'
import { listInputs, recordInputs, requireUnchanged } from './job-inputs.ts'
import { parseWork, type JobInput, type JobWork } from './job-work.ts'
import { outputTarget, prepareFolder, requireSpace } from './output-place.ts'

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
    const work = parseWork(job.work)
    const inputs = work.inputs ?? (await recordInputs(media, job, signal))
    await requireUnchanged(media, inputs, signal)
    const checks: CheckResult[] = []
    for (const { role, path } of listInputs(job)) {
      const quick = requireUsable(await media.check(path, limitsOf(engine.limits, role), signal))
      checks.push(requireUsable(await media.checkDeeply(quick, signal)))
    }
    const found = await engine.check(requestOf(job, { source: job.source, voice: job.voice ?? '' }), { signal })
    requireNoError(found)
    const findings = [...keptFindings(job), ...checks.flatMap((result) => result.findings), ...found]
    return { kind: 'next', step: 'repair', work: { inputs, checks } satisfies JobWork, findings }
  }

  const repair: Step['run'] = async (job, { signal }) => {
    const work = parseWork(job.work)
    if (work.inputs === null || work.checks === undefined) return backToStart(work)
    const tempDir = join(workDir, job.jobId)
    const paths = new Map<string, string>()
    const inputs = listInputs(job)
    for (const [index, result] of work.checks.entries()) {
      const role = inputs[index]?.role ?? 'source'
      const repaired = await media.repairLossless(result, limitsOf(engine.limits, role), tempDir, signal)
      paths.set(role, repaired.path)
    }
    // What was read until here is what was asked for: the repaired copies are of the right contents.
    await requireUnchanged(media, work.inputs, signal)
    const prepared = { source: paths.get('source') ?? job.source, voice: paths.get('voice') ?? job.voice ?? '' }
    return { kind: 'next', step: 'render', work: { ...work, prepared } satisfies JobWork }
  }

  const render: Step['run'] = async (job, context) => {
    const work = parseWork(job.work)
    if (work.inputs === null || work.prepared === undefined) return backToStart(work)
    await requireUnchanged(media, work.inputs, context.signal)
    const target = outputTarget(job)
    await prepareFolder(target.folder)
    const voiceSeconds = work.checks?.find((result) => result.kind === 'audio')?.facts.durationSeconds ?? 0
    await requireSpace(target.folder, engine.estimateSizeBytes(voiceSeconds))
    const path = partPath(target.folder, job.jobId, newId().slice(0, 8))
    tempFiles.add(path, job.jobId)
    const made = await engine.render(
      { ...requestOf(job, work.prepared), outputPath: path, aiLabel: job.request.aiLabel },
      { signal: context.signal, report: context.report },
    )
    const part = await verifyResult(path, made.durationSeconds, context)
    return {
      kind: 'next',
      step: 'finish',
      work: { inputs: work.inputs, part } satisfies JobWork,
      findings: [...job.findings, ...made.findings],
    }
  }

  /** Whole, playable, of the right length; throws E-RESULT-BAD otherwise. */
  async function verifyResult(path: string, durationSeconds: number, { signal }: StepContext) {
    const limits: MediaLimits = { video: { formats: ['mp4', 'mov'], maxSizeBytes: Number.MAX_SAFE_INTEGER } }
    const { kind, facts, verdict } = await media.check(path, limits, signal)
    const seconds = facts.durationSeconds ?? 0
    const isWhole =
      verdict === 'ok' &&
      kind === 'video' &&
      facts.hasAudio === true &&
      Math.abs(seconds - durationSeconds) <= DURATION_TOLERANCE_SECONDS
    if (!isWhole) {
      throw new StudioError('E-RESULT-BAD', { params: { value: `${kind} ${seconds} s / ${durationSeconds} s` } })
    }
    const sha256 = await media.contentHash(path, signal)
    return { path, sha256, sizeBytes: facts.sizeBytes ?? 0 }
  }

  // Not to be interrupted: it takes milliseconds, and between its halves a result has two names.
  const finish: Step['run'] = async (job) => {
    const work = parseWork(job.work)
    if (work.part === undefined) return backToStart(work)
    const target = outputTarget(job)
    const path = (await adoptPublished(job, work.part, target)) ?? (await publish(work.part, target))
    if (path === null) return backToStart(work)
    const { sha256, sizeBytes } = work.part
    const published = await media.fingerprint(path)
    return {
      kind: 'done',
      output: { path, sha256, sizeBytes },
      work: { inputs: work.inputs, published } satisfies JobWork,
    }
  }

  type Part = NonNullable<JobWork['part']>

  async function publish(part: Part, target: PublishTarget): Promise<string | null> {
    const size = await stat(part.path).then(
      (stats) => stats.size,
      () => null,
    )
    if (size !== part.sizeBytes) return null
    await prepareFolder(target.folder)
    return publishFile(part.path, target)
  }

  /**
   * The final file of a run that was killed between giving it its name and storing that: the second name of the part
   * file, or, when the part is gone, the file of the recorded size and hash that belongs to no other job.
   */
  async function adoptPublished(job: JobRecord, part: Part, target: PublishTarget): Promise<string | null> {
    const stats = await stat(part.path, { bigint: true }).catch(() => null)
    if (stats !== null && stats.nlink < 2n) return null
    const found = await findPublished(target, async (path) => {
      const candidate = await stat(path, { bigint: true })
      if (stats !== null) return candidate.dev === stats.dev && candidate.ino === stats.ino
      const owner = store.ownerOfOutput(path)
      if (Number(candidate.size) !== part.sizeBytes || (owner !== null && owner !== job.jobId)) return false
      return (await media.contentHash(path)) === part.sha256
    })
    if (found !== null) await rm(part.path, { force: true })
    return found
  }

  function requestOf(job: JobRecord, files: { source: string; voice: string }): LocalRequest {
    return { inputs: { ...files, sourceName: basename(job.source) }, parameters: job.request.parameters }
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

/** A missing program is nobody's file's fault: the job waits for the user instead of failing. */
const waitForTools =
  (run: Step['run']): Step['run'] =>
  async (job, context) => {
    try {
      return await run(job, context)
    } catch (thrown) {
      if (thrown instanceof StudioError && thrown.code === 'E-TOOL-MISSING') {
        return { kind: 'needs_attention', error: thrown.data }
      }
      throw thrown
    }
  }

const backToStart = (work: JobWork): StepResult => ({
  kind: 'next',
  step: 'check',
  work: { inputs: work.inputs } satisfies JobWork,
})

function limitsOf(limits: MediaLimits, role: JobInput['role']): MediaLimits {
  const { image, audio, video, ...rest } = limits
  if (role === 'voice') return { ...rest, ...(audio === undefined ? {} : { audio }) }
  if (role === 'driver') return { ...rest, ...(video === undefined ? {} : { video }) }
  return { ...rest, ...(image === undefined ? {} : { image }), ...(video === undefined ? {} : { video }) }
}

/** The first error decides; one that a repair would mend names that repair. */
function requireUsable(result: CheckResult): CheckResult {
  requireNoError(result.findings)
  return result
}

function requireNoError(findings: readonly Finding[]): void {
  const error = findings.find(({ level }) => level === 'error')
  if (error === undefined) return
  const { code, params, repair } = error
  throw new StudioError(code, { params: repair === undefined ? params : { ...params, repair } })
}

/** Findings that were made when the job was asked for, not by a step. */
function keptFindings(job: JobRecord): Finding[] {
  return job.findings.filter(({ code }) => code === 'E-INPUT-DUPLICATE')
}
