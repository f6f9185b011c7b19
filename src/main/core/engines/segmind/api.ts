import { z } from 'zod'

/** Wire shapes of Segmind, contract sections 2 to 7: tolerant of what the vendor adds, leaves out or writes otherwise. */

/** `{"error": "…"}`, or the authentication layer's form with a description. Anything else has no text. */
export const errorBodySchema = z
  .object({
    error: z.union([z.string(), z.object({ message: z.string() }).transform(({ message }) => message)]),
    error_description: z.string().optional().catch(undefined),
  })
  .transform(({ error, error_description: more }) => (more === undefined ? error : `${error}: ${more}`))

const requestId = z.union([z.string(), z.number().int().refine(Number.isSafeInteger).transform(String)])

export const submitReplySchema = z.object({ request_id: requestId })

/** An id that may stand in a URL and bind a job for good (reliability C.0). */
export const operationIdSchema = z.string().regex(/^[A-Za-z0-9_-]{8,128}$/)

const amount = z.number().min(0).max(1_000_000).nullish().catch(undefined)
const metricsSchema = z
  .object({ cost: amount, remaining_credits: amount, inference_time: amount, queue_time: amount })
  .nullish()
  .catch(undefined)

export const statusReplySchema = z.object({
  status: z.string(),
  error: z.string().nullish().catch(undefined),
  metrics: metricsSchema,
})
export type StatusReply = z.infer<typeof statusReplySchema>

export const resultReplySchema = statusReplySchema.extend({
  output: z.unknown(),
  video: z
    .object({ url: z.string().nullish().catch(undefined) })
    .nullish()
    .catch(undefined),
})
export type ResultReply = z.infer<typeof resultReplySchema>

export const creditsReplySchema = z.object({ credits: amount, 'free-credits': amount })
