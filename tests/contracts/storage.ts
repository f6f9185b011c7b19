import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StorageBackend, StorageFile } from '../../src/main/core/storage/storage-backend.ts'

/** What a storage backend must be shown with: how to make one, and how the vendor would read what it was given. */
export type StorageSubject = {
  readonly backend: StorageBackend
  /** The bytes behind a signed address as the consumer of `model` sees them; null when there are none. */
  readonly readBack: (url: string, model: string) => Promise<Buffer | null>
  /** Object keys (and open multipart uploads) in the store; null where that cannot be seen. */
  readonly leftovers: (() => Promise<string[]>) | null
}

/** The suite that every storage backend passes. */
export function describeStorage(
  name: string,
  skipReason: string | null,
  start: () => Promise<StorageSubject & { stop: () => Promise<void> }>,
) {
  describe.skipIf(skipReason !== null)(
    `${name} storage${skipReason === null ? '' : ` (skipped: ${skipReason})`}`,
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'studio-storage-'))
      let subject: Awaited<ReturnType<typeof start>>
      const never = new AbortController().signal

      beforeAll(async () => {
        subject = await start()
      })
      afterAll(async () => {
        await subject.stop()
        rmSync(folder, { recursive: true, force: true })
      })

      function file(sizeBytes: number): StorageFile & { bytes: Buffer } {
        const bytes = randomBytes(sizeBytes)
        const path = join(folder, `${createHash('sha1').update(bytes).digest('hex')}.wav`)
        writeFileSync(path, bytes)
        return { path, sizeBytes, contentType: 'audio/wav', extension: '.wav', bytes }
      }
      const context = (signal = never) => ({ model: 'liveportrait', signal, onProgress: () => {} })

      it.each([1, 5_000_000])('gives back the %i bytes that it was given', async (sizeBytes) => {
        const wanted = file(sizeBytes)
        const key = await subject.backend.put(subject.backend.newKey(wanted), wanted, context())
        const url = await subject.backend.signedUrl(key, 3600)
        expect((await subject.readBack(url, 'liveportrait'))?.equals(wanted.bytes)).toBe(true)
        await subject.backend.delete?.(key, never)
      })

      it('names objects at random, with the true extension and nothing of the file name', () => {
        const wanted = file(10)
        const keys = Array.from({ length: 100 }, () => subject.backend.newKey(wanted))
        expect(new Set(keys).size).toBe(100)
        for (const key of keys) {
          expect(key.endsWith('.wav')).toBe(true)
          expect(key).not.toContain(wanted.path.split('/').at(-1)?.slice(0, 12))
          expect(key).toMatch(/^[A-Za-z0-9/._-]{20,}$/)
        }
      })

      it('reports progress up to the whole', async () => {
        const wanted = file(200_000)
        const seen: number[] = []
        const key = await subject.backend.put(subject.backend.newKey(wanted), wanted, {
          ...context(),
          onProgress: (done) => seen.push(done),
        })
        expect(seen.at(-1)).toBe(wanted.sizeBytes)
        await subject.backend.delete?.(key, never)
      })

      it('leaves nothing behind when it is stopped at once', async () => {
        const wanted = file(200_000)
        const stopped = AbortSignal.abort()
        await expect(subject.backend.put(subject.backend.newKey(wanted), wanted, context(stopped))).rejects.toThrow(
          /abort/i,
        )
        if (subject.leftovers !== null) expect(await subject.leftovers()).toEqual([])
      })

      it('forgets what it is told to delete, twice without complaint, where it can', async () => {
        const { backend } = subject
        expect(backend.delete !== undefined).toBe(backend.capabilities.canDelete)
        if (backend.delete === undefined) return
        const wanted = file(1000)
        const key = await backend.put(backend.newKey(wanted), wanted, context())
        const url = await backend.signedUrl(key, 3600)
        await backend.delete(key, never)
        await backend.delete(key, never)
        expect(await subject.readBack(url, 'liveportrait')).toBeNull()
        if (subject.leftovers !== null) expect(await subject.leftovers()).toEqual([])
      })

      it('binds a file to its model where it says so', async () => {
        const wanted = file(1000)
        const key = await subject.backend.put(subject.backend.newKey(wanted), wanted, context())
        const url = await subject.backend.signedUrl(key, 3600)
        const other = await subject.readBack(url, 'liveportrait-detect')
        expect(other === null).toBe(subject.backend.capabilities.boundToModel)
        await subject.backend.delete?.(key, never)
      })
    },
  )
}
