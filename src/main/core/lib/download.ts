import { createHash } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { Dispatcher } from 'undici'
import { StudioError } from '../../../shared/errors.ts'
import { createCrc64 } from './crc64.ts'
import { networkError } from './http-client.ts'
import type { HttpClient } from './http-client.ts'
import { loadUndici } from './undici.ts'
import { checkForeignUrl, withoutQuery } from './url-rules.ts'
import type { UrlRules } from './url-rules.ts'

export type DownloadRequest = {
  /** As the vendor gave it; https is tried first for a plain http address. */
  readonly url: string
  readonly rules: UrlRules
  /** Written from the start, or continued when `resume` still holds on the server. */
  readonly toPath: string
  readonly resume?: { readonly etag: string; readonly totalBytes: number }
  readonly maxBytes: number
  readonly signal: AbortSignal
  readonly monotonic: () => number
  readonly onProgress: (done: number, total: number | null) => void
  /** Told as soon as the server names a strong validator: store it to resume after a crash. */
  readonly onValidator: (resume: { readonly etag: string; readonly totalBytes: number }) => void
}

export type Downloaded = {
  readonly sizeBytes: number
  /** Hexadecimal. */
  readonly sha256: string
  /** What vouched for the bytes beside TLS: a checksum of the server, its length, or nothing. */
  readonly verifiedBy: 'checksum' | 'length' | 'nothing'
  /** False when the bytes came over plain http without a checksum: they could have been changed on the way. */
  readonly trusted: boolean
}

const MAX_HOPS = 3
const SLOW_WINDOW_MS = 60_000
const SLOW_BYTES = 60 * 1024

/**
 * Fetches a result to a file, with no header of ours but the encoding's, and syncs it to disk.
 *
 * Throws E-URL-BLOCKED (an address that is not allowed, redirects included), E-RESULT-EXPIRED (403, 404, 410),
 * E-RESULT-BAD (length, checksum, encoding, size cap), E-NET-PORTAL (a web page), E-NET-OFFLINE / -TIMEOUT / -TLS,
 * and what the file system throws. There is no time limit in all: only silence and crawling end it.
 */
export async function download(client: HttpClient, wanted: DownloadRequest): Promise<Downloaded> {
  const { response, url } = await openResponse(client, wanted)
  try {
    return await receive(response, url, wanted)
  } finally {
    discard(response)
  }
}

function candidates(wanted: DownloadRequest): string[] {
  const { url } = checkForeignUrl(wanted.url, wanted.rules)
  if (url.protocol === 'https:' || url.origin === wanted.rules.loopbackOrigin) return [wanted.url]
  return [wanted.url.replace(/^http:/i, 'https:'), wanted.url]
}

async function openResponse(client: HttpClient, wanted: DownloadRequest) {
  let lastError: unknown
  for (const address of candidates(wanted)) {
    try {
      return await follow(client, address, wanted)
    } catch (error) {
      const connectionFault = error instanceof StudioError && error.code.startsWith('E-NET-')
      if (!connectionFault) throw error
      lastError = error
    }
  }
  throw lastError
}

async function follow(client: HttpClient, address: string, wanted: DownloadRequest) {
  let next = address
  for (let hop = 0; hop <= MAX_HOPS; hop++) {
    const { url, allowance } = checkForeignUrl(next, wanted.rules)
    const headers: Record<string, string> = { 'accept-encoding': 'identity' }
    const have = wanted.resume === undefined ? 0 : await sizeOf(wanted.toPath)
    if (wanted.resume !== undefined && have > 0 && have < wanted.resume.totalBytes) {
      headers['range'] = `bytes=${have}-`
      headers['if-range'] = wanted.resume.etag
    }
    const { request } = await loadUndici()
    const response = await request(url, {
      dispatcher: await client.dispatcher(url, allowance),
      method: 'GET',
      headers,
      signal: wanted.signal,
    }).catch((error: unknown) => {
      wanted.signal.throwIfAborted()
      throw networkError(error, url)
    })
    if (response.statusCode < 300 || response.statusCode >= 400) return { response: checked(response, url), url }
    discard(response)
    const location = response.headers['location']
    if (typeof location !== 'string') break
    next = new URL(location, url).href
  }
  throw new StudioError('E-URL-BLOCKED', { params: { value: withoutQuery(address), reason: 'redirects' } })
}

function checked(response: Dispatcher.ResponseData, url: URL): Dispatcher.ResponseData {
  const { statusCode: status, headers } = response
  const refuse = (error: StudioError) => {
    discard(response)
    throw error
  }
  if ([403, 404, 410].includes(status))
    refuse(new StudioError('E-RESULT-EXPIRED', { params: { value: String(status), vendor: url.hostname } }))
  if (status !== 200 && status !== 206) {
    refuse(new StudioError('E-NET-OFFLINE', { params: { host: url.host, value: String(status) }, retryable: true }))
  }
  if (/^text\/html|^application\/(json|xml)/.test(String(headers['content-type'] ?? ''))) {
    refuse(new StudioError('E-NET-PORTAL', { params: { host: url.host }, retryable: true }))
  }
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') refuse(bad('encoding'))
  return response
}

/** Ends an answer whose body nobody reads any more; the abort that this causes is no error of anyone. */
function discard(response: Dispatcher.ResponseData): void {
  response.body.on('error', () => {})
  response.body.destroy()
}

const bad = (reason: string) => new StudioError('E-RESULT-BAD', { params: { value: reason, reason }, retryable: true })

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch {
    return 0
  }
}

async function receive(response: Dispatcher.ResponseData, url: URL, wanted: DownloadRequest): Promise<Downloaded> {
  const { headers } = response
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(String(headers['content-range'] ?? ''))
  const asked = wanted.resume === undefined ? 0 : await sizeOf(wanted.toPath)
  const from = response.statusCode === 206 && range !== null ? Number(range[1]) : 0
  if (response.statusCode === 206 && (range === null || from !== asked || from === 0)) throw bad('range')
  const length = headers['content-length']
  const total = range !== null && from > 0 ? Number(range[2]) : typeof length === 'string' ? Number(length) : null
  if (from > 0 && total !== wanted.resume?.totalBytes) throw bad('range')
  if (total !== null && total > wanted.maxBytes) throw bad('size')
  const etag = typeof headers['etag'] === 'string' && !headers['etag'].startsWith('W/') ? headers['etag'] : null
  if (etag !== null && total !== null) wanted.onValidator({ etag, totalBytes: total })

  const crc = headers['x-oss-hash-crc64ecma']
  const told = {
    crc: typeof crc === 'string' && /^\d+$/.test(crc) ? BigInt(crc) : null,
    md5: /^"([0-9a-fA-F]{32})"$/.exec(etag ?? '')?.[1]?.toLowerCase() ?? null,
  }
  const sums = {
    sha256: createHash('sha256'),
    md5: told.md5 === null ? null : createHash('md5'),
    crc64: told.crc === null ? null : createCrc64(),
  }
  const add = (bytes: Uint8Array) => {
    sums.sha256.update(bytes)
    sums.md5?.update(bytes)
    sums.crc64?.update(bytes)
  }
  const file = await open(wanted.toPath, from > 0 ? 'r+' : 'w', 0o600)
  let done = from
  try {
    if (from > 0) await hashPrefix(file, from, add)
    const watch = speedWatch(wanted.monotonic)
    for await (const chunk of response.body) {
      const bytes = chunk as Buffer
      add(bytes)
      await file.write(bytes, 0, bytes.length, done)
      done += bytes.length
      if (done > wanted.maxBytes) throw bad('size')
      watch(done)
      wanted.onProgress(done, total)
    }
    await file.truncate(done)
    await file.sync()
  } catch (error) {
    wanted.signal.throwIfAborted()
    if (error instanceof StudioError || isFileError(error)) throw error
    throw networkError(error, url)
  } finally {
    await file.close()
  }
  if (done === 0) throw bad('empty')
  if (total !== null && done !== total) throw bad('length')
  if (sums.crc64 !== null && sums.crc64.digest() !== told.crc) throw bad('checksum')
  // An ETag of 32 hexadecimal digits need not be the MD5 of the whole object: it vouches when equal and is silent else.
  const byChecksum = sums.crc64 !== null || (sums.md5 !== null && sums.md5.digest('hex') === told.md5)
  const isPrivate = url.protocol === 'https:' || url.origin === wanted.rules.loopbackOrigin
  return {
    sizeBytes: done,
    sha256: sums.sha256.digest('hex'),
    verifiedBy: byChecksum ? 'checksum' : total === null ? 'nothing' : 'length',
    trusted: isPrivate || byChecksum,
  }
}

async function hashPrefix(file: FileHandle, length: number, add: (bytes: Uint8Array) => void): Promise<void> {
  const buffer = Buffer.alloc(1 << 20)
  for (let position = 0; position < length;) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, length - position), position)
    if (bytesRead === 0) throw bad('range')
    add(buffer.subarray(0, bytesRead))
    position += bytesRead
  }
}

/** Throws E-NET-TIMEOUT when less than 1 KB/s came in over the last minute; mere silence is ended by the client's own watchdog. */
function speedWatch(monotonic: () => number): (done: number) => void {
  let windowStart = monotonic()
  let windowDone: number | null = null
  return (done) => {
    windowDone ??= done
    const now = monotonic()
    if (now - windowStart < SLOW_WINDOW_MS) return
    if (done - windowDone < SLOW_BYTES) {
      throw new StudioError('E-NET-TIMEOUT', { params: { host: '', limit: SLOW_WINDOW_MS / 1000 }, retryable: true })
    }
    windowStart = now
    windowDone = done
  }
}

function isFileError(error: unknown): boolean {
  return (
    error instanceof Error &&
    'syscall' in error &&
    'code' in error &&
    ['ENOSPC', 'EIO', 'EACCES', 'EROFS', 'EDQUOT', 'EPERM'].includes(String(error.code))
  )
}
