import childProcess, { ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import { DatabaseSync, StatementSync } from 'node:sqlite'

/**
 * Counts every call by which this process changes something outside itself, and fails one of them, or all from one on,
 * as the system would. Importing it installs it; it must come before whatever it is to watch.
 */

export const KINDS = [
  'ENOSPC',
  'EIO',
  'EACCES',
  'EMFILE',
  'EXDEV',
  'EPERM',
  'SQLITE_BUSY',
  'SQLITE_FULL',
  'SQLITE_IOERR',
  'ECONNREFUSED',
  'ECONNRESET',
  /** The bytes are sent, and the connection ends before an answer can come. */
  'LOST_ANSWER',
  'EAGAIN',
] as const
export type FaultKind = (typeof KINDS)[number]

/** Which faults a call can meet. */
const FITTING: Readonly<Record<string, readonly FaultKind[]>> = {
  open: ['ENOSPC', 'EACCES', 'EMFILE'],
  read: ['EIO', 'EMFILE'],
  write: ['ENOSPC', 'EIO'],
  sync: ['EIO'],
  name: ['EACCES', 'EIO', 'EPERM'],
  rename: ['EACCES', 'EXDEV'],
  remove: ['EACCES', 'EIO'],
  folder: ['ENOSPC', 'EACCES'],
  sql: ['SQLITE_BUSY', 'SQLITE_FULL', 'SQLITE_IOERR'],
  connect: ['ECONNREFUSED', 'ECONNRESET'],
  send: ['ECONNRESET', 'LOST_ANSWER'],
  spawn: ['EAGAIN', 'EMFILE'],
}
const SQLITE_CODES: Partial<Record<FaultKind, number>> = { SQLITE_BUSY: 5, SQLITE_FULL: 13, SQLITE_IOERR: 10 }

export type Call = { readonly index: number; readonly kinds: readonly FaultKind[]; readonly name: string }
export type Fault = { readonly at: number; readonly kind: FaultKind; readonly isSticky: boolean }

let count = 0
let fault: Fault | null = null
let struck = 0
let calls: Call[] | null = null

export function arm(next: Fault | null): void {
  count = 0
  struck = 0
  fault = next
  calls = []
}

/** The system is well again. Gives the calls since `arm`, and how many of them failed. */
export function heal(): { readonly calls: readonly Call[]; readonly struck: number } {
  const seen = calls ?? []
  calls = null
  fault = null
  return { calls: seen, struck }
}

/** The fault that this call meets, if any. */
function strike(group: string, name: string): FaultKind | null {
  if (calls === null) return null
  const kinds = FITTING[group] ?? []
  calls.push({ index: ++count, kinds, name: name.slice(0, 120) })
  if (fault === null || count < fault.at || (!fault.isSticky && count > fault.at)) return null
  if (!kinds.includes(fault.kind)) return null
  struck++
  return fault.kind
}

const systemError = (code: FaultKind, syscall: string): Error =>
  Object.assign(new Error(`${code}: made up, ${syscall}`), { code, errno: -1, syscall })

function patch(owner: object, name: string, make: (original: Function) => (this: never, ...args: never[]) => unknown) {
  const original: unknown = Reflect.get(owner, name)
  if (typeof original !== 'function') throw new Error(`${name} is not a function`)
  Object.assign(owner, { [name]: make(original) })
}

const groupOfOpen = (flags: unknown): string =>
  flags === undefined || flags === 'r' || flags === fs.constants.O_RDONLY ? 'read' : 'open'

function failing(owner: object, name: string, group: string | ((args: unknown[]) => string | null), isAsync: boolean) {
  patch(
    owner,
    name,
    (original) =>
      function (this: unknown, ...args: unknown[]): unknown {
        const found = typeof group === 'string' ? group : group(args)
        const kind = found === null ? null : strike(found, `${name} ${String(args[0])}`)
        if (kind === null) return Reflect.apply(original, this, args)
        if (isAsync) return Promise.reject(systemError(kind, name))
        throw systemError(kind, name)
      },
  )
}

const standardStreams =
  (group: string) =>
  ([target]: unknown[]) =>
    target === 1 || target === 2 ? null : group

for (const [name, group] of [
  ['mkdir', 'folder'],
  ['mkdtemp', 'folder'],
  ['link', 'name'],
  ['rename', 'rename'],
  ['unlink', 'remove'],
  ['rm', 'remove'],
  ['copyFile', 'write'],
  ['writeFile', 'write'],
] as const) {
  failing(fs.promises, name, group, true)
}
failing(fs.promises, 'open', ([, flags]) => groupOfOpen(flags), true)
for (const [name, group] of [
  ['mkdirSync', 'folder'],
  ['mkdtempSync', 'folder'],
  ['renameSync', 'rename'],
  ['rmSync', 'remove'],
  ['copyFileSync', 'write'],
  ['writeFileSync', 'write'],
  ['fsyncSync', 'sync'],
  ['ftruncateSync', 'write'],
] as const) {
  failing(fs, name, group, false)
}
failing(fs, 'openSync', ([, flags]) => groupOfOpen(flags), false)
failing(fs, 'writeSync', standardStreams('write'), false)
const handle = await fs.promises.open(process.execPath)
const handlePrototype: object = Object.getPrototypeOf(handle)
await handle.close()
for (const [name, group] of [
  ['write', 'write'],
  ['writeFile', 'write'],
  ['truncate', 'write'],
  ['sync', 'sync'],
] as const) {
  failing(handlePrototype, name, group, true)
}

// The database: rollbacks need no disk, and a full or broken disk makes SQLite roll back by itself.
const connections = new WeakMap<object, DatabaseSync>()
const texts = new WeakMap<object, string>()
function failSql(connection: DatabaseSync | undefined, text: string): void {
  if (/^(ROLLBACK|PRAGMA)/.test(text)) return
  const kind = strike('sql', text)
  if (kind === null) return
  if (kind === 'SQLITE_IOERR' && connection?.isTransaction === true) Reflect.apply(exec, connection, ['ROLLBACK'])
  const errcode = SQLITE_CODES[kind]
  throw Object.assign(new Error(`made up ${kind}`), { code: 'ERR_SQLITE_ERROR', errcode, errstr: kind })
}
const { exec, prepare } = DatabaseSync.prototype
const { run } = StatementSync.prototype
Object.assign(DatabaseSync.prototype, {
  exec(this: DatabaseSync, sql: string): void {
    failSql(this, sql.trim())
    Reflect.apply(exec, this, [sql])
  },
  prepare(this: DatabaseSync, sql: string, ...rest: unknown[]): StatementSync {
    const statement = Reflect.apply(prepare, this, [sql, ...rest])
    connections.set(statement, this)
    texts.set(statement, sql.trim().replace(/\s+/g, ' '))
    return statement
  },
})
Object.assign(StatementSync.prototype, {
  run(this: StatementSync, ...values: unknown[]): unknown {
    failSql(connections.get(this), texts.get(this) ?? '')
    return Reflect.apply(run, this, values)
  },
})

// The network: connections that this process opens.
const opened = new WeakSet<object>()
patch(
  net,
  'connect',
  (original) =>
    function (this: unknown, ...args: unknown[]): unknown {
      const kind = strike('connect', 'connect')
      const socket: unknown = Reflect.apply(original, this, args)
      if (!(socket instanceof net.Socket)) throw new Error('connect gave no socket')
      opened.add(socket)
      if (kind !== null) socket.destroy(systemError(kind, 'connect'))
      return socket
    },
)
patch(
  net.Socket.prototype,
  'write',
  (original) =>
    function (this: net.Socket, ...args: unknown[]): unknown {
      const kind = opened.has(this) ? strike('send', `send ${String(args[0]).slice(0, 60).split('\r\n', 1)[0]}`) : null
      if (kind === null) return Reflect.apply(original, this, args)
      if (kind === 'ECONNRESET') {
        this.destroy(systemError(kind, 'write'))
        return false
      }
      const isTaken: unknown = Reflect.apply(original, this, args)
      // Long enough for the other side to act on it.
      this.pause()
      setTimeout(() => this.destroy(systemError('ECONNRESET', 'read')), 50)
      return isTaken
    },
)

for (const name of ['spawn', 'fork']) {
  patch(
    childProcess,
    name,
    (original) =>
      function (this: unknown, ...args: unknown[]): unknown {
        const kind = strike('spawn', `${name} ${String(args[0])}`)
        if (kind === null) return Reflect.apply(original, this, args)
        const options = args.find((arg) => typeof arg === 'object' && arg !== null && !Array.isArray(arg)) ?? {}
        // A program that is not there: what fails afterwards is told in the same way.
        const missing = '/nonexistent/program'
        const child: unknown = Reflect.apply(original, this, [missing, [], { ...options, execPath: missing }])
        if (!(child instanceof ChildProcess)) throw new Error(`${name} gave no process`)
        const { emit } = child
        child.emit = (event: string | symbol, ...values: unknown[]): boolean =>
          Reflect.apply(emit, child, event === 'error' ? [event, systemError(kind, name)] : [event, ...values])
        return child
      },
  )
}
syncBuiltinESMExports()
