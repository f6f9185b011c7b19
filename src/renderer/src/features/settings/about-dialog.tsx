import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Output } from '../../../../shared/api/index.ts'
import { Dialog } from '../../components/dialog.tsx'
import { attempt } from '../../lib/notice.ts'
import { useSession, useStudio, useView } from '../../lib/studio.tsx'
import styles from './about-dialog.module.css'

/** What this is, whether a newer one is out, and the licences of everything that ships. */
export function AboutDialog() {
  const { t } = useTranslation()
  const { stores } = useStudio()
  const isOpen = useView(({ dialog }) => dialog === 'about')
  return (
    <Dialog
      title={t('window.about.title')}
      closeLabel={t('window.close')}
      isOpen={isOpen}
      onClose={() => stores.view.setState({ dialog: null })}
    >
      {isOpen ? <About /> : null}
    </Dialog>
  )
}

function About() {
  const { t } = useTranslation()
  const { client, notify } = useStudio()
  const version = useSession(({ info }) => info?.version ?? '')
  const [licences, setLicences] = useState<string | null>(null)
  const [update, setUpdate] = useState<Output<'system.update'>['update']>(null)
  useEffect(() => {
    attempt(
      notify,
      client.call('system.licences', {}).then(({ text }) => setLicences(text)),
    )
    attempt(
      notify,
      client.call('system.update', {}).then((answer) => setUpdate(answer.update)),
    )
  }, [client, notify])
  return (
    <div className={styles.about}>
      <p>{t('window.about.version', { version })}</p>
      {update === null ? null : (
        <p role="status">
          {t('window.about.update', { version: update.version })}{' '}
          <a href={update.page} target="_blank" rel="noreferrer">
            {t('window.about.release')}
          </a>
        </p>
      )}
      <h3>{t('window.about.licences')}</h3>
      {/* Reached by the keyboard, so that it can be scrolled by it. */}
      <pre tabIndex={0} aria-label={t('window.about.licences')} className={styles.licences}>
        {licences ?? t('window.about.reading')}
      </pre>
    </div>
  )
}
