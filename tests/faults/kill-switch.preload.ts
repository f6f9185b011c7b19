import childProcess from 'node:child_process'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { Writable } from 'node:stream'
import { isMainThread } from 'node:worker_threads'

/**
 * Loaded with `--import` before a program under test. Counts every call that changes something outside the process and
 * either writes their names to the file KILL_TRACE, or ends the process with SIGKILL right before or right after call
 * number KILL_AT (`12` or `12+`). KILL_ON names calls instead: patterns in the order in which they must have come, such as
 * `INSERT INTO submit_attempts>COMMIT+`; the process ends right before (or after) the last of them. KILL_AT_FRAME ends it when that many video frames have been handed to an encoder.
 */
const { KILL_TRACE, KILL_AT, KILL_ON, KILL_AT_FRAME } = process.env
const awaited = (KILL_ON ?? '')
  .replace(/\+$/, '')
  .split('>')
  .filter((pattern) => pattern !== '')
const isAwaitedAfter = KILL_ON?.endsWith('+') === true
const target = KILL_AT === undefined ? null : { index: Number.parseInt(KILL_AT, 10), isAfter: KILL_AT.endsWith('+') }
/** Frames are larger than anything else that is written to a pipe. */
const FRAME_BYTES = 30_000

let calls = 0
let frames = 0

const die = (): void => {
  process.kill(process.pid, 'SIGKILL')
}

function thenDie(call: () => unknown): unknown {
  let result: unknown
  try {
    result = call()
  } finally {
    if (!(result instanceof Promise)) die()
  }
  return Promise.resolve(result).finally(die)
}

function watch<T extends object>(
  owner: T,
  name: keyof T & string,
  label: (args: unknown[], self: object) => string | null,
): void {
  const original = owner[name]
  if (typeof original !== 'function') throw new Error(`${name} is not a function`)
  const watched = function (this: object, ...args: unknown[]): unknown {
    const said = label(args, this)
    if (said === null) return Reflect.apply(original, this, args)
    const index = ++calls
    const isLast = awaited.length === 1 && new RegExp(awaited[0] ?? '').test(said)
    if (awaited.length > 1 && new RegExp(awaited[0] ?? '').test(said)) awaited.shift()
    if (isLast && !isAwaitedAfter) die()
    if (isLast) return thenDie(() => Reflect.apply(original, this, args))
    if (trace !== null) writeSync(trace, `${index} ${said}\n`)
    if (target !== null && index === target.index && !target.isAfter) die()
    if (target === null || index !== target.index || !target.isAfter) return Reflect.apply(original, this, args)
    return thenDie(() => Reflect.apply(original, this, args))
  }
  Object.assign(owner, { [name]: watched })
}

const { openSync, writeSync } = fs
const trace = KILL_TRACE === undefined ? null : openSync(KILL_TRACE, 'a')

const named = (name: string) => (args: unknown[]) => `${name} ${String(args[0]).slice(0, 120)}`
const sqlOf = (args: unknown[]) => `sql ${String(args[0]).trim().split('\n', 1)[0]?.slice(0, 80) ?? ''}`

if (isMainThread) {
  for (const name of ['link', 'unlink', 'rename', 'mkdir', 'rm', 'writeFile', 'copyFile', 'open'] as const) {
    watch(fs.promises, name, named(`fs.${name}`))
  }
  for (const name of ['renameSync', 'rmSync', 'mkdirSync', 'writeFileSync', 'fsyncSync', 'ftruncateSync'] as const) {
    watch(fs, name, named(`fs.${name}`))
  }
  watch(fs, 'writeSync', ([descriptor]) => (descriptor === 1 || descriptor === 2 ? null : 'fs.writeSync'))
  watch(childProcess, 'spawn', named('spawn'))
  watch(childProcess, 'fork', named('fork'))
  watch(DatabaseSync.prototype, 'exec', sqlOf)
  const texts = new WeakMap<object, string>()
  const prepare = DatabaseSync.prototype.prepare
  Object.assign(DatabaseSync.prototype, {
    prepare(this: DatabaseSync, sql: string, ...rest: unknown[]): StatementSync {
      const statement = Reflect.apply(prepare, this, [sql, ...rest])
      texts.set(statement, sql.trim().replace(/\s+/g, ' ').slice(0, 80))
      return statement
    },
  })
  watch(StatementSync.prototype, 'run', (_args, self) => `sql run ${texts.get(self) ?? ''}`)
}
if (KILL_AT_FRAME !== undefined) {
  const original = Writable.prototype.write
  Object.assign(Writable.prototype, {
    write(this: Writable, ...args: Parameters<Writable['write']>): boolean {
      const chunk: unknown = args[0]
      if (chunk instanceof Uint8Array && chunk.byteLength >= FRAME_BYTES && ++frames >= Number(KILL_AT_FRAME)) die()
      return Reflect.apply(original, this, args)
    },
  })
}
syncBuiltinESMExports()
