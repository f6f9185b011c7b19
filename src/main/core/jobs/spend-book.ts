import type { EngineId } from '../../../shared/model/engine.ts'
import type { Money, Quote } from '../../../shared/model/job.ts'
import type { Database } from '../db/database.ts'

export type SpendEntry = {
  readonly entryId: string
  readonly jobId: string
  readonly batchId: string
  readonly vendor: EngineId
  readonly kind: 'generation' | 'check'
  readonly at: number
  readonly currency: Quote['currency']
  readonly reserved: number
}

/** Money below this is a rounding error of adding, not a reason to refuse. */
const HAIR = 1e-6
/** So many of the last videos tell what the next one costs. */
const PAST_RUNS = 20

/** Our own book of money: every paid call is set aside here before it is sent, and nothing is sent that passes a cap. */
export function createSpendBook(database: Database) {
  const sum = (amount: string, where: string, ...values: (string | number)[]): number =>
    Number(
      database.get(`SELECT coalesce(sum(${amount}), 0) AS n FROM spend WHERE is_void = 0 AND ${where}`, ...values)?.[
        'n'
      ] ?? 0,
    )
  /** What a batch may cost is counted as it was quoted: how many of its jobs fit must not depend on which end first. */
  const quotedIn = (batchId: string): number => sum('max(reserved, coalesce(used, 0))', 'batch_id = ?', batchId)

  const spentSince = (vendor: EngineId, since: number): number =>
    sum('coalesce(used, reserved)', 'vendor = ? AND at >= ?', vendor, since)
  const maxCostOf = (batchId: string): number | null => {
    const cap = database.get('SELECT max_cost FROM batches WHERE batch_id = ?', batchId)?.['max_cost']
    return typeof cap === 'number' ? cap : null
  }

  return {
    spentSince,

    /** Sets money aside for some calls of one job, all or none. Returns the cap that would be passed, or null. */
    reserve: (
      entries: readonly SpendEntry[],
      day: { readonly since: number; readonly cap: number | null },
    ): { readonly scope: 'batch' | 'day'; readonly limit: number; readonly spent: number } | null =>
      database.transaction(() => {
        const [first] = entries
        if (first === undefined) return null
        const wanted = entries.reduce((sum, entry) => sum + entry.reserved, 0)
        const limit = maxCostOf(first.batchId)
        const inBatch = quotedIn(first.batchId)
        if (limit !== null && inBatch + wanted > limit + HAIR) return { scope: 'batch', limit, spent: inBatch }
        const today = spentSince(first.vendor, day.since)
        if (day.cap !== null && today + wanted > day.cap + HAIR) return { scope: 'day', limit: day.cap, spent: today }
        for (const entry of entries) {
          database.run(
            'INSERT INTO spend (entry_id, job_id, batch_id, vendor, kind, at, currency, reserved) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
            entry.entryId,
            entry.jobId,
            entry.batchId,
            entry.vendor,
            entry.kind,
            entry.at,
            entry.currency,
            entry.reserved,
          )
        }
        return null
      }),

    /** What is set aside for a job and not yet used, newest first. */
    openEntry: (jobId: string, kind: SpendEntry['kind']): string | null => {
      const entry = database.get(
        'SELECT entry_id FROM spend WHERE job_id = ? AND kind = ? AND used IS NULL AND is_void = 0 ORDER BY at DESC LIMIT 1',
        jobId,
        kind,
      )?.['entry_id']
      return typeof entry === 'string' ? entry : null
    },

    /** `seconds`: of a video whose price the vendor told; later prices are guessed from it. */
    use: (entryId: string, used: number, seconds: number | null = null) => {
      database.run('UPDATE spend SET used = ?, told_seconds = ? WHERE entry_id = ?', used, seconds, entryId)
    },

    /** What a second of the last videos has cost by the vendor's own word; null before the first one. */
    pastRate: (vendor: EngineId): number | null => {
      const past = database.get(
        `SELECT sum(used) AS used, sum(told_seconds) AS seconds FROM (
           SELECT used, told_seconds FROM spend WHERE vendor = ? AND told_seconds > 0 AND is_void = 0
             ORDER BY at DESC LIMIT ?)`,
        vendor,
        PAST_RUNS,
      )
      const seconds = Number(past?.['seconds'] ?? 0)
      return seconds > 0 ? Number(past?.['used']) / seconds : null
    },

    /** Nothing was charged after all. */
    cancel: (entryId: string) => {
      database.run('UPDATE spend SET is_void = 1 WHERE entry_id = ?', entryId)
    },

    usageOf: (jobId: string, currency: Money['currency']): Money => {
      const used = database.get(
        'SELECT coalesce(sum(used), 0) AS n FROM spend WHERE is_void = 0 AND job_id = ? AND currency = ?',
        jobId,
        currency,
      )?.['n']
      return { amount: Math.round(Number(used) * 1e4) / 1e4, currency }
    },

    batchCap: (batchId: string): { cap: number | null; spent: number } => ({
      cap: maxCostOf(batchId),
      spent: quotedIn(batchId),
    }),

    setMaxCost: (batchId: string, maxCost: number | null) => {
      database.run('UPDATE batches SET max_cost = ? WHERE batch_id = ?', maxCost, batchId)
    },
  }
}
export type SpendBook = ReturnType<typeof createSpendBook>
