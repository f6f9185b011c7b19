import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pino from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { tempFolder } from '../../../../tests/fixtures/temp-folder.ts'
import { openDatabase, readMeta, writeMeta, type Database } from './database.ts'
import { openDatabaseReadOnly } from './read-only.ts'
import { MIGRATIONS } from './schema.ts'

const logger = pino({ enabled: false })
const now = () => 1_700_000_000_000
const open = (dataDir: string, migrations = MIGRATIONS): Database => {
  const database = openDatabase({ dataDir, now, logger, migrations })
  onTestFinished(() => {
    try {
      database.close()
    } catch {
      // The test has closed it.
    }
  })
  return database
}
const put = (database: Database, key: string, value: string) =>
  database.run('INSERT INTO settings VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value', key, value)
const settingsOf = (database: Database) =>
  database.all('SELECT key, value FROM settings ORDER BY key').map(({ key, value }) => [key, value])

/** A folder with rows in the database, in the newest backup, and in the journal only. */
function fillFolder(rows: number): { folder: string; expected: unknown[][] } {
  const folder = tempFolder()
  const first = open(folder)
  first.transaction(() => {
    for (let i = 0; i < rows; i++) put(first, `row ${String(i).padStart(4, '0')}`, `value ${i} `.repeat(12))
  })
  first.close()
  const second = open(folder)
  put(second, 'row 0000', 'changed later')
  put(second, 'row 9999', 'only in the journal')
  const expected = settingsOf(second)
  second.close()
  return { folder, expected }
}

function copyOf(folder: string): string {
  const copy = tempFolder()
  cpSync(folder, copy, { recursive: true })
  return copy
}

describe('transactions', () => {
  test('are all or nothing, and inner ones belong to the outer one', () => {
    const database = open(tempFolder())
    expect(() =>
      database.transaction(() => {
        put(database, 'a', '1')
        database.transaction(() => put(database, 'b', '2'))
        throw new Error('changed my mind')
      }),
    ).toThrow('changed my mind')
    expect(settingsOf(database)).toEqual([])
    database.transaction(() => {
      put(database, 'a', '1')
      put(database, 'b', '2')
    })
    expect(settingsOf(database)).toEqual([
      ['a', '1'],
      ['b', '2'],
    ])
  })

  test('that another connection blocks end with E-DB-BUSY and may be tried again', { timeout: 20_000 }, () => {
    const folder = tempFolder()
    const database = open(folder)
    const other = new DatabaseSync(join(folder, 'studio.sqlite'))
    other.exec('BEGIN IMMEDIATE')
    expect(() => put(database, 'a', '1')).toThrow(
      expect.objectContaining({ data: expect.objectContaining({ code: 'E-DB-BUSY', retryable: true }) }),
    )
    other.exec('ROLLBACK')
    other.close()
    put(database, 'a', '1')
    expect(settingsOf(database)).toEqual([['a', '1']])
  })

  test('that find the disk full end with E-DISK-FULL and leave nothing, here or after a restart', () => {
    const folder = tempFolder()
    const database = open(folder)
    put(database, 'before', '1')
    const pages = Number(database.get('PRAGMA page_count')?.['page_count'])
    database.get(`PRAGMA max_page_count = ${pages}`)
    expect(() => put(database, 'big', 'x'.repeat(1_000_000))).toThrow(
      expect.objectContaining({ data: expect.objectContaining({ code: 'E-DISK-FULL' }) }),
    )
    expect(settingsOf(database)).toEqual([['before', '1']])
    database.close()
    expect(settingsOf(open(folder))).toEqual([['before', '1']])
  })

  test('every text comes back as it was, whatever it looks like', () => {
    const database = open(tempFolder())
    const nasty = [
      `'; DROP TABLE jobs;--`,
      '\u202Egpj.exe',
      '\uD800',
      '<img src=x onerror=1>',
      '\r\n\t\u001b[31m',
      '=1+1',
    ]
    nasty.forEach((text, index) => put(database, String(index), text.toWellFormed()))
    expect(settingsOf(database).map(([, value]) => value)).toEqual(nasty.map((text) => text.toWellFormed()))
  })
})

describe('rights', () => {
  test('only the owner can read the files, whatever the umask and even when they stood open', () => {
    const previous = process.umask(0)
    onTestFinished(() => {
      process.umask(previous)
    })
    const folder = join(tempFolder(), 'data')
    const database = open(folder)
    put(database, 'a', '1')
    const modes = (): number[] =>
      ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })].map(
        (name) => statSync(join(folder, name)).mode & 0o077,
      )
    expect(modes().every((mode) => mode === 0)).toBe(true)
    expect(readdirSync(folder)).toContain('studio.sqlite-wal')
  })
})

describe('damage', () => {
  test('a database that lost its file is brought back to the last committed row', () => {
    const { folder, expected } = fillFolder(50)
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder, `studio.sqlite${suffix}`), { force: true })
    const database = open(folder)
    expect(settingsOf(database)).toEqual(expected)
    expect(database.lastRecovery()).toMatchObject({ reason: 'missing', replayed: 2 })
  })

  test('a lost -wal loses nothing', () => {
    const folder = tempFolder()
    const database = open(folder)
    put(database, 'a', '1')
    put(database, 'b', '2')
    const copy = copyOf(folder)
    rmSync(join(copy, 'studio.sqlite-wal'))
    rmSync(join(copy, 'studio.sqlite-shm'))
    expect(settingsOf(open(copy))).toEqual(settingsOf(database))
  })

  test('a -wal that was left without its file is not taken for that of the restored one', () => {
    const folder = tempFolder()
    const database = open(folder)
    put(database, 'a', '1')
    const copy = copyOf(folder)
    writeFileSync(join(copy, 'studio.sqlite'), '')
    const restored = open(copy)
    expect(settingsOf(restored)).toEqual([['a', '1']])
    expect(readdirSync(restored.lastRecovery()?.movedTo ?? '')).toContain('studio.sqlite-wal')
  })

  test('a damaged file is moved aside, never deleted, and the rows are back', () => {
    const { folder, expected } = fillFolder(50)
    const main = join(folder, 'studio.sqlite')
    writeFileSync(main, Buffer.alloc(100), { flag: 'r+' })
    const damaged = readFileSync(main)
    const database = open(folder)
    expect(settingsOf(database)).toEqual(expected)
    const recovery = database.lastRecovery()
    expect(recovery?.reason).toBe('damaged')
    expect(readFileSync(join(recovery?.movedTo ?? '', 'studio.sqlite'))).toEqual(damaged)
  })

  test('with the newest backup damaged as well, an older one and its longer journal give the same rows', () => {
    const { folder, expected } = fillFolder(50)
    const backups = readdirSync(join(folder, 'backups')).filter((name) => name.endsWith('.sqlite'))
    writeFileSync(join(folder, 'backups', backups.at(-1) ?? ''), 'not a database at all')
    writeFileSync(join(folder, 'studio.sqlite'), 'nor is this')
    expect(settingsOf(open(folder))).toEqual(expected)
  })

  test('200 damaged files: every one opens, none with an empty queue', { timeout: 120_000 }, () => {
    const { folder, expected } = fillFolder(120)
    const pristine = readFileSync(join(folder, 'studio.sqlite'))
    const pages = pristine.length / 4096
    let undetected = 0
    for (let i = 0; i < 200; i++) {
      const copy = copyOf(folder)
      const main = join(copy, 'studio.sqlite')
      if (i % 20 === 19) truncateSync(main, Math.floor((pristine.length * (i % 7)) / 7))
      else {
        const bytes = Buffer.from(pristine)
        // Every page in turn, header, pointers and contents, at a place that differs each time.
        const at = (i % pages) * 4096 + ((i * 2654435761) % 4096)
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (i % 8))
        writeFileSync(main, bytes)
      }
      const database = open(copy)
      const found = settingsOf(database)
      expect(found.length).toBe(expected.length)
      if (database.lastRecovery() === null && JSON.stringify(found) !== JSON.stringify(expected)) undetected++
      expect(database.get('PRAGMA integrity_check')?.['integrity_check']).toBe('ok')
      database.close()
      rmSync(copy, { recursive: true })
    }
    // A flipped bit inside a text leaves a sound database; the rows are parsed where they are used.
    expect(undetected).toBeLessThan(100)
  })
})

describe('migrations', () => {
  const second = 'CREATE TABLE extra (key TEXT PRIMARY KEY, value TEXT) STRICT'
  const third = `ALTER TABLE extra ADD COLUMN more TEXT; INSERT INTO extra SELECT key, value, 'moved' FROM settings`
  const later = [...MIGRATIONS, second, third]

  test('lead every earlier version forward with all rows and a backup of the old file', () => {
    for (let version = 1; version < later.length; version++) {
      const folder = tempFolder()
      const old = open(folder, later.slice(0, version))
      put(old, 'a', '1')
      old.close()
      const before = readdirSync(join(folder, 'backups')).length
      const database = open(folder, later)
      expect(settingsOf(database)).toEqual([['a', '1']])
      expect(database.get(`SELECT more FROM extra`)?.['more']).toBe('moved')
      expect(readdirSync(join(folder, 'backups')).length).toBeGreaterThan(before)
    }
  })

  test('a step that fails leaves the old schema and its rows', () => {
    const folder = tempFolder()
    const old = open(folder)
    put(old, 'a', '1')
    old.close()
    const broken = [...MIGRATIONS, `${second}; INSERT INTO extra VALUES ('x', 'y'); SELECT * FROM nowhere`]
    expect(() => open(folder, broken)).toThrow(/nowhere/)
    const database = open(folder)
    expect(settingsOf(database)).toEqual([['a', '1']])
    expect(database.get(`SELECT count(*) AS n FROM sqlite_master WHERE name = 'extra'`)?.['n']).toBe(0)
  })

  test('rows of a journal from before an update survive the loss of the file after it', () => {
    const folder = tempFolder()
    const old = open(folder)
    put(old, 'a', '1')
    old.close()
    const updated = open(folder, later)
    updated.run(`INSERT INTO extra VALUES ('new', 'row', 'x')`)
    updated.close()
    rmSync(join(folder, 'studio.sqlite'))
    const database = open(folder, later)
    expect(database.all('SELECT key FROM extra ORDER BY key').map(({ key }) => key)).toEqual(['a', 'new'])
  })

  test('a newer database is refused and not written to', () => {
    const folder = tempFolder()
    open(folder, later).close()
    const file = join(folder, 'studio.sqlite')
    const before = readFileSync(file)
    const newer = expect.objectContaining({
      data: expect.objectContaining({
        code: 'E-DB-NEWER',
        params: { file, value: later.length, limit: MIGRATIONS.length },
      }),
    })
    expect(() => open(folder)).toThrow(newer)
    expect(() => openDatabaseReadOnly(folder)).toThrow(newer)
    expect(readFileSync(file)).toEqual(before)
    expect(existsSync(join(folder, 'damaged'))).toBe(false)
  })
})

describe('reading beside the owner', () => {
  test('shows what is committed and refuses to write', () => {
    const folder = tempFolder()
    const owner = open(folder)
    const reader = openDatabaseReadOnly(folder)
    put(owner, 'a', '1')
    expect(settingsOf(reader)).toEqual([['a', '1']])
    expect(() => put(reader, 'b', '2')).toThrow('E-INSTANCE')
    reader.close()
  })

  test('an empty folder reads as an empty database, an older one as if it were updated already', () => {
    const folder = tempFolder()
    expect(settingsOf(openDatabaseReadOnly(folder))).toEqual([])
    expect(readdirSync(folder)).toEqual([])
    const old = open(folder)
    put(old, 'a', '1')
    old.close()
    const before = readFileSync(join(folder, 'studio.sqlite'))
    const reader = openDatabaseReadOnly(folder, [...MIGRATIONS, `CREATE TABLE later (a TEXT)`])
    expect(settingsOf(reader)).toEqual([['a', '1']])
    expect(reader.all('SELECT * FROM later')).toEqual([])
    reader.close()
    expect(readFileSync(join(folder, 'studio.sqlite'))).toEqual(before)
  })
})

test('after forgetting, no older copy holds what was deleted', () => {
  const folder = tempFolder()
  const database = open(folder)
  put(database, 'secret', 'a name that must go')
  database.run(`DELETE FROM settings WHERE key = 'secret'`)
  database.forgetDeleted()
  database.maintain()
  database.close()
  const holders = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile() && readFileSync(path).includes('a name that must go'))
  expect(holders).toEqual([])
})

test('notes of the store itself are kept by key', () => {
  const database = open(tempFolder())
  expect(readMeta(database, 'paused')).toBeNull()
  writeMeta(database, 'paused', '1')
  writeMeta(database, 'paused', '0')
  expect(readMeta(database, 'paused')).toBe('0')
})
