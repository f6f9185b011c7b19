import { useEffect, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Job } from '../../../../shared/model/job.ts'
import type { Output } from '../../../../shared/api/index.ts'
import { Button } from '../../components/button.tsx'
import { NumberInput } from '../../components/number-input.tsx'
import { formatMoney } from '../../lib/format.ts'
import { useJobActions } from '../../lib/job-actions.tsx'
import { useJobs, useStudio } from '../../lib/studio.tsx'
import styles from './attention-card.module.css'

const MAX_CAP = 1_000_000

export const isStoppedByBatchCap = ({ state, error }: Job): boolean =>
  state === 'needs_attention' && error?.code === 'E-SPEND-CAP' && error.params['reason'] === 'batch'

/** A batch that has come to its cap: another one, with what it would have to be for all the jobs that it stopped. */
export function CapCard({ job: { batchId } }: { readonly job: Job }) {
  const { t, i18n } = useTranslation()
  const { client } = useStudio()
  const actions = useJobActions()
  const id = useId()
  const [answer, setAnswer] = useState<{ readonly at: string; readonly found: Output<'spend.batchCap'> } | null>(null)
  const [typed, setTyped] = useState<number | null>(null)
  // Read anew when another job has stopped.
  const stopped = useJobs(({ counts }) => counts.needs_attention)
  const at = `${batchId} ${String(stopped)}`
  useEffect(() => {
    let isGone = false
    client.call('spend.batchCap', { batchId }).then(
      (found) => (isGone ? undefined : setAnswer({ at, found })),
      // The list says by itself when the core cannot be reached.
      () => undefined,
    )
    return () => {
      isGone = true
    }
  }, [client, batchId, at])
  const read = answer?.found ?? null
  if (read === null || read.currency === null) return null
  const { currency, spent, jobs } = read
  const cap = typed ?? read.needed
  const money = (amount: number) => formatMoney(amount, currency, i18n.language)
  return (
    <section className={styles.card} aria-label={t('window.cap.title')}>
      <p>{t('window.cap.stopped', { count: jobs, spent: money(spent) })}</p>
      <p id={`${id}-cap`} className={styles.label}>
        {t('window.cap.label')}
      </p>
      <div className={styles.line}>
        <NumberInput labelledBy={`${id}-cap`} value={cap} min={0} max={MAX_CAP} unit={currency} onCommit={setTyped} />
        <Button kind="primary" disabled={cap <= spent} onClick={() => actions.raiseBatchCap(batchId, cap)}>
          {t('window.cap.raiseTo', { amount: money(cap) })}
        </Button>
      </div>
    </section>
  )
}
