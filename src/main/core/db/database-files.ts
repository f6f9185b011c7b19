import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, type Dirent } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ensurePrivateFolder } from '../lib/private-files.ts'
import { createPrivate, makePrivate, syncFile, syncFolder } from './database-file-rights.ts'
import { isDamage, sqliteCode } from './sqlite-error.ts'

/** Backups and their journals that are kept: the newest good one is used when the database is damaged. */
const KEPT_GENERATIONS = 3

/** What a database file turned out to be; one without a table is as good as missing. `version` counts the migrations it has seen. */
export type Condition =
  { readonly kind: 'missing' } | { readonly kind: 'damaged' } | { readonly kind: 'good'; readonly version: number }

/**
 * The files of one data folder: `studio.sqlite`, `backups/<generation>.sqlite` with `<generation>.log` (the changes
 * made since that backup), and `damaged/<time>/` with what was moved aside and is never deleted.
 */
export function databaseFiles(dataDir: string) {
  const main = join(dataDir, 'studio.sqlite')
  const backups = join(dataDir, 'backups')
  const backupPath = (generation: number) => join(backups, `${String(generation).padStart(6, '0')}.sqlite`)
  const journalPath = (generation: number) => join(backups, `${String(generation).padStart(6, '0')}.log`)

  const generations = (extension: string): number[] => {
    if (!existsSync(backups)) return []
    const pattern = new RegExp(`^(\\d{6,})\\.${extension}$`)
    return readdirSync(backups, { withFileTypes: true })
      .filter((entry: Dirent) => entry.isFile())
      .flatMap((entry) => pattern.exec(entry.name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b)
  }

  return {
    main,
    journalPath,
    backupGenerations: () => generations('sqlite'),
    journalGenerations: () => generations('log'),

    prepare: () => {
      ensurePrivateFolder(dataDir)
      ensurePrivateFolder(backups)
      for (const file of [main, `${main}-wal`, `${main}-shm`]) makePrivate(file)
      for (const generation of generations('sqlite')) makePrivate(backupPath(generation))
      for (const generation of generations('log')) makePrivate(journalPath(generation))
    },

    /** Writes a whole, compact copy under the next generation's name; durable when it returns. */
    backUp: (database: DatabaseSync): number => {
      const generation = Math.max(0, ...generations('sqlite'), ...generations('log')) + 1
      const temporary = `${backupPath(generation)}.new`
      rmSync(temporary, { force: true })
      createPrivate(temporary)
      try {
        database.prepare('VACUUM INTO ?').run(temporary)
        syncFile(temporary)
        renameSync(temporary, backupPath(generation))
        syncFolder(backups)
      } catch (thrown) {
        rmSync(temporary, { force: true })
        throw thrown
      }
      return generation
    },

    /** Removes generations that are no longer needed; `kept` counts backups. */
    prune: (kept = KEPT_GENERATIONS) => {
      const stay = generations('sqlite').slice(-kept)
      const oldest = stay[0] ?? 0
      for (const generation of generations('sqlite')) if (generation < oldest) rmSync(backupPath(generation))
      for (const generation of generations('log')) if (generation < oldest) rmSync(journalPath(generation))
    },

    /**
     * Puts what is there of a damaged database out of the way, also a -wal that would be taken for the restored file's
     * own. Returns the folder, or null when there was nothing.
     */
    moveAside: (now: number): string | null => {
      const found = ['-wal', '-shm', ''].filter((suffix) => existsSync(main + suffix))
      if (found.length === 0) return null
      const stamp = new Date(now).toISOString().replaceAll(':', '-')
      let folder = join(dataDir, 'damaged', stamp)
      for (let copy = 2; existsSync(folder); copy++) folder = join(dataDir, 'damaged', `${stamp}-${copy}`)
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      for (const suffix of found) renameSync(main + suffix, join(folder, `studio.sqlite${suffix}`))
      syncFolder(dataDir)
      return folder
    },

    /** Puts the newest good backup in the place of the database. Returns its generation, or null when none is good. */
    restoreBackup: (): number | null => {
      for (const generation of generations('sqlite').toReversed()) {
        if (inspect(backupPath(generation)).kind !== 'good') continue
        const temporary = `${main}.new`
        copyFileSync(backupPath(generation), temporary)
        makePrivate(temporary)
        syncFile(temporary)
        renameSync(temporary, main)
        syncFolder(dataDir)
        return generation
      }
      return null
    },
  }
}

/** Looks at a database without writing to it. Throws what is neither damage nor absence (busy, no permission). */
export function inspect(file: string): Condition {
  if (!existsSync(file)) return { kind: 'missing' }
  if (statSync(file).size === 0) return { kind: 'missing' }
  let database: DatabaseSync | null = null
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: 5000 })
    const check = database.prepare('PRAGMA integrity_check(1)').get()
    const version = Number(database.prepare('PRAGMA user_version').get()?.user_version)
    if (check?.integrity_check !== 'ok') return { kind: 'damaged' }
    if (version === 0 && database.prepare('SELECT * FROM sqlite_master').get() === undefined) return { kind: 'missing' }
    const told = database.prepare(`SELECT value FROM meta WHERE key = 'schema_version'`).get()
    // Both say the version, so that a flipped bit in one of them is not taken for a newer app.
    return Number(told?.value) === version ? { kind: 'good', version } : { kind: 'damaged' }
  } catch (thrown) {
    // SQLITE_ERROR (1): a table that every version has is not there.
    if (isDamage(thrown) || sqliteCode(thrown) === 1) return { kind: 'damaged' }
    throw thrown
  } finally {
    database?.close()
  }
}
