import { z } from 'zod'
import { errorDataSchema } from '../../../shared/model/error.ts'
import { engineIdSchema, parametersSchema } from '../../../shared/model/engine.ts'
import {
  jobSchema,
  jobStateSchema,
  jobStepSchema,
  moneySchema,
  quoteSchema,
  type Job,
  type JobDetail,
  type Wait,
} from '../../../shared/model/job.ts'
import { findingSchema } from '../../../shared/model/media.ts'
import type { Row } from '../db/database.ts'

/** What was asked for: never changes after the job was made. */
export const jobRequestSchema = z.strictObject({
  /** Complete parameters of the engine. */
  parameters: parametersSchema,
  outputFolder: z.string(),
  /** Below the output folder, '/'-separated, '' for none. */
  folder: z.string(),
  outName: z.string().optional(),
  /** Make repairs that lose something, too. */
  repair: z.boolean(),
  /** Mark the result as made by a machine. */
  aiLabel: z.boolean(),
  /** Where inputs were fetched from that are the user's own https addresses. */
  addresses: jobSchema.shape.addresses,
})
export type JobRequest = z.infer<typeof jobRequestSchema>

const jsonText = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    context.addIssue({ code: 'custom', message: 'not JSON' })
    return z.NEVER
  }
})

/** What lists show of a job at a vendor. */
const remoteFactsSchema = z.object({
  operation: z.string().optional(),
  requestId: z.string().optional(),
  quote: quoteSchema.optional(),
  usage: moneySchema.optional(),
})
export type RemoteFacts = z.infer<typeof remoteFactsSchema>

const flag = z.union([z.literal(0), z.literal(1)]).transform((value) => value === 1)

const jobRowSchema = z.object({
  job_id: z.string().min(1),
  batch_id: z.string(),
  position: z.number(),
  state: jobStateSchema,
  step: jobStepSchema,
  engine: engineIdSchema,
  source: z.string(),
  voice: z.string().nullable(),
  driver: z.string().nullable(),
  request: jsonText.pipe(jobRequestSchema),
  request_key: z.string(),
  identity: z.string().nullable(),
  work: jsonText,
  output: z.string().nullable(),
  output_sha256: z.string().nullable(),
  output_size_bytes: z.number().nullable(),
  reused: flag,
  error: jsonText.pipe(errorDataSchema).nullable(),
  findings: jsonText.pipe(z.array(findingSchema)),
  created_at: z.number().int(),
  started_at: z.number().int().nullable(),
  ended_at: z.number().int().nullable(),
  due_at: z.number().nullable(),
  remote: jsonText.pipe(remoteFactsSchema),
})

/** A job as the core holds it: its row, parsed. `work` is the pipeline's own memory, parsed there. */
export type JobRecord = ReturnType<typeof parseJobRow>

/** Throws a ZodError for a row that no version of ours can have written. */
export function parseJobRow(row: Row) {
  const parsed = jobRowSchema.parse(row)
  return {
    jobId: parsed.job_id,
    batchId: parsed.batch_id,
    position: parsed.position,
    state: parsed.state,
    step: parsed.step,
    engine: parsed.engine,
    source: parsed.source,
    voice: parsed.voice,
    driver: parsed.driver,
    request: parsed.request,
    requestKey: parsed.request_key,
    /** Same inputs by content, same parameters, same engine, same output folder; null while an input could not be read. */
    identity: parsed.identity,
    work: parsed.work,
    output: parsed.output,
    outputSha256: parsed.output_sha256,
    outputSizeBytes: parsed.output_size_bytes,
    reused: parsed.reused,
    error: parsed.error,
    findings: parsed.findings,
    createdAt: parsed.created_at,
    startedAt: parsed.started_at,
    endedAt: parsed.ended_at,
    dueAt: parsed.due_at,
    remote: parsed.remote,
  }
}

/** What hosts and windows see. `progress` and `why` are those of the running step, from memory. */
export function toJob(record: JobRecord, progress: number | null, why: Wait | null): Job {
  return {
    jobId: record.jobId,
    batchId: record.batchId,
    state: record.state,
    step: record.step,
    progress: record.state === 'done' ? 1 : progress,
    engine: record.engine,
    source: record.source,
    findings: record.findings,
    createdAt: record.createdAt,
    ...(record.voice === null ? {} : { voice: record.voice }),
    ...(record.driver === null ? {} : { driver: record.driver }),
    ...(record.request.addresses === undefined ? {} : { addresses: record.request.addresses }),
    ...(record.output === null ? {} : { output: record.output }),
    ...(record.reused ? { reused: true } : {}),
    ...record.remote,
    ...(why === null ? {} : { why }),
    ...(record.error === null ? {} : { error: record.error }),
    ...(record.startedAt === null ? {} : { startedAt: record.startedAt }),
    ...(record.endedAt === null ? {} : { endedAt: record.endedAt }),
  }
}

const attemptRowSchema = z.object({
  step: jobStepSchema,
  attempt: z.number().int(),
  started_at: z.number().int(),
  ended_at: z.number().int().nullable(),
  outcome: z.enum(['running', 'finished', 'failed', 'cancelled', 'interrupted']),
  error: jsonText.pipe(errorDataSchema).nullable(),
})
export type AttemptOutcome = z.infer<typeof attemptRowSchema>['outcome']

export function parseAttemptRow(row: Row): JobDetail['history'][number] {
  const parsed = attemptRowSchema.parse(row)
  return {
    step: parsed.step,
    attempt: parsed.attempt,
    startedAt: parsed.started_at,
    outcome: parsed.outcome,
    ...(parsed.ended_at === null ? {} : { endedAt: parsed.ended_at }),
    ...(parsed.error === null ? {} : { error: parsed.error }),
  }
}
