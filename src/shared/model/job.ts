import { z } from 'zod'
import { errorDataSchema } from '../errors.ts'
import { engineIdSchema, parametersSchema } from './engine.ts'
import { findingSchema } from './media.ts'

export const JOB_STATES = [
  'queued',
  'waiting',
  'running',
  'needs_attention',
  'done',
  'failed',
  'cancelled',
  'expired',
] as const
export const jobStateSchema = z.enum(JOB_STATES)
export type JobState = z.infer<typeof jobStateSchema>
export const TERMINAL_STATES: readonly JobState[] = ['done', 'failed', 'cancelled', 'expired']

export const JOB_STEPS = [
  'check',
  'repair',
  'upload',
  'detect',
  'submit',
  'vendor_queue',
  'render',
  'download',
  'finish',
] as const
export const jobStepSchema = z.enum(JOB_STEPS)
export type JobStep = z.infer<typeof jobStepSchema>

export const moneySchema = z.strictObject({ amount: z.number(), currency: z.enum(['CNY', 'USD']) })
export type Money = z.infer<typeof moneySchema>
export const quoteSchema = z.strictObject({ low: z.number(), high: z.number(), currency: z.enum(['CNY', 'USD']) })
export type Quote = z.infer<typeof quoteSchema>

/** One row of the queue as hosts and windows see it. */
export const jobSchema = z.strictObject({
  jobId: z.string(),
  batchId: z.string(),
  state: jobStateSchema,
  step: jobStepSchema,
  /** 0..1 within the step, or null while nothing is known. Never invented. */
  progress: z.number().min(0).max(1).nullable(),
  engine: engineIdSchema,
  /** Absolute paths (or the user's own https URL). Exactly one of voice and driver. */
  source: z.string(),
  voice: z.string().optional(),
  driver: z.string().optional(),
  /** Final path; present once the job is done. */
  output: z.string().optional(),
  /** True when an earlier run had already made this result. */
  reused: z.boolean().optional(),
  operation: z.string().optional(),
  requestId: z.string().optional(),
  quote: quoteSchema.optional(),
  usage: moneySchema.optional(),
  error: errorDataSchema.optional(),
  /** Warnings and notes on the inputs (not errors). */
  findings: z.array(findingSchema),
  createdAt: z.number().int(),
  startedAt: z.number().int().optional(),
  endedAt: z.number().int().optional(),
})
export type Job = z.infer<typeof jobSchema>

/** A job with what only its own page needs. */
export const jobDetailSchema = z.strictObject({
  job: jobSchema,
  parameters: parametersSchema,
  /** Steps in order of their start; `endedAt` is absent while one runs. Times in epoch milliseconds. */
  history: z.array(
    z.strictObject({
      step: jobStepSchema,
      attempt: z.number().int(),
      startedAt: z.number().int(),
      endedAt: z.number().int().optional(),
      outcome: z.enum(['running', 'finished', 'failed', 'cancelled', 'interrupted']),
      error: errorDataSchema.optional(),
    }),
  ),
})
export type JobDetail = z.infer<typeof jobDetailSchema>

export const jobCountsSchema = z.record(jobStateSchema, z.number().int())
export type JobCounts = z.infer<typeof jobCountsSchema>
