import { isIP } from 'node:net'
import { z } from 'zod'
import { StudioError } from '../../../../shared/errors.ts'
import { bucketPresetSchema, type BucketConfig, type BucketPreset } from '../../../../shared/model/storage.ts'
import presets from './presets.json' with { type: 'json' }

/** S3-compatible services as data; the last one is for every other. */
export const BUCKET_PRESETS: readonly BucketPreset[] = z.array(bucketPresetSchema).parse(presets)

/** A bucket as a person describes it. */
export type BucketRequest = {
  readonly preset: string
  readonly endpoint?: string | undefined
  readonly region?: string | undefined
  readonly bucket: string
  readonly prefix: string
  readonly pathStyle?: boolean | undefined
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/
const MAX_SHOWN = 200

const invalid = (name: string, value: string, reason: string) =>
  new StudioError('E-CONFIG-INVALID', { params: { name, value: value.slice(0, MAX_SHOWN), reason } })

/**
 * Checks and normalises a bucket's settings; nothing is asked of the service. Throws E-CONFIG-INVALID with what is
 * wrong, E-CONFIG-INSECURE for plain http to anything but this computer (nothing secret is sent there: requests are
 * signed, and carry no secret).
 */
export function readBucketConfig(request: BucketRequest): BucketConfig {
  const preset = BUCKET_PRESETS.find(({ id }) => id === request.preset)
  if (preset === undefined) {
    const choices = BUCKET_PRESETS.map(({ id }) => id).join(', ')
    throw new StudioError('E-PARAM-RANGE', {
      params: { name: 'preset', value: request.preset.slice(0, 64), choices, reason: 'choice' },
    })
  }
  const region = (request.region ?? '').trim() || preset.region
  if (!/^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/.test(region)) throw invalid('region', region, 'region')
  const endpoint = readEndpoint((request.endpoint ?? '').trim() || fillIn(preset, region))
  const bucket = readBucketName(request.bucket.trim(), preset)
  return {
    preset: preset.id,
    endpoint: endpoint.origin,
    region,
    bucket,
    prefix: readPrefix(request.prefix),
    // A host name made of such a bucket would match no certificate, and an address has no names below it.
    pathStyle: (request.pathStyle ?? preset.pathStyle) || bucket.includes('.') || isAddress(endpoint.hostname),
  }
}

function fillIn(preset: BucketPreset, region: string): string {
  const endpoint = preset.endpoint.replaceAll('{region}', region)
  if (endpoint === '' || endpoint.includes('{')) throw invalid('endpoint', endpoint, 'endpoint-missing')
  return endpoint
}

function readEndpoint(text: string): URL {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`
  if (/\s/.test(full) || !URL.canParse(full)) throw invalid('endpoint', text, 'endpoint')
  const url = new URL(full)
  // Never repeated: what stands before the @ may be a secret.
  if (url.username !== '' || url.password !== '') throw invalid('endpoint', url.host, 'endpoint-user')
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw invalid('endpoint', `${url.origin}${url.pathname}`, 'endpoint-path')
  const isLoopback = LOOPBACK.test(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback)) {
    if (url.protocol !== 'http:') throw invalid('endpoint', text.slice(0, 40), 'endpoint')
    throw new StudioError('E-CONFIG-INSECURE', { params: { name: 'endpoint', value: url.origin } })
  }
  if (isAddress(url.hostname) && !isLoopback) throw invalid('endpoint', url.host, 'endpoint-address')
  return url
}

const isAddress = (hostname: string): boolean => isIP(hostname.replace(/^\[|\]$/g, '')) !== 0

/** The rules of S3 that every service shares. Throws E-CONFIG-INVALID. */
function readBucketName(name: string, { underscores }: BucketPreset): string {
  const pattern = underscores ? /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/ : /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
  if (!pattern.test(name) || name.includes('..') || isIP(name) !== 0) throw invalid('bucket', name, 'bucket')
  return name
}

function readPrefix(text: string): string {
  const prefix = text.trim().replace(/^\/+|\/+$/g, '')
  const isSafe = prefix === '' || /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/.test(prefix)
  const climbs = prefix.split('/').some((part) => part === '.' || part === '..')
  if (!isSafe || climbs || prefix.length > 200) throw invalid('prefix', prefix, 'prefix')
  return prefix
}
