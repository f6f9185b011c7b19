import { rm } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Logger } from 'pino'
import type { JobRecord } from '../jobs/job-record.ts'
import type { JobStore } from '../jobs/job-store.ts'
import type { TempFiles } from '../jobs/temp-files.ts'
import { isPartName } from '../lib/publish-file.ts'
import { parseWork } from './job-work.ts'

type Remains = {
  readonly store: JobStore
  readonly tempFiles: TempFiles
  /** Folders of our own whose contents belong to one run. */
  readonly folders: readonly string[]
  readonly logger: Logger
}

/**
 * Takes away what a killed run left: in folders that are not ours only names that we recorded before we made the file.
 * A whole result that only lacks its final name stays for its `finish` step.
 */
export async function clearRemains({ store, tempFiles, folders, logger }: Remains): Promise<void> {
  for (const folder of folders) {
    try {
      await rm(folder, { recursive: true, force: true })
    } catch (cause) {
      logger.warn({ folder, cause }, 'a folder of an earlier run could not be removed')
    }
  }
  for (const { path, jobId } of tempFiles.all()) {
    const job = store.find(jobId)
    if (job?.state === 'queued' && (job.step === 'finish' || isPartial(job, path))) continue
    try {
      if (isPartName(basename(path))) await rm(path, { force: true })
      tempFiles.remove(path)
    } catch (cause) {
      logger.warn({ path, cause }, 'temporary file could not be removed')
    }
  }
}

/** A download goes on with what it had, when the server vouches for it. */
const isPartial = (job: JobRecord, path: string): boolean =>
  job.step === 'download' && parseWork(job.work).partial?.path === path
