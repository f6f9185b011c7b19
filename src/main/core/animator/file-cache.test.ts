import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFileCache } from './file-cache.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'file-cache-'))
  writeFileSync(join(folder, 'a'), 'one')
  writeFileSync(join(folder, 'b'), 'two')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the file cache', () => {
  it('makes a value once for each file and variant, and again when the file has changed', async () => {
    const cache = createFileCache<number>(4)
    let made = 0
    const make = async (): Promise<number> => ++made
    const file = join(folder, 'a')
    expect([await cache.get(file, '', make), await cache.get(file, '', make)]).toEqual([1, 1])
    expect(await cache.get(file, 'other', make)).toBe(2)
    writeFileSync(file, 'longer')
    expect(await cache.get(file, '', make)).toBe(3)
  })

  it('forgets the value that was not used for longest', async () => {
    const cache = createFileCache<number>(2)
    let made = 0
    const make = async (): Promise<number> => ++made
    const [a, b] = [join(folder, 'a'), join(folder, 'b')]
    await cache.get(a, '', make)
    await cache.get(b, '', make)
    await cache.get(a, '', make)
    await cache.get(b, 'third', make)
    expect(await cache.get(a, '', make)).toBe(1)
    expect(await cache.get(b, '', make)).toBe(4)
  })

  it('does not remember failures, and makes again for one who waited on another’s cancelled work', async () => {
    const cache = createFileCache<string>(2)
    const file = join(folder, 'a')
    const cancelled = Promise.withResolvers<string>()
    const first = cache.get(file, '', () => cancelled.promise)
    const second = cache.get(file, '', async () => 'made for the second')
    cancelled.reject(new Error('cancelled by the first'))
    await expect(first).rejects.toThrow('cancelled by the first')
    expect(await second).toBe('made for the second')
    expect(await cache.get(file, '', async () => 'fresh')).toBe('fresh')
  })
})
