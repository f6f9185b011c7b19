import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { tempFolder } from '../../../../tests/fixtures/temp-folder.ts'
import { createSealedStore } from './sealed-store.ts'

type Backend = 'basic_text' | 'gnome_libsecret'

/** Sealing by turning every byte: enough to see that nothing is written as it came. */
const storage = (backend: Backend, isAvailable = true) => ({
  isEncryptionAvailable: () => isAvailable,
  getSelectedStorageBackend: () => backend,
  encryptString: (text: string) => Buffer.from(text).map((byte) => byte ^ 0xff) as Buffer,
  decryptString: (bytes: Buffer) => Buffer.from(bytes.map((byte) => byte ^ 0xff)).toString(),
})

it('keeps a secret sealed, replaces it whole, and forgets it', async () => {
  const folder = tempFolder()
  const store = createSealedStore(storage('gnome_libsecret'), folder, 'linux')
  expect(await store?.get('dashscope')).toBeNull()
  await store?.set('dashscope', 'sk-first-0123456789')
  await store?.set('dashscope', 'sk-second')
  expect(await store?.get('dashscope')).toBe('sk-second')
  const [file = '', ...others] = readdirSync(join(folder, 'sealed'))
  expect(others).toEqual([])
  expect(statSync(join(folder, 'sealed', file)).mode & 0o777).toBe(0o600)
  expect(readFileSync(join(folder, 'sealed', file), 'latin1')).not.toContain('sk-')
  await store?.delete('dashscope')
  await store?.delete('dashscope')
  expect(await store?.get('dashscope')).toBeNull()
})

it('is not offered where nothing really seals', () => {
  expect(createSealedStore(storage('basic_text'), '/nowhere', 'linux')).toBeUndefined()
  expect(createSealedStore(storage('gnome_libsecret', false), '/nowhere', 'linux')).toBeUndefined()
  expect(createSealedStore(storage('basic_text'), '/nowhere', 'win32')).toBeDefined()
})
