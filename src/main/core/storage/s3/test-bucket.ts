import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StudioError, type ErrorData } from '../../../../shared/errors.ts'
import type { BucketCheck } from '../../../../shared/model/storage.ts'
import type { AddressAllowance } from '../../lib/address-guard.ts'
import type { HttpClient } from '../../lib/http-client.ts'
import { PRIVATE_FILE_MODE } from '../../lib/private-files.ts'
import type { StorageBackend } from '../storage-backend.ts'

export type BucketTest = {
  readonly ok: boolean
  readonly passed: BucketCheck[]
  readonly error?: ErrorData
  readonly warning?: ErrorData
}

type TestOptions = {
  readonly backend: StorageBackend
  readonly bucket: string
  readonly http: HttpClient
  readonly allowance: AddressAllowance
  /** A folder of our own, for the small file. */
  readonly workDir: string
  /** Told before the first byte is sent, and when the object is gone: a crash in between leaves something to find. */
  readonly record: { readonly announce: (key: string) => void; readonly gone: (key: string) => void }
  readonly signal: AbortSignal
}

const LINK_SECONDS = 300

/**
 * Puts a small file, fetches it through a link, fetches it and lists the bucket without one (both must be refused), and
 * deletes it. Whatever fails, the file is deleted where that is possible. Throws only the signal's reason.
 */
export async function testBucket(options: TestOptions): Promise<BucketTest> {
  const { backend, bucket, http, allowance, workDir, record, signal } = options
  const passed: BucketCheck[] = []
  const folder = await mkdtemp(join(workDir, 'bucket-test-'))
  const contents = randomBytes(32).toString('hex')
  const path = join(folder, 'test.txt')
  const file = { path, sizeBytes: contents.length, contentType: 'text/plain', extension: '.txt' }
  const key = backend.newKey(file)
  const get = (url: URL) => http.call({ method: 'GET', url, allowance, headers: {}, signal })

  const attempt = async (check: BucketCheck, work: () => Promise<void>): Promise<ErrorData | null> => {
    try {
      await work()
      passed.push(check)
      return null
    } catch (thrown) {
      signal.throwIfAborted()
      if (thrown instanceof StudioError) return thrown.data
      throw thrown
    }
  }
  const rejected = (reason: string, status: number) =>
    new StudioError('E-BUCKET-REJECTED', { params: { name: bucket, value: `HTTP ${status}`, reason } })

  const check = async (): Promise<ErrorData | null> => {
    await writeFile(path, contents, { mode: PRIVATE_FILE_MODE })
    record.announce(key)
    const put = await attempt('put', async () => {
      await backend.put(key, file, { model: '', signal, onProgress: () => undefined })
    })
    if (put !== null)
      return put.code === 'E-BUCKET-REJECTED' ? { ...put, params: { ...put.params, reason: 'put' } } : put
    const link = new URL(await backend.signedUrl(key, LINK_SECONDS))
    const fetched = await attempt('fetch', async () => {
      const { status, text } = await get(link)
      if (status !== 200) throw rejected('fetch', status)
      if (text !== contents) throw rejected('contents', status)
    })
    if (fetched !== null) return fetched
    const isOpen = async (url: URL): Promise<boolean> => {
      const { status } = await get(url)
      return status >= 200 && status < 300
    }
    const insecure = (reason: string) =>
      new StudioError('E-CONFIG-INSECURE', { params: { name: bucket, value: bucket, reason } })
    const unsigned = new URL(link)
    unsigned.search = ''
    const isPrivate = await attempt('private', async () => {
      if (await isOpen(unsigned)) throw insecure('public-read')
    })
    const listing = new URL(unsigned)
    listing.pathname = unsigned.pathname.slice(0, -key.length)
    listing.search = '?list-type=2&max-keys=1'
    const isUnlisted = await attempt('unlisted', async () => {
      if (await isOpen(listing)) throw insecure('public-list')
    })
    return isPrivate ?? isUnlisted
  }

  try {
    const error = await check()
    // Tried in any case: a put that seemed to fail may have arrived.
    const deleted = await attempt('delete', async () => {
      await backend.delete?.(key, signal)
      record.gone(key)
    })
    if (error !== null) return { ok: false, passed, error }
    if (deleted === null) return { ok: true, passed }
    if (deleted.code !== 'E-BUCKET-REJECTED') return { ok: false, passed, error: deleted }
    return { ok: true, passed, warning: { ...deleted, params: { ...deleted.params, reason: 'delete' } } }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
