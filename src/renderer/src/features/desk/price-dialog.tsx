import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Quote } from '../../../../shared/model/job.ts'
import type { SpendQuote } from '../../../../shared/model/spend.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { NumberInput } from '../../components/number-input.tsx'
import { SwitchField } from '../../components/switch-field.tsx'
import { formatLength, formatMoney, formatQuote } from '../../lib/format.ts'
import { attempt } from '../../lib/notice.ts'
import { useDesk, useSession, useStudio } from '../../lib/studio.tsx'
import { takesDriver } from '../../stores/session-store.ts'
import { useDeskActions } from './desk-context.tsx'
import styles from './price-dialog.module.css'

const MAX_CAP = 1_000_000

/** The price of a paid start, and the yes or no to it. Nothing has been sent before. */
export function PriceDialog() {
  const { t } = useTranslation()
  const actions = useDeskActions()
  const question = useDesk((state) => state.question)
  const quote = question?.quote
  return (
    <Dialog
      title={t('window.price.title')}
      closeLabel={t('window.close')}
      isOpen={question !== null}
      onClose={actions.decline}
    >
      {quote === undefined || quote.price === null ? null : <Price quote={quote} price={quote.price} />}
    </Dialog>
  )
}

function Price({ quote, price }: { readonly quote: SpendQuote; readonly price: Quote }) {
  const { t, i18n } = useTranslation()
  const { notify } = useStudio()
  const actions = useDeskActions()
  const id = useId()
  const proposed = useSession(({ settings }) => settings.batchCaps[quote.engine] ?? null)
  const isStarting = useDesk((state) => state.isStarting)
  const [cap, setCap] = useState(proposed)
  const [isPublicAgreed, setPublicAgreed] = useState(false)
  const isWaiting = isStarting || (quote.asksPublicUpload && !isPublicAgreed)
  const { currency, high } = price
  const money = (amount: number) => formatMoney(amount, currency, i18n.language)
  const leftToday = quote.dayCap === null ? Number.POSITIVE_INFINITY : Math.max(0, quote.dayCap - quote.spentToday)
  const limit = Math.min(cap ?? Number.POSITIVE_INFINITY, leftToday)
  const isDriven = takesDriver(quote.engine)
  const rows = [
    ['engine', t(`window.engine.${quote.engine}.label`)],
    ['jobs', String(quote.jobs)],
    [isDriven ? 'videoSeconds' : 'seconds', formatLength(quote.seconds, i18n.language)],
    ['checks', quote.checks === 0 && isDriven ? '' : String(quote.checks)],
    ['today', quote.dayCap === null ? money(quote.spentToday) : `${money(quote.spentToday)} / ${money(quote.dayCap)}`],
    ['asOf', quote.pricesAsOf ?? ''],
  ] as const
  return (
    <div className={styles.form}>
      <p className={styles.sum}>
        <strong>{formatQuote(price, i18n.language)}</strong>
        <span>{t('window.price.sum')}</span>
      </p>
      <dl className={styles.rows}>
        {rows.map(([name, value]) =>
          value === '' ? null : (
            <div key={name} className={styles.row}>
              <dt>{t(`window.price.${name}`)}</dt>
              <dd>{value}</dd>
            </div>
          ),
        )}
        <div className={styles.row}>
          <dt id={`${id}-cap`}>{t('window.price.cap')}</dt>
          <dd>
            <NumberInput
              labelledBy={`${id}-cap`}
              value={cap}
              min={0}
              max={MAX_CAP}
              unit={currency}
              placeholder={t('window.engines.noCap')}
              onCommit={setCap}
            />
          </dd>
        </div>
      </dl>
      {high > limit ? (
        <p className={styles.warning} role="status">
          {t('window.price.capped', { amount: money(limit) })}
        </p>
      ) : null}
      <p className={styles.note}>{t('window.price.note')}</p>
      {quote.asksPublicUpload ? (
        <SwitchField
          label={t('window.price.publicUpload')}
          hint={t('window.price.publicUploadText')}
          checked={isPublicAgreed}
          onChange={setPublicAgreed}
        />
      ) : null}
      <div className={styles.buttons}>
        <Button onClick={actions.decline}>{t('window.cancel')}</Button>
        <Button
          kind="primary"
          icon="play"
          disabled={isWaiting}
          onClick={() => attempt(notify, actions.confirm(cap, isPublicAgreed))}
        >
          {t('window.price.confirm', { count: quote.jobs, amount: money(Math.min(high, limit)) })}
        </Button>
      </div>
    </div>
  )
}
