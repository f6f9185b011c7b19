import { createHash } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import type { Handlers } from '../../shared/api/index.ts'
import { StudioError } from '../../shared/errors.ts'
import type { Database } from './db/database.ts'
import type { JobRecord } from './jobs/job-record.ts'
import type { TempFiles } from './jobs/temp-files.ts'
import { partPath, publishFile } from './lib/publish-file.ts'
import { safeStem } from './lib/safe-file-name.ts'
import type { Media } from './media/media.ts'
import type { Clock } from './ports.ts'

type VideoDependencies = {
  readonly media: Pick<Media, 'contentHash' | 'copyVideo' | 'swapSound'>
  readonly store: {
    readonly find: (jobId: string) => Pick<JobRecord, 'output' | 'source' | 'voice' | 'driver'> | null
  }
  readonly tempFiles: TempFiles
  readonly database: Database
  readonly clock: Clock
  readonly newId: () => string
  readonly signal: AbortSignal
  /** A folder of ours for copies that stand in for inputs. */
  readonly folder: string
}

/** A copy that no job in the list names is kept so long. */
const KEPT_MS = 7 * 24 * 3600_000

/** Copies of inputs that settle what the doctor of length and sync found, and results with another sound. */
export function createVideoHandlers(dependencies: VideoDependencies) {
  const { media, store, tempFiles, database, clock, newId, signal, folder } = dependencies

  const fitVideo: Handlers['media.fitVideo'] = async ({ path, fix }) => {
    const sha256 = await media.contentHash(path, signal)
    const place = createHash('sha256')
      .update(JSON.stringify([sha256, fix]))
      .digest('hex')
      .slice(0, 16)
    // The user's own name, so that results are named after it.
    const target = join(folder, place, `${safeStem(basename(path, extname(path)))}.mp4`)
    const isThere = await stat(target).then(
      (stats) => stats.isFile(),
      () => false,
    )
    if (!isThere) await media.copyVideo(path, fix, target, signal)
    return { path: target }
  }

  const swapSound: Handlers['jobs.swapSound'] = async ({ jobId, from }) => {
    const job = store.find(jobId)
    const [output, sound] = [job?.output ?? null, job?.[from] ?? null]
    if (output === null || sound === null) {
      throw new StudioError('E-INPUT-MISSING', { params: { file: `${jobId.slice(0, 64)} ${from}` } })
    }
    const into = dirname(output)
    const part = partPath(into, jobId, newId().slice(0, 8))
    tempFiles.add(part, jobId)
    try {
      await media.swapSound(output, sound, part, signal)
      const stem = `${basename(output, extname(output))}.${from}-sound`
      return { path: await publishFile(part, { folder: into, stem: safeStem(stem), extension: '.mp4' }) }
    } finally {
      await rm(part, { force: true })
      tempFiles.remove(part)
    }
  }

  return {
    handlers: { 'media.fitVideo': fitVideo, 'jobs.swapSound': swapSound } satisfies Partial<Handlers>,
    /** Takes away copies that no job names any more. */
    begin: async (): Promise<void> => {
      const rows = database.all('SELECT source, driver FROM jobs')
      const used = new Set(rows.flatMap((row) => [row['source'], row['driver']].map((path) => dirname(String(path)))))
      for (const name of await readdir(folder).catch(() => [])) {
        const place = join(folder, name)
        const { mtimeMs } = await stat(place)
        if (!used.has(place) && clock.now() - mtimeMs > KEPT_MS) await rm(place, { recursive: true, force: true })
      }
    },
  }
}
