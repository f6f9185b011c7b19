/**
 * The small process that asks the system's keychain one thing: a keyring that waits for a prompt nobody sees holds a
 * thread for ever, and with it the end of whatever process asked.
 */
import { createRequire } from 'node:module'
import { listenToParent } from '../lib/parent-channel.ts'
import type { KeychainCall, KeychainReply } from './keychain.ts'

type Keytar = {
  readonly getPassword: (service: string, account: string) => Promise<string | null>
  readonly setPassword: (service: string, account: string, secret: string) => Promise<void>
  readonly deletePassword: (service: string, account: string) => Promise<boolean>
}

async function ask({ verb, service, account, secret = '' }: KeychainCall): Promise<string | boolean | null> {
  // A native module cannot be imported into the bundle, and a missing one must be an answer.
  const keytar = createRequire(import.meta.url)('keytar') as Keytar
  if (verb === 'get') return keytar.getPassword(service, account)
  if (verb === 'delete') return keytar.deletePassword(service, account)
  await keytar.setPassword(service, account, secret)
  return null
}

// By SIGKILL: a call into a keychain that never answers would hold up any other end.
const answer = listenToParent(
  (line) => {
    const send = (reply: KeychainReply) => answer(JSON.stringify(reply))
    // Only the core holds the other end.
    ask(JSON.parse(line) as KeychainCall).then(
      (value) => send({ ok: true, value }),
      (error: unknown) => send({ ok: false, value: error instanceof Error ? error.message : String(error) }),
    )
  },
  () => process.kill(process.pid, 'SIGKILL'),
)
