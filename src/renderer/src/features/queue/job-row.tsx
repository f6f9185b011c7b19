import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import type { ErrorData } from '../../../../shared/errors.ts'
import { inputAddress } from '../../../../shared/lib/input-address.ts'
import type { Job } from '../../../../shared/model/job.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { Icon } from '../../components/icon.tsx'
import { Menu } from '../../components/menu.tsx'
import type { MenuEntry } from '../../components/menu.tsx'
import { ProgressBar } from '../../components/progress-bar.tsx'
import { Thumbnail } from '../../components/thumbnail.tsx'
import { useDragOut } from '../../lib/drag-out.ts'
import { FileLabel } from '../../lib/file-label.tsx'
import { formatPercent } from '../../lib/format.ts'
import { asksForDecision, canCancel, canRemove, canRetry, useJobActions } from '../../lib/job-actions.tsx'
import { useCheck, useThumbnailUrl } from '../../lib/use-file-facts.ts'
import { useJobs, useSession } from '../../lib/studio.tsx'
import { WaitLine } from '../../lib/wait-line.tsx'
import { useSentence } from '../../lib/use-sentence.ts'
import styles from './job-row.module.css'

type JobRowProps = { readonly job: Job; readonly isSelected: boolean; readonly onPlay: (jobId: string) => void }

/** One job as it stands. Drawn again only when something about it has changed. */
export const JobRow = memo(function JobRow({ job, isSelected, onPlay }: JobRowProps) {
  const { t } = useTranslation()
  const actions = useJobActions()
  const check = useCheck(job.engine, job.source)
  const thumbnailUrl = useThumbnailUrl(check)
  const isLeaving = useJobs(({ leaving }) => leaving.has(job.jobId))
  const dragOut = useDragOut(job)
  const partner = inputAddress(job, job.driver === undefined ? 'voice' : 'driver')

  if (isLeaving) {
    return (
      <div className={`${styles.row} ${styles.leaving}`}>
        <Icon name="trash" />
        <span className={styles.gone}>
          <FileLabel path={inputAddress(job, 'source')} />
        </span>
        <span>{t('window.queue.leaving')}</span>
        <Button icon="undo" onClick={actions.undoRemoval}>
          {t('window.notice.undo')}
        </Button>
      </div>
    )
  }
  return (
    <div className={styles.row} data-selected={isSelected} data-state={job.state} {...dragOut}>
      <Thumbnail url={thumbnailUrl} icon="picture" />
      <div className={styles.names}>
        <FileLabel path={inputAddress(job, 'source')} />
        <span className={styles.partner}>
          <Icon name={job.driver === undefined ? 'voice' : 'film'} size={12} />
          {partner === '' ? null : <FileLabel path={partner} />}
        </span>
      </div>
      <JobStatus job={job} />
      <div className={styles.actions}>
        {job.state === 'done' ? (
          <IconButton icon="play" kind="plain" label={t('window.queue.play')} onClick={() => onPlay(job.jobId)} />
        ) : null}
        {canRetry(job) ? (
          <IconButton
            icon="retry"
            kind="plain"
            label={asksForDecision(job) ? t('window.attention.lookAgain') : t('window.queue.retry')}
            onClick={() => actions.retry([job.jobId])}
          />
        ) : null}
        {canCancel(job) && !asksForDecision(job) ? (
          <IconButton icon="stop" label={t('window.queue.cancel')} onClick={() => actions.cancel([job.jobId])} />
        ) : null}
        <JobMenu job={job} />
      </div>
    </div>
  )
})

function JobStatus({ job }: { readonly job: Job }) {
  const { t, i18n } = useTranslation()
  const { state, step, progress } = job
  if (state === 'running') {
    const stepName = t(`step.${step}`)
    return (
      <div className={styles.status}>
        <span className={styles.line}>
          <span className={styles.state}>{stepName}</span>
          {progress === null ? null : <span className={styles.percent}>{formatPercent(progress, i18n.language)}</span>}
        </span>
        <ProgressBar label={stepName} value={progress} size="thin" />
      </div>
    )
  }
  return (
    <div className={styles.status}>
      <span className={styles.line}>
        {state === 'done' ? <Icon name="check" size={14} /> : null}
        {state === 'failed' || state === 'needs_attention' || state === 'expired' ? (
          <Icon name="warning" size={14} />
        ) : null}
        <span className={styles.state}>{t(`state.${state}`)}</span>
      </span>
      {job.error !== undefined && state !== 'done' ? (
        <ErrorLine error={job.error} />
      ) : job.why !== undefined && job.why.reason !== 'turn' ? (
        <span className={styles.detail}>
          <WaitLine why={job.why} />
        </span>
      ) : null}
      {state === 'done' && job.reused === true ? (
        <span className={styles.detail}>{t('window.queue.reused')}</span>
      ) : null}
    </div>
  )
}

function ErrorLine({ error }: { readonly error: ErrorData }) {
  const { message } = useSentence()(error)
  return (
    <span className={styles.detail} title={message}>
      {message}
    </span>
  )
}

function JobMenu({ job }: { readonly job: Job }) {
  const { t } = useTranslation()
  const actions = useJobActions()
  const canShow = useSession(({ info }) => info?.canShowInFolder ?? false)
  const { jobId, output } = job
  const entries = (): MenuEntry[] => {
    const entries: MenuEntry[] = []
    if (job.state === 'queued') {
      for (const [to, icon] of [
        ['top', 'top'],
        ['up', 'arrow-up'],
        ['down', 'arrow-down'],
        ['bottom', 'bottom'],
      ] as const) {
        entries.push({ kind: 'item', icon, label: t(`window.queue.move.${to}`), run: () => actions.move(jobId, to) })
      }
      entries.push({ kind: 'separator' })
    }
    if (job.state === 'done' && output !== undefined) {
      if (canShow)
        entries.push({
          kind: 'item',
          icon: 'folder',
          label: t('window.results.show'),
          run: () => actions.showInFolder(jobId),
        })
      entries.push({ kind: 'item', icon: 'copy', label: t('window.results.copyPath'), run: () => actions.copy(output) })
      entries.push({ kind: 'separator' })
    }
    if (canRetry(job))
      entries.push({
        kind: 'item',
        icon: 'retry',
        label: asksForDecision(job) ? t('window.attention.lookAgain') : t('window.queue.retry'),
        shortcut: t('window.key.retry'),
        run: () => actions.retry([jobId]),
      })
    if (canCancel(job) && !asksForDecision(job))
      entries.push({ kind: 'item', icon: 'stop', label: t('window.queue.cancel'), run: () => actions.cancel([jobId]) })
    entries.push({
      kind: 'item',
      icon: 'trash',
      label: t('window.queue.remove'),
      shortcut: t('window.key.delete'),
      disabled: !canRemove(job),
      isDanger: true,
      run: () => actions.remove([jobId]),
    })
    return entries
  }
  return <Menu label={t('window.queue.rowMenu')} entries={entries} />
}
