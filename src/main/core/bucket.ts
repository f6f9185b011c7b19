import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Handlers } from '../../shared/api/index.ts'
import { StudioError } from '../../shared/errors.ts'
import { bucketConfigSchema, type BucketConfig } from '../../shared/model/storage.ts'
import { BUCKET_ACCOUNT, BUCKET_VARIABLES, packBucketKeys } from './create-secrets.ts'
import type { Database } from './db/database.ts'
import type { AddressAllowance } from './lib/address-guard.ts'
import type { HttpClient } from './lib/http-client.ts'
import { ensurePrivateFolder } from './lib/private-files.ts'
import type { ChosenStorage } from './pipeline/remote-access.ts'
import { createStoredObjects } from './pipeline/stored-objects.ts'
import type { Ports } from './ports.ts'
import { readSecret } from './secrets/read-secret.ts'
import { fingerprint, type SecretStore } from './secrets/secret-store.ts'
import { BUCKET_PRESETS, readBucketConfig } from './storage/s3/bucket-config.ts'
import type { S3Credentials } from './storage/s3/s3.ts'
import { testBucket, type BucketTest } from './storage/s3/test-bucket.ts'
import type { StorageBackend } from './storage/storage-backend.ts'

type BucketDependencies = {
  readonly ports: Pick<Ports, 'clock' | 'newId' | 'env' | 'logger'>
  readonly database: Database
  readonly secrets: SecretStore
  readonly http: HttpClient
  readonly workDir: string
  /** Aborted when the core stops. */
  readonly signal: AbortSignal
  /** Another bucket, other secrets or none: what stood still for the want of them may go on. */
  readonly changed: () => void
}

type StorageHandlers = Pick<
  Handlers,
  'storage.get' | 'storage.presets' | 'storage.set' | 'storage.test' | 'storage.delete'
>

const SETTING = 'bucket'
/** A bucket may be opened to everyone long after it was set up. */
const LOOK_AGAIN_MS = 7 * 24 * 3600_000

const storedSchema = z.strictObject({
  config: bucketConfigSchema,
  /** The user knows that anyone can read it. */
  acceptPublic: z.boolean(),
  /** Epoch milliseconds of the last test that came to an end. */
  testedAt: z.number(),
  isOpen: z.boolean(),
})
type Stored = z.infer<typeof storedSchema>

/** The user's own bucket: its settings, its secrets, its test, and the storage that jobs use. */
export function createBucket(dependencies: BucketDependencies) {
  const { ports, database, secrets, http, workDir, signal, changed } = dependencies
  const { clock, newId, env, logger } = ports
  const objects = createStoredObjects(database, clock.now, logger)
  let open: { readonly id: string; readonly backend: StorageBackend } | null = null

  function read(): Stored | null {
    const value = database.get('SELECT value FROM settings WHERE key = ?', SETTING)?.['value']
    if (typeof value !== 'string') return null
    try {
      return storedSchema.parse(JSON.parse(value))
    } catch (cause) {
      logger.warn({ setting: SETTING, cause }, 'setting not readable; as if there was no bucket')
      return null
    }
  }

  function write(stored: Stored): void {
    database.run(
      'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
      SETTING,
      JSON.stringify(stored),
    )
  }

  async function credentials(): Promise<S3Credentials> {
    const given = BUCKET_VARIABLES.filter((name) => (env[name] ?? '') !== '')
    const [name] = given
    if (given.length === 1 && name !== undefined)
      throw new StudioError('E-CONFIG-INVALID', { params: { name, value: name, reason: 'half-pair' } })
    const packed = await secrets.get(BUCKET_ACCOUNT)
    const [accessKeyId, secretAccessKey] = z.tuple([z.string(), z.string()]).parse(JSON.parse(packed))
    return { accessKeyId, secretAccessKey }
  }

  async function backendFor(config: BucketConfig, given?: S3Credentials): Promise<StorageBackend> {
    const keys = given ?? (await credentials())
    const id = fingerprint(JSON.stringify([config, keys]))
    if (open?.id !== id) {
      // Most starts of the program never need the SDK, which takes a fifth of the time of a start.
      const { createS3Storage } = await import('./storage/s3/s3.ts')
      open = { id, backend: createS3Storage(config, keys, newId, env) }
    }
    return open.backend
  }

  const state = (stored: Stored | null) => ({
    config: stored?.config ?? null,
    secret: secrets.describe(BUCKET_ACCOUNT),
    blocked: stored !== null && isBlocked(stored),
  })

  /** Tests a bucket, saved or not; saves nothing. `given`: other secrets than those saved. */
  async function look(stored: Stored, given?: S3Credentials): Promise<{ stored: Stored; verdict: BucketTest }> {
    const { config } = stored
    const backend = await backendFor(config, given)
    ensurePrivateFolder(workDir)
    const objectId = newId()
    const identity = { storageId: storageIdOf(config), sha256: '', model: '', keyFingerprint: '' }
    const found = await testBucket({
      backend,
      bucket: config.bucket,
      http,
      allowance: allowanceOf(config),
      workDir,
      record: {
        announce: (key) => objects.announce(objectId, identity, key, 'bucket-test'),
        gone: () => objects.forget(objectId),
      },
      signal,
    })
    const isOpen = found.error?.code === 'E-CONFIG-INSECURE'
    const cameToAnEnd = found.passed.includes('fetch')
    const now = cameToAnEnd ? { ...stored, testedAt: clock.now(), isOpen } : stored
    const isMeant = isOpen && stored.acceptPublic && found.error !== undefined
    const verdict: BucketTest = isMeant ? { ok: true, passed: found.passed, warning: found.error } : found
    return { stored: now, verdict }
  }

  async function test(stored: Stored): Promise<{ stored: Stored; verdict: BucketTest }> {
    const found = await look(stored)
    // Set to another one meanwhile: the verdict is not about that one.
    if (JSON.stringify(read()?.config) === JSON.stringify(stored.config)) write(found.stored)
    return found
  }

  const handlers: StorageHandlers = {
    'storage.get': async () => state(read()),
    'storage.presets': async () => ({ presets: [...BUCKET_PRESETS] }),

    'storage.set': async ({ accessKeyId, secretAccessKey, acceptPublic, ...request }) => {
      const config = readBucketConfig(request)
      const isGiven = accessKeyId !== undefined || secretAccessKey !== undefined
      if (!isGiven && secrets.describe(BUCKET_ACCOUNT).state === 'missing')
        throw new StudioError('E-KEY-MISSING', { params: { vendor: config.bucket, reason: 'bucket' } })
      const keys = isGiven
        ? {
            accessKeyId: readSecret('access key', accessKeyId ?? '').secret,
            secretAccessKey: readSecret('secret key', secretAccessKey ?? '').secret,
          }
        : undefined
      const { stored, verdict } = await look({ config, acceptPublic, testedAt: 0, isOpen: false }, keys)
      if (!verdict.ok) return { ...state(read()), verdict }
      if (keys !== undefined) await secrets.set(BUCKET_ACCOUNT, packBucketKeys(keys.accessKeyId, keys.secretAccessKey))
      write(stored)
      changed()
      return { ...state(stored), verdict }
    },

    'storage.test': async () => {
      const stored = read()
      if (stored === null)
        throw new StudioError('E-CONFIG-INVALID', { params: { name: 'bucket', reason: 'no-bucket' } })
      const tested = await test(stored)
      changed()
      return { ...state(tested.stored), verdict: tested.verdict }
    },

    'storage.delete': async () => {
      await secrets.delete(BUCKET_ACCOUNT)
      database.run('DELETE FROM settings WHERE key = ?', SETTING)
      open = null
      changed()
      return state(null)
    },
  }

  return {
    handlers,

    /**
     * Where inputs are put; null when no bucket is set. A week after the last test it is tested again first. Throws
     * E-KEY-*, and E-CONFIG-INSECURE while anyone can read the bucket and nobody said that this is meant.
     */
    chosen: async (): Promise<ChosenStorage | null> => {
      let stored = read()
      if (stored === null) return null
      if (clock.now() - stored.testedAt > LOOK_AGAIN_MS) stored = (await test(stored)).stored
      if (isBlocked(stored)) {
        const { bucket } = stored.config
        throw new StudioError('E-CONFIG-INSECURE', { params: { name: bucket, value: bucket, reason: 'public-read' } })
      }
      const { config } = stored
      return {
        storageId: storageIdOf(config),
        backend: await backendFor(config),
        preflight: allowanceOf(config),
      }
    },
  }
}

const isBlocked = ({ isOpen, acceptPublic }: Stored): boolean => isOpen && !acceptPublic

/** The same for one bucket, whoever asks for it. */
const storageIdOf = ({ endpoint, bucket }: BucketConfig): string =>
  `s3-${createHash('sha256').update(`${endpoint}/${bucket}`).digest('hex').slice(0, 16)}`

/** The user named this host, so a local proxy may answer for it; a private address would be of no use to a vendor. */
const allowanceOf = ({ endpoint }: BucketConfig): AddressAllowance => {
  const { hostname } = new URL(endpoint)
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname) ? 'loopback' : 'public-or-fake-ip'
}
