import { basename, join } from 'node:path'
import { StudioError } from '../../../shared/errors.ts'
import { examineSync } from '../../../shared/lib/length-and-sync.ts'
import type { CheckResult, Finding, MediaLimits } from '../../../shared/model/media.ts'
import type { JobRecord } from '../jobs/job-record.ts'
import type { Step } from '../jobs/step.ts'
import type { Media } from '../media/media.ts'
import { listInputs, recordInputs, requireUnchanged } from './job-inputs.ts'
import { parseWork, type JobInput, type JobWork } from './job-work.ts'

/**
 * Looks at every input of a job, quickly and then to the end. Throws the first error that is found in them and that the
 * job may not repair; `findings` are the others, to show.
 */
export async function checkInputs(
  media: Media,
  limits: MediaLimits,
  job: JobRecord,
  signal: AbortSignal,
): Promise<{ inputs: JobInput[]; checks: CheckResult[]; findings: Finding[] }> {
  const work = parseWork(job.work)
  const inputs = work.inputs ?? (await recordInputs(media, job, signal))
  await requireUnchanged(media, inputs, signal)
  const mayRepair = job.request.repair
  const checks: CheckResult[] = []
  for (const { role, path } of listInputs(job)) {
    const quick = requireUsable(await media.check(path, limitsOf(limits, role), signal), mayRepair)
    // A picture that is drawn anew is decoded to its end by that; before, it may be too large to be.
    const isDrawnAnew = needsRepair(quick) && quick.kind === 'image'
    checks.push(isDrawnAnew ? quick : requireUsable(await media.checkDeeply(quick, signal), mayRepair))
  }
  return { inputs, checks, findings: [...checks.flatMap(toldBeforeRepair), ...pairFindings(job, checks)] }
}

/** What is to be said of a source and its driving video together. */
function pairFindings(
  { engine, source, driver, request }: JobRecord,
  [first, second]: readonly CheckResult[],
): Finding[] {
  if (driver === null || first === undefined || second === undefined) return []
  return examineSync({
    engine,
    source: { path: source, file: basename(source), facts: first.facts },
    driver: { path: driver, file: basename(driver), facts: second.facts },
    parameters: request.parameters,
  }).map(({ finding }) => finding)
}

/** Whether a job with this input loses something of it, on a copy. */
export const needsRepair = ({ verdict }: CheckResult): boolean => verdict === 'repairable'

/** What will be settled is told as a repair when it has been made. */
function toldBeforeRepair(result: CheckResult): Finding[] {
  if (!needsRepair(result)) return result.findings
  return result.findings.filter(({ level, params }) => level !== 'error' && params['reason'] !== 'size')
}

export type PreparedInputs = {
  /** By role: the file itself where nothing was to be repaired. */
  readonly paths: ReadonlyMap<JobInput['role'], string>
  /** Of what `paths` names, in the order of the inputs. */
  readonly checks: CheckResult[]
  /** The job's own, and what is to be said of the repairs. */
  readonly findings: Finding[]
}

/** Makes the copies that an engine needs. What was read until here is what was asked for. Throws what no repair settles. */
export async function repairInputs(
  media: Media,
  limits: MediaLimits,
  job: JobRecord,
  work: JobWork & { inputs: JobInput[]; checks: CheckResult[] },
  workDir: string,
  signal: AbortSignal,
): Promise<PreparedInputs> {
  const tempDir = join(workDir, job.jobId)
  const paths = new Map<JobInput['role'], string>()
  const checks: CheckResult[] = []
  const findings = [...job.findings]
  const inputs = listInputs(job)
  for (const [index, result] of work.checks.entries()) {
    const role = inputs[index]?.role ?? 'source'
    const own = limitsOf(limits, role)
    if (needsRepair(result)) {
      const repaired = await media.repairAll(result, own, tempDir, signal)
      requireUsable(repaired.check, false)
      paths.set(role, repaired.path)
      checks.push(repaired.check)
      findings.push(...repaired.notes)
      findings.push(...repaired.check.findings.filter((finding) => !isTold(findings, finding)))
    } else {
      const { path } = await media.repairLossless(result, own, tempDir, signal)
      paths.set(role, path)
      checks.push(result)
    }
  }
  await requireUnchanged(media, work.inputs, signal)
  return { paths, checks, findings }
}

const isTold = (told: readonly Finding[], { code, params }: Finding): boolean =>
  told.some(
    (one) => one.code === code && one.params['file'] === params['file'] && one.params['reason'] === params['reason'],
  )

/** A missing program is nobody's file's fault: the job waits for the user instead of failing. */
export const waitForTools =
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

export function limitsOf(limits: MediaLimits, role: JobInput['role']): MediaLimits {
  const { image, audio, video, ...rest } = limits
  if (role === 'voice') return { ...rest, ...(audio === undefined ? {} : { audio }) }
  if (role === 'driver') return { ...rest, ...(video === undefined ? {} : { video }) }
  return { ...rest, ...(image === undefined ? {} : { image }), ...(video === undefined ? {} : { video }) }
}

/** What may be repaired is no obstacle to a job that may repair. */
function requireUsable(result: CheckResult, mayRepair: boolean): CheckResult {
  if (!mayRepair || !needsRepair(result)) requireNoError(result.findings)
  return result
}

/** The first error decides, one that nothing mends before the others; one that a repair would mend names that repair. */
export function requireNoError(findings: readonly Finding[]): void {
  const errors = findings.filter(({ level }) => level === 'error')
  const error = errors.find(({ repair }) => repair === undefined) ?? errors[0]
  if (error === undefined) return
  const { code, params, repair } = error
  throw new StudioError(code, { params: repair === undefined ? params : { ...params, repair } })
}

/** Findings that were made when the job was asked for, not by a step. */
export function keptFindings(job: JobRecord): Finding[] {
  return job.findings.filter(({ code }) => code === 'E-INPUT-DUPLICATE')
}
