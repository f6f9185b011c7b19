import { createHash } from 'node:crypto'
import { StudioError } from '../../../shared/errors.ts'
import type { Keychain } from './keychain.ts'
import { readSecret } from './read-secret.ts'

/** What is remembered of a secret outside the keychain: enough to tell "locked" from "never saved", and nothing secret. */
export type SecretMarker = { readonly fingerprint: string; readonly where: 'keychain' | 'sealed' }
export type SecretMarkers = {
  readonly get: (account: string) => SecretMarker | null
  readonly set: (account: string, marker: SecretMarker) => void
  readonly delete: (account: string) => void
}

/** A second store that a host may lend: Electron's safeStorage, where it really encrypts. Holds its own bytes. */
export type SealedStore = {
  readonly get: (account: string) => Promise<string | null>
  readonly set: (account: string, secret: string) => Promise<void>
  readonly delete: (account: string) => Promise<void>
}

export type SecretDescription = {
  readonly state: 'missing' | 'saved' | 'session' | 'environment'
  /** Present unless missing: eight hexadecimal digits of a hash, the same for the same secret. */
  readonly fingerprint?: string
}

export type SecretStore = {
  /** Throws E-KEY-MISSING, E-KEY-LOCKED, E-KEY-NO-STORE or E-KEY-TIMEOUT. */
  readonly get: (account: string) => Promise<string>
  /** Keeps a secret in the keychain, else in the sealed store, else for this session only. Never in a plain file. */
  readonly set: (account: string, secret: string) => Promise<SecretDescription>
  readonly delete: (account: string) => Promise<void>
  /** Without touching the keychain. */
  readonly describe: (account: string) => SecretDescription
}

type SecretStoreOptions = {
  readonly keychain: Keychain | null
  readonly sealed: SealedStore | null
  readonly markers: SecretMarkers
  /** Secrets out of the environment by account: used before all else, never stored. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** What people call the owner of an account, for sentences. */
  readonly names?: Readonly<Record<string, string>>
  readonly setTimer: (delayMs: number, action: () => void) => { readonly cancel: () => void }
}

const TIMEOUT_MS = 10_000
const PROBE_ACCOUNT = 'unlock-probe'

export function fingerprint(secret: string): string {
  return createHash('sha256').update('liveportrait-studio fingerprint\0').update(secret).digest('hex').slice(0, 8)
}

export function createSecretStore(options: SecretStoreOptions): SecretStore {
  const { keychain, sealed, markers, environment } = options
  const session = new Map<string, string>()
  // Every call to a vendor needs its key: the keychain is asked once for each.
  const read = new Map<string, string>()
  const nameOf = (account: string) => options.names?.[account] ?? account

  /** A keyring that waits for an unlock prompt nobody sees never answers: every call has an end. */
  async function limited<T>(work: Promise<T>): Promise<T> {
    let timer: { readonly cancel: () => void } | undefined
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = options.setTimer(TIMEOUT_MS, () =>
        reject(new StudioError('E-KEY-TIMEOUT', { params: { limit: TIMEOUT_MS / 1000 }, retryable: true })),
      )
    })
    try {
      return await Promise.race([work, timeout])
    } finally {
      timer?.cancel()
    }
  }

  const noStore = (cause: unknown) => new StudioError('E-KEY-NO-STORE', { cause, retryable: true })

  async function ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await limited(work())
    } catch (error) {
      if (error instanceof StudioError) throw error
      throw noStore(error)
    }
  }

  /** The keychain said null although we saved there: it is locked when it takes nothing new either, else the entry was removed. */
  async function explainNull(account: string): Promise<StudioError> {
    if (keychain === null) return noStore(null)
    try {
      await limited(keychain.set(PROBE_ACCOUNT, 'probe'))
      await limited(keychain.delete(PROBE_ACCOUNT))
      return new StudioError('E-KEY-MISSING', { params: { vendor: nameOf(account), reason: 'removed' } })
    } catch (error) {
      return error instanceof StudioError ? error : locked(account, error)
    }
  }

  const locked = (account: string, cause: unknown) =>
    new StudioError('E-KEY-LOCKED', { params: { vendor: nameOf(account) }, retryable: true, cause })

  /** Whether there is a keychain at all: one that is locked still answers "no such entry". */
  async function answers(keychain: Keychain): Promise<boolean> {
    try {
      await limited(keychain.get(PROBE_ACCOUNT))
      return true
    } catch (error) {
      if (error instanceof StudioError) throw error
      return false
    }
  }

  return {
    async get(account) {
      const given = environment[account] ?? ''
      // A line end in a variable would end up in a request's header.
      if (given !== '') return readSecret(nameOf(account), given).secret
      const held = session.get(account)
      if (held !== undefined) return held
      const known = read.get(account)
      if (known !== undefined) return known
      const marker = markers.get(account)
      if (marker === null) throw new StudioError('E-KEY-MISSING', { params: { vendor: nameOf(account) } })
      if (marker.where === 'sealed') {
        if (sealed === null) throw noStore(null)
        const secret = await ask(() => sealed.get(account))
        if (secret === null)
          throw new StudioError('E-KEY-MISSING', { params: { vendor: nameOf(account), reason: 'removed' } })
        read.set(account, secret)
        return secret
      }
      if (keychain === null) throw noStore(null)
      const secret = await ask(() => keychain.get(account))
      if (secret === null) throw await explainNull(account)
      read.set(account, secret)
      return secret
    },

    async set(account, secret) {
      const print = fingerprint(secret)
      session.delete(account)
      read.delete(account)
      if (keychain !== null) {
        try {
          await limited(keychain.set(account, secret))
          markers.set(account, { fingerprint: print, where: 'keychain' })
          return { state: 'saved', fingerprint: print }
        } catch (error) {
          // A keyring that is there but locked or silent is for the user to unlock: falling through would hide it.
          if (error instanceof StudioError) throw error
          if (await answers(keychain)) throw locked(account, error)
        }
      }
      if (sealed !== null) {
        await ask(() => sealed.set(account, secret))
        markers.set(account, { fingerprint: print, where: 'sealed' })
        return { state: 'saved', fingerprint: print }
      }
      session.set(account, secret)
      markers.delete(account)
      return { state: 'session', fingerprint: print }
    },

    async delete(account) {
      session.delete(account)
      read.delete(account)
      const marker = markers.get(account)
      if (marker?.where === 'keychain' && keychain !== null && !(await ask(() => keychain.delete(account)))) {
        const why = await explainNull(account)
        if (why.code !== 'E-KEY-MISSING') throw why
      }
      if (marker?.where === 'sealed' && sealed !== null) await ask(() => sealed.delete(account))
      markers.delete(account)
    },

    describe(account) {
      const given = environment[account]
      if (given !== undefined && given !== '') return { state: 'environment', fingerprint: fingerprint(given) }
      const held = session.get(account)
      if (held !== undefined) return { state: 'session', fingerprint: fingerprint(held) }
      const marker = markers.get(account)
      return marker === null ? { state: 'missing' } : { state: 'saved', fingerprint: marker.fingerprint }
    },
  }
}
