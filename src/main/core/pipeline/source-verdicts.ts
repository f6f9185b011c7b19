import type { EngineId } from '../../../shared/model/engine.ts'
import type { Database } from '../db/database.ts'

export type SourceVerdict = { readonly pass: boolean; readonly message: string; readonly requestId: string | undefined }

/** What a vendor's own check said, by the picture's contents: an unchanged picture is never checked, and paid for, again. */
export function createSourceVerdicts(database: Database, now: () => number) {
  return {
    find: (vendor: EngineId, sha256: string): SourceVerdict | null => {
      const row = database.get(
        'SELECT pass, message, request_id FROM source_verdicts WHERE vendor = ? AND content_sha256 = ?',
        vendor,
        sha256,
      )
      if (row === undefined) return null
      const requestId = row['request_id']
      return {
        pass: row['pass'] === 1,
        message: String(row['message']),
        requestId: typeof requestId === 'string' ? requestId : undefined,
      }
    },
    save: (vendor: EngineId, sha256: string, { pass, message, requestId }: SourceVerdict): void => {
      database.run(
        `INSERT INTO source_verdicts (vendor, content_sha256, pass, message, request_id, at) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (vendor, content_sha256) DO UPDATE SET pass = excluded.pass, message = excluded.message,
           request_id = excluded.request_id, at = excluded.at`,
        vendor,
        sha256,
        pass ? 1 : 0,
        message,
        requestId ?? null,
        now(),
      )
    },
  }
}
export type SourceVerdicts = ReturnType<typeof createSourceVerdicts>
