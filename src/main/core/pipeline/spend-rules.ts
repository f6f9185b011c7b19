import { StudioError } from '../../../shared/errors.ts'
import type { EngineId } from '../../../shared/model/engine.ts'
import type { Money, Quote } from '../../../shared/model/job.ts'
import type { Settings } from '../../../shared/model/settings.ts'
import { DEFAULT_PRICES, type PriceTable } from '../../../shared/model/spend.ts'
import type { RemoteEngine } from '../engines/engine.ts'
import type { JobRecord } from '../jobs/job-record.ts'
import type { SpendBook } from '../jobs/spend-book.ts'

const standardPrices: Partial<Record<EngineId, PriceTable>> = DEFAULT_PRICES

type SpendDependencies = {
  readonly book: SpendBook
  readonly settings: () => Settings
  readonly now: () => number
  readonly newId: () => string
}

export type SpendRules = ReturnType<typeof createSpendRules>

/** What things cost, and whether they may be bought. */
export function createSpendRules({ book, settings, now, newId }: SpendDependencies) {
  /** Throws E-CONFIG-INVALID for an engine whose price nobody has set. */
  function pricesOf(engine: EngineId): PriceTable {
    const prices = settings().prices[engine] ?? standardPrices[engine]
    if (prices !== undefined) return prices
    throw new StudioError('E-CONFIG-INVALID', { params: { name: 'prices', value: engine } })
  }

  function dayStart(): number {
    const day = new Date(now())
    return new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime()
  }

  const quoteOf = (engine: RemoteEngine, seconds: number, checks: number): Quote =>
    engine.quote(seconds, checks, pricesOf(engine.id), book.pastRate(engine.id))

  return {
    pricesOf,
    quoteOf,
    spentToday: (engine: EngineId): number => book.spentSince(engine, dayStart()),
    dayCap: (engine: EngineId): number | null => settings().dayCaps[engine] ?? null,
    setMaxCost: book.setMaxCost,
    batchCap: book.batchCap,

    /**
     * Sets the whole price of a job aside, once, before the first thing of it is sent. Throws E-SPEND-CAP when a cap
     * would be passed; nothing is set aside then. `anew`: for a paid request beside one that may have been charged.
     */
    reserve: (engine: RemoteEngine, job: JobRecord, seconds: number, isCheckDue: boolean, anew = false): void => {
      const prices = pricesOf(engine.id)
      const common = {
        jobId: job.jobId,
        batchId: job.batchId,
        vendor: engine.id,
        at: now(),
        currency: prices.currency,
      }
      const wanted = [
        ...(anew || book.openEntry(job.jobId, 'generation') === null
          ? [{ ...common, entryId: newId(), kind: 'generation' as const, reserved: quoteOf(engine, seconds, 0).high }]
          : []),
        ...(isCheckDue && book.openEntry(job.jobId, 'check') === null
          ? [{ ...common, entryId: newId(), kind: 'check' as const, reserved: prices.perCheck }]
          : []),
      ]
      const passed = book.reserve(wanted, { since: dayStart(), cap: settings().dayCaps[engine.id] ?? null })
      if (passed === null) return
      throw new StudioError('E-SPEND-CAP', {
        params: {
          reason: passed.scope,
          limit: `${passed.limit} ${prices.currency}`,
          value: `${Math.round(passed.spent * 1e4) / 1e4} ${prices.currency}`,
        },
      })
    },

    /** The vendor's check was made, and is counted as billed whatever it said. */
    checkUsed: (engine: RemoteEngine, jobId: string): void => {
      const entry = book.openEntry(jobId, 'check')
      if (entry !== null) book.use(entry, pricesOf(engine.id).perCheck)
    },
    /** Somebody else's check told enough. */
    checkSpared: (jobId: string): void => {
      const entry = book.openEntry(jobId, 'check')
      if (entry !== null) book.cancel(entry)
    },
    /** `cost`: as the vendor itself told it, if it did. */
    made: (engine: RemoteEngine, jobId: string, videoSeconds: number, cost: number | null): Money => {
      const prices = pricesOf(engine.id)
      const entry = book.openEntry(jobId, 'generation')
      if (entry !== null) {
        book.use(entry, cost ?? engine.usage(videoSeconds, prices).amount, cost === null ? null : videoSeconds)
      }
      return book.usageOf(jobId, prices.currency)
    },
    /** Nothing was charged for what was set aside. */
    unmade: (jobId: string): void => {
      for (const kind of ['generation', 'check'] as const) {
        const entry = book.openEntry(jobId, kind)
        if (entry !== null) book.cancel(entry)
      }
    },
  }
}
