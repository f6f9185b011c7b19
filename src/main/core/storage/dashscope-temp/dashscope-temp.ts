import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { z } from 'zod'
import { StudioError } from '../../../../shared/errors.ts'
import type { HttpReply } from '../../lib/http-client.ts'
import { loadUndici } from '../../lib/undici.ts'
import { checkForeignUrl } from '../../lib/url-rules.ts'
import type { StorageBackend, VendorStorage, VendorStorageContext } from '../storage-backend.ts'

const policySchema = z.object({
  data: z.object({
    policy: z.string(),
    signature: z.string(),
    upload_dir: z.string().min(1),
    upload_host: z.string(),
    expire_in_seconds: z.number().catch(300),
    max_file_size_mb: z.number().catch(100),
    oss_access_key_id: z.string(),
    x_oss_object_acl: z.string().catch('private'),
    x_oss_forbid_overwrite: z.string().catch('true'),
  }),
})
type Policy = z.infer<typeof policySchema>['data']

const FILE_LIFE_SECONDS = 48 * 3600
/** A credential is renewed this long before its end, so that a slow upload still arrives in time. */
const SPARE_MS = 60_000

/** DashScope's temporary storage (contract section 3): `oss://` addresses, bound to one model and account, gone after 48 hours. */
function createDashscopeTempStorage(options: VendorStorageContext): StorageBackend {
  const policies = new Map<string, { readonly policy: Policy; readonly usableUntil: number }>()

  async function policyFor(model: string, signal: AbortSignal): Promise<Policy> {
    const known = policies.get(model)
    if (known !== undefined && options.monotonic() < known.usableUntil) return known.policy
    const url = new URL(
      `${options.baseUrl.href.replace(/\/$/, '')}/uploads?action=getPolicy&model=${encodeURIComponent(model)}`,
    )
    const headers = {
      authorization: `Bearer ${await options.credential()}`,
      accept: 'application/json',
      ...(options.workspaceId === undefined ? {} : { 'x-dashscope-workspace': options.workspaceId }),
    }
    const reply = await options.http.call({ method: 'GET', url, allowance: options.allowance, headers, signal })
    if (reply.status === 401) throw new StudioError('E-KEY-REJECTED', { params: { vendor: 'DashScope' } })
    if (reply.status === 429)
      throw new StudioError('E-RATE-LIMITED', { params: { vendor: 'DashScope' }, retryable: true })
    const parsed = reply.status === 200 ? policySchema.safeParse(parseJson(reply)) : null
    if (parsed === null || !parsed.success) throw protocolError(reply)
    const { data } = parsed.data
    policies.set(model, { policy: data, usableUntil: options.monotonic() + data.expire_in_seconds * 1000 - SPARE_MS })
    return data
  }

  return {
    id: 'dashscope-temp',
    capabilities: { canDelete: false, boundToModel: true, objectLifeSeconds: FILE_LIFE_SECONDS, isPublic: false },
    newKey: (file) => `${options.newId()}${file.extension}`,

    async put(key, file, context) {
      const policy = await policyFor(context.model, context.signal)
      const limitBytes = policy.max_file_size_mb * 1_048_576
      if (file.sizeBytes > limitBytes) {
        throw new StudioError('E-INPUT-TOO-LARGE', {
          params: { file: basename(file.path), value: file.sizeBytes, limit: limitBytes },
        })
      }
      const [loopbackOrigin] = options.loopbackOrigins
      const rules = {
        vendorSuffixes: ['.aliyuncs.com'],
        ...(loopbackOrigin === undefined ? {} : { loopbackOrigin }),
      }
      const { url, allowance } = checkForeignUrl(policy.upload_host, rules)
      const objectKey = `${policy.upload_dir}/${key}`
      const { FormData } = await loadUndici()
      const form = new FormData()
      form.set('OSSAccessKeyId', policy.oss_access_key_id)
      form.set('policy', policy.policy)
      form.set('Signature', policy.signature)
      form.set('key', objectKey)
      form.set('x-oss-object-acl', policy.x_oss_object_acl)
      form.set('x-oss-forbid-overwrite', policy.x_oss_forbid_overwrite)
      form.set('success_action_status', '200')
      form.set('x-oss-content-type', file.contentType)
      const bytes = await readFile(file.path, { signal: context.signal })
      // The vendor ignores every field behind the file: it comes last (contract section 3).
      form.set('file', new Blob([new Uint8Array(bytes)], { type: file.contentType }), key)
      const reply = await options.http.call({
        method: 'POST',
        url,
        allowance,
        headers: {},
        body: form,
        signal: context.signal,
      })
      if (reply.status === 403) {
        policies.delete(context.model)
        throw new StudioError('E-BUCKET-REJECTED', {
          params: { value: `HTTP 403 ${reply.text.slice(0, 200)}` },
          retryable: true,
        })
      }
      // A key is used for one file only: it was taken before, and that answer was lost.
      const isThere = reply.status === 409 && reply.text.includes('<Code>FileAlreadyExists</Code>')
      if (!isThere && (reply.status !== 200 || isWebPage(reply))) throw protocolError(reply)
      context.onProgress(bytes.length)
      return objectKey
    },

    signedUrl: async (key) => `oss://${key}`,
  }
}

function parseJson(reply: HttpReply): unknown {
  try {
    return JSON.parse(reply.text)
  } catch {
    return null
  }
}

const isWebPage = (reply: HttpReply): boolean => reply.status === 200 && /^\s*<(!doctype|html)/i.test(reply.text)

const protocolError = (reply: HttpReply) =>
  isWebPage(reply)
    ? new StudioError('E-NET-PORTAL', { params: { host: 'DashScope' }, retryable: true })
    : new StudioError('E-VENDOR-PROTOCOL', {
        params: { vendor: 'DashScope', value: `HTTP ${reply.status} ${reply.text.slice(0, 200)}` },
        retryable: reply.status >= 500 || reply.status === 408 || reply.status === 425,
      })

export const dashscopeTemp: VendorStorage = {
  storageId: 'dashscope-temp',
  isPublic: false,
  create: createDashscopeTempStorage,
}
