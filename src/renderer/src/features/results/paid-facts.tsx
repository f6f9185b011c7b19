import { useTranslation } from 'react-i18next'
import { showName } from '../../../../shared/lib/error-sentence.ts'
import type { Job, JobDetail } from '../../../../shared/model/job.ts'
import { IconButton } from '../../components/button.tsx'
import { formatMoment, formatMoney, formatQuote, formatSpan } from '../../lib/format.ts'
import { useJobActions } from '../../lib/job-actions.tsx'
import { balanceChange } from './balance-change.ts'
import { useNow } from '../../lib/use-now.ts'
import styles from './paid-facts.module.css'

/** The vendor's side of a paid job: its ids to ask with, its own words and times, and the money. */
export function PaidFacts({ job, detail }: { readonly job: Job; readonly detail: JobDetail | null }) {
  const { t, i18n } = useTranslation()
  const submit = detail?.submits.at(-1)
  const isOver = job.state === 'done' && job.output !== undefined
  const operation = job.operation ?? submit?.operation
  const requestId = job.requestId ?? submit?.requestId
  const { submitted, scheduled, ended } = submit?.times ?? {}
  return (
    <section>
      <h3 className={styles.heading}>{t('window.paid.title')}</h3>
      <dl className={styles.rows}>
        {job.quote === undefined ? null : <Row name="quote">{formatQuote(job.quote, i18n.language)}</Row>}
        {job.usage === undefined ? null : (
          <Row name="usage">{formatMoney(job.usage.amount, job.usage.currency, i18n.language)}</Row>
        )}
        {submit === undefined ? null : <Row name="charge">{t(`window.paid.charged.${submit.chargeState}`)}</Row>}
        {submit?.vendorState === undefined ? null : <Row name="state">{showName(submit.vendorState)}</Row>}
        {submitted === undefined ? null : <Row name="submitted">{showName(submitted)}</Row>}
        {scheduled === undefined ? null : <Row name="scheduled">{showName(scheduled)}</Row>}
        {ended === undefined ? null : <Row name="ended">{showName(ended)}</Row>}
        {operation === undefined ? null : <IdRow name="operation" id={operation} />}
        {requestId === undefined ? null : <IdRow name="requestId" id={requestId} />}
        {submit?.recordExpiresAt === undefined ? null : (
          <Expiry name="recordExpires" expiresAt={submit.recordExpiresAt} isOver={isOver} />
        )}
        {submit?.expiresAt === undefined ? null : (
          <Expiry name="expires" expiresAt={submit.expiresAt} isOver={isOver} />
        )}
        {submit?.balanceBefore === undefined ? null : <Row name="balance">{balanceChange(submit, i18n.language)}</Row>}
        {submit?.isAdopted === true ? <Row name="adopted">{t('window.paid.adoptedYes')}</Row> : null}
        {(detail?.submits.length ?? 0) > 1 ? <Row name="submits">{String(detail?.submits.length)}</Row> : null}
      </dl>
    </section>
  )
}

function Row({ name, children }: { readonly name: string; readonly children: string }) {
  const { t } = useTranslation()
  return (
    <div className={styles.row}>
      <dt>{t(`window.paid.${name}`)}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function IdRow({ name, id }: { readonly name: 'operation' | 'requestId'; readonly id: string }) {
  const { t } = useTranslation()
  const { copy } = useJobActions()
  const label = t(`window.paid.${name}`)
  return (
    <div className={styles.row}>
      <dt>{label}</dt>
      <dd className={styles.id}>
        <code>{showName(id)}</code>
        <IconButton icon="copy" label={t('window.paid.copy', { what: label })} onClick={() => copy(id)} />
      </dd>
    </div>
  )
}

/** How long the vendor keeps the result, or its record of the run; of no weight once the result lies here. */
function Expiry({
  name,
  expiresAt,
  isOver,
}: {
  readonly name: 'expires' | 'recordExpires'
  readonly expiresAt: number
  readonly isOver: boolean
}) {
  const { t, i18n } = useTranslation()
  const now = useNow(!isOver)
  const left = (expiresAt - now) / 1000
  const moment = formatMoment(expiresAt, i18n.language)
  const text =
    left <= 0
      ? t('window.paid.expired', { moment })
      : t('window.paid.expiresIn', { span: formatSpan(left, i18n.language), moment })
  return (
    <div className={styles.row} data-urgent={!isOver}>
      <dt>{t(`window.paid.${name}`)}</dt>
      <dd>{text}</dd>
    </div>
  )
}
