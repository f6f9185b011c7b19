import type { Logger } from 'pino'
import { StudioError, toErrorData } from '../../../shared/errors.ts'
import type { Reply } from '../../../shared/api/wire.ts'

/**
 * What a bridge carries back for a call: errors travel as data, because bridges keep no more of a thrown one than its
 * text. A fault of ours is logged whole, as the data names it in one line only.
 */
export async function replyOf(call: Promise<unknown>, logger: Pick<Logger, 'error'>): Promise<Reply> {
  try {
    return { ok: true, value: await call }
  } catch (error) {
    if (!(error instanceof StudioError)) logger.error({ err: error }, 'call failed')
    return { ok: false, error: toErrorData(error) }
  }
}
