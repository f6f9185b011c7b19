import { createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm, statfs } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { dirname, join, sep } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PRIVATE_FILE_MODE, PRIVATE_FOLDER_MODE } from '../../core/lib/private-files.ts'
import type { Clock } from '../../core/ports.ts'
import { StudioError } from '../../../shared/errors.ts'
import { ENGINE_LIMITS } from '../../../shared/model/limits.ts'

/** The largest file that any engine of this host takes. */
const MAX_FILE_BYTES = Math.max(
  ENGINE_LIMITS.offline.image?.maxSizeBytes ?? 0,
  ENGINE_LIMITS.offline.audio?.maxSizeBytes ?? 0,
)
const MAX_FILES = 10_000
const MAX_DEPTH = 64
const MAX_NAME_BYTES = 240
/** Left free for results, the queue and everything else on the disk. */
const RESERVE_BYTES = 512 * 1_048_576
/** A drop that nobody adds to any more (its tab is gone) is taken away. */
const IDLE_MS = 10 * 60_000

type Drop = {
  readonly folder: string
  readonly roots: Set<string>
  /** Paths given away, in lower case: some file systems take two spellings for one name. */
  readonly taken: Set<string>
  receiving: number
  touchedAt: number
}

export type Drops = {
  readonly begin: () => Promise<{ dropId: string }>
  /** Streams one file to its place below the drop; nothing stays of one that does not arrive whole. */
  readonly receive: (dropId: string, encodedPath: string, request: IncomingMessage) => Promise<{ path: string }>
  /** What was dropped, as paths for `batch.plan`: each file or folder at the top once. */
  readonly finish: (dropId: string) => Promise<{ paths: string[] }>
  /** Takes away drops of an earlier start that no job refers to. */
  readonly sweep: (isInUse: (folder: string) => boolean) => Promise<void>
  readonly stop: () => Promise<void>
}

/**
 * Files that come as bytes, because a browser never tells a path. They are kept in the data folder with their tree, which
 * pairing and the results' folders need.
 */
export function createDrops(dataDir: string, clock: Clock, newId: () => string): Drops {
  const home = join(dataDir, 'drops')
  const open = new Map<string, Drop>()

  const dropOf = (dropId: string): Drop => {
    const drop = open.get(dropId)
    if (drop === undefined) throw new StudioError('E-INPUT-MISSING', { params: { file: 'drop' } })
    drop.touchedAt = clock.monotonic()
    return drop
  }
  const expire = async () => {
    for (const [dropId, drop] of open) {
      if (drop.receiving > 0 || clock.monotonic() - drop.touchedAt < IDLE_MS) continue
      open.delete(dropId)
      await rm(drop.folder, { recursive: true, force: true })
    }
  }
  return {
    begin: async () => {
      await expire()
      const dropId = newId()
      const folder = join(home, dropId)
      await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER_MODE })
      open.set(dropId, { folder, roots: new Set(), taken: new Set(), receiving: 0, touchedAt: clock.monotonic() })
      return { dropId }
    },
    receive: async (dropId, encodedPath, request) => {
      const drop = dropOf(dropId)
      const segments = safeSegments(encodedPath)
      if (drop.taken.size >= MAX_FILES) throw tooLarge(encodedPath, MAX_FILES + 1, MAX_FILES)
      const announced = Number(request.headers['content-length'] ?? 0)
      if (announced > MAX_FILE_BYTES) throw tooLarge(encodedPath, announced, MAX_FILE_BYTES)
      await refuseFullDisk(drop.folder, announced)
      drop.receiving += 1
      try {
        const path = freePath(join(drop.folder, ...segments), drop.taken)
        await mkdir(dirname(path), { recursive: true, mode: PRIVATE_FOLDER_MODE })
        await receiveFile(request, path, encodedPath)
        drop.roots.add(join(drop.folder, path.slice(drop.folder.length + 1).split(sep, 1)[0] ?? ''))
        return { path }
      } finally {
        drop.receiving -= 1
        drop.touchedAt = clock.monotonic()
      }
    },
    finish: (dropId) => {
      const drop = dropOf(dropId)
      open.delete(dropId)
      return Promise.resolve({ paths: [...drop.roots] })
    },
    sweep: async (isInUse) => {
      const names = await readdir(home).catch(() => [])
      for (const name of names) {
        const folder = join(home, name)
        if (!open.has(name) && !isInUse(folder)) await rm(folder, { recursive: true, force: true })
      }
    },
    stop: async () => {
      for (const drop of open.values()) await rm(drop.folder, { recursive: true, force: true })
      open.clear()
    },
  }
}

async function receiveFile(request: IncomingMessage, path: string, encodedPath: string): Promise<void> {
  const partial = `${path}.part`
  let sizeBytes = 0
  const cap = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sizeBytes += chunk.length
      done(sizeBytes > MAX_FILE_BYTES ? tooLarge(encodedPath, sizeBytes, MAX_FILE_BYTES) : null, chunk)
    },
  })
  try {
    await pipeline(request, cap, createWriteStream(partial, { flags: 'wx', mode: PRIVATE_FILE_MODE }))
    await rename(partial, path)
  } catch (cause) {
    await rm(partial, { force: true })
    if (cause instanceof StudioError) throw cause
    if (isCode(cause, 'ENOSPC')) throw diskFull(path, 0, sizeBytes)
    throw new StudioError('E-INPUT-UNAVAILABLE', { params: { file: decodeURIComponent(encodedPath) }, cause })
  }
}

/** Two files of one name in one drop: both are kept. */
function freePath(target: string, taken: Set<string>): string {
  const dot = target.lastIndexOf('.')
  const cut = dot > target.lastIndexOf(sep) + 1 ? dot : target.length
  for (let n = 1; ; n += 1) {
    const path = n === 1 ? target : `${target.slice(0, cut)} (${n})${target.slice(cut)}`
    const key = path.toLowerCase()
    if (taken.has(key)) continue
    taken.add(key)
    return path
  }
}

/**
 * The path a browser names, as names that stay below the drop's folder on every system. Throws E-INPUT-NOT-FILE for
 * anything that is not a plain relative path.
 */
export function safeSegments(encodedPath: string): string[] {
  const invalid = () =>
    new StudioError('E-INPUT-NOT-FILE', { params: { reason: 'name', file: encodedPath.slice(0, 200) } })
  const segments = encodedPath.split('/').map((segment) => {
    let name: string
    try {
      name = decodeURIComponent(segment)
    } catch {
      throw invalid()
    }
    if (name === '' || name === '.' || name === '..' || name.includes('\0') || name.includes('/')) throw invalid()
    // Characters that some file system forbids or reads as a path; a trailing dot or space is dropped by Windows.
    const safe = name.replace(/[\\:*?"<>|\p{Cc}]/gu, '_').replace(/[. ]+$/u, '_')
    if (Buffer.byteLength(safe) > MAX_NAME_BYTES) throw invalid()
    return safe
  })
  if (segments.length > MAX_DEPTH) throw invalid()
  return segments
}

async function refuseFullDisk(folder: string, wantedBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const freeBytes = bavail * bsize
  if (freeBytes - wantedBytes < RESERVE_BYTES) throw diskFull(folder, freeBytes, wantedBytes + RESERVE_BYTES)
}

function diskFull(file: string, value: number, limit: number): StudioError {
  return new StudioError('E-DISK-FULL', { params: { file, value, limit } })
}

function tooLarge(encodedPath: string, value: number, limit: number): StudioError {
  return new StudioError('E-INPUT-TOO-LARGE', { params: { file: decodeURIComponent(encodedPath), value, limit } })
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
