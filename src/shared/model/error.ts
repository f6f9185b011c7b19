import { z } from 'zod'
import { CHARGE_STATES, ERROR_CODES } from '../errors.ts'
import type { ErrorData } from '../errors.ts'

/** Errors as they are read back: from a bridge, a database, a helper process. What only throws them needs no schema. */
export const errorCodeSchema = z.enum(ERROR_CODES)

export const errorParamsSchema = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]),
)

export const chargeStateSchema = z.enum(CHARGE_STATES)

/** Every part of an error, and no other: one that is added to the type is missed here by the compiler. */
const parts = {
  code: errorCodeSchema,
  params: errorParamsSchema,
  chargeState: chargeStateSchema,
  retryable: z.boolean(),
  jobId: z.string().optional(),
  step: z.string().optional(),
  vendorId: z.string().optional(),
} satisfies { [Part in keyof Required<ErrorData>]: z.ZodType<ErrorData[Part]> }

export const errorDataSchema = z.strictObject(parts)
