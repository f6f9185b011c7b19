import { contract, events } from '../../../shared/api/index.ts'
import type { EventName, Method, Output, StudioEvent } from '../../../shared/api/index.ts'
import { replySchema } from '../../../shared/api/wire.ts'
import { StudioError } from '../../../shared/errors.ts'
import type { ErrorData } from '../../../shared/errors.ts'
import { z } from 'zod'

function studioError(data: ErrorData): StudioError {
  const { code, chargeState, params, retryable, jobId, step, vendorId } = data
  return new StudioError(code, {
    chargeState,
    params,
    retryable,
    ...(jobId === undefined ? {} : { jobId }),
    ...(step === undefined ? {} : { step }),
    ...(vendorId === undefined ? {} : { vendorId }),
  })
}

/** What a reply carries; throws the core's error, or E-INTERNAL when it is no reply at all. */
function unwrapReply(what: string, raw: unknown): unknown {
  const reply = replySchema.safeParse(raw)
  if (!reply.success) throw new StudioError('E-INTERNAL', { params: { detail: `${what}: not a reply` } })
  if (!reply.data.ok) throw studioError(reply.data.error)
  return reply.data.value
}

/** As `unwrapReply`, with the value checked against a schema: the other side may be of another version. */
export function readReply<T>(what: string, schema: z.ZodType<T>, raw: unknown): T {
  const value = schema.safeParse(unwrapReply(what, raw))
  if (value.success) return value.data
  const detail = `${what}: ${z.prettifyError(value.error)}`.slice(0, 500)
  throw new StudioError('E-INTERNAL', { params: { detail } })
}

/** As `readReply`, by the schema of a method of the contract. */
export function parseReply<M extends Method>(method: M, raw: unknown): Output<M> {
  const schema: z.ZodType = contract[method].output
  // The compiler cannot follow the lookup; the schema is that of this very method.
  return readReply(method, schema, raw) as Output<M>
}

const envelopeSchema = z.object({ name: z.string(), payload: z.unknown() })

/** An event of the contract, or null for anything else (an event of a newer core is not an error). */
export function parseEvent(raw: unknown): StudioEvent | null {
  const envelope = envelopeSchema.safeParse(raw)
  if (!envelope.success || !Object.hasOwn(events, envelope.data.name)) return null
  const name = envelope.data.name as EventName
  const payload = events[name].safeParse(envelope.data.payload)
  return payload.success ? ({ name, payload: payload.data } as StudioEvent) : null
}
