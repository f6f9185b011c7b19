import type { ErrorCode } from '../../../../shared/errors.ts'
import { StudioError } from '../../../../shared/errors.ts'
import type { HttpReply } from '../../lib/http-client.ts'
import { withoutQueries } from '../../lib/url-rules.ts'
import { VendorRefusal, type RefusalEffect } from '../engine.ts'
import { errorBodySchema } from './api.ts'

export const VENDOR = 'Segmind'
const MAX_MESSAGE = 2000
/** Enough of a body that is not JSON for the error view (contract section 9, point 11). */
const MAX_RAW = 500

/** The vendor's words in a body, cut and without queries of addresses; '' where there are none. */
export function wordsOf(body: unknown): string {
  const known = errorBodySchema.safeParse(body)
  return known.success ? withoutQueries(known.data).slice(0, MAX_MESSAGE) : ''
}

/** Branches on the HTTP status, then on the text: there are no stable codes (contract section 6). */
function classify(status: number, words: string): { readonly code: ErrorCode; readonly effect: RefusalEffect } {
  switch (status) {
    case 401:
    case 403:
      return { code: 'E-KEY-REJECTED', effect: 'pause-vendor' }
    case 404:
    case 410:
      return { code: 'E-VENDOR-GONE', effect: 'pause-vendor' }
    case 406:
      // Three things under one number. A header that is ours is our own fault; the other two are about money.
      if (/content[ -]?type/i.test(words)) return { code: 'E-INTERNAL', effect: 'job' }
      if (/credit|balance|spend|limit|insufficient|budget/i.test(words)) {
        return { code: 'E-CREDITS', effect: 'pause-vendor' }
      }
      return { code: 'E-VENDOR-REJECTED', effect: 'job' }
    case 405:
      return { code: 'E-INTERNAL', effect: 'job' }
    case 413:
      return { code: 'E-INPUT-TOO-LARGE', effect: 'job' }
    case 429:
      return { code: 'E-RATE-LIMITED', effect: 'retry' }
    case 408:
    case 425:
      return { code: 'E-VENDOR-PROTOCOL', effect: 'retry' }
    default:
      return status >= 500
        ? { code: 'E-VENDOR-PROTOCOL', effect: 'retry' }
        : { code: 'E-VENDOR-REJECTED', effect: 'job' }
  }
}

/** The error of a call that was refused with a complete answer. */
export function refusal(reply: HttpReply, body: unknown): StudioError {
  if (reply.status >= 300 && reply.status < 400) return protocolError(reply)
  const words = wordsOf(body) || rawOf(reply)
  const { code, effect } = classify(reply.status, words)
  return new VendorRefusal(code, {
    params: { vendor: VENDOR, value: words, ...(code === 'E-INTERNAL' ? { detail: words } : {}) },
    effect,
    retryAfterMs: resetAfterMs(reply),
  })
}

const rawOf = (reply: HttpReply): string =>
  `HTTP ${reply.status} ${withoutQueries(reply.text.slice(0, MAX_MESSAGE)).slice(0, MAX_RAW)}`.trim()

/** An answer that says nothing of what was asked for. A web page in a 200 is somebody else's answer. */
export const protocolError = (reply: HttpReply): StudioError =>
  /^\s*</.test(reply.text) && reply.status === 200
    ? new StudioError('E-NET-PORTAL', { params: { host: VENDOR }, retryable: true })
    : new StudioError('E-VENDOR-PROTOCOL', { params: { vendor: VENDOR, value: rawOf(reply) }, retryable: true })

/** The vendor's clock by the `Date` of its answer, epoch milliseconds. */
export function vendorTime(reply: HttpReply): number | null {
  const at = Date.parse(reply.headers['date'] ?? '')
  return Number.isNaN(at) ? null : at
}

/**
 * Milliseconds until the reset that a 429 names, by the vendor's own clock; null when it names none. Its format on v2 is
 * not documented: a date with or without zone (then UTC), or Unix seconds, or milliseconds.
 */
function resetAfterMs(reply: HttpReply): number | null {
  const text = (reply.headers['x-rate-limit-reset-at-utc'] ?? '').trim()
  const now = vendorTime(reply)
  if (text === '' || now === null) return null
  if (/^\d{9,13}(\.\d+)?$/.test(text)) {
    const value = Number(text)
    return Math.max(0, (value > 1e11 ? value : value * 1000) - now)
  }
  const hasZone = /(z|gmt|utc|[+-]\d\d:?\d\d)$/i.test(text)
  const at = Date.parse(hasZone ? text : `${text.replace(' ', 'T')}Z`)
  return Number.isNaN(at) ? null : Math.max(0, at - now)
}

/** What a FAILED run means for a person, by loose matching; its words are always shown. Nothing was charged for it. */
export function failure(words: string, operationId: string): StudioError {
  const value = words === '' ? 'FAILED' : words
  return new StudioError(codeOfFailure(words), {
    params: { vendor: VENDOR, value, reason: 'operation' },
    vendorId: operationId,
  })
}

function codeOfFailure(words: string): ErrorCode {
  if (/nsfw|sensitive|moderat|safety|content (block|polic|filter|violat)|prohibited|not allowed by/i.test(words)) {
    return 'E-VENDOR-CONTENT'
  }
  if (/download|fetch|url .*(unreach|invalid|not)|could not (open|read|load) (the )?(video|file|url)/i.test(words)) {
    return 'E-VENDOR-FETCH'
  }
  if (/no face|face (was )?not|face index|index .*out of range|driving images/i.test(words)) return 'E-VENDOR-REJECTED'
  return 'E-VENDOR-FAILED'
}
