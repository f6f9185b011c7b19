import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'
import type { RemoteAccess } from './remote-access.ts'

/** A temporary object is not used any more so long before its end: it must outlive the wait at the vendor. */
const SPARE_MS = 6 * 3600_000

/** What cannot be deleted, and has no known end, is forgotten after a week: no link lives longer. */
const FORGET_AFTER_MS = 7 * 24 * 3600_000

export type StoredObject = { readonly objectId: string; readonly key: string }

export type StoredObjects = ReturnType<typeof createStoredObjects>

/**
 * Our record of what lies in storages: written before the first byte, so that a crash leaves nothing there of which we do
 * not know. Only what stands here is ever deleted.
 */
export function createStoredObjects(database: Database, now: () => number, logger: Logger) {
  const { run, all, get, transaction } = database

  return {
    /** A whole object with these contents for this model, put there with the same key; it is now used by the job, too. */
    reuse: (wanted: ObjectIdentity, jobId: string): StoredObject | null =>
      transaction(() => {
        const row = get(
          `SELECT object_id, object_key FROM stored_objects WHERE is_whole = 1 AND content_sha256 = ? AND storage_id = ?
             AND model = ? AND key_fingerprint = ? AND (expires_at IS NULL OR expires_at > ?)
           ORDER BY expires_at DESC LIMIT 1`,
          wanted.sha256,
          wanted.storageId,
          wanted.model,
          wanted.keyFingerprint,
          now() + SPARE_MS,
        )
        if (row === undefined) return null
        const objectId = String(row['object_id'])
        run('INSERT OR IGNORE INTO object_uses (object_id, job_id) VALUES (?, ?)', objectId, jobId)
        return { objectId, key: String(row['object_key']) }
      }),

    announce: (objectId: string, wanted: ObjectIdentity, key: string, jobId: string): void =>
      transaction(() => {
        run(
          `INSERT INTO stored_objects (object_id, storage_id, object_key, content_sha256, model, key_fingerprint, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?)`,
          objectId,
          wanted.storageId,
          key,
          wanted.sha256,
          wanted.model,
          wanted.keyFingerprint,
          now(),
        )
        run('INSERT INTO object_uses (object_id, job_id) VALUES (?, ?)', objectId, jobId)
      }),

    arrived: (objectId: string, key: string, lifeSeconds: number | null): void => {
      const expiresAt = lifeSeconds === null ? null : now() + lifeSeconds * 1000
      run(
        'UPDATE stored_objects SET is_whole = 1, object_key = ?, expires_at = ? WHERE object_id = ?',
        key,
        expiresAt,
        objectId,
      )
    },

    keyOf: (objectId: string): string | null => {
      const key = get('SELECT object_key FROM stored_objects WHERE object_id = ? AND is_whole = 1', objectId)?.[
        'object_key'
      ]
      return typeof key === 'string' ? key : null
    },

    /** The vendor could not fetch it: it is not used again. */
    distrust: (objectId: string): void => {
      run('UPDATE stored_objects SET is_whole = 0 WHERE object_id = ?', objectId)
    },

    /** It is gone from its storage. */
    forget: (objectId: string): void => {
      run('DELETE FROM stored_objects WHERE object_id = ?', objectId)
    },

    /** Takes away what no open job uses any more. A storage that does not answer keeps its rows for the next time. */
    sweep: async (access: RemoteAccess, signal: AbortSignal): Promise<void> => {
      transaction(() => {
        run(
          `DELETE FROM object_uses WHERE job_id NOT IN
             (SELECT job_id FROM jobs WHERE state IN ('queued', 'running', 'waiting', 'needs_attention'))`,
        )
      })
      const unused = all(
        `SELECT object_id, storage_id, object_key, created_at, expires_at FROM stored_objects
           WHERE object_id NOT IN (SELECT object_id FROM object_uses)`,
      )
      for (const row of unused) {
        signal.throwIfAborted()
        const forget = () => run('DELETE FROM stored_objects WHERE object_id = ?', row['object_id'] ?? null)
        try {
          const backend = await access.storageById(String(row['storage_id']))
          if (backend?.delete !== undefined) {
            await backend.delete(String(row['object_key']), signal)
            forget()
          } else if (Number(row['expires_at'] ?? Number(row['created_at']) + FORGET_AFTER_MS) < now()) {
            forget()
          }
        } catch (cause) {
          signal.throwIfAborted()
          logger.warn(
            { storageId: row['storage_id'], cause },
            'a stored object could not be deleted; tried again later',
          )
          return
        }
      }
    },
  }
}

export type ObjectIdentity = {
  readonly storageId: string
  readonly sha256: string
  /** '' where the storage does not bind files to a model. */
  readonly model: string
  /** '' where any key may use the file. */
  readonly keyFingerprint: string
}
