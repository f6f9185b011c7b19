import { z } from 'zod'
import { errorDataSchema } from '../model/error.ts'
import { bucketCheckSchema, bucketConfigSchema, bucketPresetSchema } from '../model/storage.ts'

/** What a test of the bucket found. `error` names what is wrong in one sentence; `warning` does not keep it from being used. */
const bucketVerdict = z.strictObject({
  ok: z.boolean(),
  /** The checks that passed, in the order put, fetch, private, unlisted, delete. */
  passed: z.array(bucketCheckSchema),
  error: errorDataSchema.optional(),
  warning: errorDataSchema.optional(),
})
export type BucketVerdict = z.infer<typeof bucketVerdict>

const bucketState = z.strictObject({
  config: bucketConfigSchema.nullable(),
  /** The access key with its secret, as a fingerprint of both. */
  secret: z.strictObject({
    state: z.enum(['missing', 'saved', 'session', 'environment']),
    fingerprint: z.string().optional(),
  }),
  /** The bucket can be read by anyone, and nobody said that this is meant: nothing is put there. */
  blocked: z.boolean(),
})

export const storageContract = {
  /** The user's own bucket; null when none is set. Secrets never come out. */
  'storage.get': { input: z.strictObject({}), output: bucketState },
  'storage.presets': { input: z.strictObject({}), output: z.strictObject({ presets: z.array(bucketPresetSchema) }) },
  /**
   * Tests the bucket and sets it when it passed. Throws E-CONFIG-INVALID, E-CONFIG-INSECURE (plain http), E-KEY-*. With
   * these, and where the verdict is not `ok`, what was set before stays, and nothing is saved. Access key
   * and secret are left out to keep those saved.
   */
  'storage.set': {
    input: z.strictObject({
      preset: z.string().default('custom'),
      /** Left out where the preset knows it. */
      endpoint: z.string().max(100_000).optional(),
      region: z.string().max(100_000).optional(),
      bucket: z.string().max(100_000),
      prefix: z.string().max(100_000).default(''),
      pathStyle: z.boolean().optional(),
      accessKeyId: z.string().max(100_000).optional(),
      secretAccessKey: z.string().max(100_000).optional(),
      /** The user knows that anyone can read the bucket. */
      acceptPublic: z.boolean().default(false),
    }),
    output: bucketState.extend({ verdict: bucketVerdict }),
  },
  /** Puts a small file, fetches it through a link and without one, lists without a key, deletes it. Throws E-CONFIG-INVALID when no bucket is set, E-KEY-*. */
  'storage.test': { input: z.strictObject({}), output: bucketState.extend({ verdict: bucketVerdict }) },
  /** Forgets the bucket and its secrets. Nothing in it is touched. */
  'storage.delete': { input: z.strictObject({}), output: bucketState },
} as const
