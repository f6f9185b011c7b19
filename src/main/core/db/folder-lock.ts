import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { StudioError } from '../../../shared/errors.ts'
import { isBusy, toDatabaseError } from './sqlite-error.ts'

const ownerSchema = z.object({ pid: z.number().int(), host: z.string(), startedAt: z.number() })
export type LockOwner = z.infer<typeof ownerSchema>

/** Another process that is just ending, or that takes the lock in the same moment, gets this long. */
const WAIT_MS = 500

export type FolderLock = { readonly release: () => void }

/**
 * One live core a data folder: an exclusive transaction on a database of its own, held until `release` or until the
 * process ends, however it ends. Throws E-INSTANCE with the owner's `pid` and `host`.
 *
 * Only SQLite may ever open the lock file: closing any other descriptor of it would free the lock silently. So its
 * rights are set by name, and the owner stands in a JSON file beside it.
 */
export function lockFolder(dataDir: string, owner: LockOwner): FolderLock {
  const lockFile = join(dataDir, 'lock.sqlite')
  const ownerFile = join(dataDir, 'owner.json')
  let database: DatabaseSync | null = null
  try {
    database = new DatabaseSync(lockFile, { timeout: WAIT_MS })
    chmodSync(lockFile, 0o600)
    database.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
  } catch (thrown) {
    database?.close()
    if (!isBusy(thrown)) throw toDatabaseError(thrown, lockFile)
    const holder = readOwner(ownerFile)
    throw new StudioError('E-INSTANCE', {
      params: { pid: holder?.pid ?? 0, host: holder?.host ?? '?', file: dataDir },
      cause: thrown,
    })
  }
  const held = database
  try {
    writeOwner(ownerFile, owner)
  } catch (thrown) {
    held.close()
    throw toDatabaseError(thrown, ownerFile)
  }
  return {
    release: () => {
      try {
        rmSync(ownerFile, { force: true })
      } finally {
        held.close()
      }
    },
  }
}

function writeOwner(ownerFile: string, owner: LockOwner): void {
  const temporary = `${ownerFile}.new`
  writeFileSync(temporary, `${JSON.stringify(owner)}\n`, { mode: 0o600 })
  chmodSync(temporary, 0o600)
  renameSync(temporary, ownerFile)
}

function readOwner(ownerFile: string): LockOwner | null {
  try {
    return ownerSchema.parse(JSON.parse(readFileSync(ownerFile, 'utf8')))
  } catch {
    // The owner may be between taking the lock and writing its name: an unnamed owner is still an owner.
    return null
  }
}
