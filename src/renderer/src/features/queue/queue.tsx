import { useCallback, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { VirtualList } from '../../components/virtual-list.tsx'
import { useJobs, useStudio, useView } from '../../lib/studio.tsx'
import { countOf } from '../../stores/jobs-store.ts'
import { JobRow } from './job-row.tsx'
import { PayAgainDialog } from './pay-again-dialog.tsx'
import { QueueToolbar } from './queue-toolbar.tsx'
import { usePages } from './use-pages.ts'
import { useSourceChecks } from './use-source-checks.ts'
import styles from './queue.module.css'

/** Every job, newest batch last. */
export function Queue({ onPlay }: { readonly onPlay: (jobId: string) => void }) {
  const { t } = useTranslation()
  const { stores } = useStudio()
  const total = useJobs((state) => state.total)
  const ids = useJobs((state) => state.ids)
  const rows = useJobs((state) => state.rows)
  const hasAny = useJobs(({ counts }) => countOf(counts, 'all') > 0)
  const selectedJobId = useView((state) => state.selectedJobId)
  const tellPages = usePages()
  const [range, setRange] = useState({ first: 0, last: 0 })
  const onRange = useCallback(
    (first: number, last: number) => {
      tellPages(first, last)
      setRange({ first, last })
    },
    [tellPages],
  )

  const jobAt = (index: number) => {
    const jobId = ids.get(index)
    return jobId === undefined ? undefined : rows.get(jobId)
  }
  const inSight = Array.from({ length: Math.max(0, range.last - range.first + 1) }, (_, i) => jobAt(range.first + i))
  useSourceChecks(inSight.flatMap((job) => (job === undefined ? [] : [{ engine: job.engine, path: job.source }])))

  const select = (index: number) => {
    const job = jobAt(index)
    if (job !== undefined) stores.view.setState({ selectedJobId: job.jobId })
  }
  const selectedIndex = useMemo(
    () => [...ids].find(([index, jobId]) => jobId === selectedJobId && index < total)?.[0] ?? -1,
    [ids, selectedJobId, total],
  )

  return (
    <section className={styles.queue}>
      <QueueToolbar />
      <PayAgainDialog />
      {total === 0 ? (
        <p className={styles.none}>{hasAny ? t('window.queue.noneHere') : t('window.queue.none')}</p>
      ) : (
        <VirtualList
          label={t('window.queue.list')}
          count={total}
          rowPx={68}
          selectedIndex={selectedIndex}
          onSelect={select}
          onOpen={(index) => {
            const job = jobAt(index)
            if (job?.state === 'done') onPlay(job.jobId)
          }}
          onRange={onRange}
          renderRow={(index) => {
            const job = jobAt(index)
            if (job === undefined) return <div className={styles.waiting} />
            return <JobRow job={job} isSelected={job.jobId === selectedJobId} onPlay={onPlay} />
          }}
        />
      )}
    </section>
  )
}
