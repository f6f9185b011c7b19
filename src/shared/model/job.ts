import { z } from 'zod'
import { errorDataSchema } from './error.ts'
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

/**
 * Why a job does not move just now. `turn`: others are before it; `slot`: the engine has no free place; `vendor-queue`: it
 * waits at the vendor; `lookup`: the answer to its paid request was lost and is looked for; `downloads`: results that
 * expire come first. `until`, `since`: epoch milliseconds.
 */
export const waitSchema = z.strictObject({
  reason: z.enum([
    'paused',
    'turn',
    'slot',
    'rate-limit',
    'offline',
    'vendor-trouble',
    'vendor-queue',
    'lookup',
    'downloads',
    'disk',
  ]),
  since: z.number().int().optional(),
  until: z.number().int().optional(),
  error: errorDataSchema.optional(),
})
export type Wait = z.infer<typeof waitSchema>

/** One row of the queue as hosts and windows see it. */
export const jobSchema = z.strictObject({
  jobId: z.string(),
  batchId: z.string(),
  state: jobStateSchema,
  step: jobStepSchema,
  /** 0..1 within the step, or null while nothing is known. Never invented. */
  progress: z.number().min(0).max(1).nullable(),
  engine: engineIdSchema,
  /** Absolute paths. Exactly one of voice and driver. */
  source: z.string(),
  voice: z.string().optional(),
  driver: z.string().optional(),
  /** The user's own https addresses, without their queries, that these files were fetched from: what people know them by. */
  addresses: z
    .strictObject({ source: z.string().optional(), voice: z.string().optional(), driver: z.string().optional() })
    .optional(),
  /** Final path; present once the job is done. */
  output: z.string().optional(),
  /** True when an earlier run had already made this result. */
  reused: z.boolean().optional(),
  operation: z.string().optional(),
  requestId: z.string().optional(),
  quote: quoteSchema.optional(),
  usage: moneySchema.optional(),
  why: waitSchema.optional(),
  error: errorDataSchema.optional(),
  /** Warnings and notes on the inputs (not errors). */
  findings: z.array(findingSchema),
  createdAt: z.number().int(),
  startedAt: z.number().int().optional(),
  endedAt: z.number().int().optional(),
})
export type Job = z.infer<typeof jobSchema>

/** One paid request of a job and what became of it. Times in epoch milliseconds by our clock, `times` as the vendor wrote them. */
export const submitAttemptSchema = z.strictObject({
  attemptId: z.string(),
  vendor: engineIdSchema,
  keyFingerprint: z.string(),
  endpoint: z.string(),
  intentAt: z.number().int(),
  /** Null: no answer was ever seen. */
  outcome: z.enum(['accepted', 'rejected', 'ambiguous']).nullable(),
  operation: z.string().optional(),
  requestId: z.string().optional(),
  httpStatus: z.number().int().optional(),
  chargeState: z.enum(['none', 'possible', 'charged']),
  /** Found in the vendor's list after its answer had been lost, or named by the user. */
  isAdopted: z.boolean(),
  verdict: z.enum(['succeeded', 'failed', 'cancelled']).optional(),
  vendorState: z.string().optional(),
  times: z.strictObject({
    submitted: z.string().optional(),
    scheduled: z.string().optional(),
    ended: z.string().optional(),
  }),
  /** When the result stops being there. */
  expiresAt: z.number().int().optional(),
  /** When the vendor forgets the operation, and with it where its result lies. */
  recordExpiresAt: z.number().int().optional(),
  /** What was left on the account before the request, and after it: a hint for a person, no proof. */
  balanceBefore: moneySchema.optional(),
  balanceAfter: moneySchema.optional(),
})
export type SubmitAttemptView = z.infer<typeof submitAttemptSchema>

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
  /** Paid requests, oldest first; empty for an engine on this machine. */
  submits: z.array(submitAttemptSchema).default([]),
})
export type JobDetail = z.infer<typeof jobDetailSchema>

export const jobCountsSchema = z.record(jobStateSchema, z.number().int())
export type JobCounts = z.infer<typeof jobCountsSchema>
