import { constants, DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite'
import type { Logger } from 'pino'
import { z } from 'zod'
import { StudioError } from '../../../shared/errors.ts'
import { openJournal, readJournal, type ChangeJournal } from './change-journal.ts'
import { databaseFiles, inspect } from './database-files.ts'
import { createPrivate } from './database-file-rights.ts'
import { migrate, readVersion } from './migrate.ts'
import { MIGRATIONS } from './schema.ts'
import { toDatabaseError } from './sqlite-error.ts'

/** A journal longer than this is replaced by a fresh backup at the next `maintain`. */
const LONG_JOURNAL_BYTES = 32 * 1_048_576

export type Row = Record<string, SQLOutputValue>

/** What was done when the database could not be used as it was found. */
const recoverySchema = z.object({
  at: z.number(),
  reason: z.enum(['damaged', 'missing', 'behind']),
  /** Folder with the damaged files; null when there was none. */
  movedTo: z.string().nullable(),
  backup: z.number().nullable(),
  /** Transactions taken from the journal. */
  replayed: z.number(),
})
export type Recovery = z.infer<typeof recoverySchema>

/**
 * The single writer of one data folder. Calls block for the length of one statement; errors come as StudioError
 * (E-DB-BUSY after 5 s, E-DISK-FULL, E-DB-CORRUPT, E-OUT-PERMISSION).
 */
export type Database = {
  readonly all: (sql: string, ...values: SQLInputValue[]) => Row[]
  readonly get: (sql: string, ...values: SQLInputValue[]) => Row | undefined
  /** Writes, in a transaction of its own when none is open. Returns the number of changed rows. */
  readonly run: (sql: string, ...values: SQLInputValue[]) => number
  /** All or nothing, durable when it returns. `body` must not be async. Inner calls join the outer one. */
  readonly transaction: <T>(body: () => T) => T
  /** The next `maintain` leaves no older copy of what has been deleted. */
  readonly forgetDeleted: () => void
  /** Housekeeping for a quiet moment: a fresh backup when one is due. */
  readonly maintain: () => void
  /** The last recovery of this data folder, if there ever was one. */
  readonly lastRecovery: () => Recovery | null
  readonly close: () => void
}

type OpenOptions = {
  readonly dataDir: string
  readonly now: () => number
  readonly logger: Logger
  /** Only tests give others. */
  readonly migrations?: readonly string[]
}

/**
 * Opens the database of a locked data folder for writing: checks its integrity, brings back what a damaged one lost
 * (newest good backup, then the journal), migrates forward. Throws E-DB-NEWER without having written anything.
 */
export function openDatabase({ dataDir, now, logger, migrations = MIGRATIONS }: OpenOptions): Database {
  const files = databaseFiles(dataDir)
  try {
    return open()
  } catch (thrown) {
    throw toDatabaseError(thrown, files.main)
  }

  function open(): Database {
    files.prepare()
    const condition = inspect(files.main)
    if (condition.kind === 'good' && condition.version > migrations.length) {
      throw new StudioError('E-DB-NEWER', {
        params: { file: files.main, value: condition.version, limit: migrations.length },
      })
    }
    const wasUsed = files.backupGenerations().length > 0 || files.journalGenerations().length > 0
    let recovery: Recovery | null = null
    if (condition.kind === 'damaged' || (condition.kind === 'missing' && wasUsed)) {
      const movedTo = files.moveAside(now())
      recovery = { at: now(), reason: condition.kind, movedTo, backup: files.restoreBackup(), replayed: 0 }
    }
    createPrivate(files.main)
    const connection = new DatabaseSync(files.main, { timeout: 5000 })
    try {
      connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON')
      const replayed = replayJournals(connection)
      if (replayed > 0) {
        recovery = recovery
          ? { ...recovery, replayed }
          : { at: now(), reason: 'behind', movedTo: null, backup: null, replayed }
      }
      const journal = startJournal(connection, migrateAll(connection))
      const database = wrap(connection, journal)
      if (recovery !== null) {
        logger.warn({ recovery }, 'database recovered')
        // Redoing the last transaction of a killed run is no loss and no news.
        if (recovery.reason !== 'behind') writeMeta(database, 'recovery', JSON.stringify(recovery))
      }
      return database
    } catch (thrown) {
      connection.close()
      throw thrown
    }
  }

  /** Applies what the journals know and the database does not. Returns the number of transactions. */
  function replayJournals(connection: DatabaseSync): number {
    let replayed = 0
    for (const generation of files.journalGenerations()) {
      const journal = readJournal(files.journalPath(generation))
      if (journal === null || journal.schemaVersion > migrations.length) continue
      const isAhead = journal.records.some((record) => record.sequence > readSequence(connection))
      if (!isAhead) continue
      migrate(connection, migrations, journal.schemaVersion)
      if (readVersion(connection) !== journal.schemaVersion) continue
      for (const { sequence, changeset } of journal.records) {
        const known = readSequence(connection)
        if (sequence <= known) continue
        if (sequence !== known + 1) logger.warn({ known, sequence }, 'gap in the change journal')
        connection.exec('BEGIN IMMEDIATE')
        connection.applyChangeset(changeset, { onConflict: keepNewest })
        connection.prepare(`UPDATE meta SET value = ? WHERE key = 'change_seq'`).run(String(sequence))
        connection.exec('COMMIT')
        replayed++
      }
    }
    return replayed
  }

  /** Returns whether anything was migrated. A database with rows is backed up first. */
  function migrateAll(connection: DatabaseSync): boolean {
    const version = readVersion(connection)
    if (version === migrations.length) return false
    if (version > 0) files.backUp(connection)
    migrate(connection, migrations, migrations.length)
    return true
  }

  /** Goes on with an empty journal, or starts the next generation with a backup. */
  function startJournal(connection: DatabaseSync, isMigrated: boolean): ChangeJournal {
    const generation = files.journalGenerations().at(-1)
    if (generation !== undefined && !isMigrated && files.backupGenerations().at(-1) === generation) {
      const found = readJournal(files.journalPath(generation))
      if (found?.records.length === 0 && found.schemaVersion === migrations.length) {
        return openJournal(files.journalPath(generation), migrations.length)
      }
    }
    return nextGeneration(connection)
  }

  function nextGeneration(connection: DatabaseSync, kept?: number): ChangeJournal {
    const journal = openJournal(files.journalPath(files.backUp(connection)), migrations.length)
    files.prune(kept)
    return journal
  }

  function wrap(connection: DatabaseSync, firstJournal: ChangeJournal): Database {
    let journal = firstJournal
    let isForgetting = false
    const statements = new Map<string, StatementSync>()

    const guarded = <T>(action: () => T): T => {
      try {
        return action()
      } catch (thrown) {
        throw toDatabaseError(thrown, files.main)
      }
    }
    const prepare = (sql: string): StatementSync => {
      const known = statements.get(sql)
      if (known !== undefined) return known
      const statement = connection.prepare(sql)
      statements.set(sql, statement)
      return statement
    }

    const transaction = <T>(body: () => T): T => {
      if (connection.isTransaction) return body()
      return guarded(() => {
        connection.exec('BEGIN IMMEDIATE')
        const session = connection.createSession()
        try {
          const value = body()
          if (session.changeset().length === 0) {
            connection.exec('COMMIT')
            return value
          }
          const sequence = readSequence(connection) + 1
          prepare(`UPDATE meta SET value = ? WHERE key = 'change_seq'`).run(String(sequence))
          const record = journal.append(sequence, session.changeset())
          try {
            connection.exec('COMMIT')
          } catch (thrown) {
            record.undo()
            throw thrown
          }
          return value
        } catch (thrown) {
          if (connection.isTransaction) connection.exec('ROLLBACK')
          throw thrown
        } finally {
          session.close()
        }
      })
    }

    const database: Database = {
      all: (sql, ...values) => guarded(() => prepare(sql).all(...values)),
      get: (sql, ...values) => guarded(() => prepare(sql).get(...values)),
      run: (sql, ...values) => transaction(() => guarded(() => Number(prepare(sql).run(...values).changes))),
      transaction,
      forgetDeleted: () => {
        isForgetting = true
      },
      maintain: () => {
        if (!isForgetting && journal.sizeBytes() < LONG_JOURNAL_BYTES) return
        guarded(() => {
          const previous = journal
          journal = nextGeneration(connection, isForgetting ? 1 : undefined)
          previous.close()
          isForgetting = false
        })
      },
      lastRecovery: () => readRecovery(database),
      close: () => {
        journal.close()
        statements.clear()
        connection.close()
      },
    }
    return database
  }
}

export function readMeta(database: Database, key: string): string | null {
  const value = database.get('SELECT value FROM meta WHERE key = ?', key)?.value
  return typeof value === 'string' ? value : null
}

export function writeMeta(database: Database, key: string, value: string): void {
  database.run(
    'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    key,
    value,
  )
}

export function readRecovery(database: Database): Recovery | null {
  const text = readMeta(database, 'recovery')
  return text === null ? null : (recoverySchema.safeParse(JSON.parse(text)).data ?? null)
}

function readSequence(connection: DatabaseSync): number {
  if (readVersion(connection) === 0) return -1
  return Number(connection.prepare(`SELECT value FROM meta WHERE key = 'change_seq'`).get()?.value)
}

/** The journal is the newer truth; what it cannot find or cannot fit is left out and shows as a gap. */
function keepNewest(conflict: number): number {
  const { SQLITE_CHANGESET_DATA, SQLITE_CHANGESET_CONFLICT } = constants
  return conflict === SQLITE_CHANGESET_DATA || conflict === SQLITE_CHANGESET_CONFLICT
    ? constants.SQLITE_CHANGESET_REPLACE
    : constants.SQLITE_CHANGESET_OMIT
}
