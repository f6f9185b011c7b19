import type { Database } from '../db/database.ts'

/** Files outside the data folder that are ours to take away. A name is durable here before the file exists. */
export type TempFiles = {
  readonly add: (path: string, jobId: string) => void
  readonly remove: (path: string) => void
  readonly all: () => { readonly path: string; readonly jobId: string }[]
}

export function createTempFiles(database: Database): TempFiles {
  return {
    add: (path, jobId) => {
      database.run(
        'INSERT INTO temp_files (path, job_id) VALUES (?, ?) ON CONFLICT (path) DO UPDATE SET job_id = excluded.job_id',
        path,
        jobId,
      )
    },
    remove: (path) => {
      database.run('DELETE FROM temp_files WHERE path = ?', path)
    },
    all: () =>
      database.all('SELECT path, job_id FROM temp_files').map((row) => ({
        path: String(row['path']),
        jobId: String(row['job_id']),
      })),
  }
}
