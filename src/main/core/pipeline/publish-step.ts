import { rm, stat } from 'node:fs/promises'
import type { JobRecord } from '../jobs/job-record.ts'
import type { JobStore } from '../jobs/job-store.ts'
import type { Step, StepResult } from '../jobs/step.ts'
import { findPublished, publishFile, type PublishTarget } from '../lib/publish-file.ts'
import type { Media } from '../media/media.ts'
import { parseWork, type JobWork } from './job-work.ts'
import { outputTarget, prepareFolder } from './output-place.ts'

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

  return async (job) => {
    const work = parseWork(job.work)
    if (work.part === undefined) return whenGone(work)
    const target = outputTarget(job)
    const path = (await adoptPublished(job, work.part, target)) ?? (await publish(job, work.part, target))
    if (path === null) return whenGone(work)
    const { sha256, sizeBytes } = work.part
    const published = await media.fingerprint(path)
    return {
      kind: 'done',
      output: { path, sha256, sizeBytes },
      work: { inputs: work.inputs, published } satisfies JobWork,
    }
  }
}
