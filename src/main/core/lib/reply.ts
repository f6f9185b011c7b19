import { toErrorData } from '../../../shared/errors.ts'
import type { Reply } from '../../../shared/api/wire.ts'

/** What a bridge carries back for a call: errors travel as data, because bridges keep no more of a thrown one than its text. */
export async function replyOf(call: Promise<unknown>): Promise<Reply> {
  try {
    return { ok: true, value: await call }
  } catch (error) {
    return { ok: false, error: toErrorData(error) }
  }
}
