import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { StudioError } from '../../../../shared/errors.ts'
import { networkError } from '../../lib/http-client.ts'
import type { HttpReply } from '../../lib/http-client.ts'
import { loadUndici } from '../../lib/undici.ts'
import type { Operation, RemoteContext } from '../engine.ts'
import { call, requestPath } from './segmind.ts'
import { refusal } from './vendor-error.ts'

const bad = (reason: string) => new StudioError('E-RESULT-BAD', { params: { value: reason, reason }, retryable: true })
/** The text in front of the video: its key stands near the beginning of the body. */
const MAX_PREFIX = 65_536
const MAX_REFUSAL = 4096
const START = /"(?:output|video|base64)"\s*:\s*"(?:data:video\/[\w.+-]+;base64,)?/

/** Finds the base64 text of a JSON body and decodes it piece by piece, so that no video is ever whole in memory. */
function createDecoder() {
  let waiting = ''
  let hasBegun = false
  let hasEnded = false
  return {
    isWhole: () => hasEnded,
    decode: (chunk: Buffer): Buffer => {
      if (hasEnded) return Buffer.alloc(0)
      waiting += chunk.toString('latin1')
      if (!hasBegun) {
        const start = START.exec(waiting)
        if (start === null) {
          if (waiting.length > MAX_PREFIX) throw bad('no video in the answer')
          return Buffer.alloc(0)
        }
        waiting = waiting.slice(start.index + start[0].length)
        hasBegun = true
      }
      const end = waiting.indexOf('"')
      hasEnded = end >= 0
      const text = (hasEnded ? waiting.slice(0, end) : waiting).replace(/\\\/|\\[nr]|\s/g, (escaped) =>
        escaped === '\\/' ? '/' : '',
      )
      if (!/^[A-Za-z0-9+/]*={0,2}\\?$/.test(text)) throw bad('base64')
      const whole = hasEnded ? text.length : text.replace(/\\$/, '').length & ~3
      waiting = text.slice(whole)
      return Buffer.from(text.slice(0, whole), 'base64')
    },
  }
}

/** Fetches a result that is inside the answer itself: bytes of a video, or base64 text in JSON (contract section 5, `base64`). */
export async function saveInline(
  operation: Operation,
  context: RemoteContext,
  target: { readonly toPath: string; readonly maxBytes: number; readonly onProgress: (doneBytes: number) => void },
): Promise<{ sizeBytes: number; sha256: string }> {
  const { url, allowance, headers } = call(context, 'GET', requestPath(operation))
  const { signal, http } = context
  const { request } = await loadUndici()
  const response = await request(url, {
    dispatcher: await http.dispatcher(url, allowance),
    method: 'GET',
    headers: { 'accept-encoding': 'identity', ...headers },
    signal,
  }).catch((thrown: unknown) => {
    signal.throwIfAborted()
    throw networkError(thrown, url)
  })
  response.body.on('error', () => {})
  try {
    if (response.statusCode === 404) {
      throw new StudioError('E-RESULT-EXPIRED', { params: { value: '404', vendor: url.hostname } })
    }
    if (response.statusCode !== 200) {
      let text = ''
      for await (const chunk of response.body) if ((text += String(chunk)).length > MAX_REFUSAL) break
      const reply: HttpReply = { status: response.statusCode, headers: {}, text }
      throw refusal(reply, undefined)
    }
    const isVideo = /^(video\/|application\/octet-stream)/.test(String(response.headers['content-type'] ?? ''))
    const decoder = isVideo ? null : createDecoder()
    const hash = createHash('sha256')
    const file = await open(target.toPath, 'w', 0o600)
    let done = 0
    try {
      for await (const chunk of response.body) {
        const bytes = decoder === null ? (chunk as Buffer) : decoder.decode(chunk as Buffer)
        if (bytes.length === 0) continue
        hash.update(bytes)
        await file.write(bytes, 0, bytes.length, done)
        done += bytes.length
        if (done > target.maxBytes) throw bad('size')
        target.onProgress(done)
      }
      if (decoder?.isWhole() === false || done === 0) throw bad('cut short')
      await file.sync()
    } finally {
      await file.close()
    }
    return { sizeBytes: done, sha256: hash.digest('hex') }
  } catch (thrown) {
    signal.throwIfAborted()
    if (thrown instanceof StudioError || (thrown instanceof Error && 'syscall' in thrown && 'path' in thrown))
      throw thrown
    throw networkError(thrown, url)
  } finally {
    response.body.destroy()
  }
}
