import { createRequire } from 'node:module'
import { z } from 'zod'
import { passedOn } from '../lib/helper-channel.ts'
import type { StartHelper } from '../lib/helper-channel.ts'

/** The system's own store of secrets. `get` gives null for "no such entry" and, on Linux, also for a locked keyring. */
export type Keychain = {
  readonly get: (account: string) => Promise<string | null>
  readonly set: (account: string, secret: string) => Promise<void>
  readonly delete: (account: string) => Promise<boolean>
}

/** One question to the keychain's process, and its answer. */
export type KeychainCall = {
  readonly verb: 'get' | 'set' | 'delete'
  readonly service: string
  readonly account: string
  readonly secret?: string
}
const replySchema = z.object({ ok: z.boolean(), value: z.union([z.string(), z.boolean(), z.null()]) })
export type KeychainReply = z.infer<typeof replySchema>

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

type KeychainOptions = {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The script of the process (`Paths.keychainProcess`). */
  readonly entry: URL
  readonly start: StartHelper
}

/** keytar, each call in a small process of its own. Null where keytar is not installed. */
export function openKeytar({ env, entry, start }: KeychainOptions): Keychain | null {
  try {
    createRequire(entry).resolve('keytar')
  } catch {
    // Absent is a state that the doctor and the secret store name; there is nothing else to say about it here.
    return null
  }
  const ask = async (verb: KeychainCall['verb'], account: string, secret?: string) => {
    const call = { verb, service: SERVICE, account, ...(secret === undefined ? {} : { secret }) }
    const reply = await askOnce(() => start(entry, passedOn(PASSED_ON, env)), call)
    if (reply.ok) return reply.value
    throw new Error(String(reply.value))
  }
  return {
    get: async (account) => {
      const value = await ask('get', account)
      return typeof value === 'string' ? value : null
    },
    set: async (account, secret) => {
      await ask('set', account, secret)
    },
    delete: async (account) => (await ask('delete', account)) === true,
  }
}

function askOnce(start: () => ReturnType<StartHelper>, call: KeychainCall): Promise<KeychainReply> {
  const channel = start()
  const timer = setTimeout(channel.stop, LONGEST_MS)
  timer.unref()
  return new Promise<KeychainReply>((resolve, reject) => {
    channel.onLine((line) => {
      try {
        resolve(replySchema.parse(JSON.parse(line)))
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    })
    channel.onExit(() => reject(new Error('the keychain process ended without an answer')))
    channel.send(JSON.stringify(call))
  }).finally(() => {
    clearTimeout(timer)
    channel.stop()
  })
}
