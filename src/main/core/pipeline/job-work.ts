import { z } from 'zod'
import { checkResultSchema } from '../../../shared/model/media.ts'

const inputSchema = z.strictObject({
  role: z.enum(['source', 'voice', 'driver']),
  path: z.string(),
  dev: z.string(),
  ino: z.string(),
  sizeBytes: z.number(),
  mtimeNs: z.string(),
  sha256: z.string(),
})
/** One input as it was when the job was asked for. */
export type JobInput = z.infer<typeof inputSchema>

const fileStateSchema = z.strictObject({
  dev: z.string(),
  ino: z.string(),
  sizeBytes: z.number(),
  mtimeNs: z.string(),
})

const roleSchema = z.enum(['source', 'voice', 'driver'])

const remoteWorkSchema = z.strictObject({
  /** Private copies of the inputs, in the state in which they were checked. */
  files: z.array(
    z.strictObject({
      role: roleSchema,
      path: z.string(),
      sha256: z.string(),
      sizeBytes: z.number(),
      contentType: z.string(),
      extension: z.string(),
    }),
  ),
  /** Length of the voice or driver. */
  seconds: z.number(),
  /** Where the inputs lie, by use: `check` for the vendor's own check of the source. */
  objects: z
    .strictObject({
      storageId: z.string(),
      check: z.string().optional(),
      source: z.string(),
      voice: z.string().optional(),
      driver: z.string().optional(),
    })
    .optional(),
  /** How often the inputs were put up again because the vendor could not fetch them. */
  renewals: z.number().int().default(0),
})
export type RemoteWork = z.infer<typeof remoteWorkSchema>

const jobWorkSchema = z.strictObject({
  /** Null while an input could not be read. */
  inputs: z.array(inputSchema).nullable(),
  checks: z.array(checkResultSchema).optional(),
  /** What the engine gets: the inputs themselves or repaired copies in our own folder. */
  prepared: z
    .strictObject({ source: z.string(), voice: z.string().optional(), driver: z.string().optional() })
    .optional(),
  /** The whole, verified result under its temporary name in the output folder. */
  part: z.strictObject({ path: z.string(), sha256: z.string(), sizeBytes: z.number() }).optional(),
  remote: remoteWorkSchema.optional(),
  /** A result that is being fetched: its temporary file, and what lets the server vouch that it is still the same. */
  partial: z
    .strictObject({
      path: z.string(),
      resume: z.strictObject({ etag: z.string(), totalBytes: z.number() }).optional(),
    })
    .optional(),
  /** The published result as it was left; a file in another state is hashed before it is taken for ours. */
  published: fileStateSchema.optional(),
})
/** What the steps of one job remember for each other, stored with the job. */
export type JobWork = z.infer<typeof jobWorkSchema>

/** Memory that cannot be read is as good as none: the job starts over. */
export function parseWork(work: unknown): JobWork {
  return jobWorkSchema.safeParse(work).data ?? { inputs: null }
}
