import { StudioError } from '../../../../shared/errors.ts'
import type { HttpCall, HttpReply } from '../../lib/http-client.ts'
import { withoutQueries } from '../../lib/url-rules.ts'
import { VendorRefusal } from '../engine.ts'
import type {
  ListedOperation,
  Operation,
  PollResult,
  RemoteContext,
  RemoteRequest,
  SubmitOutcome,
  VendorTimes,
} from '../engine.ts'
import {
  detectReplySchema,
  errorBodySchema,
  listReplySchema,
  operationIdSchema,
  submitReplySchema,
  taskReplySchema,
} from './api.ts'
import type { TaskReply } from './api.ts'
import { vendorError } from './vendor-error.ts'

const LIST_PAGE_SIZE = 50
const MAX_LIST_PAGES = 4
const MAX_ANSWER = 4096

function call(
  context: RemoteContext,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  extra: Readonly<Record<string, string>> = {},
): HttpCall {
  const { endpoint } = context
  const text = body === undefined ? undefined : JSON.stringify(body)
  return {
    method,
    url: new URL(`${endpoint.baseUrl}${path}`),
    allowance: endpoint.allowance,
    headers: {
      authorization: `Bearer ${context.credential}`,
      accept: 'application/json',
      ...(text === undefined ? {} : { 'content-type': 'application/json' }),
      ...(endpoint.workspaceId === undefined ? {} : { 'x-dashscope-workspace': endpoint.workspaceId }),
      // Only a body with an oss:// address needs it, and without it such an address is refused (section 1).
      ...(text?.includes('"oss://') === true ? { 'x-dashscope-ossresourceresolve': 'enable' } : {}),
      ...extra,
    },
    ...(text === undefined ? {} : { body: text }),
    signal: context.signal,
  }
}

function parseJson(reply: HttpReply): unknown {
  try {
    return JSON.parse(reply.text.replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
}

/** Throws what a reply that is not a success means: a redirect and a body that cannot be read are the vendor's fault. */
function refused(reply: HttpReply, body: unknown): StudioError {
  if (reply.status >= 300 && reply.status < 400) return protocolError(reply)
  const known = errorBodySchema.safeParse(body)
  if (!known.success && /^\s*</.test(reply.text) && reply.status === 200) {
    return new StudioError('E-NET-PORTAL', { params: { host: 'DashScope' }, retryable: true })
  }
  const text = known.success ? known.data : { code: '', message: reply.text.slice(0, 200), requestId: undefined }
  return vendorError(reply.status, text, retryAfter(reply))
}

/** Milliseconds of a `Retry-After` in seconds or as a date, by the vendor's own clock; null when there is none. */
function retryAfter(reply: HttpReply): number | null {
  const header = reply.headers['retry-after']
  if (header === undefined) return null
  if (/^\d+$/.test(header)) return Number(header) * 1000
  const at = Date.parse(header)
  const now = vendorTime(reply)
  return Number.isNaN(at) || now === null ? null : Math.max(0, at - now)
}

/** The vendor's clock by the `Date` of its answer, epoch milliseconds. */
export function vendorTime(reply: HttpReply): number | null {
  const at = Date.parse(reply.headers['date'] ?? '')
  return Number.isNaN(at) ? null : at
}

const protocolError = (reply: HttpReply) =>
  new StudioError('E-VENDOR-PROTOCOL', {
    params: {
      vendor: 'DashScope',
      value: `HTTP ${reply.status} ${withoutQueries(reply.text.slice(0, 2000)).slice(0, 200)}`,
    },
    retryable: true,
  })

async function askJson(context: RemoteContext, request: HttpCall): Promise<{ reply: HttpReply; body: unknown }> {
  const reply = await context.http.call(request)
  return { reply, body: readJson(reply) }
}

function readJson(reply: HttpReply): unknown {
  const body = parseJson(reply)
  if (reply.status !== 200) throw refused(reply, body)
  if (body === undefined) throw /^\s*</.test(reply.text) ? refused(reply, body) : protocolError(reply)
  // A 200 may still carry an error (section 5).
  if (hasErrorCode(body)) throw refused({ ...reply, status: 400 }, body)
  return body
}

/** Whether a question about operations was refused for what it asked: no word on any operation, which may well run. */
const isQuestionRefused = (thrown: unknown): boolean =>
  thrown instanceof VendorRefusal && (thrown.effect === 'job' || thrown.effect === 'renew')

function hasErrorCode(body: unknown): boolean {
  const known = errorBodySchema.safeParse(body)
  const hasOutput =
    typeof body === 'object' &&
    body !== null &&
    'output' in body &&
    typeof body.output === 'object' &&
    body.output !== null
  return known.success && known.data.code !== '' && !hasOutput
}

/** Section 4: synchronous, without the asynchronous header; only `pass` decides. */
export async function checkPortrait(sourceUrl: string, context: RemoteContext) {
  const body = { model: 'liveportrait-detect', input: { image_url: sourceUrl } }
  const answer = await askJson(context, call(context, 'POST', '/services/aigc/image2video/face-detect', body))
  const parsed = detectReplySchema.safeParse(answer.body)
  if (!parsed.success) throw protocolError(answer.reply)
  const { output, request_id: requestId } = parsed.data
  return { pass: output.pass, message: withoutQueries(output.message.slice(0, 2000)), requestId }
}

/** Section 5 and reliability C.0: one POST on a connection of its own, classed by what is proven. */
export async function submitTask(request: RemoteRequest, context: RemoteContext): Promise<SubmitOutcome> {
  const body = {
    model: 'liveportrait',
    input: { image_url: request.source, audio_url: request.voice },
    parameters: request.parameters,
  }
  const headers = { 'x-dashscope-async': 'enable' }
  const outcome = await context.http.callOnce(
    call(context, 'POST', '/services/aigc/image2video/video-synthesis/', body, headers),
  )
  if (outcome.kind === 'not-sent') return { kind: 'rejected', error: outcome.error, httpStatus: null }
  if (outcome.kind === 'ambiguous')
    return { kind: 'ambiguous', error: unknownSubmit(outcome.error), httpStatus: null, answer: '', vendorTime: null }

  const { reply } = outcome
  const answer = parseJson(reply)
  const facts = { httpStatus: reply.status, answer: reply.text.slice(0, MAX_ANSWER), vendorTime: vendorTime(reply) }
  if (reply.status >= 200 && reply.status < 300) {
    const parsed = submitReplySchema.safeParse(answer)
    const id = parsed.success ? operationIdSchema.safeParse(parsed.data.output.task_id) : null
    if (parsed.success && id?.success === true) {
      return {
        kind: 'accepted',
        operation: { id: id.data, requestId: parsed.data.request_id },
        vendorTime: facts.vendorTime,
      }
    }
    // A whole DashScope error in a 200 proves as much as one in a 400; everything else proves nothing.
    if (hasErrorCode(answer))
      return { kind: 'rejected', error: refused({ ...reply, status: 400 }, answer), httpStatus: reply.status }
    return { kind: 'ambiguous', error: unknownSubmit(protocolError(reply)), ...facts }
  }
  const proven = reply.status >= 400 && reply.status < 500 && reply.status !== 408 && reply.status !== 425
  if (proven) return { kind: 'rejected', error: refused(reply, answer), httpStatus: reply.status }
  return { kind: 'ambiguous', error: unknownSubmit(refused(reply, answer)), ...facts }
}

const unknownSubmit = (cause: StudioError) =>
  new StudioError('E-SUBMIT-UNKNOWN', {
    params: { vendor: 'DashScope', value: cause.code },
    chargeState: 'possible',
    cause,
  })

/** Section 6, query: 200 for every state; the body decides. A 404 is no more than a record that is not to be seen. */
export async function pollTask(operation: Operation, context: RemoteContext): Promise<PollResult> {
  const reply = await context.http.call(call(context, 'GET', `/tasks/${encodeURIComponent(operation.id)}`))
  let body: unknown
  try {
    body = readJson(reply)
  } catch (thrown) {
    if (!isQuestionRefused(thrown)) throw thrown
    if (reply.status === 404) return { kind: 'unknown' }
    throw protocolError(reply)
  }
  const parsed = taskReplySchema.safeParse(body)
  if (!parsed.success) throw protocolError(reply)
  const { output, usage, request_id: requestId } = parsed.data
  const times: VendorTimes = { submitted: output.submit_time, scheduled: output.scheduled_time, ended: output.end_time }
  switch (output.task_status.toUpperCase()) {
    case 'SUCCEEDED': {
      const url = resultUrl(parsed.data)
      if (url === null) throw protocolError(reply)
      return {
        kind: 'completed',
        resultUrl: url,
        expiresAt: expiryOf(url),
        videoSeconds: usage?.video_duration ?? null,
        times,
      }
    }
    case 'FAILED': {
      const refusal = vendorError(400, { code: output.code ?? '', message: output.message ?? '', requestId })
      const known =
        refusal.code === 'E-VENDOR-REJECTED' || refusal.code === 'E-VENDOR-CONTENT' || refusal.code === 'E-VENDOR-FETCH'
      const code =
        known && (output.code ?? '') !== '' && !isServerFault(output.code ?? '') ? refusal.code : 'E-VENDOR-FAILED'
      return {
        kind: 'failed',
        error: new StudioError(code, { params: refusal.data.params, vendorId: operation.id }),
        times,
      }
    }
    case 'CANCELED':
    case 'CANCELLED':
      return { kind: 'cancelled' }
    case 'UNKNOWN':
      return { kind: 'unknown' }
    case 'RUNNING':
      return { kind: 'pending', vendorState: output.task_status, step: 'render', times }
    default:
      // PENDING, SUSPENDED and whatever the vendor adds one day: not an end.
      return { kind: 'pending', vendorState: output.task_status, step: 'vendor_queue', times }
  }
}

const isServerFault = (code: string) =>
  /^(internalerror|systemerror|modelservicefailed|requesttimeout)/i.test(code.replace(/\s+/g, ''))

function resultUrl(reply: TaskReply): string | null {
  const url = reply.output.results ?? reply.output.video_url
  return url === undefined || url.trim() === '' ? null : url
}

/** The signed address tells its own end as a Unix second (section 6, lifetimes). */
function expiryOf(url: string): number | null {
  if (!URL.canParse(url)) return null
  const expires = new URL(url).searchParams.get('Expires')
  return expires !== null && /^\d{9,11}$/.test(expires) ? Number(expires) * 1000 : null
}

/** Section 6, cancel: only what is pending; a refusal of that kind means that it is too late. */
export async function cancelTask(operation: Operation, context: RemoteContext): Promise<boolean> {
  const reply = await context.http.call(call(context, 'POST', `/tasks/${encodeURIComponent(operation.id)}/cancel`))
  if (reply.status === 200) return true
  const body = parseJson(reply)
  const known = errorBodySchema.safeParse(body)
  if (known.success && known.data.code === 'UnsupportedOperation') return false
  throw refused(reply, body)
}

/** Section 6, list: the last 24 hours; filters on time are left out since their zone is not documented. */
export async function listTasks(context: RemoteContext): Promise<readonly ListedOperation[]> {
  const found: ListedOperation[] = []
  for (let page = 1; page <= MAX_LIST_PAGES; page++) {
    const query = `model_name=liveportrait&page_no=${page}&page_size=${LIST_PAGE_SIZE}`
    const reply = await context.http.call(call(context, 'GET', `/tasks/?${query}`))
    let body: unknown
    try {
      body = readJson(reply)
    } catch (thrown) {
      throw isQuestionRefused(thrown) ? protocolError(reply) : thrown
    }
    const parsed = listReplySchema.safeParse(body)
    if (!parsed.success) throw protocolError(reply)
    for (const row of parsed.data.data) {
      if (row.model_name !== undefined && row.model_name !== 'liveportrait') continue
      found.push({ id: row.task_id, state: row.status, createdAt: row.gmt_create ?? null })
    }
    if (page >= parsed.data.total_page || parsed.data.data.length === 0) break
  }
  return found
}

/** The free call that shows whether a key is good: one short list. */
export async function testKey(context: RemoteContext): Promise<void> {
  await askJson(context, call(context, 'GET', '/tasks/?page_no=1&page_size=1'))
}
