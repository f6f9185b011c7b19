import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SafeStorage } from 'electron'
import { PRIVATE_FILE_MODE, ensurePrivateFolder } from '../../core/lib/private-files.ts'
import type { Ports } from '../../core/ports.ts'

type SealedStore = NonNullable<Ports['sealedStore']>

/**
 * Secrets sealed by Electron under a key of the system's, in files of the data folder, for a system without keytar.
 * Undefined where nothing really seals: Linux without a key store uses a password that everybody knows.
 */
export function createSealedStore(
  safeStorage: Pick<
    SafeStorage,
    'isEncryptionAvailable' | 'getSelectedStorageBackend' | 'encryptString' | 'decryptString'
  >,
  dataDir: string,
  platform: NodeJS.Platform = process.platform,
): SealedStore | undefined {
  if (!safeStorage.isEncryptionAvailable()) return undefined
  if (platform === 'linux' && safeStorage.getSelectedStorageBackend() === 'basic_text') return undefined
  const folder = join(dataDir, 'sealed')
  const fileOf = (account: string) => join(folder, encodeURIComponent(account))
  return {
    get: async (account) => {
      const bytes = await readFile(fileOf(account)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null
        throw error
      })
      return bytes === null ? null : safeStorage.decryptString(bytes)
    },
    set: async (account, secret) => {
      ensurePrivateFolder(folder)
      const whole = `${fileOf(account)}.new`
      await writeFile(whole, safeStorage.encryptString(secret), { mode: PRIVATE_FILE_MODE, flush: true })
      await rename(whole, fileOf(account))
    },
    delete: (account) => rm(fileOf(account), { force: true }),
  }
}
