import type { AddressAllowance } from '../lib/address-guard.ts'
import type { HttpClient } from '../lib/http-client.ts'

/** A file to be put where a vendor can fetch it. */
export type StorageFile = {
  readonly path: string
  readonly sizeBytes: number
  readonly contentType: string
  /** Lower-case extension with its dot, of the true format. */
  readonly extension: string
  /** Of its contents, where that is known. */
  readonly sha256?: string
}

/** Where a file lies in a backend: opaque to everyone else, stored before the first byte is sent so that a janitor can find it. */
export type ObjectKey = string

/**
 * A place that yields a URL for a local file.
 *
 * `put` is safe to repeat with the same key after a failure and leaves no part behind when it is aborted. `signedUrl`
 * is made at dispatch and lives at least `lifetimeSeconds`. `delete` of a missing object is no error.
 */
export type StorageBackend = {
  readonly id: string
  readonly capabilities: {
    /** False where objects cannot be deleted by us (they expire by themselves, or never). */
    readonly canDelete: boolean
    /** Files are bound to the model that consumes them: one put for each model. */
    readonly boundToModel: boolean
    /** Seconds after which a file is gone by itself; null for never. */
    readonly objectLifeSeconds: number | null
    /** True where anyone with the address can read the file. */
    readonly isPublic: boolean
  }
  /** A fresh random key for such a file; nothing of the user's names in it. */
  readonly newKey: (file: StorageFile) => ObjectKey
  readonly put: (
    key: ObjectKey,
    file: StorageFile,
    context: { readonly model: string; readonly signal: AbortSignal; readonly onProgress: (doneBytes: number) => void },
  ) => Promise<ObjectKey>
  readonly signedUrl: (key: ObjectKey, lifetimeSeconds: number) => Promise<string>
  readonly delete?: (key: ObjectKey, signal: AbortSignal) => Promise<void>
}

/** What a vendor's own storage is lent: how the vendor is reached, and with what key. */
export type VendorStorageContext = {
  readonly http: HttpClient
  readonly baseUrl: URL
  /** Of `uploadUrl` where the vendor has one for itself, else of `baseUrl`. */
  readonly allowance: AddressAllowance
  readonly uploadUrl: URL
  /** Origins of loopback overrides: addresses on exactly these are accepted too. */
  readonly loopbackOrigins: readonly string[]
  readonly workspaceId?: string
  readonly credential: () => Promise<string>
  readonly monotonic: () => number
  readonly newId: () => string
}

/** The place that a vendor lends for inputs. */
export type VendorStorage = {
  readonly storageId: string
  /** Anyone with an address can fetch the file, and nobody can take it back: a person is asked before the first one. */
  readonly isPublic: boolean
  /** Where files go, when that is another host than the vendor's interface. */
  readonly uploadUrl?: string
  readonly create: (context: VendorStorageContext) => StorageBackend
}
