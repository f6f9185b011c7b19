import { json } from '../http-server.ts'
import type { SimulatedAnswer, SimulatedRequest } from '../http-server.ts'
import type { SimulatorClock } from '../simulator-ports.ts'

const POLICY_LIFE_MS = 300_000
const FILE_LIFE_MS = 48 * 3600_000

type Policy = { readonly model: string; readonly directory: string; readonly expiresAt: number }
type StoredFile = { readonly bytes: Buffer; readonly model: string; readonly storedAt: number }

export type TemporaryStorage = {
  readonly policy: (model: string, requestId: string) => SimulatedAnswer
  readonly upload: (request: SimulatedRequest) => Promise<SimulatedAnswer>
  /** The bytes behind `oss://key` for the model that may read them, or the reason why not. */
  readonly read: (key: string, model: string) => Buffer | 'missing' | 'expired' | 'other-model'
}

const xmlError = (status: number, code: string, message: string): SimulatedAnswer => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
})

/** The vendor's temporary storage (contract section 3): a credential, one form post a file, bound to one model, 48 hours. */
export function createTemporaryStorage(
  clock: SimulatorClock,
  newId: () => string,
  uploadHost: () => string,
): TemporaryStorage {
  const policies = new Map<string, Policy>()
  const files = new Map<string, StoredFile>()

  return {
    policy(model, requestId) {
      const id = newId()
      const directory = `dashscope-instant/simulated/${id}`
      policies.set(id, { model, directory, expiresAt: clock.now() + POLICY_LIFE_MS })
      return json(200, {
        request_id: requestId,
        data: {
          policy: id,
          signature: `signed-${id}`,
          upload_dir: directory,
          upload_host: uploadHost(),
          expire_in_seconds: POLICY_LIFE_MS / 1000,
          max_file_size_mb: 100,
          capacity_limit_mb: 999_999_999,
          oss_access_key_id: 'SIMULATED',
          x_oss_object_acl: 'private',
          x_oss_forbid_overwrite: 'true',
        },
      })
    },

    async upload(request) {
      if (request.headers.authorization !== undefined)
        return xmlError(400, 'InvalidArgument', 'Authorization is not for this host')
      const type = request.headers['content-type'] ?? ''
      if (!type.startsWith('multipart/form-data')) return xmlError(412, 'InvalidArgument', 'not a form')
      const form = await new Response(new Uint8Array(request.body), { headers: { 'content-type': type } })
        .formData()
        .catch(() => null)
      if (form === null)
        return xmlError(400, 'MalformedPOSTRequest', 'The body of your POST request is not well-formed.')
      const names = [...form.keys()]
      const text = (name: string) => {
        const value = form.get(name)
        return typeof value === 'string' ? value : ''
      }
      if (names.at(-1) !== 'file' || names.filter((name) => name === 'file').length !== 1) {
        return xmlError(400, 'InvalidArgument', 'file must be the last field')
      }
      const policy = policies.get(text('policy'))
      if (policy === undefined || text('Signature') !== `signed-${text('policy')}`) {
        return xmlError(403, 'SignatureDoesNotMatch', 'The request signature does not match.')
      }
      if (policy.expiresAt <= clock.now())
        return xmlError(403, 'AccessDenied', 'Invalid according to Policy: Policy expired.')
      const key = text('key')
      if (!key.startsWith(`${policy.directory}/`))
        return xmlError(403, 'AccessDenied', 'Invalid according to Policy: key')
      if (files.has(key)) return xmlError(409, 'FileAlreadyExists', 'The object you specified already exists.')
      const file = form.get('file')
      if (file === null || typeof file === 'string') return xmlError(400, 'InvalidArgument', 'file')
      files.set(key, { bytes: Buffer.from(await file.arrayBuffer()), model: policy.model, storedAt: clock.now() })
      return { status: Number(text('success_action_status')) || 204, body: '' }
    },

    read(key, model) {
      const file = files.get(key)
      if (file === undefined) return 'missing'
      if (clock.now() - file.storedAt >= FILE_LIFE_MS) return 'expired'
      return file.model === model ? file.bytes : 'other-model'
    },
  }
}
