import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { z } from 'zod'
import { StudioError } from '../../../../shared/errors.ts'
import type { HttpReply } from '../../lib/http-client.ts'
import { checkForeignUrl, withoutQueries } from '../../lib/url-rules.ts'
import type { StorageFile, VendorStorage } from '../storage-backend.ts'

const VENDOR = 'Segmind'
/** Which of the two keys it is, is not certain (contract section 4); the order follows the request. */
const replySchema = z.union([
  z.object({ file_urls: z.array(z.string()).min(1) }).transform(({ file_urls: urls }) => urls),
  z.object({ urls: z.array(z.string()).min(1) }).transform(({ urls }) => urls),
])

const UPLOAD_LIMIT_MS = 600_000
/** No limit is published; above this a broken connection is taken for one. */
const SOFT_LIMIT_BYTES = 25 * 1_048_576
/** A multiple of three, so that each piece is whole base64. */
const PIECE_BYTES = 3 * 256 * 1024
/** No end is documented and nothing can be listed: after a year a file is put up again rather than trusted. */
const LIFE_SECONDS = 365 * 24 * 3600

/** Segmind's asset storage (contract section 4): a public address for each file, for good, with no way to delete it. */
export const segmindAssets: VendorStorage = {
  storageId: 'segmind-assets',
  isPublic: true,
  uploadUrl: 'https://workflows-api.segmind.com',

  create({ http, uploadUrl, allowance, loopbackOrigins, credential, newId }) {
    const base = uploadUrl.href.replace(/\/+$/, '')
    const url = new URL(base.endsWith('/upload-asset') ? base : `${base}/upload-asset`)

    return {
      id: 'segmind-assets',
      capabilities: { canDelete: false, boundToModel: false, objectLifeSeconds: LIFE_SECONDS, isPublic: true },
      newKey: (file) => `${newId()}${file.extension}`,

      async put(_key, file, { signal, onProgress }) {
        signal.throwIfAborted()
        const head = `{"data_urls":["data:${file.contentType};base64,`
        const tail = '"]}'
        const length = head.length + Math.ceil(file.sizeBytes / 3) * 4 + tail.length
        const key = await credential()
        let reply: HttpReply
        try {
          reply = await http.call({
            method: 'POST',
            url,
            allowance,
            headers: {
              'x-api-key': key,
              accept: 'application/json',
              'content-type': 'application/json',
              'content-length': String(length),
            },
            body: bodyOf(file, head, tail, onProgress),
            signal,
            responseTimeoutMs: UPLOAD_LIMIT_MS,
          })
        } catch (thrown) {
          signal.throwIfAborted()
          const isCutOff =
            thrown instanceof StudioError && /RESET|EPIPE|SOCKET/.test(String(thrown.data.params['value']))
          throw isCutOff && file.sizeBytes > SOFT_LIMIT_BYTES ? tooLarge(file) : thrown
        }
        if (reply.status === 413) throw tooLarge(file)
        if (reply.status !== 200) throw refused(reply)
        const parsed = replySchema.safeParse(parseJson(reply.text))
        const [address] = parsed.success ? parsed.data : []
        if (address === undefined) throw protocolError(reply)
        for (const loopbackOrigin of loopbackOrigins) {
          if (URL.canParse(address) && new URL(address).origin === loopbackOrigin) return address
        }
        const checked = checkForeignUrl(address, { vendorSuffixes: ['.segmind.com'] })
        if (checked.url.protocol !== 'https:') throw protocolError(reply)
        return address
      },

      signedUrl: async (key) => key,
    }
  },
}

/** The file as one data URL, read and encoded piece by piece. */
async function* bodyOf(
  file: StorageFile,
  head: string,
  tail: string,
  onProgress: (doneBytes: number) => void,
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(head)
  const handle = await open(file.path, 'r')
  try {
    const buffer = Buffer.alloc(PIECE_BYTES)
    for (let position = 0; position < file.sizeBytes;) {
      const wanted = Math.min(PIECE_BYTES, file.sizeBytes - position)
      let filled = 0
      while (filled < wanted) {
        const { bytesRead } = await handle.read(buffer, filled, wanted - filled, position + filled)
        if (bytesRead === 0) throw new StudioError('E-INPUT-CHANGED', { params: { file: basename(file.path) } })
        filled += bytesRead
      }
      yield Buffer.from(buffer.subarray(0, filled).toString('base64'))
      position += filled
      onProgress(position)
    }
  } finally {
    await handle.close()
  }
  yield Buffer.from(tail)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const tooLarge = (file: StorageFile) =>
  new StudioError('E-INPUT-TOO-LARGE', {
    params: { file: basename(file.path), value: file.sizeBytes, limit: SOFT_LIMIT_BYTES, reason: 'upload' },
  })

const shown = (reply: HttpReply) => `HTTP ${reply.status} ${withoutQueries(reply.text).slice(0, 200)}`

function refused(reply: HttpReply): StudioError {
  const params = { vendor: VENDOR, value: shown(reply) }
  if (reply.status === 401 || reply.status === 403) return new StudioError('E-KEY-REJECTED', { params })
  if (reply.status === 406 && /credit|storage|limit|quota/i.test(reply.text)) {
    return new StudioError('E-CREDITS', { params })
  }
  if (reply.status === 429) return new StudioError('E-RATE-LIMITED', { params, retryable: true })
  return protocolError(reply)
}

const protocolError = (reply: HttpReply) =>
  reply.status === 200 && /^\s*</.test(reply.text)
    ? new StudioError('E-NET-PORTAL', { params: { host: VENDOR }, retryable: true })
    : new StudioError('E-VENDOR-PROTOCOL', {
        params: { vendor: VENDOR, value: shown(reply) },
        retryable: reply.status >= 500 || reply.status === 408 || reply.status === 425,
      })
