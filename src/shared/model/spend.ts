import { z } from 'zod'
import { engineIdSchema } from './engine.ts'
import { quoteSchema } from './job.ts'

/** Prices of one paid engine as a person may edit them. `asOf`: the day on which somebody last compared them with the vendor's page. */
export const priceTableSchema = z.strictObject({
  currency: z.enum(['CNY', 'USD']),
  perSecond: z.number().min(0).max(1000),
  /** For each video, whatever its length: an average, where the vendor does not say what it counts. */
  perRun: z.number().min(0).max(1000).default(0),
  perCheck: z.number().min(0).max(1000),
  asOf: z.iso.date(),
})
export type PriceTable = z.infer<typeof priceTableSchema>

/**
 * DashScope: contract section 8. No free quota is counted: nobody but the vendor knows what is left of it. Segmind:
 * contract section 7, the average of one run; longer clips cost more.
 */
export const DEFAULT_PRICES = {
  dashscope: { currency: 'CNY', perSecond: 0.02, perRun: 0, perCheck: 0.004, asOf: '2026-03-15' },
  segmind: { currency: 'USD', perSecond: 0, perRun: 0.279, perCheck: 0, asOf: '2026-08-27' },
} as const satisfies Partial<Record<z.infer<typeof engineIdSchema>, PriceTable>>

/** What starting would cost; nothing has been sent. */
export const spendQuoteSchema = z.strictObject({
  engine: engineIdSchema,
  /** Jobs that would be paid for: not the rejected ones, nor those already made or already at the vendor. */
  jobs: z.number().int().min(0),
  /** Their driving media together, in seconds. */
  seconds: z.number().min(0),
  /** The vendor's own checks of pictures that it has not checked yet. */
  checks: z.number().int().min(0),
  /** Null for an engine that costs nothing. */
  price: quoteSchema.nullable(),
  pricesAsOf: z.string().nullable(),
  /** Already set aside or spent today in this currency, and the most allowed a day. */
  spentToday: z.number(),
  /** The inputs would go where anyone with their address can fetch them and nobody can delete them, and no person agreed to that yet. */
  asksPublicUpload: z.boolean().default(false),
  dayCap: z.number().nullable(),
})
export type SpendQuote = z.infer<typeof spendQuoteSchema>
