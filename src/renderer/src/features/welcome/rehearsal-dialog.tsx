import { useTranslation } from 'react-i18next'
import type { Output } from '../../../../shared/api/index.ts'
import type { RehearsalProgress } from '../../../../shared/api/rehearsal.ts'
import { toErrorData } from '../../../../shared/errors.ts'
import { showName } from '../../../../shared/lib/error-sentence.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Icon } from '../../components/icon.tsx'
import { formatClock, formatLength, formatMoney, formatQuote } from '../../lib/format.ts'
import { useRehearsal, useStudio, useView } from '../../lib/studio.tsx'
import { useNow } from '../../lib/use-now.ts'
import { useSentence } from '../../lib/use-sentence.ts'
import styles from './rehearsal-dialog.module.css'

/** One paid run with everything but the payment: what a first paid batch will look like. */
export function RehearsalDialog() {
  const { t } = useTranslation()
  const { stores } = useStudio()
  const isOpen = useView(({ dialog }) => dialog === 'rehearsal')
  return (
    <Dialog
      title={t('window.rehearsal.title')}
      closeLabel={t('window.close')}
      isAnchored
      isOpen={isOpen}
      onClose={() => stores.view.setState({ dialog: null })}
    >
      <Rehearsal />
    </Dialog>
  )
}

function Rehearsal() {
  const { t } = useTranslation()
  const { client, stores } = useStudio()
  const sentence = useSentence()
  const { isRunning, progress, report, error } = useRehearsal((state) => state)
  const start = async () => {
    stores.rehearsal.setState({ isRunning: true, progress: null, report: null, error: null })
    try {
      stores.rehearsal.setState({ report: await client.call('rehearsal.start', {}) })
    } catch (thrown) {
      stores.rehearsal.setState({ error: toErrorData(thrown) })
    } finally {
      stores.rehearsal.setState({ isRunning: false })
    }
  }
  const words = error === null ? null : sentence(error)
  const steps = report?.steps ?? progress?.steps ?? []
  return (
    <div className={styles.body}>
      <p className={styles.text}>{t('window.rehearsal.text')}</p>
      {steps.length === 0 ? null : <Steps steps={steps} />}
      {report === null ? null : <Report report={report} />}
      {words === null ? null : (
        <p className={styles.error} role="alert">
          {words.message} {words.action}
        </p>
      )}
      <div className={styles.buttons}>
        <Button
          kind={report === null ? 'primary' : 'plain'}
          icon="play"
          disabled={isRunning}
          onClick={() => void start()}
        >
          {isRunning
            ? t('window.rehearsal.running')
            : report === null
              ? t('window.rehearsal.start')
              : t('window.rehearsal.again')}
        </Button>
      </div>
    </div>
  )
}

function Steps({ steps }: { readonly steps: RehearsalProgress['steps'] }) {
  const { t, i18n } = useTranslation()
  const now = useNow(steps.some(({ endedAt }) => endedAt === undefined))
  return (
    <ol className={styles.steps} aria-live="polite">
      {steps.map(({ step, startedAt, endedAt, vendorState }) => (
        <li key={`${step} ${String(startedAt)}`} className={styles.step} data-over={endedAt !== undefined}>
          <Icon name={endedAt === undefined ? 'play' : 'check'} size={14} />
          <span>
            {t(`step.${step}`)}
            {vendorState === undefined ? null : (
              <span className={styles.faint}> · {t('window.rehearsal.says', { state: showName(vendorState) })}</span>
            )}
          </span>
          <span className={styles.faint}>
            {endedAt === undefined
              ? formatClock((now - startedAt) / 1000)
              : formatLength((endedAt - startedAt) / 1000, i18n.language)}
          </span>
        </li>
      ))}
    </ol>
  )
}

function Report({ report }: { readonly report: Output<'rehearsal.start'> }) {
  const { t, i18n } = useTranslation()
  const { client } = useStudio()
  const { quote, usage, charges } = report
  return (
    <>
      <p className={styles.charged}>{t('window.rehearsal.charged', { count: charges.generations })}</p>
      <video
        className={styles.video}
        src={client.mediaUrl('rehearsal', report.jobId)}
        controls
        playsInline
        preload="metadata"
        aria-label={t('window.results.video')}
      />
      <dl className={styles.facts}>
        {quote === null ? null : (
          <>
            <dt>{t('window.paid.quote')}</dt>
            <dd>{formatQuote(quote, i18n.language)}</dd>
          </>
        )}
        {usage === null ? null : (
          <>
            <dt>{t('window.rehearsal.usage')}</dt>
            <dd>{formatMoney(usage.amount, usage.currency, i18n.language)}</dd>
          </>
        )}
        <dt>{t('window.rehearsal.checks')}</dt>
        <dd>{String(charges.checks)}</dd>
        <dt>{t('window.paid.operation')}</dt>
        <dd>
          <code>{showName(report.operation)}</code>
        </dd>
        {report.requestId === undefined ? null : (
          <>
            <dt>{t('window.paid.requestId')}</dt>
            <dd>
              <code>{showName(report.requestId)}</code>
            </dd>
          </>
        )}
      </dl>
    </>
  )
}
