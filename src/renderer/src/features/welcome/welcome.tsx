import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../../components/button.tsx'
import { Icon } from '../../components/icon.tsx'
import { attempt } from '../../lib/notice.ts'
import { useStudio } from '../../lib/studio.tsx'
import styles from './welcome.module.css'

type WelcomeProps = {
  readonly onAddFiles: () => void
  readonly onAddFolder: () => void
  readonly onSamples: () => Promise<void>
}

/** An empty desk: where to drop, and a first video without bringing anything. */
export function Welcome({ onAddFiles, onAddFolder, onSamples }: WelcomeProps) {
  const { t } = useTranslation()
  const { stores, notify } = useStudio()
  const [isBusy, setBusy] = useState(false)
  const samples = async () => {
    setBusy(true)
    try {
      await onSamples()
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className={styles.welcome}>
      <div className={styles.target}>
        <div className={styles.marks} aria-hidden="true">
          <span className={styles.mark}>
            <Icon name="picture" size={30} />
          </span>
          <Icon name="add" size={18} />
          <span className={styles.mark}>
            <Icon name="voice" size={30} />
          </span>
          <Icon name="chevron-down" size={18} />
          <span className={`${styles.mark} ${styles.made}`}>
            <Icon name="play" size={30} />
          </span>
        </div>
        <h1 className={styles.title}>{t('window.welcome.title')}</h1>
        <p className={styles.text}>{t('window.welcome.text')}</p>
        <div className={styles.buttons}>
          <Button kind="primary" size="large" icon="add" onClick={onAddFiles}>
            {t('window.desk.addFiles')}
          </Button>
          <Button size="large" icon="folder" onClick={onAddFolder}>
            {t('window.desk.addFolder')}
          </Button>
          <Button kind="quiet" size="large" icon="link" onClick={() => stores.view.setState({ dialog: 'addresses' })}>
            {t('window.address.open')}
          </Button>
        </div>
      </div>
      <div className={styles.samples}>
        <div>
          <h2>{t('window.welcome.samplesTitle')}</h2>
          <p className={styles.text}>{t('window.welcome.samplesText')}</p>
        </div>
        <div className={styles.tries}>
          <Button icon="film" disabled={isBusy} onClick={() => attempt(notify, samples())}>
            {t('window.welcome.samples')}
          </Button>
          <Button kind="quiet" onClick={() => stores.view.setState({ dialog: 'rehearsal' })}>
            {t('window.rehearsal.open')}
          </Button>
        </div>
      </div>
    </div>
  )
}
