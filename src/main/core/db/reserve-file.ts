import { closeSync, existsSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { PRIVATE_FILE_MODE } from '../lib/private-files.ts'

const RESERVE_BYTES = 262_144

export type ReserveFile = {
  /** Gives the space back for one write that must not be lost. False when there is none left. */
  readonly free: () => boolean
  /** Takes the space again, when there is some. */
  readonly refill: () => void
}

/** Space that is taken while the disk is not yet full, so that a vendor's id can be written when it is. */
export function createReserveFile(dataDir: string): ReserveFile {
  const path = join(dataDir, 'reserve')
  const remove = (): boolean => {
    try {
      rmSync(path, { force: true })
      return true
    } catch {
      // Whoever needs the space goes on without it: nothing here is worth an error of its own.
      return false
    }
  }
  const refill = (): void => {
    if (existsSync(path)) return
    if (!write(path)) remove()
  }
  refill()
  return {
    free: () => existsSync(path) && remove(),
    refill,
  }
}

/** False when the disk is full already: half a reserve would only be in the way. */
function write(path: string): boolean {
  try {
    const descriptor = openSync(path, 'wx', PRIVATE_FILE_MODE)
    try {
      // Real bytes: a sparse file would reserve nothing.
      const written = writeSync(descriptor, Buffer.alloc(RESERVE_BYTES, 1))
      fsyncSync(descriptor)
      return written === RESERVE_BYTES
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return false
  }
}
