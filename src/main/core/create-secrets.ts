import type { Database } from './db/database.ts'
import { createSecretMarkers } from './create-remote.ts'
import { REMOTE_ENGINES } from './engines/registry.ts'
import type { Ports } from './ports.ts'
import { startNodeHelper } from './lib/helper-channel.ts'
import { openKeytar, type Keychain } from './secrets/keychain.ts'
import { createSecretStore, type SecretStore } from './secrets/secret-store.ts'

/** The account of the user's bucket: access key and secret as one entry, so that they are never of two pairs. */
export const BUCKET_ACCOUNT = 'bucket'

/** Access key and secret as the one text that is kept. */
export const packBucketKeys = (accessKeyId: string, secretAccessKey: string): string =>
  JSON.stringify([accessKeyId, secretAccessKey])

export const BUCKET_VARIABLES = ['STUDIO_S3_ACCESS_KEY_ID', 'STUDIO_S3_SECRET_ACCESS_KEY'] as const

/** The environment variables of all keys: used before all else and never stored. */
export const KEY_VARIABLES: readonly string[] = [
  ...REMOTE_ENGINES.map(({ keyVariable }) => keyVariable),
  ...BUCKET_VARIABLES,
]

/** The system's keychain as this host can reach it; null where there is none. */
export const openKeychain = ({ env, paths, startHelper = startNodeHelper }: Ports): Keychain | null =>
  openKeytar({ env, entry: paths.keychainProcess, start: startHelper })

/** Keychain, then what the host can seal, then this session only (docs/decisions/0004-keytar.md). */
export function createSecrets(ports: Ports, database: Database): SecretStore {
  const { env, clock, sealedStore } = ports
  // What a shell's `export KEY="$(cat file)"` leaves around a key is not part of it.
  const variable = (name: string) => env[name]?.trim() ?? ''
  const [id = '', secret = ''] = BUCKET_VARIABLES.map(variable)
  return createSecretStore({
    keychain: openKeychain(ports),
    sealed: sealedStore ?? null,
    markers: createSecretMarkers(database),
    environment: {
      ...Object.fromEntries(REMOTE_ENGINES.map((engine) => [engine.id, variable(engine.keyVariable)])),
      [BUCKET_ACCOUNT]: id === '' || secret === '' ? '' : packBucketKeys(id, secret),
    },
    names: {
      ...Object.fromEntries(REMOTE_ENGINES.map(({ id, vendorName }) => [id, vendorName])),
      [BUCKET_ACCOUNT]: 'S3',
    },
    setTimer: clock.setTimer,
  })
}
