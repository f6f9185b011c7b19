import type { Logger } from 'pino'
import { z } from 'zod'
import type { ErrorData } from '../../../shared/errors.ts'
import {
  JOB_STATES,
  jobStateSchema,
  type JobCounts,
  type JobDetail,
  type JobState,
  type JobStep,
} from '../../../shared/model/job.ts'
import type { EngineId } from '../../../shared/model/engine.ts'
import type { Finding } from '../../../shared/model/media.ts'
import { readMeta, writeMeta, type Database, type Row } from '../db/database.ts'
import {
  parseAttemptRow,
  parseJobRow,
  type AttemptOutcome,
  type JobRecord,
  type JobRequest,
  type RemoteFacts,
} from './job-record.ts'
import { requireArrow } from './state-machine.ts'

export type NewJob = {
  readonly jobId: string
  readonly batchId: string
  readonly step: JobStep
  readonly engine: EngineId
  readonly source: string
  readonly voice: string | null
  readonly driver: string | null
  readonly request: JobRequest
  readonly requestKey: string
  readonly identity: string | null
  readonly work: unknown
  readonly findings: readonly Finding[]
}

/** What may change in a row beside its state. Absent fields stay as they are. */
export type JobChange = {
  readonly batchId?: string
  readonly position?: number
  readonly step?: JobStep
  readonly request?: JobRequest
  readonly identity?: string | null
  readonly work?: unknown
  readonly output?: { readonly path: string; readonly sha256: string; readonly sizeBytes: number } | null
  readonly reused?: boolean
  readonly error?: ErrorData | null
  readonly findings?: readonly Finding[]
  readonly startedAt?: number | null
  readonly endedAt?: number | null
  readonly dueAt?: number | null
  readonly remote?: RemoteFacts
}

export type ListFilter = {
  readonly offset: number
  readonly limit: number
  readonly states?: readonly JobState[] | undefined
  readonly batchId?: string | undefined
}

/** SQLite takes 32,766 values a statement; ids come in pieces below that. */
const IDS_A_STATEMENT = 5000

export type JobStore = ReturnType<typeof createJobStore>

/**
 * The rows of the queue: the truth, of which everything in memory is a view. A row that cannot be parsed is set aside
 * (`quarantined`), logged and left as it is; it stops nothing else.
 */
export function createJobStore(database: Database, logger: Logger, isReadOnly = false) {
  const { all, get, run, transaction } = database

  function parseOrSetAside(row: Row): JobRecord | null {
    try {
      return parseJobRow(row)
    } catch (cause) {
      logger.error({ jobId: row['job_id'], cause }, 'job row set aside')
      if (!isReadOnly) run('UPDATE jobs SET quarantined = 1 WHERE job_id = ?', row['job_id'] ?? null)
      return null
    }
  }
  const records = (rows: readonly Row[]): JobRecord[] => rows.flatMap((row) => parseOrSetAside(row) ?? [])

  function find(jobId: string): JobRecord | null {
    return records(all('SELECT * FROM jobs WHERE job_id = ? AND quarantined = 0', jobId))[0] ?? null
  }

  function findMany(jobIds: readonly string[]): JobRecord[] {
    const found: JobRecord[] = []
    for (let start = 0; start < jobIds.length; start += IDS_A_STATEMENT) {
      const ids = JSON.stringify(jobIds.slice(start, start + IDS_A_STATEMENT))
      const where = 'job_id IN (SELECT value FROM json_each(?)) AND quarantined = 0'
      found.push(...records(all(`SELECT * FROM jobs WHERE ${where} ORDER BY position`, ids)))
    }
    return found
  }

  /** A page of a stable list; a row that is set aside on the way does not leave a hole. */
  function list(filter: ListFilter): { rows: JobRecord[]; total: number } {
    const conditions = ['quarantined = 0']
    const values: string[] = []
    if (filter.states !== undefined) {
      conditions.push('state IN (SELECT value FROM json_each(?))')
      values.push(JSON.stringify(filter.states))
    }
    if (filter.batchId !== undefined) {
      conditions.push('batch_id = ?')
      values.push(filter.batchId)
    }
    const where = conditions.join(' AND ')
    const page = `SELECT * FROM jobs WHERE ${where} ORDER BY position LIMIT ? OFFSET ?`
    for (;;) {
      const found = all(page, ...values, filter.limit, filter.offset)
      const rows = records(found)
      if (rows.length === found.length || isReadOnly) {
        return { rows, total: Number(get(`SELECT count(*) AS n FROM jobs WHERE ${where}`, ...values)?.['n']) }
      }
    }
  }

  function counts(batchId?: string): JobCounts {
    const where = `quarantined = 0 ${batchId === undefined ? '' : 'AND batch_id = ?'}`
    const rows = all(
      `SELECT state, count(*) AS n FROM jobs WHERE ${where} GROUP BY state`,
      ...(batchId === undefined ? [] : [batchId]),
    )
    const found = new Map(rows.map((row) => [row['state'], Number(row['n'])]))
    return z
      .record(jobStateSchema, z.number())
      .parse(Object.fromEntries(JOB_STATES.map((state) => [state, found.get(state) ?? 0])))
  }

  function insert(job: NewJob, position: number, createdAt: number): void {
    run(
      `INSERT INTO jobs (job_id, batch_id, position, state, step, engine, source, voice, driver, request, request_key,
         identity, work, reused, findings, created_at) VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)`,
      job.jobId,
      job.batchId,
      position,
      job.step,
      job.engine,
      job.source,
      job.voice,
      job.driver,
      JSON.stringify(job.request),
      job.requestKey,
      job.identity,
      JSON.stringify(job.work),
      JSON.stringify(job.findings),
      createdAt,
    )
  }

  /** Changes a job's row, and its state along an allowed arrow. Returns the row as it is now. */
  function update(record: JobRecord, state: JobState, change: JobChange = {}): JobRecord {
    if (state !== record.state) requireArrow(record.state, state)
    const now: JobRecord = {
      ...record,
      state,
      batchId: change.batchId ?? record.batchId,
      position: change.position ?? record.position,
      step: change.step ?? record.step,
      request: change.request ?? record.request,
      identity: change.identity === undefined ? record.identity : change.identity,
      work: change.work === undefined ? record.work : change.work,
      reused: change.reused ?? record.reused,
      error: change.error === undefined ? record.error : change.error,
      findings: change.findings === undefined ? record.findings : [...change.findings],
      startedAt: change.startedAt === undefined ? record.startedAt : change.startedAt,
      endedAt: change.endedAt === undefined ? record.endedAt : change.endedAt,
      dueAt: change.dueAt === undefined ? record.dueAt : change.dueAt,
      remote: change.remote ?? record.remote,
      ...(change.output === undefined
        ? {}
        : {
            output: change.output?.path ?? null,
            outputSha256: change.output?.sha256 ?? null,
            outputSizeBytes: change.output?.sizeBytes ?? null,
          }),
    }
    const changed = run(
      `UPDATE jobs SET state = ?, batch_id = ?, position = ?, step = ?, request = ?, identity = ?, work = ?, reused = ?, error = ?,
         findings = ?, started_at = ?, ended_at = ?, due_at = ?, remote = ?, output = ?, output_sha256 = ?, output_size_bytes = ?
       WHERE job_id = ? AND state = ?`,
      now.state,
      now.batchId,
      now.position,
      now.step,
      JSON.stringify(now.request),
      now.identity,
      JSON.stringify(now.work),
      now.reused ? 1 : 0,
      now.error === null ? null : JSON.stringify(now.error),
      JSON.stringify(now.findings),
      now.startedAt,
      now.endedAt,
      now.dueAt,
      JSON.stringify(now.remote),
      now.output,
      now.outputSha256,
      now.outputSizeBytes,
      now.jobId,
      record.state,
    )
    if (changed !== 1) throw new Error(`Job ${record.jobId} is no longer ${record.state}`)
    return now
  }

  /** Puts a job before another row, or last. */
  function positionBefore(beforeJobId: string | undefined): number | null {
    if (beforeJobId === undefined) return lastPosition() + 1
    for (;;) {
      const before = get('SELECT position FROM jobs WHERE job_id = ?', beforeJobId)?.['position']
      if (typeof before !== 'number') return null
      const previous = Number(
        get('SELECT max(position) AS p FROM jobs WHERE position < ?', before)?.['p'] ?? before - 2,
      )
      const middle = (previous + before) / 2
      if (previous < middle && middle < before) return middle
      // Halved too often: number all rows anew and look again.
      run(`UPDATE jobs SET position = numbered.n FROM
             (SELECT job_id, row_number() OVER (ORDER BY position, job_id) AS n FROM jobs) AS numbered
           WHERE jobs.job_id = numbered.job_id`)
    }
  }

  const lastPosition = (): number => Number(get('SELECT max(position) AS p FROM jobs')?.['p'] ?? 0)

  return {
    transaction,
    find,
    findMany,
    list,
    counts,
    insert,
    update,
    positionBefore,
    lastPosition,

    insertBatch: (batchId: string, createdAt: number) => {
      run('INSERT INTO batches (batch_id, created_at) VALUES (?, ?)', batchId, createdAt)
    },

    /** The newest job for the same result. */
    findByIdentity: (identity: string): JobRecord | null =>
      records(
        all('SELECT * FROM jobs WHERE identity = ? AND quarantined = 0 ORDER BY position DESC LIMIT 1', identity),
      )[0] ?? null,

    /** The newest job that asked for the same files by name, whatever their contents were then. */
    findByRequest: (requestKey: string): JobRecord | null =>
      records(
        all('SELECT * FROM jobs WHERE request_key = ? AND quarantined = 0 ORDER BY position DESC LIMIT 1', requestKey),
      )[0] ?? null,

    /** The next queued jobs of an engine that stand at one of these steps: what expires first, then in queue order. */
    findQueued: (engine: EngineId, steps: readonly JobStep[], limit: number): JobRecord[] =>
      records(
        all(
          `SELECT * FROM jobs WHERE quarantined = 0 AND state = 'queued' AND engine = ?
             AND step IN (SELECT value FROM json_each(?)) ORDER BY due_at IS NULL, due_at, position LIMIT ?`,
          engine,
          JSON.stringify(steps),
          limit,
        ),
      ),

    countQueued: (engine: EngineId, steps: readonly JobStep[]): number =>
      Number(
        get(
          `SELECT count(*) AS n FROM jobs WHERE quarantined = 0 AND state = 'queued' AND engine = ?
             AND step IN (SELECT value FROM json_each(?))`,
          engine,
          JSON.stringify(steps),
        )?.['n'],
      ),

    inStates: (states: readonly JobState[]): JobRecord[] =>
      records(
        all(
          'SELECT * FROM jobs WHERE quarantined = 0 AND state IN (SELECT value FROM json_each(?)) ORDER BY position',
          JSON.stringify(states),
        ),
      ),

    /** The job whose result lies at a path, if any. */
    ownerOfOutput: (path: string): string | null => {
      const owner = get('SELECT job_id FROM jobs WHERE output = ?', path)?.['job_id']
      return typeof owner === 'string' ? owner : null
    },

    /** Another job with other inputs that got the very same bytes, if any. */
    twinOfOutput: (record: JobRecord, sha256: string): string | null => {
      const twin = get(
        'SELECT job_id FROM jobs WHERE output_sha256 = ? AND job_id <> ? AND identity IS NOT ? LIMIT 1',
        sha256,
        record.jobId,
        record.identity,
      )?.['job_id']
      return typeof twin === 'string' ? twin : null
    },

    remove: (jobIds: readonly string[]) => {
      for (const jobId of jobIds) run('DELETE FROM jobs WHERE job_id = ?', jobId)
      run('DELETE FROM batches WHERE batch_id NOT IN (SELECT batch_id FROM jobs)')
      database.forgetDeleted()
    },

    history: (jobId: string): JobDetail['history'] =>
      all('SELECT * FROM attempts WHERE job_id = ? ORDER BY ordinal', jobId).flatMap((row) => {
        try {
          return [parseAttemptRow(row)]
        } catch (cause) {
          logger.error({ jobId, cause }, 'attempt row left out')
          return []
        }
      }),

    beginAttempt: (jobId: string, step: JobStep, startedAt: number) => {
      run(
        `INSERT INTO attempts (job_id, ordinal, step, attempt, started_at, outcome)
           SELECT ?, count(*) + 1, ?, coalesce(sum(step = ?), 0) + 1, ?, 'running' FROM attempts WHERE job_id = ?`,
        jobId,
        step,
        step,
        startedAt,
        jobId,
      )
    },

    endAttempt: (jobId: string, endedAt: number, outcome: AttemptOutcome, error: ErrorData | null) => {
      run(
        `UPDATE attempts SET ended_at = ?, outcome = ?, error = ? WHERE job_id = ? AND outcome = 'running'`,
        endedAt,
        outcome,
        error === null ? null : JSON.stringify(error),
        jobId,
      )
    },

    quarantined: (): number => Number(get('SELECT count(*) AS n FROM jobs WHERE quarantined = 1')?.['n']),

    isPaused: (): boolean => readMeta(database, 'paused') === '1',
    setPaused: (paused: boolean) => writeMeta(database, 'paused', paused ? '1' : '0'),
  }
}
