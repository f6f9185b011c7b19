import type { ErrorCode } from '../../../../shared/errors.ts'
import { withoutQueries } from '../../lib/url-rules.ts'
import { VendorRefusal } from '../engine.ts'
import type { RefusalEffect } from '../engine.ts'

type Refusal = { readonly code: ErrorCode; readonly effect: RefusalEffect }

const normal = (code: string) => code.replace(/\s+/g, '').toLowerCase()

/** Rows of the contract's table, first match wins; a trailing `*` is a prefix. */
const ROWS: readonly (readonly [pattern: string, refusal: Refusal])[] = [
  ['invalidapikey', { code: 'E-KEY-REJECTED', effect: 'pause-vendor' }],
  ['invalid_api_key', { code: 'E-KEY-REJECTED', effect: 'pause-vendor' }],
  ['notauthorized', { code: 'E-KEY-REJECTED', effect: 'pause-vendor' }],
  ['arrearage', { code: 'E-CREDITS', effect: 'pause-vendor' }],
  ['allocationquota.freetieronly', { code: 'E-CREDITS', effect: 'pause-vendor' }],
  ['commoditynotpurchased', { code: 'E-CREDITS', effect: 'pause-vendor' }],
  ['prepaidbilloverdue', { code: 'E-CREDITS', effect: 'pause-vendor' }],
  ['postpaidbilloverdue', { code: 'E-CREDITS', effect: 'pause-vendor' }],
  ['accessdenied*', { code: 'E-KEY-REJECTED', effect: 'pause-vendor' }],
  ['model.accessdenied', { code: 'E-KEY-REJECTED', effect: 'pause-vendor' }],
  ['workspace.accessdenied', { code: 'E-KEY-REJECTED', effect: 'pause-vendor' }],
  ['app.accessdenied', { code: 'E-KEY-REJECTED', effect: 'pause-vendor' }],
  ['endpoint.accessdenied', { code: 'E-KEY-REJECTED', effect: 'pause-vendor' }],
  ['modelnotfound', { code: 'E-VENDOR-GONE', effect: 'pause-vendor' }],
  ['workspacenotfound', { code: 'E-KEY-REJECTED', effect: 'pause-vendor' }],
  ['invalidparameter.datainspection', { code: 'E-VENDOR-FETCH', effect: 'renew' }],
  ['datainspectionfailed', { code: 'E-VENDOR-CONTENT', effect: 'job' }],
  ['ipinfringementsuspect', { code: 'E-VENDOR-CONTENT', effect: 'job' }],
  ['customroleblocked', { code: 'E-VENDOR-CONTENT', effect: 'job' }],
  ['invalidurl.connectionrefused', { code: 'E-VENDOR-FETCH', effect: 'renew' }],
  ['invalidurl.timeout', { code: 'E-VENDOR-FETCH', effect: 'renew' }],
  ['invalidfile.downloadfailed', { code: 'E-VENDOR-FETCH', effect: 'renew' }],
  ['badrequest.inputdownloadfailed', { code: 'E-VENDOR-FETCH', effect: 'renew' }],
  ['invalidurl*', { code: 'E-VENDOR-REJECTED', effect: 'job' }],
  ['invalidfile*', { code: 'E-VENDOR-REJECTED', effect: 'job' }],
  ['invalidimage*', { code: 'E-VENDOR-REJECTED', effect: 'job' }],
  ['invalidperson', { code: 'E-VENDOR-REJECTED', effect: 'job' }],
  ['throttling*', { code: 'E-RATE-LIMITED', effect: 'retry' }],
]

/** The meaning of a DashScope error body; unknown codes are classed by HTTP status. */
function classify(status: number, vendorCode: string): Refusal {
  const code = normal(vendorCode)
  for (const [pattern, refusal] of ROWS) {
    if (pattern.endsWith('*') ? code.startsWith(pattern.slice(0, -1)) : code === pattern) return refusal
  }
  if (status === 401 || status === 403) return { code: 'E-KEY-REJECTED', effect: 'pause-vendor' }
  if (status === 429) return { code: 'E-RATE-LIMITED', effect: 'retry' }
  if (status === 410) return { code: 'E-VENDOR-GONE', effect: 'pause-vendor' }
  if (status >= 500 || status === 408 || status === 425) return { code: 'E-VENDOR-PROTOCOL', effect: 'retry' }
  return { code: 'E-VENDOR-REJECTED', effect: 'job' }
}

const MAX_MESSAGE = 2000

/** The error of a refused call, with the vendor's own words as text and its request id. */
export function vendorError(
  status: number,
  body: { readonly code: string; readonly message: string; readonly requestId?: string | undefined },
  retryAfterMs: number | null = null,
): VendorRefusal {
  const { code, effect } = classify(status, body.code)
  const value = [body.code, body.message].filter((part) => part !== '').join(': ') || `HTTP ${status}`
  const region = code === 'E-KEY-REJECTED' && body.code.toLowerCase() === 'invalidapikey'
  return new VendorRefusal(code, {
    params: {
      vendor: 'DashScope',
      value: withoutQueries(value).slice(0, MAX_MESSAGE),
      ...(region ? { reason: 'region' } : {}),
    },
    effect,
    retryAfterMs,
    ...(body.requestId === undefined ? {} : { vendorId: body.requestId }),
  })
}
