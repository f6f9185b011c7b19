/** The closed list of error and warning codes (reliability D.0). A new code needs a sentence in every text catalogue. */
export const ERROR_CODES = [
  'E-INPUT-TYPE',
  'E-INPUT-CORRUPT',
  'E-INPUT-TOO-LARGE',
  'E-INPUT-DIMENSIONS',
  'E-INPUT-ASPECT',
  'E-INPUT-TOO-SHORT',
  'E-INPUT-TOO-LONG',
  'E-INPUT-NO-STREAM',
  'E-INPUT-NO-FACE',
  'E-INPUT-FACE-INDEX',
  'E-INPUT-UNPAIRED',
  'E-INPUT-CHANGED',
  'E-INPUT-MISSING',
  'E-INPUT-PERMISSION',
  'E-INPUT-NOT-FILE',
  'E-INPUT-UNAVAILABLE',
  'E-INPUT-DUPLICATE',
  'E-PARAM-RANGE',
  'E-PARAM-TYPE',
  'E-PARAM-UNKNOWN',
  'E-CONFIG-INVALID',
  'E-CONFIG-INSECURE',
  'E-KEY-MISSING',
  'E-KEY-LOCKED',
  'E-KEY-REJECTED',
  'E-KEY-NO-STORE',
  'E-KEY-TIMEOUT',
  'E-BUCKET-AUTH',
  'E-BUCKET-MISSING',
  'E-BUCKET-REGION',
  'E-BUCKET-CLOCK',
  'E-BUCKET-REJECTED',
  'E-NET-OFFLINE',
  'E-NET-TIMEOUT',
  'E-NET-TLS',
  'E-NET-PORTAL',
  'E-RATE-LIMITED',
  'E-CREDITS',
  'E-VENDOR-REJECTED',
  'E-VENDOR-CONTENT',
  'E-VENDOR-FAILED',
  'E-VENDOR-FETCH',
  'E-VENDOR-PROTOCOL',
  'E-VENDOR-GONE',
  'E-SUBMIT-UNKNOWN',
  'E-TASK-VANISHED',
  'E-RESULT-EXPIRED',
  'E-RESULT-BAD',
  'E-RESULT-SUSPECT',
  'E-URL-BLOCKED',
  'E-DISK-FULL',
  'E-OUT-PERMISSION',
  'E-OUT-NAME',
  'E-DB-BUSY',
  'E-DB-CORRUPT',
  'E-DB-NEWER',
  'E-INSTANCE',
  'E-TOOL-MISSING',
  'E-TOOL-TIMEOUT',
  'E-TOOL-FAILED',
  'E-ENGINE-FAILED',
  'E-LOCAL-AUTH',
  'E-SPEND-CAP',
  'E-INTERNAL',
  'W-FACES',
  'W-ANIMAL',
  'W-NO-VOICE',
  'W-NOTE',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/**
 * Values a sentence is filled with. By convention: `file` (a base name or path), `value` and `limit` (measured value and
 * limit, already in the unit that the sentence names), `reason` (selects a variant `<code>.<reason>` of the sentence).
 */
export type ErrorParams = Record<string, string | number | boolean | null | string[]>

/** Whether money was spent: none; possible (the vendor may have started); charged. */
export const CHARGE_STATES = ['none', 'possible', 'charged'] as const
export type ChargeState = (typeof CHARGE_STATES)[number]

/** The wire form of an error: what crosses every bridge and is stored with a job. Sentences are made by hosts. */
export type ErrorData = {
  code: ErrorCode
  params: ErrorParams
  chargeState: ChargeState
  retryable: boolean
  jobId?: string | undefined
  step?: string | undefined
  vendorId?: string | undefined
}

type StudioErrorOptions = {
  readonly params?: ErrorParams
  readonly chargeState?: ChargeState
  /** True when the same call may succeed later without anyone changing anything. */
  readonly retryable?: boolean
  readonly jobId?: string
  readonly step?: string
  readonly vendorId?: string
  readonly cause?: unknown
}

/** The one error that our code throws on purpose. `message` is the code: nobody reads it for decisions or shows it. */
export class StudioError extends Error {
  readonly data: ErrorData

  constructor(code: ErrorCode, options: StudioErrorOptions = {}) {
    super(code, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'StudioError'
    this.data = {
      code,
      params: options.params ?? {},
      chargeState: options.chargeState ?? 'none',
      retryable: options.retryable ?? false,
      ...(options.jobId === undefined ? {} : { jobId: options.jobId }),
      ...(options.step === undefined ? {} : { step: options.step }),
      ...(options.vendorId === undefined ? {} : { vendorId: options.vendorId }),
    }
  }

  get code(): ErrorCode {
    return this.data.code
  }
}

/** The wire form of anything thrown: a StudioError's own data, else E-INTERNAL with the class and message as params. */
export function toErrorData(thrown: unknown): ErrorData {
  if (thrown instanceof StudioError) return thrown.data
  const detail = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
  return { code: 'E-INTERNAL', params: { detail: detail.slice(0, 500) }, chargeState: 'none', retryable: false }
}
