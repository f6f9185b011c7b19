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

const jobWorkSchema = z.strictObject({
  /** Null while an input could not be read. */
  inputs: z.array(inputSchema).nullable(),
  checks: z.array(checkResultSchema).optional(),
  /** What the engine gets: the inputs themselves or repaired copies in our own folder. */
  prepared: z.strictObject({ source: z.string(), voice: z.string() }).optional(),
  /** The whole, verified result under its temporary name in the output folder. */
  part: z.strictObject({ path: z.string(), sha256: z.string(), sizeBytes: z.number() }).optional(),
  /** The published result as it was left; a file in another state is hashed before it is taken for ours. */
  published: fileStateSchema.optional(),
})
/** What the steps of one job remember for each other, stored with the job. */
export type JobWork = z.infer<typeof jobWorkSchema>

/** Memory that cannot be read is as good as none: the job starts over. */
export function parseWork(work: unknown): JobWork {
  return jobWorkSchema.safeParse(work).data ?? { inputs: null }
}
