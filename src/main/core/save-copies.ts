import { constants } from 'node:fs'
import { copyFile, rm } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import type { Output } from '../../shared/api/index.ts'
import type { JobStore } from './jobs/job-store.ts'
import type { TempFiles } from './jobs/temp-files.ts'
import { asOutputError, partPath, publishFile } from './lib/publish-file.ts'

const PAGE_ROWS = 500

/**
 * Copies every finished video into a folder, numbered where a name is taken. Throws E-OUT-PERMISSION, E-OUT-NAME,
 * E-DISK-FULL; copies made by then stay.
 */
export async function saveCopies(
  store: Pick<JobStore, 'list'>,
  tempFiles: Pick<TempFiles, 'add' | 'remove'>,
  resolveResult: (jobId: string) => Promise<{ readonly path: string } | null>,
  folder: string,
  newId: () => string,
): Promise<NonNullable<Output<'jobs.saveCopies'>>> {
  let saved = 0
  let missing = 0
  for (let offset = 0; ; offset += PAGE_ROWS) {
    const { rows, total } = store.list({ offset, limit: PAGE_ROWS, states: ['done'] })
    for (const { jobId } of rows) {
      const result = await resolveResult(jobId)
      if (result === null) missing += 1
      else {
        const temp = partPath(folder, jobId, newId())
        tempFiles.add(temp, jobId)
        try {
          await copyInto(result.path, folder, temp)
        } finally {
          await rm(temp, { force: true })
          tempFiles.remove(temp)
        }
        saved += 1
      }
    }
    if (offset + PAGE_ROWS >= total) return { saved, missing }
  }
}

async function copyInto(path: string, folder: string, temp: string): Promise<void> {
  const extension = extname(path)
  try {
    await copyFile(path, temp, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    await publishFile(temp, { folder, stem: basename(path, extension), extension })
  } catch (thrown) {
    throw asOutputError(thrown, folder)
  }
}
