import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StudioError } from '../../../shared/errors.ts'
import { databaseFiles } from './database-files.ts'
import { readRecovery, type Database } from './database.ts'
import { migrate, readVersion } from './migrate.ts'
import { MIGRATIONS } from './schema.ts'
import { toDatabaseError } from './sqlite-error.ts'

/**
 * The database of a folder for reading, whether or not another process owns and writes it; an empty one where there is
 * none yet. Writing throws E-INSTANCE. Throws E-DB-NEWER, E-DB-CORRUPT, E-OUT-PERMISSION.
 */
export function openDatabaseReadOnly(dataDir: string, migrations: readonly string[] = MIGRATIONS): Database {
  const { main } = databaseFiles(dataDir)
  const refuse = (): never => {
    throw new StudioError('E-INSTANCE', { params: { file: dataDir } })
  }
  const guarded = <T>(action: () => T): T => {
    try {
      return action()
    } catch (thrown) {
      throw toDatabaseError(thrown, main)
    }
  }
  const { connection, close } = guarded(() => connect(main, migrations))
  const database: Database = {
    all: (sql, ...values) => guarded(() => connection.prepare(sql).all(...values)),
    get: (sql, ...values) => guarded(() => connection.prepare(sql).get(...values)),
    run: refuse,
    transaction: refuse,
    forgetDeleted: refuse,
    maintain: refuse,
    lastRecovery: () => readRecovery(database),
    close,
  }
  return database
}

type Connected = { readonly connection: DatabaseSync; readonly close: () => void }

function connect(main: string, migrations: readonly string[]): Connected {
  if (!existsSync(main)) return inMemory(migrations)
  const connection = new DatabaseSync(main, { readOnly: true, timeout: 5000 })
  const version = readVersion(connection)
  if (version === migrations.length) return { connection, close: () => connection.close() }
  try {
    if (version === 0) return inMemory(migrations)
    if (version < migrations.length) return migratedCopy(connection, migrations)
    throw new StudioError('E-DB-NEWER', { params: { file: main, value: version, limit: migrations.length } })
  } finally {
    connection.close()
  }
}

function inMemory(migrations: readonly string[]): Connected {
  const connection = new DatabaseSync(':memory:')
  migrate(connection, migrations, migrations.length)
  return { connection, close: () => connection.close() }
}

/** One from before an update: a copy is led forward, the file itself stays as it is for the next live core. */
function migratedCopy(old: DatabaseSync, migrations: readonly string[]): Connected {
  const folder = mkdtempSync(join(tmpdir(), 'liveportrait-studio-'))
  const file = join(folder, 'copy.sqlite')
  old.prepare('VACUUM INTO ?').run(file)
  const connection = new DatabaseSync(file)
  migrate(connection, migrations, migrations.length)
  return {
    connection,
    close: () => {
      connection.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
