import { useTranslation } from 'react-i18next'
import { Button } from '../../components/button.tsx'
import { Menu } from '../../components/menu.tsx'
import { ProgressBar } from '../../components/progress-bar.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { formatSpan } from '../../lib/format.ts'
import { useJobActions } from '../../lib/job-actions.tsx'
import { useJobs, useSession, useStudio } from '../../lib/studio.tsx'
import { countOf, setFilter } from '../../stores/jobs-store.ts'
import styles from './queue-toolbar.module.css'

const FILTERS = ['all', 'open', 'done', 'failed'] as const

/** What is shown, how far it all is, and what concerns more than one job. */
export function QueueToolbar() {
  const { t } = useTranslation()
  const { client, stores } = useStudio()
  const actions = useJobActions()
  const filter = useJobs((state) => state.filter)
  const counts = useJobs((state) => state.counts)
  const isPaused = useJobs(({ queue }) => queue?.paused ?? false)
  const canPickFolder = useSession(({ info }) => info?.canPickFolder ?? false)
  const open = countOf(counts, 'open')
  const failed = counts.failed + counts.needs_attention
  return (
    <header className={styles.head}>
      <div className={styles.bar}>
        <Segmented
          label={t('window.queue.filter')}
          value={filter}
          options={FILTERS.map((value) => ({
            value,
            label: t(`window.queue.filters.${value}`),
            count: countOf(counts, value),
          }))}
          onChange={(next) => setFilter(stores.jobs, next)}
        />
        <div className={styles.end}>
          {failed === 0 ? null : (
            <Button icon="retry" onClick={actions.retryAllFailed}>
              {t('window.queue.retryFailed', { count: failed })}
            </Button>
          )}
          {isPaused ? (
            <Button kind="primary" icon="play" onClick={actions.resume}>
              {t('window.queue.resume')}
            </Button>
          ) : (
            <Button icon="pause" disabled={open === 0} onClick={actions.pause}>
              {t('window.queue.pause')}
            </Button>
          )}
          <Menu
            label={t('window.queue.menu')}
            entries={() => [
              {
                kind: 'item',
                icon: 'retry',
                label: t('window.queue.retryAll'),
                disabled: failed === 0,
                run: actions.retryAllFailed,
              },
              {
                kind: 'item',
                icon: 'stop',
                label: t('window.queue.cancelAll'),
                disabled: open === 0,
                run: actions.cancelAllOpen,
              },
              ...(client.filesHavePaths && !canPickFolder
                ? []
                : [
                    {
                      kind: 'item' as const,
                      icon: 'save' as const,
                      label: t('window.queue.saveAll'),
                      disabled: counts.done === 0,
                      run: actions.saveAll,
                    },
                  ]),
              {
                kind: 'item',
                icon: 'trash',
                label: t('window.queue.removeFinished'),
                disabled: countOf(counts, 'all') === open,
                isDanger: true,
                run: actions.removeAllFinished,
              },
            ]}
          />
        </div>
      </div>
      <Overall />
    </header>
  )
}

function Overall() {
  const { t, i18n } = useTranslation()
  const queue = useJobs((state) => state.queue)
  const counts = useJobs((state) => state.counts)
  const open = countOf(counts, 'open')
  if (queue === null || open === 0) return null
  const left = t('window.queue.left', { count: open })
  const eta =
    queue.etaSeconds === null ? '' : t('window.queue.eta', { span: formatSpan(queue.etaSeconds, i18n.language) })
  return (
    <div className={styles.overall}>
      <span className={styles.words}>
        {queue.paused ? `${t('window.queue.paused')} · ${left}` : [left, eta].filter(Boolean).join(' · ')}
      </span>
      {queue.progress === null ? null : (
        <ProgressBar label={t('window.queue.overall')} value={queue.progress} size="thin" />
      )}
    </div>
  )
}
