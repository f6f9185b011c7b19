import { S3ServiceException } from '@aws-sdk/client-s3'
import { StudioError } from '../../../../shared/errors.ts'
import { networkError } from '../../lib/http-client.ts'

/** The vendor-neutral code of what an S3 service answered, by error name and HTTP status; some services send no message. */
export function s3Error(thrown: unknown, facts: { readonly endpoint: URL; readonly bucket: string }): StudioError {
  if (thrown instanceof StudioError) return thrown
  if (!(thrown instanceof S3ServiceException)) return networkError(thrown, facts.endpoint)
  const status = thrown.$metadata.httpStatusCode ?? 0
  const options = { cause: thrown, params: { name: facts.bucket, value: `${thrown.name} ${status}` } }
  switch (thrown.name) {
    case 'InvalidAccessKeyId':
    case 'SignatureDoesNotMatch':
    case 'AuthorizationHeaderMalformed':
      return new StudioError('E-BUCKET-AUTH', options)
    case 'NoSuchBucket':
      return new StudioError('E-BUCKET-MISSING', options)
    case 'PermanentRedirect':
    case 'AuthorizationHeaderIncorrectRegion':
    case 'IllegalLocationConstraintException':
      return new StudioError('E-BUCKET-REGION', { ...options, params: { ...options.params, value: regionOf(thrown) } })
    case 'RequestTimeTooSkewed':
      return new StudioError('E-BUCKET-CLOCK', {
        ...options,
        params: { ...options.params, value: skewSeconds(thrown) },
      })
    default:
      if (status === 301 || status === 307) {
        return new StudioError('E-BUCKET-REGION', {
          ...options,
          params: { ...options.params, value: regionOf(thrown) },
        })
      }
      return new StudioError('E-BUCKET-REJECTED', { ...options, retryable: status >= 500 || status === 429 })
  }
}

function header(thrown: S3ServiceException, name: string): string {
  const headers: Readonly<Record<string, string>> = thrown.$response?.headers ?? {}
  return headers[name] ?? ''
}

const regionOf = (thrown: S3ServiceException) => header(thrown, 'x-amz-bucket-region') || '?'

function skewSeconds(thrown: S3ServiceException): number {
  const theirs = Date.parse(header(thrown, 'date'))
  return Number.isNaN(theirs) ? 0 : Math.round(Math.abs(Date.now() - theirs) / 1000)
}
