import { useTranslation } from 'react-i18next'
import { Button } from '../../components/button.tsx'
import { Icon } from '../../components/icon.tsx'
import { useDesk, useSession } from '../../lib/studio.tsx'
import { takesVoice } from '../../stores/session-store.ts'
import type { VideoRole } from './desk-actions.ts'
import styles from './video-zones.module.css'

/** Where clips are dropped or added by what they are; the whole desk while it is empty, a strip afterwards. */
export function VideoZones({ onAdd }: { readonly onAdd: (role: VideoRole) => void }) {
  const { t } = useTranslation()
  const engine = useSession(({ settings }) => settings.engine)
  const isEmpty = useDesk(({ plan }) => plan.files.length === 0)
  return (
    <div className={styles.zones} data-empty={isEmpty}>
      {(['source', 'driver'] as const).map((role) => (
        <section key={role} className={styles.zone} aria-label={t(`window.video.zone.${role}`)}>
          <Icon name={role === 'source' ? 'picture' : 'film'} size={isEmpty ? 30 : 18} />
          <div className={styles.words}>
            <h2 className={styles.title}>{t(`window.video.zone.${role}`)}</h2>
            <p className={styles.text}>{t(`window.video.zoneText.${role}`)}</p>
          </div>
          <Button icon="add" aria-label={t(`window.video.add.${role}`)} onClick={() => onAdd(role)}>
            {t('window.desk.addFiles')}
          </Button>
        </section>
      ))}
      {takesVoice(engine) ? <p className={styles.note}>{t('window.video.experimental')}</p> : null}
    </div>
  )
}
