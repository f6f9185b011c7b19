import { StudioError } from '../../../shared/errors.ts'

// Primary result codes of https://sqlite.org/rescode.html
const SQLITE_BUSY = 5
const SQLITE_LOCKED = 6
const SQLITE_READONLY = 8
const SQLITE_IOERR = 10
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_CANTOPEN = 14
const SQLITE_NOTADB = 26

/** SQLite's primary result code, or null when the error is not SQLite's. */
export function sqliteCode(thrown: unknown): number | null {
  if (!(thrown instanceof Error) || !('errcode' in thrown) || typeof thrown.errcode !== 'number') return null
  return thrown.errcode & 0xff
}

export const isBusy = (thrown: unknown): boolean => {
  const code = sqliteCode(thrown)
  return code === SQLITE_BUSY || code === SQLITE_LOCKED
}

export const isDamage = (thrown: unknown): boolean => {
  const code = sqliteCode(thrown)
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB
}

/** A coded error for what SQLite or the file system said about the database `file`; anything else stays as it is. */
export function toDatabaseError(thrown: unknown, file: string): unknown {
  if (thrown instanceof StudioError) return thrown
  const systemCode = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
  if (systemCode === 'ENOSPC' || systemCode === 'EDQUOT') return diskFull(thrown, file)
  if (systemCode === 'EACCES' || systemCode === 'EPERM' || systemCode === 'EROFS' || systemCode === 'ENOTDIR') {
    return new StudioError('E-OUT-PERMISSION', { params: { file }, cause: thrown })
  }
  if (systemCode === 'EIO' || systemCode === 'EMFILE' || systemCode === 'ENFILE') {
    return broken(thrown, `${systemCode} ${file}`)
  }
  switch (sqliteCode(thrown)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return new StudioError('E-DB-BUSY', { params: { file }, retryable: true, cause: thrown })
    case SQLITE_FULL:
      return diskFull(thrown, file)
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return new StudioError('E-DB-CORRUPT', { params: { file }, cause: thrown })
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return new StudioError('E-OUT-PERMISSION', { params: { file }, cause: thrown })
    case SQLITE_IOERR:
      return broken(thrown, `SQLITE_IOERR ${file}`)
    default:
      return thrown
  }
}

const diskFull = (cause: unknown, file: string): StudioError =>
  new StudioError('E-DISK-FULL', { params: { file, reason: 'database' }, retryable: true, cause })

/** The disk or the system is in trouble that may pass. */
const broken = (cause: unknown, detail: string): StudioError =>
  new StudioError('E-INTERNAL', { params: { detail }, retryable: true, cause })
