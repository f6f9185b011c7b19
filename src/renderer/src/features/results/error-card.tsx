import { useTranslation } from 'react-i18next'
import { showName } from '../../../../shared/lib/error-sentence.ts'
import type { ErrorData } from '../../../../shared/errors.ts'
import type { Job } from '../../../../shared/model/job.ts'
import { Button } from '../../components/button.tsx'
import { useJobActions } from '../../lib/job-actions.tsx'
import { useSession, useStudio } from '../../lib/studio.tsx'
import { useSentence } from '../../lib/use-sentence.ts'
import type { SettingsPart } from '../../stores/view-store.ts'
import styles from './error-card.module.css'

/** What happened, what to do, whether it cost anything, and the details for whoever is asked for help. */
export function ErrorCard({ job, error }: { readonly job: Job; readonly error: ErrorData }) {
  const { t } = useTranslation()
  const { copy } = useJobActions()
  const sentence = useSentence()
  const version = useSession(({ info }) => info?.version ?? '')
  const { message, action } = sentence(error)
  const { stores } = useStudio()
  const settingsPart = partFor(error)
  const details = JSON.stringify(
    { version, jobId: job.jobId, engine: job.engine, state: job.state, step: job.step, error },
    null,
    2,
  )
  return (
    <div className={styles.card} data-state={job.state}>
      <p className={styles.message}>{message}</p>
      {action === '' ? null : <p>{action}</p>}
      {error.chargeState === 'none' ? null : <p>{t(`window.charge.${error.chargeState}`)}</p>}
      {settingsPart === null ? null : (
        <div>
          <Button icon="settings" onClick={() => stores.view.setState({ dialog: 'settings', settingsPart })}>
            {t('window.results.openSettings')}
          </Button>
        </div>
      )}
      <div className={styles.foot}>
        <code className={styles.code}>{showName(error.code)}</code>
        <Button icon="copy" onClick={() => copy(details)}>
          {t('window.results.copyDetails')}
        </Button>
      </div>
    </div>
  )
}

/** Where in the settings it can be put right. */
function partFor({ code, params }: ErrorData): SettingsPart | null {
  if (code.startsWith('E-BUCKET-') || (code === 'E-KEY-MISSING' && params['reason'] === 'bucket')) return 'storage'
  if (code.startsWith('E-KEY-')) return 'engines'
  return code === 'E-SPEND-CAP' && params['reason'] === 'day' ? 'engines' : null
}
