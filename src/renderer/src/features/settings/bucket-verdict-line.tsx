import { useTranslation } from 'react-i18next'
import type { BucketVerdict } from '../../../../shared/api/storage.ts'
import type { ErrorData } from '../../../../shared/errors.ts'
import { BUCKET_CHECKS } from '../../../../shared/model/storage.ts'
import { Icon } from '../../components/icon.tsx'
import { useSentence } from '../../lib/use-sentence.ts'
import styles from './settings-dialog.module.css'

type BucketVerdictLineProps = {
  readonly verdict: BucketVerdict | null
  readonly error: ErrorData | null
  /** What was typed did not pass: what was set before still holds. */
  readonly isUnsaved: boolean
}

/** What a test of the bucket found: one sentence, and how far it came. */
export function BucketVerdictLine({ verdict, error, isUnsaved }: BucketVerdictLineProps) {
  const { t } = useTranslation()
  const sentence = useSentence()
  const wrong = error ?? verdict?.error ?? verdict?.warning ?? null
  if (verdict === null && wrong === null) return null
  const words = wrong === null ? null : sentence(wrong)
  return (
    <div role={verdict?.ok === true ? 'status' : 'alert'} className={styles.folder}>
      {verdict?.ok === true ? <p className={styles.good}>{t('window.storage.works')}</p> : null}
      {words === null ? null : (
        <p className={styles.error}>
          {words.message} {words.action}
        </p>
      )}
      {isUnsaved ? <p>{t('window.storage.notSaved')}</p> : null}
      {verdict === null ? null : (
        <ul className={styles.checks}>
          {BUCKET_CHECKS.map((check) => {
            const isPassed = verdict.passed.includes(check)
            return (
              <li key={check} data-passed={isPassed}>
                <Icon name={isPassed ? 'check' : 'close'} size={12} />
                {t(`window.storage.check.${check}`)}
              </li>
            )
          })}
        </ul>
      )}
    </div>
  )
}
