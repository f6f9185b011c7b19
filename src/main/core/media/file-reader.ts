import { constants } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import { lstat, open, readdir, realpath } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { basename, dirname, isAbsolute } from 'node:path'
import type { ErrorCode, ErrorParams } from '../../../shared/errors.ts'
import { StudioError } from '../../../shared/errors.ts'
import { readableName } from '../lib/readable-name.ts'
import type { Clock } from '../ports.ts'
import type { Fingerprint } from './inspection.ts'

/** Reads anywhere in one open file. */
export type FileReader = {
  readonly sizeBytes: number
  /** Fewer bytes than asked for only at the end of the file. */
  readonly read: (position: number, length: number) => Promise<Buffer>
}

/** A regular file that was looked at without opening it. */
export type RegularFile = { readonly path: string; readonly fingerprint: Fingerprint }

/** A cloud placeholder or a dead network share may never answer. */
const STALL_MS = 10_000

function refuse(code: ErrorCode, path: string, params: ErrorParams = {}, cause?: unknown): StudioError {
  return new StudioError(code, {
    params: { file: basename(path), ...params },
    ...(cause === undefined ? {} : { cause }),
    retryable: code === 'E-INPUT-UNAVAILABLE',
  })
}

/** The coded form of a failed file call. */
function asInputError(thrown: unknown, path: string): unknown {
  if (!(thrown instanceof Error) || !('code' in thrown)) return thrown
  switch (thrown.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return refuse('E-INPUT-MISSING', path, {}, thrown)
    case 'EACCES':
    case 'EPERM':
      return refuse('E-INPUT-PERMISSION', path, {}, thrown)
    case 'ELOOP':
    case 'ENXIO':
    case 'ENODEV':
    case 'ERR_INVALID_ARG_VALUE':
      return refuse('E-INPUT-NOT-FILE', path, { reason: 'special' }, thrown)
    case 'ENAMETOOLONG':
      return refuse('E-INPUT-NOT-FILE', path, { reason: 'name' }, thrown)
    default:
      return refuse('E-INPUT-UNAVAILABLE', path, { detail: String(thrown.code) }, thrown)
  }
}

async function withDeadline<T>(work: Promise<T>, path: string, clock: Clock): Promise<T> {
  let timer: { readonly cancel: () => void } | null = null
  const stalled = new Promise<never>((_, reject) => {
    timer = clock.setTimer(STALL_MS, () => reject(refuse('E-INPUT-UNAVAILABLE', path, { reason: 'stalled' })))
  })
  try {
    return await Promise.race([work, stalled])
  } finally {
    ;(timer as { readonly cancel: () => void } | null)?.cancel()
  }
}

function fingerprintOf(stats: BigIntStats): Fingerprint {
  return {
    dev: String(stats.dev),
    ino: String(stats.ino),
    sizeBytes: Number(stats.size),
    mtimeNs: String(stats.mtimeNs),
  }
}

export function sameFingerprint(a: Fingerprint, b: Fingerprint): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.sizeBytes === b.sizeBytes && a.mtimeNs === b.mtimeNs
}

/**
 * Looks at a path without opening it. A symbolic link that a person named is followed; only a regular file passes.
 *
 * Throws E-INPUT-NOT-FILE (folder, FIFO, socket, device, a name that cannot be given to programs), E-INPUT-MISSING,
 * E-INPUT-PERMISSION, E-INPUT-UNAVAILABLE.
 */
export async function lookAtFile(path: string, clock: Clock): Promise<RegularFile> {
  if (!isAbsolute(path) || path.includes('\0'))
    throw refuse('E-INPUT-NOT-FILE', path.replaceAll('\0', '\\0'), { reason: 'name' })
  try {
    let stats = await withDeadline(lstat(path, { bigint: true }), path, clock)
    let real = path
    if (stats.isSymbolicLink()) {
      real = await withDeadline(realpath(path), path, clock)
      stats = await withDeadline(lstat(real, { bigint: true }), path, clock)
    }
    if (!stats.isFile()) throw refuse('E-INPUT-NOT-FILE', path, { reason: stats.isDirectory() ? 'folder' : 'special' })
    return { path: real, fingerprint: fingerprintOf(stats) }
  } catch (thrown) {
    const error = thrown instanceof StudioError ? thrown : asInputError(thrown, path)
    if (error instanceof StudioError && error.code === 'E-INPUT-MISSING') throw await explainMissing(path, error)
    throw error
  }
}

/** A name of bytes that are not UTF-8 arrives here with replacement characters: the file exists, under another name. */
async function explainMissing(path: string, missing: StudioError): Promise<StudioError> {
  if (!path.includes('\ufffd')) return missing
  const names = await readdir(dirname(path), { encoding: 'buffer' }).catch(() => [])
  const match = names.find((name) => name.toString('utf8') === basename(path))
  return match === undefined
    ? missing
    : refuse('E-INPUT-NOT-FILE', readableName(match).text, { reason: 'encoding' }, missing)
}

/**
 * Opens a file that was looked at and runs `work` on it: never through a link, never waiting on a pipe. Throws
 * E-INPUT-CHANGED when it is no longer the same file, and the errors of `lookAtFile`.
 */
export async function withFile<T>(
  file: RegularFile,
  clock: Clock,
  work: (reader: FileReader, handle: FileHandle) => Promise<T>,
): Promise<T> {
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants
  let handle: FileHandle
  try {
    handle = await openInTime(file.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, clock)
  } catch (thrown) {
    throw thrown instanceof StudioError ? thrown : asInputError(thrown, file.path)
  }
  try {
    const stats = await handle.stat({ bigint: true })
    if (!sameFingerprint(fingerprintOf(stats), file.fingerprint)) throw refuse('E-INPUT-CHANGED', file.path)
    const reader = readerOf(handle, file, clock)
    return await work(reader, handle)
  } catch (thrown) {
    throw isFileSystemError(thrown) ? asInputError(thrown, file.path) : thrown
  } finally {
    await handle.close()
  }
}

/** Headers are read in many small steps: the first bytes come from memory. */
const HEAD_BYTES = 65_536

function readerOf(handle: FileHandle, file: RegularFile, clock: Clock): FileReader {
  const { sizeBytes } = file.fingerprint
  const readBytes = async (position: number, length: number): Promise<Buffer> => {
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, sizeBytes - position)))
    let filled = 0
    while (filled < buffer.length) {
      const reading = handle.read(buffer, filled, buffer.length - filled, position + filled)
      const { bytesRead } = await withDeadline(reading, file.path, clock)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return buffer.subarray(0, filled)
  }
  let head: Buffer | null = null
  return {
    sizeBytes,
    read: async (position, length) => {
      if (position + length > HEAD_BYTES) return readBytes(position, length)
      head ??= await readBytes(0, HEAD_BYTES)
      return head.subarray(position, position + length)
    },
  }
}

function isFileSystemError(thrown: unknown): boolean {
  return thrown instanceof Error && 'syscall' in thrown
}

async function openInTime(path: string, flags: number, clock: Clock): Promise<FileHandle> {
  const opening = open(path, flags)
  try {
    return await withDeadline(opening, path, clock)
  } catch (thrown) {
    // An open that succeeds after all must not leak its descriptor.
    opening.then((late) => late.close()).catch(() => undefined)
    throw thrown
  }
}
