import { z } from 'zod'
import { jobCountsSchema, jobDetailSchema, jobSchema, jobStateSchema, moneySchema } from '../model/job.ts'

const jobIds = z.strictObject({ jobIds: z.array(z.string()).min(1).max(10_000) })
/** Ids on which the verb had an effect; the others are left as they were (already terminal, gone). */
const changedIds = z.strictObject({ changed: z.array(z.string()) })
const queueSnapshot = z.strictObject({
  paused: z.boolean(),
  counts: jobCountsSchema,
  /** Mean progress of all jobs that are not terminal plus those done in the running session, or null when idle. */
  progress: z.number().min(0).max(1).nullable(),
  /** Estimated seconds until the queue is empty, from measured speeds only; null while unknown. */
  etaSeconds: z.number().nullable(),
})
export type QueueSnapshot = z.infer<typeof queueSnapshot>

export const jobsContract = {
  /** Newest batch last; rows in queue order. Paged by `offset`. */
  'jobs.list': {
    input: z.strictObject({
      offset: z.number().int().min(0).default(0),
      limit: z.number().int().min(1).max(500).default(100),
      states: z.array(jobStateSchema).optional(),
      batchId: z.string().optional(),
    }),
    output: z.strictObject({ rows: z.array(jobSchema), total: z.number().int(), counts: jobCountsSchema }),
  },
  'jobs.show': { input: z.strictObject({ jobId: z.string() }), output: jobDetailSchema },
  'jobs.cancel': { input: jobIds, output: changedIds },
  /**
   * From the failed step on. What a vendor itself failed at is paid for again, and files that were mended may cost more
   * than was agreed to: then the most that a person agrees to (see `spend.again`) must be named, or E-SPEND-CAP is thrown and nothing is done.
   */
  'jobs.retry': { input: jobIds.extend({ agreed: z.array(moneySchema).optional() }), output: changedIds },
  /**
   * Binds a job whose paid request got no answer to an operation that the user names. Throws E-PARAM-RANGE when the job
   * does not ask for one, or the operation belongs to another job or is unknown to the vendor.
   */
  'jobs.adopt': {
    input: z.strictObject({ jobId: z.string(), operation: z.string().regex(/^[A-Za-z0-9_-]{8,128}$/) }),
    output: changedIds,
  },
  /** Pays once more for a job whose paid request got no answer: the user says that it was not taken. */
  'jobs.submitAgain': {
    input: z.strictObject({ jobId: z.string(), confirmed: z.literal(true) }),
    output: changedIds,
  },
  /** Gives up a job whose paid request got no answer, or whose operation vanished. It may have been charged. */
  'jobs.drop': { input: z.strictObject({ jobId: z.string() }), output: changedIds },
  /** Fetches a paid result once more; never makes one. A job whose result lies where it was put is left as it is. */
  'jobs.downloadAgain': { input: jobIds, output: changedIds },
  /**
   * Lays the sound of one of the inputs under the picture of a finished video, as a new file beside it. Throws
   * E-INPUT-MISSING, E-INPUT-NO-STREAM (that input has no sound), E-TOOL-*, E-OUT-*, E-DISK-FULL.
   */
  'jobs.swapSound': {
    input: z.strictObject({ jobId: z.string(), from: z.enum(['source', 'voice', 'driver']) }),
    output: z.strictObject({ path: z.string() }),
  },
  /**
   * Copies every finished video into a folder that the person chooses in the system's dialog, never over another file.
   * `missing` are not where they were put any more. Null when no folder was chosen. Throws E-OUT-*, E-DISK-FULL.
   */
  'jobs.saveCopies': {
    input: z.strictObject({}),
    output: z.strictObject({ saved: z.number().int(), missing: z.number().int() }).nullable(),
  },
  /** Takes terminal (or not yet started) jobs off the list; results on disk stay. */
  'jobs.remove': { input: jobIds, output: changedIds },
  /** Moves a queued job before another one, or to the end. */
  'jobs.move': {
    input: z.strictObject({ jobId: z.string(), beforeJobId: z.string().optional() }),
    output: changedIds,
  },
  'queue.snapshot': { input: z.strictObject({}), output: queueSnapshot },
  /** Nothing new is started; what runs at a vendor goes on. A running offline render is stopped and starts again later. */
  'queue.pause': { input: z.strictObject({}), output: queueSnapshot },
  'queue.resume': { input: z.strictObject({}), output: queueSnapshot },
} as const

export const jobsEvents = {
  /** Rows that changed since the last message, at most 10 messages a second; `removed` ids are gone from the list. */
  'jobs-changed': z.strictObject({ rows: z.array(jobSchema), removed: z.array(z.string()), counts: jobCountsSchema }),
  'queue-changed': queueSnapshot,
} as const
