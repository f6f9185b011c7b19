import type { RemoteOptions } from '../../core/create-remote.ts'
import type { EngineId } from '../../../shared/model/engine.ts'
import { checkEndpoint } from '../../core/lib/url-rules.ts'

/** How vendors are reached in this run, as typed. */
export type EndpointOptions = {
  readonly urlVia?: 'vendor' | 'bucket'
  readonly pollInterval?: number
  readonly dashscopeUrl?: string
  readonly segmindUrl?: string
  readonly segmindUploadUrl?: string
  readonly allowInsecureEndpoints?: boolean
}

/** Where the API of DashScope begins when only its host is given. */
const DASHSCOPE_PATH = '/api/v1'

/**
 * What the core is told of them. Throws E-CONFIG-INVALID for what is no address and E-CONFIG-INSECURE for plain http
 * that is not allowed, before anything is opened.
 */
export function readEndpointOptions(options: EndpointOptions): RemoteOptions {
  const { urlVia, pollInterval, dashscopeUrl, segmindUrl, segmindUploadUrl, allowInsecureEndpoints = false } = options
  const read = (name: string, text: string, path: string): string => {
    const { url } = checkEndpoint(name, text, allowInsecureEndpoints)
    if (url.pathname === '/' && path !== '') url.pathname = path
    return url.href.replace(/\/+$/, '')
  }
  const baseUrls: Partial<Record<EngineId, string>> = {}
  if (dashscopeUrl !== undefined) baseUrls.dashscope = read('--dashscope-url', dashscopeUrl, DASHSCOPE_PATH)
  if (segmindUrl !== undefined) baseUrls.segmind = read('--segmind-url', segmindUrl, '')
  const segmindUpload = segmindUploadUrl === undefined ? undefined : read('--segmind-upload-url', segmindUploadUrl, '')
  return {
    baseUrls,
    ...(segmindUpload === undefined ? {} : { uploadUrls: { segmind: segmindUpload } }),
    allowInsecureEndpoints,
    ...(urlVia === undefined ? {} : { urlVia }),
    ...(pollInterval === undefined ? {} : { pollIntervalSeconds: pollInterval }),
  }
}
