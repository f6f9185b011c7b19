import { StudioError } from '../../shared/errors.ts'
import type { Handlers } from '../../shared/api/index.ts'
import type { EngineId } from '../../shared/model/engine.ts'
import type { Money, Quote } from '../../shared/model/job.ts'
import type { RemoteEngine } from './engines/engine.ts'
import type { JobRecord } from './jobs/job-record.ts'
import type { JobStore } from './jobs/job-store.ts'
import type { Queue } from './jobs/queue.ts'
import type { SubmitJournal } from './jobs/submit-journal.ts'
import { remoteWorkOf } from './pipeline/remote-parts.ts'
import type { SpendRules } from './pipeline/spend-rules.ts'

type SpendDependencies = {
  readonly engines: readonly RemoteEngine[]
  readonly store: JobStore
  readonly journal: SubmitJournal
  readonly spend: SpendRules
  readonly queue: () => Queue
  /** What a job that was never sent would cost with its files as they are now; null where they cannot be used. */
  readonly quoteNow: (job: JobRecord) => Promise<Quote | null>
}

const HAIR = 1e-6
const roundUp = (amount: number): number => Math.ceil(amount * 100 - HAIR) / 100

/** Money that is asked for after the start of a batch: to pay once more, and to lift the cap that stopped it. */
export function createSpendHandlers({ engines, store, journal, spend, queue, quoteNow }: SpendDependencies) {
  const engineOf = (id: EngineId): RemoteEngine | undefined => engines.find((engine) => engine.id === id)

  /** What this job would be paid for anew, by the prices of now; null where nothing that was paid for is paid again. */
  function againOf(job: JobRecord, by: 'retry' | 'submit-again'): Quote | null {
    const engine = engineOf(job.engine)
    if (engine === undefined) return null
    const attempts = journal.ofJob(job.jobId)
    const isOpen = ['failed', 'cancelled', 'needs_attention'].includes(job.state)
    const standing = journal.standing(job.jobId)
    const pays =
      by === 'retry'
        ? isOpen && standing === null && attempts.at(-1)?.verdict === 'failed'
        : job.state === 'needs_attention' && standing !== null && standing.outcome !== 'accepted'
    if (!pays) return null
    const { remote } = remoteWorkOf(job)
    // The voice may be gone since; the length that was paid for is not.
    const seconds = remote?.seconds ?? attempts.at(-1)?.videoSeconds ?? 0
    return seconds === 0 && job.remote.quote !== undefined ? job.remote.quote : spend.quoteOf(engine, seconds, 0)
  }

  /** A retry takes mended files as they are now: what they cost more than was agreed to, nobody has agreed to. */
  async function mendedOf(job: JobRecord): Promise<Quote | null> {
    const isMended = job.state === 'failed' && job.error?.code.startsWith('E-INPUT-') === true
    if (!isMended || engineOf(job.engine) === undefined || journal.standing(job.jobId) !== null) return null
    const quote = await quoteNow(job)
    return quote === null || quote.high <= (job.remote.quote?.high ?? 0) + HAIR ? null : quote
  }

  async function again(
    jobIds: readonly string[],
    by: 'retry' | 'submit-again',
  ): Promise<{ jobs: number; prices: Quote[] }> {
    const sums = new Map<Quote['currency'], { low: number; high: number }>()
    let jobs = 0
    for (const job of store.findMany(jobIds)) {
      const quote = againOf(job, by) ?? (by === 'retry' ? await mendedOf(job) : null)
      if (quote === null) continue
      const sum = sums.get(quote.currency) ?? { low: 0, high: 0 }
      sums.set(quote.currency, { low: sum.low + quote.low, high: sum.high + quote.high })
      jobs += 1
    }
    const exact = (amount: number) => Math.round(amount * 1e4) / 1e4
    const prices = [...sums].map(([currency, { low, high }]) => ({ low: exact(low), high: exact(high), currency }))
    return { jobs, prices }
  }

  /** Jobs that stopped at the cap of this batch. */
  const stoppedIn = (batchId: string): JobRecord[] =>
    store.inStates(['needs_attention']).filter(({ batchId: own, error }) => own === batchId && isBatchCap(error))

  const isBatchCap = (error: JobRecord['error']): boolean =>
    error?.code === 'E-SPEND-CAP' && error.params['reason'] === 'batch'

  const handlers: Pick<Handlers, 'spend.again' | 'spend.batchCap' | 'spend.raiseBatchCap'> = {
    'spend.again': ({ jobIds, by }) => again(jobIds, by),

    'spend.batchCap': async ({ batchId }) => {
      const stopped = stoppedIn(batchId)
      const { cap, spent } = spend.batchCap(batchId)
      let needed = spent
      for (const job of stopped) {
        const engine = engineOf(job.engine)
        const seconds = remoteWorkOf(job).remote?.seconds ?? 0
        if (engine !== undefined) needed += spend.quoteOf(engine, seconds, job.step === 'upload' ? 1 : 0).high
      }
      const engine = engineOf(stopped[0]?.engine ?? 'offline')
      const currency = engine === undefined ? null : spend.quoteOf(engine, 0, 0).currency
      return { jobs: stopped.length, cap, spent: Math.round(spent * 1e4) / 1e4, needed: roundUp(needed), currency }
    },

    'spend.raiseBatchCap': async ({ batchId, cap }) => {
      const stopped = stoppedIn(batchId).map(({ jobId }) => jobId)
      if (stopped.length === 0) return { changed: [] }
      spend.setMaxCost(batchId, cap)
      return { changed: queue().retry(stopped) }
    },
  }

  return {
    handlers,

    /**
     * Throws E-SPEND-CAP where a retry would pay again for what a vendor failed at, or for files that were mended since,
     * and nobody agreed to that price.
     */
    requireAgreed: async (jobIds: readonly string[], agreed: readonly Money[] = []): Promise<void> => {
      const { jobs, prices } = await again(jobIds, 'retry')
      for (const { high, currency } of prices) {
        const limit = agreed.find((money) => money.currency === currency)?.amount
        if (limit !== undefined && high <= limit + HAIR) continue
        throw new StudioError('E-SPEND-CAP', {
          params: {
            reason: limit === undefined ? 'unconfirmed' : 'price',
            value: high,
            limit: limit ?? 0,
            currency,
            jobs,
          },
        })
      }
    },
  }
}
