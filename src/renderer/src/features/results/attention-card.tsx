import { useEffect, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { toErrorData } from '../../../../shared/errors.ts'
import type { ErrorData } from '../../../../shared/errors.ts'
import type { Job, JobDetail } from '../../../../shared/model/job.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { TextField } from '../../components/text-field.tsx'
import { formatQuote } from '../../lib/format.ts'
import { useJobActions } from '../../lib/job-actions.tsx'
import { attempt } from '../../lib/notice.ts'
import { useStudio } from '../../lib/studio.tsx'
import { useSentence } from '../../lib/use-sentence.ts'
import { balanceChange } from './balance-change.ts'
import styles from './attention-card.module.css'

const OPERATION = /^[A-Za-z0-9_-]{8,128}$/

type Asked = 'again' | 'drop' | null

/** A paid request of which nobody knows what became: three ways on, each with what it may cost. */
export function AttentionCard({ job, detail }: { readonly job: Job; readonly detail: JobDetail | null }) {
  const { t, i18n } = useTranslation()
  const submit = detail?.submits.at(-1)
  const actions = useJobActions()
  const [asked, setAsked] = useState<Asked>(null)
  const isUnknown = job.error?.code === 'E-SUBMIT-UNKNOWN'
  return (
    <section className={styles.card} aria-label={t('window.attention.title')}>
      {submit?.balanceBefore === undefined ? null : (
        <p>{t('window.attention.balance', { change: balanceChange(submit, i18n.language) })}</p>
      )}
      {isUnknown ? <Adopt job={job} /> : null}
      <div className={styles.buttons}>
        <Button icon="search" onClick={() => actions.retry([job.jobId])}>
          {t('window.attention.lookAgain')}
        </Button>
        {isUnknown ? <Button onClick={() => setAsked('again')}>{t('window.attention.again')}</Button> : null}
        <Button kind="danger" onClick={() => setAsked('drop')}>
          {t('window.attention.drop')}
        </Button>
      </div>
      <Dialog
        title={asked === null ? '' : t(`window.attention.${asked}Title`)}
        closeLabel={t('window.close')}
        isOpen={asked !== null}
        onClose={() => setAsked(null)}
      >
        {asked === null ? null : (
          <Confirm
            job={job}
            asked={asked}
            onClose={() => setAsked(null)}
            onConfirm={() => {
              setAsked(null)
              if (asked === 'again') actions.submitAgain(job.jobId)
              else actions.drop(job.jobId)
            }}
          />
        )}
      </Dialog>
    </section>
  )
}

type ConfirmProps = {
  readonly job: Job
  readonly asked: 'again' | 'drop'
  readonly onClose: () => void
  readonly onConfirm: () => void
}

function Confirm({ job, asked, onClose, onConfirm }: ConfirmProps) {
  const { t, i18n } = useTranslation()
  const { client, notify } = useStudio()
  const [price, setPrice] = useState('')
  const { jobId } = job
  useEffect(() => {
    if (asked !== 'again') return
    const asking = client.call('spend.again', { jobIds: [jobId], by: 'submit-again' })
    // By the prices of now, which need not be those of the start.
    attempt(
      notify,
      asking.then(({ prices }) => setPrice(prices.map((quote) => formatQuote(quote, i18n.language)).join(' + '))),
    )
  }, [asked, client, i18n.language, jobId, notify])
  return (
    <div className={styles.confirm}>
      <p>{t(`window.attention.${asked}Text`)}</p>
      {asked === 'again' && price !== '' ? (
        <p className={styles.price}>{t('window.attention.againPrice', { price })}</p>
      ) : null}
      <div className={styles.end}>
        <Button onClick={onClose}>{t('window.cancel')}</Button>
        <Button
          kind={asked === 'again' ? 'primary' : 'danger'}
          disabled={asked === 'again' && price === ''}
          onClick={onConfirm}
        >
          {asked === 'again' && price !== ''
            ? t('window.attention.againConfirm', { price })
            : t(`window.attention.${asked}Plain`)}
        </Button>
      </div>
    </div>
  )
}

/** The vendor's id, out of those that may be it or pasted from the vendor's console. */
function Adopt({ job }: { readonly job: Job }) {
  const { t } = useTranslation()
  const actions = useJobActions()
  const sentence = useSentence()
  const id = useId()
  const [operation, setOperation] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<ErrorData | null>(null)
  const candidates = job.error?.params['candidates']
  const words = error === null ? null : sentence(error)

  const adopt = async (wanted: string) => {
    setBusy(true)
    setError(null)
    try {
      await actions.adopt(job.jobId, wanted)
    } catch (thrown) {
      setError(toErrorData(thrown))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form
      className={styles.adopt}
      onSubmit={(event) => {
        event.preventDefault()
        if (!isBusy && OPERATION.test(operation.trim())) void adopt(operation.trim())
      }}
    >
      {Array.isArray(candidates) && candidates.length > 0 ? (
        <>
          <p className={styles.label}>{t('window.attention.candidates')}</p>
          <ul className={styles.candidates}>
            {candidates.map((candidate) => (
              <li key={candidate}>
                <code>{candidate}</code>
                <Button disabled={isBusy} onClick={() => void adopt(candidate)}>
                  {t('window.attention.adopt')}
                </Button>
              </li>
            ))}
          </ul>
        </>
      ) : null}
      <label htmlFor={`${id}-operation`} className={styles.label}>
        {t('window.attention.operation')}
      </label>
      <div className={styles.line}>
        <TextField
          id={`${id}-operation`}
          dir="ltr"
          value={operation}
          placeholder={t('window.attention.paste')}
          isWrong={error !== null}
          onChange={setOperation}
        />
        <Button
          kind="primary"
          disabled={isBusy || !OPERATION.test(operation.trim())}
          onClick={() => void adopt(operation.trim())}
        >
          {t('window.attention.adopt')}
        </Button>
      </div>
      {words === null ? null : (
        <p className={styles.error} role="alert">
          {words.message} {words.action}
        </p>
      )}
    </form>
  )
}
