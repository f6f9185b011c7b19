import { z } from 'zod'
import { errorDataSchema } from '../model/error.ts'

/** What a bridge carries back: the method's output or an error as data. */
export const replySchema = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true), value: z.unknown() }),
  z.strictObject({ ok: z.literal(false), error: errorDataSchema }),
])
export type Reply = z.infer<typeof replySchema>
