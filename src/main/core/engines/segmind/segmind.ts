import { StudioError } from '../../../../shared/errors.ts'
import type { Money } from '../../../../shared/model/job.ts'
import type { HttpCall, HttpReply } from '../../lib/http-client.ts'
import type { Operation, PollResult, RemoteContext, RemoteRequest, SubmitOutcome, VendorTimes } from '../engine.ts'
import {
  creditsReplySchema,
  operationIdSchema,
  resultReplySchema,
  statusReplySchema,
  submitReplySchema,
} from './api.ts'
import type { ResultReply, StatusReply } from './api.ts'
import { failure, protocolError, refusal, VENDOR, vendorTime, wordsOf } from './vendor-error.ts'

export const MODEL = 'live-portrait-video-to-video'
const MAX_ANSWER = 4096

/** One call with the key, to the configured origin only; the URLs of answers are never used with it. */
export function call(context: RemoteContext, method: 'GET' | 'POST', path: string, body?: unknown): HttpCall {
  const { endpoint } = context
  return {
    method,
    url: new URL(`${endpoint.baseUrl}${path}`),
    allowance: endpoint.allowance,
    headers: {
      'x-api-key': context.credential,
      accept: 'application/json',
      // A missing one is answered with a 406 that looks like others (section 6).
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: context.signal,
  }
}

export const requestPath = ({ id }: Operation): string => `/v2/requests/${encodeURIComponent(id)}`

function parseJson(reply: HttpReply): unknown {
  try {
    return JSON.parse(reply.text.replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
}

/** Section 2 and reliability C.0: one POST on a connection of its own, classed by what is proven. */
export async function submitClip(request: RemoteRequest, context: RemoteContext): Promise<SubmitOutcome> {
  const body = { input_video: request.source, driving_video: request.driver, ...request.parameters }
  const outcome = await context.http.callOnce(call(context, 'POST', `/v2/${MODEL}`, body))
  if (outcome.kind === 'not-sent') return { kind: 'rejected', error: outcome.error, httpStatus: null }
  if (outcome.kind === 'ambiguous')
    return { kind: 'ambiguous', error: unknownSubmit(outcome.error), httpStatus: null, answer: '', vendorTime: null }

  const { reply } = outcome
  const { status } = reply
  const answer = parseJson(reply)
  const facts = { httpStatus: status, answer: reply.text.slice(0, MAX_ANSWER), vendorTime: vendorTime(reply) }
  if (status >= 200 && status < 300) {
    const parsed = submitReplySchema.safeParse(answer)
    const id = parsed.success ? operationIdSchema.safeParse(parsed.data.request_id) : null
    if (id?.success === true)
      return { kind: 'accepted', operation: { id: id.data, requestId: id.data }, vendorTime: facts.vendorTime }
    return { kind: 'ambiguous', error: unknownSubmit(protocolError(reply)), ...facts }
  }
  // A gateway's 5xx may have passed the request on; so may whatever redirects.
  const isProven = status >= 400 && status < 500 && status !== 408 && status !== 425
  if (isProven) return { kind: 'rejected', error: refusal(reply, answer), httpStatus: status }
  return { kind: 'ambiguous', error: unknownSubmit(refusal(reply, answer)), ...facts }
}

const unknownSubmit = (cause: StudioError) =>
  new StudioError('E-SUBMIT-UNKNOWN', {
    params: { vendor: VENDOR, value: cause.code },
    chargeState: 'possible',
    cause,
  })

/** A refused question is no word on the operation: it is asked again. Only the key is for a person to settle. */
function unanswered(reply: HttpReply, body: unknown): StudioError {
  const error = refusal(reply, body)
  return error.code === 'E-KEY-REJECTED' || error.data.retryable ? error : protocolError(reply)
}

/** What any answer about an operation says of its end (section 3); null: nothing. FAILED is the last word under any HTTP status. */
function endIn(operation: Operation, reply: HttpReply, body: unknown): PollResult | null {
  const parsed = statusReplySchema.safeParse(body)
  const state = parsed.success ? parsed.data.status.toUpperCase() : ''
  // A gateway calls its own refusal an error, too: words that are not the contract's count in a whole answer only.
  const isWhole = reply.status === 200
  if (state === 'FAILED' || (isWhole && state === 'ERROR')) {
    const times = parsed.success ? timesOf(parsed.data) : {}
    return { kind: 'failed', error: failure(wordsOf(body), operation.id), times }
  }
  if (isWhole && (state === 'CANCELED' || state === 'CANCELLED')) return { kind: 'cancelled' }
  // The job ran and failed; that its body cannot be read does not change it.
  if (reply.status === 422) return { kind: 'failed', error: failure(wordsOf(body), operation.id), times: {} }
  // Only Segmind's own words make a record unknown; a page says no more than that a gateway is lost.
  if (reply.status === 404 && wordsOf(body) !== '') return { kind: 'unknown' }
  return null
}

/** Section 3: the light status. The result is not called before the run is completed. */
export async function pollStatus(operation: Operation, context: RemoteContext): Promise<PollResult> {
  const reply = await context.http.call(call(context, 'GET', `${requestPath(operation)}/status`))
  const body = parseJson(reply)
  const end = endIn(operation, reply, body)
  if (end !== null) return end
  if (reply.status !== 200) throw unanswered(reply, body)
  const parsed = statusReplySchema.safeParse(body)
  if (!parsed.success) throw protocolError(reply)
  const { status } = parsed.data
  const times = timesOf(parsed.data)
  switch (status.toUpperCase()) {
    case 'COMPLETED':
      return { kind: 'ready', vendorState: status }
    case 'PROCESSING':
      return { kind: 'pending', vendorState: status, step: 'render', times }
    default:
      // QUEUED and whatever the vendor adds one day: not an end.
      return { kind: 'pending', vendorState: status, step: 'vendor_queue', times }
  }
}

/** Section 3: the result of a completed run, once; its address wherever the answer has it. */
export async function fetchResult(operation: Operation, context: RemoteContext): Promise<PollResult> {
  const reply = await context.http.call(call(context, 'GET', requestPath(operation)))
  const nothing = { expiresAt: null, videoSeconds: null, times: {} } as const
  if (reply.status === 200 && isInline(reply)) return { kind: 'completed', resultUrl: null, ...nothing }
  const body = parseJson(reply)
  const end = endIn(operation, reply, body)
  if (end !== null) return end
  if (reply.status !== 200) throw unanswered(reply, body)
  const parsed = resultReplySchema.safeParse(body)
  if (!parsed.success) throw protocolError(reply)
  const state = parsed.data.status.toUpperCase()
  if (state === 'QUEUED' || state === 'PROCESSING')
    return { kind: 'pending', vendorState: parsed.data.status, step: 'render', times: {} }
  const url = addressIn(parsed.data)
  if (url === null) throw protocolError(reply)
  const { cost = null, remaining_credits: balance = null } = parsed.data.metrics ?? {}
  return { kind: 'completed', resultUrl: url, cost, balance, ...nothing, times: timesOf(parsed.data) }
}

/** Bytes of a video, or base64 text where an address would be: fetched as a stream, not from this answer. */
function isInline(reply: HttpReply): boolean {
  const type = reply.headers['content-type'] ?? ''
  if (type.startsWith('video/') || type.startsWith('application/octet-stream')) return true
  return /"(output|video|base64)"\s*:\s*"(data:video\/[\w.+-]+;base64,|[A-Za-z0-9+/]{64})/.test(reply.text)
}

/** `output` where it is an address, else `video.url`, else the first address inside `output`; text that is none as it is. */
function addressIn({ output, video }: ResultReply): string | null {
  const told = [output, video?.url].flatMap((text) => (typeof text === 'string' ? text.trim() || [] : []))
  const [first = told[0]] = told.filter((text) => URL.canParse(text))
  if (first !== undefined) return first
  return typeof output === 'object' && output !== null ? firstAddress(Object.values(output), 3) : null
}

function firstAddress(values: readonly unknown[], depth: number): string | null {
  for (const value of values.slice(0, 100)) {
    if (typeof value === 'string' && URL.canParse(value)) return value
    if (typeof value !== 'object' || value === null || depth === 0) continue
    const found = firstAddress(Object.values(value), depth - 1)
    if (found !== null) return found
  }
  return null
}

/** How long it waited and worked, as the vendor says; shown only. */
function timesOf({ metrics }: StatusReply): VendorTimes {
  const { queue_time: waited, inference_time: worked } = metrics ?? {}
  return {
    ...(typeof waited === 'number' ? { scheduled: `+${waited} s` } : {}),
    ...(typeof worked === 'number' ? { ended: `+${worked} s` } : {}),
  }
}

/** Section 7: costs nothing, and shows whether a key is good. Null for an account without a balance record. */
export async function askBalance(context: RemoteContext): Promise<Money | null> {
  const reply = await context.http.call(call(context, 'GET', '/v1/get-user-credits'))
  const body = parseJson(reply)
  if (reply.status === 404 && /no credits found/i.test(wordsOf(body))) return null
  if (reply.status !== 200) throw unanswered(reply, body)
  const parsed = creditsReplySchema.safeParse(body)
  if (!parsed.success) throw protocolError(reply)
  const { credits, 'free-credits': free } = parsed.data
  if (typeof credits !== 'number' && typeof free !== 'number') return null
  return { amount: Math.round(((credits ?? 0) + (free ?? 0)) * 1e4) / 1e4, currency: 'USD' }
}
