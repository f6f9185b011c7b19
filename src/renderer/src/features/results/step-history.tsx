import { useTranslation } from 'react-i18next'
import { ENGINE_PARAMETERS } from '../../../../shared/model/parameters.ts'
import type { JobDetail } from '../../../../shared/model/job.ts'
import { formatClock, formatLength } from '../../lib/format.ts'
import { useNow } from '../../lib/use-now.ts'
import { useSentence } from '../../lib/use-sentence.ts'
import styles from './step-history.module.css'

/** Each step with its time, and the values that the job ran with. */
export function StepHistory({ detail }: { readonly detail: JobDetail }) {
  const { t, i18n } = useTranslation()
  const sentence = useSentence()
  const now = useNow(detail.history.some(({ endedAt }) => endedAt === undefined))
  const show = (key: string, value: string | number | boolean): string => {
    if (typeof value === 'boolean') return value ? t('window.parameters.on') : t('window.parameters.off')
    const choice = `parameter.${key}.choice.${String(value)}`
    return typeof value === 'string' && i18n.exists(choice) ? t(choice) : String(value)
  }
  const specs = ENGINE_PARAMETERS[detail.job.engine].filter(({ key }) => detail.parameters[key] !== undefined)
  return (
    <>
      {detail.history.length === 0 ? null : (
        <section>
          <h3 className={styles.heading}>{t('window.results.history')}</h3>
          <ol className={styles.steps}>
            {detail.history.map((entry) => (
              <li
                key={`${entry.step} ${String(entry.attempt)} ${String(entry.startedAt)}`}
                className={styles.step}
                data-outcome={entry.outcome}
              >
                <span className={styles.name}>
                  {t(`step.${entry.step}`)}
                  {entry.attempt > 1 ? (
                    <span className={styles.faint}> · {t('window.results.attempt', { number: entry.attempt })}</span>
                  ) : null}
                </span>
                <span className={styles.outcome}>{t(`window.outcome.${entry.outcome}`)}</span>
                <span className={styles.faint}>
                  {entry.endedAt === undefined
                    ? formatClock((now - entry.startedAt) / 1000)
                    : formatLength((entry.endedAt - entry.startedAt) / 1000, i18n.language)}
                </span>
                {entry.error === undefined ? null : (
                  <span className={styles.error}>{sentence(entry.error).message}</span>
                )}
              </li>
            ))}
          </ol>
        </section>
      )}
      {specs.length === 0 ? null : (
        <section>
          <h3 className={styles.heading}>{t('window.results.parameters')}</h3>
          <dl className={styles.values}>
            {specs.map(({ key }) => (
              <div key={key} className={styles.value}>
                <dt>{t(`parameter.${key}.label`)}</dt>
                <dd>{show(key, detail.parameters[key] ?? '')}</dd>
              </div>
            ))}
          </dl>
        </section>
      )}
    </>
  )
}
