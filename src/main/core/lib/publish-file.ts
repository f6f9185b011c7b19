import { constants } from 'node:fs'
import { link, lstat, open, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { StudioError } from '../../../shared/errors.ts'

export type PublishTarget = {
  /** An existing folder. */
  readonly folder: string
  /** Already safe (`safeStem`). */
  readonly stem: string
  /** With its dot: `.mp4`. */
  readonly extension: string
}

/** How to reach the file system; replaced in tests that need one without links. */
export type PublishFs = {
  readonly link: (from: string, to: string) => Promise<void>
  readonly rename: (from: string, to: string) => Promise<void>
  readonly wait: (delayMs: number) => Promise<unknown>
}

const MAX_NUMBER = 10_000
/** What a file system without hard links answers. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV', 'EINVAL', 'UNKNOWN'])
/** Virus scanners on Windows hold fresh files open for moments. */
const HELD = new Set(process.platform === 'win32' ? ['EBUSY', 'EPERM', 'EACCES'] : ['EBUSY'])
const RETRY_DELAYS_MS = [100, 200, 400, 800, 1500, 3000, 6000, 6000, 6000, 6000]

/** Name number `n` of a result: `stem.mp4`, `stem (2).mp4`, `stem (3).mp4`… */
export function numberedName(target: PublishTarget, n: number): string {
  return n === 1 ? `${target.stem}${target.extension}` : `${target.stem} (${n})${target.extension}`
}

/** Where to write a result before it is published: in the same folder, hidden, never a media extension. */
export function partPath(folder: string, jobId: string, random: string): string {
  return join(folder, `.${jobId}.${random}.part`)
}

export function isPartName(name: string): boolean {
  return name.startsWith('.') && name.endsWith('.part')
}

/**
 * Gives a finished file in `folder` its final name without ever replacing another file: numbered when the name is
 * taken. A crash leaves the whole file under the temp name, the final name, or both; never a partial one.
 *
 * Throws E-DISK-FULL, E-OUT-PERMISSION, E-OUT-NAME; the temp file then stays.
 */
export async function publishFile(
  tempPath: string,
  target: PublishTarget,
  fs: PublishFs = { link, rename, wait: delay },
): Promise<string> {
  try {
    await sync(tempPath)
    for (let n = 1; n <= MAX_NUMBER; n++) {
      const finalPath = join(target.folder, numberedName(target, n))
      if (await place(tempPath, finalPath, fs)) {
        // The result has its name. That the folder cannot be synced costs no more than the name after a power cut, and
        // a failure told here would be answered with a second copy.
        await persistently(() => syncFolder(target.folder), fs).catch(() => undefined)
        return finalPath
      }
    }
  } catch (thrown) {
    throw asOutputError(thrown, target.folder)
  }
  throw new StudioError('E-OUT-NAME', { params: { file: numberedName(target, 1), value: MAX_NUMBER } })
}

/** False when the name is taken. */
async function place(tempPath: string, finalPath: string, fs: PublishFs): Promise<boolean> {
  try {
    await fs.link(tempPath, finalPath)
  } catch (thrown) {
    const code = errorCode(thrown)
    if (code === 'EEXIST') return false
    if (!NO_LINKS.has(code)) throw thrown
    return placeByRename(tempPath, finalPath, fs)
  }
  await persistently(() => unlink(tempPath), fs)
  return true
}

/** Tries again what a moment's shortage of descriptors or a scanner may have refused; throws the last failure. */
async function persistently(action: () => Promise<void>, fs: PublishFs): Promise<void> {
  for (const waitMs of RETRY_DELAYS_MS.slice(0, 3)) {
    try {
      return await action()
    } catch {
      await fs.wait(waitMs)
    }
  }
  await action()
}

/** For file systems without links: an exclusive empty placeholder holds the name, and the rename replaces only that. */
async function placeByRename(tempPath: string, finalPath: string, fs: PublishFs): Promise<boolean> {
  try {
    const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW = 0 } = constants
    await (await open(finalPath, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o644)).close()
  } catch (thrown) {
    if (errorCode(thrown) === 'EEXIST') return false
    throw thrown
  }
  for (const waitMs of [...RETRY_DELAYS_MS, null]) {
    try {
      await fs.rename(tempPath, finalPath)
      return true
    } catch (thrown) {
      if (waitMs === null || !HELD.has(errorCode(thrown))) {
        await unlink(finalPath)
        throw thrown
      }
      await fs.wait(waitMs)
    }
  }
  return false
}

/**
 * The published name of a file that a killed run may or may not have published: the first numbered name that `isSame`
 * accepts (by size and hash), or null. Looks at names up to the first free one.
 */
export async function findPublished(
  target: PublishTarget,
  isSame: (path: string) => Promise<boolean>,
): Promise<string | null> {
  for (let n = 1; n <= MAX_NUMBER; n++) {
    const path = join(target.folder, numberedName(target, n))
    const stats = await lstat(path).catch(() => null)
    if (stats === null) return null
    if (stats.isFile() && (await isSame(path))) return path
  }
  return null
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes a new name survive a power cut; file systems that cannot sync folders do it by themselves. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } catch (thrown) {
    if (!['EINVAL', 'ENOTSUP', 'EBADF'].includes(errorCode(thrown))) throw thrown
  } finally {
    await handle.close()
  }
}

function errorCode(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : ''
}

/** The coded form of a failure to write below `folder`. */
export function asOutputError(thrown: unknown, folder: string): unknown {
  if (thrown instanceof StudioError) return thrown
  const code = errorCode(thrown)
  const params = { file: folder, detail: code }
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new StudioError('E-DISK-FULL', { params, retryable: true, cause: thrown })
  if (code === 'ENAMETOOLONG') return new StudioError('E-OUT-NAME', { params, cause: thrown })
  if (code === '') return thrown
  return new StudioError('E-OUT-PERMISSION', { params, cause: thrown })
}
