import { batchContract } from './batch.ts'
import { spendQuoteSchema } from '../model/spend.ts'

export const spendContract = {
  /** What `batch.start` with the same input would cost at most and at least. Makes nothing, sends nothing. */
  'spend.quote': {
    input: batchContract['batch.start'].input.omit({ spend: true }),
    output: spendQuoteSchema,
  },
} as const
