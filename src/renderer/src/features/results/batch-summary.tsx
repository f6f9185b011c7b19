import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Job } from '../../../../shared/model/job.ts'
import type { StudioClient } from '../../client/studio-client.ts'
import { formatMoney, formatQuote } from '../../lib/format.ts'
import { useJobs, useStudio } from '../../lib/studio.tsx'
import styles from './paid-facts.module.css'

const PAGE_ROWS = 500

type Sum = {
  readonly jobs: number
  readonly done: number
  readonly low: number
  readonly high: number
  readonly used: number
}

/** The whole batch of a paid job: what it was to cost at most, and what it has cost. */
export function BatchSummary({ job }: { readonly job: Job }) {
  const { t, i18n } = useTranslation()
  const { client } = useStudio()
  const { batchId, quote } = job
  // Read anew when a job anywhere has come to its end.
  const ended = useJobs(({ counts }) => counts.done + counts.failed + counts.cancelled + counts.expired)
  const [read, setRead] = useState<{ readonly at: string; readonly sum: Sum } | null>(null)
  const at = `${batchId} ${String(ended)}`
  useEffect(() => {
    let isGone = false
    readSum(client, batchId).then(
      (sum) => (isGone ? undefined : setRead({ at, sum })),
      // The list says by itself when the core cannot be reached.
      () => undefined,
    )
    return () => {
      isGone = true
    }
  }, [client, batchId, at])
  const sum = read?.sum ?? null
  if (sum === null || sum.jobs < 2 || quote === undefined) return null
  const { currency } = quote
  return (
    <section>
      <h3 className={styles.heading}>{t('window.paid.batch')}</h3>
      <dl className={styles.rows}>
        <div className={styles.row}>
          <dt>{t('window.paid.batchJobs')}</dt>
          <dd>{t('window.paid.batchDone', { done: sum.done, total: sum.jobs })}</dd>
        </div>
        <div className={styles.row}>
          <dt>{t('window.paid.quote')}</dt>
          <dd>{formatQuote({ low: sum.low, high: sum.high, currency }, i18n.language)}</dd>
        </div>
        <div className={styles.row}>
          <dt>{t('window.paid.usage')}</dt>
          <dd>{formatMoney(sum.used, currency, i18n.language)}</dd>
        </div>
      </dl>
    </section>
  )
}

async function readSum(client: StudioClient, batchId: string): Promise<Sum> {
  const rows: Job[] = []
  for (;;) {
    const page = await client.call('jobs.list', { offset: rows.length, limit: PAGE_ROWS, batchId })
    rows.push(...page.rows)
    if (page.rows.length === 0 || rows.length >= page.total) break
  }
  const add = (of: (job: Job) => number) => rows.reduce((sum, job) => sum + of(job), 0)
  return {
    jobs: rows.length,
    done: rows.filter(({ state }) => state === 'done').length,
    low: add(({ quote }) => quote?.low ?? 0),
    high: add(({ quote }) => quote?.high ?? 0),
    used: add(({ usage }) => usage?.amount ?? 0),
  }
}
