import { z } from 'zod'
import { engineIdSchema } from '../model/engine.ts'
import { moneySchema } from '../model/job.ts'

/** A key as it is told of: never the key itself. */
const keyDescription = z.strictObject({
  engine: engineIdSchema,
  /** `session`: no keychain was there, it is forgotten with the end of the program. `environment`: used, never stored. */
  state: z.enum(['missing', 'saved', 'session', 'environment']),
  /** Eight hexadecimal digits, the same for the same key. Absent when missing. */
  fingerprint: z.string().optional(),
  /** What is left on its account, where the vendor tells; as of the last time that somebody looked. */
  balance: moneySchema.optional(),
})
export type KeyDescription = z.infer<typeof keyDescription>

const whichKey = z.strictObject({ engine: engineIdSchema })

export const keysContract = {
  /** One row for every engine that needs a key; does not touch the keychain. */
  'keys.describe': { input: z.strictObject({}), output: z.strictObject({ keys: z.array(keyDescription) }) },
  /**
   * Looks at the key, tries it with the vendor's free call, then saves it in place of the one before. Throws
   * E-CONFIG-INVALID (shape, another vendor's key), E-KEY-REJECTED, E-CREDITS, E-NET-*, E-KEY-LOCKED, E-KEY-TIMEOUT;
   * nothing is saved then. `trimmed`: blanks, quotes or a byte order mark around it were left out.
   */
  'keys.set': {
    input: z.strictObject({ engine: engineIdSchema, key: z.string().max(100_000) }),
    output: keyDescription.extend({ trimmed: z.boolean() }),
  },
  /** Tries the key in use with the vendor's free call. Throws E-KEY-*, E-CREDITS, E-NET-*. */
  'keys.test': { input: whichKey, output: keyDescription },
  /** Forgets the saved key. One out of the environment stays in use. */
  'keys.delete': { input: whichKey, output: keyDescription },
} as const
