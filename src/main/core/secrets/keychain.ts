import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { z } from 'zod'

/** The system's own store of secrets. `get` gives null for "no such entry" and, on Linux, also for a locked keyring. */
export type Keychain = {
  readonly get: (account: string) => Promise<string | null>
  readonly set: (account: string, secret: string) => Promise<void>
  readonly delete: (account: string) => Promise<boolean>
}

type Call = { readonly verb: 'get' | 'set' | 'delete'; readonly account: string; readonly secret?: string }

const SERVICE = 'liveportrait-studio'

/** What the system's library needs to find its service, and nothing of ours. */
const PASSED_ON = [
  'DBUS_SESSION_BUS_ADDRESS',
  'DISPLAY',
  'HOME',
  'LANG',
  'LD_LIBRARY_PATH',
  'SystemRoot',
  'TEMP',
  'TMP',
  'TMPDIR',
  'USERPROFILE',
  'WAYLAND_DISPLAY',
  'XAUTHORITY',
  'XDG_DATA_HOME',
  'XDG_RUNTIME_DIR',
]

/** Nothing that was asked of a keychain is waited for longer by anyone. */
const LONGEST_MS = 15_000

/**
 * Takes one question on standard input and answers on standard output. It dies by SIGKILL, when its parent is gone too:
 * a call into a keychain that never answers would hold up any other end.
 */
const ONE_CALL = `
const die = () => process.kill(process.pid, 'SIGKILL')
const answer = (reply) => process.stdout.write(JSON.stringify(reply) + '\\n')
let text = ''
process.stdin.setEncoding('utf8').on('end', die).on('data', (chunk) => {
  text += chunk
  if (!text.endsWith('\\n')) return
  const { verb, account, secret } = JSON.parse(text)
  const work = async () => {
    const keytar = require(process.argv[1])
    if (verb === 'get') return keytar.getPassword('${SERVICE}', account)
    if (verb === 'set') return keytar.setPassword('${SERVICE}', account, secret)
    return keytar.deletePassword('${SERVICE}', account)
  }
  work().then((value) => answer({ ok: true, value: value ?? null }), (error) => answer({ ok: false, value: String(error && error.message) }))
})
`

const replySchema = z.object({ ok: z.boolean(), value: z.union([z.string(), z.boolean(), z.null()]) })

/**
 * keytar, each call in a small process of its own: a keyring that waits for a prompt nobody sees holds a thread for
 * ever, and with it the end of the process that asked. Null where keytar is not installed.
 */
export function keychainInProcesses(env: Readonly<Record<string, string | undefined>>): Keychain | null {
  let keytar: string
  try {
    keytar = createRequire(import.meta.url).resolve('keytar')
  } catch {
    // Absent is a state that the doctor and the secret store name; there is nothing else to say about it here.
    return null
  }
  const passed = Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])))
  const ask = async (call: Call): Promise<string | boolean | null> => {
    const reply = replySchema.parse(JSON.parse(await askOnce(keytar, passed, call)))
    if (reply.ok) return reply.value
    throw new Error(String(reply.value))
  }
  return {
    get: async (account) => {
      const value = await ask({ verb: 'get', account })
      return typeof value === 'string' ? value : null
    },
    set: async (account, secret) => {
      await ask({ verb: 'set', account, secret })
    },
    delete: async (account) => (await ask({ verb: 'delete', account })) === true,
  }
}

function askOnce(keytar: string, env: NodeJS.ProcessEnv, call: Call): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=commonjs', '-e', ONE_CALL, keytar], {
    env,
    stdio: ['pipe', 'pipe', 'ignore'],
    windowsHide: true,
  })
  const kill = () => child.kill('SIGKILL')
  const timer = setTimeout(kill, LONGEST_MS)
  timer.unref()
  process.once('exit', kill)
  return new Promise<string>((resolve, reject) => {
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      if (text.endsWith('\n')) resolve(text)
    })
    child.once('error', reject)
    child.once('close', () => reject(new Error('the keychain process ended without an answer')))
    // A write to a process that has just died: its end is reported above.
    child.stdin.on('error', () => undefined)
    child.stdin.write(`${JSON.stringify(call)}\n`)
  }).finally(() => {
    clearTimeout(timer)
    process.removeListener('exit', kill)
    kill()
  })
}

const keytarSchema = z.object({
  getPassword: z.custom<(service: string, account: string) => Promise<string | null>>(
    (value) => typeof value === 'function',
  ),
  setPassword: z.custom<(service: string, account: string, secret: string) => Promise<void>>(
    (value) => typeof value === 'function',
  ),
  deletePassword: z.custom<(service: string, account: string) => Promise<boolean>>(
    (value) => typeof value === 'function',
  ),
})

/** keytar in this very process, for a host that has no Node to start (Electron). Null where it does not load. */
export function keychainHere(): Keychain | null {
  try {
    const keytar = keytarSchema.parse(createRequire(import.meta.url)('keytar'))
    return {
      get: (account) => keytar.getPassword(SERVICE, account),
      set: (account, secret) => keytar.setPassword(SERVICE, account, secret),
      delete: (account) => keytar.deletePassword(SERVICE, account),
    }
  } catch {
    // As above.
    return null
  }
}
