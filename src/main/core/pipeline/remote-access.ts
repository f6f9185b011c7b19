import type { EngineId } from '../../../shared/model/engine.ts'
import type { RemoteEndpoint, RemoteEngine } from '../engines/engine.ts'
import type { AddressAllowance } from '../lib/address-guard.ts'
import type { StorageBackend } from '../storage/storage-backend.ts'

export type Credential = { readonly secret: string; readonly fingerprint: string }

/** A place for inputs, with the id under which its objects are recorded. */
export type ChosenStorage = {
  /** Stable for one bucket (endpoint, name) or one vendor storage. */
  readonly storageId: string
  readonly backend: StorageBackend
  /** How its signed links may be tried from here before a paid call; null where we cannot fetch them. */
  readonly preflight: AddressAllowance | null
}

/** Keys, addresses and storages, looked up anew for every dispatch: what the user changes holds from the next call on. */
export type RemoteAccess = {
  /** Throws E-KEY-*, and E-CONFIG-INSECURE for a stored key with a plain-http override. */
  readonly credential: (engine: EngineId) => Promise<Credential>
  /** Throws E-CONFIG-INVALID, E-CONFIG-INSECURE. */
  readonly endpoint: (engine: RemoteEngine) => RemoteEndpoint
  /** The user's bucket where one is set, else the vendor's own storage. Throws E-CONFIG-INVALID, E-KEY-*. */
  readonly storage: (engine: RemoteEngine) => Promise<ChosenStorage>
  /** True where inputs would go to a public place for good, and no person has agreed to that yet. */
  readonly asksPublicUpload: (engine: RemoteEngine) => Promise<boolean>
  /** The backend of recorded objects; null when it is no longer set up or takes nothing back. */
  readonly storageById: (storageId: string) => Promise<StorageBackend | null>
}
