import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Logger } from 'pino'
import { createPrivate } from './database-file-rights.ts'

/** Rows beyond this are dropped when the cache is opened, oldest first. */
const MAX_ROWS = 100_000

/** What was learned once and can be learned again: text by key, and by a second name. */
export type Cache = {
  readonly find: (key: string) => string | null
  readonly findByAlias: (alias: string) => string | null
  readonly save: (key: string, alias: string, value: string) => void
  readonly close: () => void
}

/**
 * A database of its own, shared by all processes on the data folder and never waited for by the disk: a cache that is
 * damaged is thrown away, one that cannot be written (full disk, another writer) is logged and does without.
 */
export function openCache(folder: string, logger: Logger): Cache {
  const file = join(folder, 'cache.sqlite')
  try {
    return open(file, logger)
  } catch (cause) {
    logger.warn({ cause }, 'cache not usable; starting a new one')
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true })
    return open(file, logger)
  }
}

function open(file: string, logger: Logger): Cache {
  createPrivate(file)
  const connection = new DatabaseSync(file, { timeout: 2000 })
  let find: StatementSync
  let findByAlias: StatementSync
  let save: StatementSync
  try {
    connection.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = OFF;
      CREATE TABLE IF NOT EXISTS cache (key TEXT PRIMARY KEY, alias TEXT NOT NULL, value TEXT NOT NULL) STRICT;
      CREATE INDEX IF NOT EXISTS cache_by_alias ON cache (alias);
    `)
    connection
      .prepare(
        'DELETE FROM cache WHERE rowid <= (SELECT max(rowid) FROM cache) - ? AND (SELECT count(*) FROM cache) > ?',
      )
      .run(MAX_ROWS, MAX_ROWS)
    find = connection.prepare('SELECT value FROM cache WHERE key = ?')
    findByAlias = connection.prepare('SELECT value FROM cache WHERE alias = ?')
    save = connection.prepare('INSERT OR REPLACE INTO cache VALUES (?, ?, ?)')
  } catch (thrown) {
    connection.close()
    throw thrown
  }
  const attempt = <T>(action: () => T, otherwise: T): T => {
    try {
      return action()
    } catch (cause) {
      logger.warn({ cause }, 'cache not usable')
      return otherwise
    }
  }
  const text = (row: Record<string, unknown> | undefined): string | null =>
    typeof row?.['value'] === 'string' ? row['value'] : null
  return {
    find: (key) => attempt(() => text(find.get(key)), null),
    findByAlias: (alias) => attempt(() => text(findByAlias.get(alias)), null),
    save: (key, alias, value) => {
      attempt(() => save.run(key, alias, value), undefined)
    },
    close: () => connection.close(),
  }
}
