import { z } from 'zod'
import { jobStepSchema, moneySchema, quoteSchema } from '../model/job.ts'

const rehearsalStep = z.strictObject({
  step: jobStepSchema,
  startedAt: z.number().int(),
  /** Absent while it lasts. */
  endedAt: z.number().int().optional(),
  /** The simulated vendor's own word for where the operation stands. */
  vendorState: z.string().optional(),
})

/** What a rehearsal has done so far. Times in epoch milliseconds. */
const rehearsalProgress = z.strictObject({
  steps: z.array(rehearsalStep),
  progress: z.number().nullable(),
  /** What a real one would cost, told before anything is sent. */
  quote: quoteSchema.nullable(),
})
export type RehearsalProgress = z.infer<typeof rehearsalProgress>

export const rehearsalContract = {
  /**
   * One paid run of a sample pair, from the first check to the saved video, through the real client of the vendor against
   * a simulated one on this computer: no key, no network, no money. Takes as long as the video takes to render; a second
   * call while one runs joins it. Throws E-ENGINE-FAILED where this host lends no simulated vendor, and what the job failed with.
   */
  'rehearsal.start': {
    input: z.strictObject({ outputFolder: z.string().min(1).optional() }),
    output: z.strictObject({
      jobId: z.string(),
      /** The finished video; the media route `rehearsal/<jobId>` plays it. */
      output: z.string(),
      operation: z.string(),
      requestId: z.string().optional(),
      steps: z.array(rehearsalStep),
      quote: quoteSchema.nullable(),
      /** What it would have cost. */
      usage: moneySchema.nullable(),
      /** What the simulated vendor wrote into its ledger. */
      charges: z.strictObject({ generations: z.number().int(), checks: z.number().int() }),
    }),
  },
} as const

export const rehearsalEvents = { 'rehearsal-changed': rehearsalProgress } as const
