import { access, constants, stat, statfs } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { StudioError } from '../../../shared/errors.ts'
import { makeFolder } from '../lib/make-folder.ts'
import { asOutputError, type PublishTarget } from '../lib/publish-file.ts'
import { outputPlace } from '../batch/output-name.ts'
import type { JobRecord } from '../jobs/job-record.ts'

/** Left free on the disk of the output folder. */
const SPARE_BYTES = 100 * 1_048_576
/** Where a job's result goes: safe names below the output folder, whatever the inputs are called. */
export function outputTarget({ source, voice, driver, request }: JobRecord): PublishTarget {
  const { folder, stem, extension } = outputPlace({
    source,
    ...(voice === null ? {} : { voice }),
    ...(driver === null ? {} : { driver }),
    folder: request.folder,
    ...(request.outName === undefined ? {} : { outName: request.outName }),
  })
  return { folder: join(request.outputFolder, folder), stem, extension }
}

/** Makes the folder of a result. Throws E-OUT-PERMISSION, E-OUT-NAME, E-DISK-FULL. */
export async function prepareFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder)
    // A file of that name counts as made.
    if (!(await stat(folder)).isDirectory()) throw new StudioError('E-OUT-PERMISSION', { params: { file: folder } })
    await access(folder, constants.W_OK)
  } catch (thrown) {
    throw asOutputError(thrown, folder)
  }
}

/**
 * Throws E-DISK-FULL when a file of `expectedBytes` would leave too little room; `value` and `limit` in bytes. What is
 * paid for is fetched into less room than is asked for before it is paid.
 */
export async function requireSpace(folder: string, expectedBytes: number, spareBytes = SPARE_BYTES): Promise<void> {
  const free = await freeBytes(folder)
  const needed = Math.max(2 * expectedBytes, spareBytes)
  if (free !== null && free < needed) {
    throw new StudioError('E-DISK-FULL', { params: { file: folder, value: free, limit: needed }, retryable: true })
  }
}

/**
 * The cause behind a file that could not be written: its folder is gone or closed (E-OUT-PERMISSION), or others have
 * filled the disk meanwhile (E-DISK-FULL). Otherwise what was thrown.
 */
export async function outerCause(thrown: unknown, folder: string, expectedBytes: number): Promise<unknown> {
  try {
    await access(folder, constants.W_OK)
    await requireSpace(folder, expectedBytes)
    return thrown
  } catch (cause) {
    return asOutputError(cause, folder)
  }
}

/** Null where the file system does not tell. */
export async function freeBytes(folder: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch {
    return null
  }
}

/**
 * Whether results could be written to a folder that may not exist yet; creates nothing. Returns the folder in its
 * normal form. Throws E-OUT-NAME, E-OUT-PERMISSION, and E-CONFIG-INVALID for a place inside the app's own data.
 */
export async function checkOutputFolder(
  folder: string,
  dataDir: string,
): Promise<{ outputFolder: string; freeBytes: number | null }> {
  if (!isAbsolute(folder) || folder.includes('\0')) {
    throw new StudioError('E-OUT-NAME', { params: { file: folder.replaceAll('\0', '\\0') } })
  }
  const outputFolder = resolve(folder)
  if (outputFolder === resolve(dataDir) || outputFolder.startsWith(join(resolve(dataDir), '/'))) {
    throw new StudioError('E-CONFIG-INVALID', { params: { name: 'outputFolder', value: outputFolder } })
  }
  const existing = await nearestExisting(outputFolder)
  if (!existing.isFolder) throw new StudioError('E-OUT-NAME', { params: { file: existing.path } })
  try {
    await access(existing.path, constants.W_OK | constants.X_OK)
  } catch (thrown) {
    throw asOutputError(thrown, outputFolder)
  }
  return { outputFolder, freeBytes: await freeBytes(existing.path) }
}

async function nearestExisting(path: string): Promise<{ path: string; isFolder: boolean }> {
  try {
    return { path, isFolder: (await stat(path)).isDirectory() }
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : ''
    if (code === 'ENOENT' && dirname(path) !== path) return nearestExisting(dirname(path))
    // A file stands where a folder is needed.
    if (code === 'ENOTDIR') return { path, isFolder: false }
    throw asOutputError(thrown, path)
  }
}
