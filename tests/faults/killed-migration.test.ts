import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pino from 'pino'
import { expect, test } from 'vitest'
import { openDatabase } from '../../src/main/core/db/database.ts'
import { bundleProgram } from '../fixtures/bundle-program.ts'
import { tempFolder } from '../fixtures/temp-folder.ts'

const ROWS = 25

function openInChild(program: string, dataDir: string, env: Record<string, string>): NodeJS.Signals | null {
  const preload = new URL('kill-switch.preload.ts', import.meta.url).href
  const { status, signal, stderr } = spawnSync(process.execPath, ['--import', preload, program, dataDir], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  })
  if (signal === null && status !== 0) throw new Error(stderr)
  return signal
}

/** The values in the table of settings, or of the copy that the update makes of them. */
function valuesIn(dataDir: string, table: 'settings' | 'later'): unknown[] {
  const database = new DatabaseSync(join(dataDir, 'studio.sqlite'))
  const values = database.prepare(`SELECT value FROM ${table} ORDER BY key`).all()
  expect(database.prepare('PRAGMA integrity_check').get()?.['integrity_check']).toBe('ok')
  database.close()
  return values.map((row) => row['value'])
}

test('an update of the database that is killed at any of its calls loses no row', { timeout: 240_000 }, async () => {
  const program = await bundleProgram(new URL('open-database.ts', import.meta.url))
  const folder = tempFolder()
  const old = openDatabase({ dataDir: folder, now: Date.now, logger: pino({ enabled: false }) })
  for (let i = 0; i < ROWS; i++) {
    old.run('INSERT INTO settings (key, value) VALUES (?, ?)', String(i).padStart(3, '0'), `value ${i}`)
  }
  old.close()
  const before = valuesIn(folder, 'settings')

  const copy = (): string => {
    const target = mkdtempSync(join(tmpdir(), 'studio-migration-'))
    cpSync(folder, target, { recursive: true })
    return target
  }
  const counted = copy()
  openInChild(program, counted, { KILL_TRACE: join(counted, 'trace') })
  const calls = readFileSync(join(counted, 'trace'), 'utf8').trim().split('\n').length
  rmSync(counted, { recursive: true })
  expect(calls).toBeGreaterThan(15)

  for (let index = 1; index <= calls; index++) {
    const target = copy()
    expect(openInChild(program, target, { KILL_AT: `${index}${index % 2 === 0 ? '+' : ''}` })).toBe('SIGKILL')
    openInChild(program, target, {})
    expect(valuesIn(target, 'later'), `call ${index}`).toEqual(before)
    expect(valuesIn(target, 'settings')).toEqual(before.map(() => 'updated'))
    rmSync(target, { recursive: true })
  }
})
