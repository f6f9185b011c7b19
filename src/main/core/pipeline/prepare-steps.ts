import { join } from 'node:path'
import { StudioError } from '../../../shared/errors.ts'
import type { CheckResult, Finding, MediaLimits } from '../../../shared/model/media.ts'
import type { JobRecord } from '../jobs/job-record.ts'
import type { Step } from '../jobs/step.ts'
import type { Media } from '../media/media.ts'
import { listInputs, recordInputs, requireUnchanged } from './job-inputs.ts'
import { parseWork, type JobInput, type JobWork } from './job-work.ts'

/** Looks at every input of a job, quickly and then to the end. Throws the first error that is found in them. */
export async function checkInputs(
  media: Media,
  limits: MediaLimits,
  job: JobRecord,
  signal: AbortSignal,
): Promise<{ inputs: JobInput[]; checks: CheckResult[] }> {
  const work = parseWork(job.work)
  const inputs = work.inputs ?? (await recordInputs(media, job, signal))
  await requireUnchanged(media, inputs, signal)
  const checks: CheckResult[] = []
  for (const { role, path } of listInputs(job)) {
    const quick = requireUsable(await media.check(path, limitsOf(limits, role), signal))
    checks.push(requireUsable(await media.checkDeeply(quick, signal)))
  }
  return { inputs, checks }
}

/** Makes the copies that an engine needs; `paths` by role. What was read until here is what was asked for. */
export async function repairInputs(
  media: Media,
  limits: MediaLimits,
  job: JobRecord,
  work: JobWork & { inputs: JobInput[]; checks: CheckResult[] },
  workDir: string,
  signal: AbortSignal,
): Promise<Map<JobInput['role'], string>> {
  const tempDir = join(workDir, job.jobId)
  const paths = new Map<JobInput['role'], string>()
  const inputs = listInputs(job)
  for (const [index, result] of work.checks.entries()) {
    const role = inputs[index]?.role ?? 'source'
    const repaired = await media.repairLossless(result, limitsOf(limits, role), tempDir, signal)
    paths.set(role, repaired.path)
  }
  await requireUnchanged(media, work.inputs, signal)
  return paths
}

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

/** The first error decides; one that a repair would mend names that repair. */
function requireUsable(result: CheckResult): CheckResult {
  requireNoError(result.findings)
  return result
}

export function requireNoError(findings: readonly Finding[]): void {
  const error = findings.find(({ level }) => level === 'error')
  if (error === undefined) return
  const { code, params, repair } = error
  throw new StudioError(code, { params: repair === undefined ? params : { ...params, repair } })
}

/** Findings that were made when the job was asked for, not by a step. */
export function keptFindings(job: JobRecord): Finding[] {
  return job.findings.filter(({ code }) => code === 'E-INPUT-DUPLICATE')
}
