import { rm, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { examineResult, expectedOf } from '../../../shared/lib/length-and-sync.ts'
import type { Finding, MediaLimits } from '../../../shared/model/media.ts'
import type { JobRecord } from '../jobs/job-record.ts'
import type { JobStore } from '../jobs/job-store.ts'
import type { Step, StepResult } from '../jobs/step.ts'
import { findPublished, publishFile, type PublishTarget } from '../lib/publish-file.ts'
import type { Media } from '../media/media.ts'
import { parseWork, type JobWork } from './job-work.ts'
import { outputTarget, prepareFolder } from './output-place.ts'

/** Looks at anything: what an engine takes is not asked here. */
const NO_LIMITS: MediaLimits = { video: { formats: [], maxSizeBytes: Number.MAX_SAFE_INTEGER } }

type Part = NonNullable<JobWork['part']>
type PublishDependencies = {
  readonly media: Media
  readonly store: JobStore
  /** Where the job goes on when its verified result is gone. */
  readonly whenGone: (work: JobWork) => StepResult
  /** Moves a result that lies elsewhere into the output folder; gives its new temporary path. */
  readonly bringHome?: (job: JobRecord, part: Part, target: PublishTarget) => Promise<string>
}

/**
 * Gives a verified result its final name. Not to be interrupted: it takes milliseconds, and between its halves a result
 * has two names.
 */
export function createPublishStep({ media, store, whenGone, bringHome }: PublishDependencies): Step['run'] {
  async function publish(job: JobRecord, part: Part, target: PublishTarget): Promise<string | null> {
    const size = await stat(part.path).then(
      (stats) => stats.size,
      () => null,
    )
    if (size !== part.sizeBytes) return null
    await prepareFolder(target.folder)
    return publishFile((await bringHome?.(job, part, target)) ?? part.path, target)
  }

  /**
   * The final file of a run that ended between giving it its name and storing that: the second name of the part file,
   * or the file of the recorded size and hash that belongs to no other job (the part is gone, or was fetched anew).
   */
  async function adoptPublished(job: JobRecord, part: Part, target: PublishTarget): Promise<string | null> {
    const stats = await stat(part.path, { bigint: true }).catch(() => null)
    const found = await findPublished(target, async (path) => {
      const candidate = await stat(path, { bigint: true })
      if (stats !== null && stats.nlink > 1n) return candidate.dev === stats.dev && candidate.ino === stats.ino
      const owner = store.ownerOfOutput(path)
      if (Number(candidate.size) !== part.sizeBytes || (owner !== null && owner !== job.jobId)) return false
      return (await media.contentHash(path)) === part.sha256
    })
    if (found !== null) await rm(part.path, { force: true })
    return found
  }

  /** Length, drift and sound of a video that another one drove, against what was to be expected. */
  async function measure(
    { engine, source, driver, request: { parameters } }: JobRecord,
    path: string,
  ): Promise<Finding[]> {
    if (driver === null) return []
    const clip = async (file: string) => ({
      path: file,
      file: basename(file),
      facts: (await media.check(file, NO_LIMITS)).facts,
    })
    const expected = expectedOf({ engine, source: await clip(source), driver: await clip(driver), parameters })
    return examineResult((await clip(path)).facts, expected, basename(path))
  }

  return async (job) => {
    const work = parseWork(job.work)
    if (work.part === undefined) return whenGone(work)
    const target = outputTarget(job)
    const path = (await adoptPublished(job, work.part, target)) ?? (await publish(job, work.part, target))
    if (path === null) return whenGone(work)
    const { sha256, sizeBytes } = work.part
    const published = await media.fingerprint(path)
    const findings = [...job.findings, ...(await measure(job, path))]
    return {
      kind: 'done',
      findings,
      output: { path, sha256, sizeBytes },
      work: { inputs: work.inputs, published } satisfies JobWork,
    }
  }
}
