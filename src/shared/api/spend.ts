import { z } from 'zod'
import { batchContract } from './batch.ts'
import { quoteSchema } from '../model/job.ts'
import { spendQuoteSchema } from '../model/spend.ts'

export const spendContract = {
  /** What `batch.start` with the same input would cost at most and at least. Makes nothing, sends nothing. */
  'spend.quote': {
    input: batchContract['batch.start'].input.omit({ spend: true }),
    output: spendQuoteSchema,
  },
  /**
   * What these jobs would be paid for once more by the prices of now, one sum for each currency: by `jobs.retry` those
   * that a vendor failed at and those whose files were mended since, by `jobs.submitAgain` those whose paid request got no answer.
   */
  'spend.again': {
    input: z.strictObject({
      jobIds: z.array(z.string()).min(1).max(10_000),
      by: z.enum(['retry', 'submit-again']),
    }),
    output: z.strictObject({ jobs: z.number().int(), prices: z.array(quoteSchema) }),
  },
  /** The cap of a batch, and how many of its jobs it has stopped. `needed`: the cap with which all of them would fit. */
  'spend.batchCap': {
    input: z.strictObject({ batchId: z.string() }),
    output: z.strictObject({
      jobs: z.number().int(),
      cap: z.number().nullable(),
      /** Set aside or spent. */
      spent: z.number(),
      needed: z.number(),
      currency: z.enum(['CNY', 'USD']).nullable(),
    }),
  },
  /** Another cap (null: none) for a batch that has stopped at its own; the jobs that it stopped are tried again. */
  'spend.raiseBatchCap': {
    input: z.strictObject({ batchId: z.string(), cap: z.number().min(0).max(1_000_000).nullable() }),
    output: z.strictObject({ changed: z.array(z.string()) }),
  },
} as const
