import { useTranslation } from 'react-i18next'
import { IconButton } from '../components/button.tsx'
import { Segmented } from '../components/segmented.tsx'
import { useDesk, useJobs, useSession, useStudio, useView } from '../lib/studio.tsx'
import { countOf } from '../stores/jobs-store.ts'
import { Mark } from './mark.tsx'
import styles from './header.module.css'

export function Header() {
  const { t } = useTranslation()
  const { stores } = useStudio()
  const view = useView((state) => state.view)
  const pairs = useDesk((state) => state.pairs.length)
  const jobs = useJobs(({ counts }) => countOf(counts, 'all'))
  const isLost = useSession(({ connection }) => connection === 'lost')
  return (
    <>
      <header className={styles.header}>
        <div className={styles.brand}>
          <Mark />
          <span className={styles.name}>{t('window.appName')}</span>
        </div>
        <nav className={styles.views} aria-label={t('window.views')}>
          <Segmented
            label={t('window.views')}
            value={view}
            options={[
              { value: 'desk', label: t('window.view.desk'), ...(pairs > 0 ? { count: pairs } : {}) },
              { value: 'queue', label: t('window.view.queue'), ...(jobs > 0 ? { count: jobs } : {}) },
            ]}
            onChange={(next) => stores.view.setState({ view: next })}
          />
        </nav>
        <div className={styles.tools}>
          <IconButton
            icon="keyboard"
            label={t('window.shortcuts.title')}
            onClick={() => stores.view.setState({ dialog: 'shortcuts' })}
          />
          <IconButton
            icon="settings"
            label={t('window.settings.title')}
            onClick={() => stores.view.setState({ dialog: 'settings' })}
          />
        </div>
      </header>
      {isLost ? (
        <p className={styles.lost} role="alert">
          {t('window.lost')}
        </p>
      ) : null}
    </>
  )
}
