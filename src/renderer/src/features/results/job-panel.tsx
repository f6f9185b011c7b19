import { useEffect, useState } from 'react'
import type { RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import { inputAddress } from '../../../../shared/lib/input-address.ts'
import type { Job, JobDetail } from '../../../../shared/model/job.ts'
import { Button } from '../../components/button.tsx'
import { Thumbnail } from '../../components/thumbnail.tsx'
import { FileLabel } from '../../lib/file-label.tsx'
import { asksForDecision, canCancel, canRetry, useJobActions } from '../../lib/job-actions.tsx'
import { useCheck, useThumbnailUrl } from '../../lib/use-file-facts.ts'
import { useDragOut } from '../../lib/drag-out.ts'
import { Findings } from '../../lib/findings.tsx'
import { useJobs, useSession, useStudio, useView } from '../../lib/studio.tsx'
import { WaitLine } from '../../lib/wait-line.tsx'
import { isPaid } from '../../stores/session-store.ts'
import { AttentionCard } from './attention-card.tsx'
import { BatchSummary } from './batch-summary.tsx'
import { CapCard, isStoppedByBatchCap } from './cap-card.tsx'
import { ErrorCard } from './error-card.tsx'
import { PaidFacts } from './paid-facts.tsx'
import { StepHistory } from './step-history.tsx'
import { Player } from './player.tsx'
import { ResultSound } from './result-sound.tsx'
import styles from './job-panel.module.css'

/** The selected job: its video when it is done, what went wrong when it failed, and how it went. */
export function JobPanel({ video }: { readonly video: RefObject<HTMLVideoElement | null> }) {
  const { t } = useTranslation()
  const selectedJobId = useView((state) => state.selectedJobId)
  const job = useJobs(({ rows }) => (selectedJobId === null ? undefined : rows.get(selectedJobId)))
  if (job === undefined) return <p className={styles.none}>{t('window.results.none')}</p>
  return <JobPage key={job.jobId} job={job} video={video} />
}

function JobPage({ job, video }: { readonly job: Job; readonly video: RefObject<HTMLVideoElement | null> }) {
  const { t } = useTranslation()
  const actions = useJobActions()
  const detail = useDetail(job)
  const check = useCheck(job.engine, job.source)
  const thumbnailUrl = useThumbnailUrl(check)
  const partner = inputAddress(job, job.driver === undefined ? 'voice' : 'driver')
  const paid = useSession((state) => isPaid(state, job.engine))
  const dragOut = useDragOut(job)
  return (
    <article className={styles.page}>
      {job.state === 'done' ? (
        <Player job={job} posterUrl={thumbnailUrl} video={video} />
      ) : (
        <div className={styles.stage}>
          {thumbnailUrl === undefined ? (
            <Thumbnail icon="picture" />
          ) : (
            <img src={thumbnailUrl} alt="" draggable={false} />
          )}
        </div>
      )}
      <div className={styles.body}>
        <h2 className={styles.title} {...dragOut}>
          <FileLabel path={job.output ?? inputAddress(job, 'source')} />
        </h2>
        {job.state === 'done' ? <ResultActions job={job} /> : null}
        {job.error === undefined || job.state === 'done' ? null : <ErrorCard job={job} error={job.error} />}
        {job.why === undefined ? null : (
          <p className={styles.why}>
            <WaitLine why={job.why} />
          </p>
        )}
        {isStoppedByBatchCap(job) ? <CapCard job={job} /> : null}
        {asksForDecision(job) ? (
          <AttentionCard job={job} detail={detail} />
        ) : canRetry(job) || canCancel(job) ? (
          <div className={styles.buttons}>
            {canRetry(job) ? (
              <Button kind="primary" icon="retry" onClick={() => actions.retry([job.jobId])}>
                {t('window.queue.retry')}
              </Button>
            ) : null}
            {canCancel(job) ? (
              <Button icon="stop" onClick={() => actions.cancel([job.jobId])}>
                {t('window.queue.cancel')}
              </Button>
            ) : null}
          </div>
        ) : null}
        {paid && canCancel(job) && !asksForDecision(job) ? (
          <p className={styles.truth}>{t(`window.truth.${cancelTruth(job, detail)}`)}</p>
        ) : null}
        {paid && canDownloadAgain(job, detail) ? (
          <div className={styles.buttons}>
            <Button icon="save" onClick={() => actions.downloadAgain(job.jobId)}>
              {t('window.results.downloadAgain')}
            </Button>
          </div>
        ) : null}
        <Findings findings={job.findings} />
        {job.state === 'done' && job.driver !== undefined ? <ResultSound job={job} /> : null}
        <dl className={styles.facts}>
          <dt>{t(job.driver === undefined ? 'window.results.portrait' : 'window.video.frame.source')}</dt>
          <dd>
            <FileLabel path={inputAddress(job, 'source')} />
          </dd>
          <dt>{job.driver === undefined ? t('window.results.voice') : t('window.results.driver')}</dt>
          <dd>{partner === '' ? null : <FileLabel path={partner} />}</dd>
          <dt>{t('window.desk.engine')}</dt>
          <dd>{t(`window.engine.${job.engine}.label`)}</dd>
        </dl>
        {paid ? <PaidFacts job={job} detail={detail} /> : null}
        {paid ? <BatchSummary job={job} /> : null}
        {detail === null ? null : <StepHistory detail={detail} />}
      </div>
    </article>
  )
}

function ResultActions({ job }: { readonly job: Job }) {
  const { t } = useTranslation()
  const { client } = useStudio()
  const actions = useJobActions()
  const canShow = useSession(({ info }) => info?.canShowInFolder ?? false)
  const { output } = job
  if (output === undefined) return null
  return (
    <div className={styles.buttons}>
      {canShow ? (
        <Button icon="folder" onClick={() => actions.showInFolder(job.jobId)}>
          {t('window.results.show')}
        </Button>
      ) : (
        <a className={styles.save} href={client.mediaUrl('result', job.jobId)} download={fileNameOf(output)}>
          {t('window.results.save')}
        </a>
      )}
      <Button icon="copy" onClick={() => actions.copy(output)}>
        {t('window.results.copyPath')}
      </Button>
    </div>
  )
}

function fileNameOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
}

/** What cancelling does where the job stands: free, cancelled at the vendor, or too late to save money. */
function cancelTruth({ step }: Job, detail: JobDetail | null): 'free' | 'submitting' | 'pending' | 'running' | 'made' {
  const submit = detail?.submits.at(-1)
  if (step === 'download' || step === 'finish' || submit?.verdict === 'succeeded') return 'made'
  if (step === 'render') return 'running'
  if (step === 'vendor_queue') return 'pending'
  return step === 'submit' && submit !== undefined ? 'submitting' : 'free'
}

/** Whether the vendor made a result that may be fetched once more; where it lies already, nothing happens. */
function canDownloadAgain({ state }: Job, detail: JobDetail | null): boolean {
  const isOver = state === 'done' || state === 'failed' || state === 'expired'
  return isOver && detail?.submits.at(-1)?.verdict === 'succeeded'
}

/** Read anew whenever the job has moved on, or the connection is back. */
function useDetail({ jobId, state, step, operation, usage }: Job): JobDetail | null {
  const { client } = useStudio()
  const isConnected = useSession(({ connection }) => connection === 'connected')
  const [read, setRead] = useState<{ readonly at: string; readonly detail: JobDetail } | null>(null)
  const at = `${jobId} ${state} ${step} ${operation ?? ''} ${String(usage?.amount)}`
  useEffect(() => {
    if (!isConnected) return
    let isGone = false
    client.call('jobs.show', { jobId }).then(
      (detail) => (isGone ? undefined : setRead({ at, detail })),
      // The row may be gone by now; then there is no history to show, and the list says so itself.
      () => undefined,
    )
    return () => {
      isGone = true
    }
  }, [client, jobId, at, isConnected])
  return read?.detail ?? null
}
