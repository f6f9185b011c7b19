import { useTranslation } from 'react-i18next'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { formatQuote } from '../../lib/format.ts'
import { useJobActions } from '../../lib/job-actions.tsx'
import { useStudio, useView } from '../../lib/studio.tsx'
import styles from '../../components/dialog.module.css'

/** The price of trying again what a service failed at, and the yes or no to it. */
export function PayAgainDialog() {
  const { t, i18n } = useTranslation()
  const { stores } = useStudio()
  const actions = useJobActions()
  const asked = useView((state) => state.payAgain)
  const close = () => stores.view.setState({ payAgain: null })
  const price = asked?.prices.map((quote) => formatQuote(quote, i18n.language)).join(' + ') ?? ''
  return (
    <Dialog title={t('window.payAgain.title')} closeLabel={t('window.close')} isOpen={asked !== null} onClose={close}>
      {asked === null ? null : (
        <div className={styles.question}>
          <p>{t('window.payAgain.text', { count: asked.count })}</p>
          <p>
            <strong>{t('window.attention.againPrice', { price })}</strong>
          </p>
          <div className={styles.answers}>
            <Button onClick={close}>{t('window.cancel')}</Button>
            <Button kind="primary" onClick={actions.payAgain}>
              {t('window.payAgain.confirm', { price })}
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  )
}
