import { z } from 'zod'

/** Wire shapes of DashScope, contract sections 4 to 7: tolerant of what the vendor adds, leaves out or writes otherwise. */

export const errorBodySchema = z
  .object({
    code: z.string().catch(''),
    message: z.string().optional().catch(undefined),
    msg: z.string().optional().catch(undefined),
    request_id: z.string().optional().catch(undefined),
  })
  .transform((body) => ({ code: body.code, message: body.message ?? body.msg ?? '', requestId: body.request_id }))

export const detectReplySchema = z.object({
  request_id: z.string().optional().catch(undefined),
  code: z.string().optional().catch(undefined),
  output: z.object({ pass: z.boolean(), message: z.string().catch('') }),
})

const taskId = z.union([z.string(), z.number().int().refine(Number.isSafeInteger).transform(String)])

export const submitReplySchema = z.object({
  request_id: z.string().optional().catch(undefined),
  output: z.object({ task_id: taskId }),
})

/** An id that may stand in a URL and bind a job for good (reliability C.0). */
export const operationIdSchema = z.string().regex(/^[A-Za-z0-9_-]{8,128}$/)

const urlHolder = z.union([
  z.string(),
  z.array(z.unknown()).transform((list) => (typeof list[0] === 'string' ? list[0] : undefined)),
  z
    .object({
      video_url: z
        .union([z.string(), z.array(z.string()).transform((list) => list[0])])
        .optional()
        .catch(undefined),
    })
    .transform((holder) => holder.video_url),
])

export const taskReplySchema = z.object({
  request_id: z.string().optional().catch(undefined),
  output: z.object({
    task_status: z.string().catch(''),
    code: z.string().optional().catch(undefined),
    message: z.string().optional().catch(undefined),
    submit_time: z.string().optional().catch(undefined),
    scheduled_time: z.string().optional().catch(undefined),
    end_time: z.string().optional().catch(undefined),
    results: urlHolder.optional().catch(undefined),
    video_url: z.string().optional().catch(undefined),
  }),
  usage: z
    .object({ video_duration: z.number().min(0).max(100_000).optional().catch(undefined) })
    .optional()
    .catch(undefined),
})
export type TaskReply = z.infer<typeof taskReplySchema>

export const listReplySchema = z.object({
  total_page: z.number().int().catch(1),
  data: z.array(
    z.object({
      task_id: taskId,
      status: z.string().catch(''),
      model_name: z.string().optional().catch(undefined),
      request_id: z.string().optional().catch(undefined),
      /** Epoch milliseconds on the vendor's clock. */
      gmt_create: z.number().optional().catch(undefined),
    }),
  ),
})
