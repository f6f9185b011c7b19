import { createRequire } from 'node:module'
import { z } from 'zod'

/** The system's own store of secrets. `get` gives null for "no such entry" and, on Linux, also for a locked keyring. */
export type Keychain = {
  readonly get: (account: string) => Promise<string | null>
  readonly set: (account: string, secret: string) => Promise<void>
  readonly delete: (account: string) => Promise<boolean>
}

const SERVICE = 'liveportrait-studio'

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

/** keytar, loaded only when first wanted; null where its native part is missing or does not load. */
export function loadKeychain(): Keychain | null {
  try {
    const keytar = keytarSchema.parse(createRequire(import.meta.url)('keytar'))
    return {
      get: (account) => keytar.getPassword(SERVICE, account),
      set: (account, secret) => keytar.setPassword(SERVICE, account, secret),
      delete: (account) => keytar.deletePassword(SERVICE, account),
    }
  } catch {
    // Absent is a state that the doctor and the secret store name; there is nothing else to say about it here.
    return null
  }
}
