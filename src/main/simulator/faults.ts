import { z } from 'zod'

/**
 * One planned misbehaviour. It strikes the calls of `route` (a name such as `dashscope.submit`, or `*`), from the
 * `nth` on (1 = the first), `times` in a row.
 *
 * `before`: the call has no effect and gets the faulty answer. `after`: it has its effect (a submit is accepted and
 * charged) and the true answer is lost or spoilt.
 */
const faultSchema = z.strictObject({
  route: z.string(),
  nth: z.number().int().min(1).default(1),
  times: z.number().int().min(1).default(1),
  phase: z.enum(['before', 'after']).default('before'),
  /** Answers with this status; without a `body` of its own the true body is kept. */
  status: z.number().int().min(100).max(599).optional(),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().optional(),
  /** Waits before answering. */
  delayMs: z.number().int().min(0).default(0),
  /** Sends the body at this speed. */
  dripBytesPerSecond: z.number().int().min(1).optional(),
  /** Resets the connection: before the answer (0) or after so many bytes of its body. */
  resetAfterBytes: z.number().int().min(0).optional(),
  /** Ends the body cleanly after so many bytes. */
  truncateAtBytes: z.number().int().min(0).optional(),
  /** Leaves out Content-Length, so that the end of the connection ends the body. */
  noLength: z.boolean().default(false),
  /** Never answers. */
  hang: z.boolean().default(false),
  /** Flips one byte in the middle of the body and keeps its length. */
  corrupt: z.boolean().default(false),
})
export type Fault = z.infer<typeof faultSchema>

/** A fault file: what `simulate --fault FILE` reads. */
export const faultScriptSchema = z.array(faultSchema)

export type FaultDial = {
  /** The fault that strikes this call, if any; every call is counted. */
  readonly next: (route: string) => Fault | null
  readonly set: (faults: readonly z.input<typeof faultSchema>[]) => void
}

export function createFaultDial(initial: readonly Fault[] = []): FaultDial {
  let faults = initial
  let seen = new Map<Fault, number>()
  return {
    next(route) {
      let striking: Fault | null = null
      for (const fault of faults) {
        if (fault.route !== '*' && fault.route !== route) continue
        const count = (seen.get(fault) ?? 0) + 1
        seen.set(fault, count)
        if (striking === null && count >= fault.nth && count < fault.nth + fault.times) striking = fault
      }
      return striking
    },
    set(next) {
      faults = faultScriptSchema.parse(next)
      seen = new Map()
    },
  }
}
