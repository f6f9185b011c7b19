import { useTranslation } from 'react-i18next'
import { Button, IconButton } from '../../components/button.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { attempt } from '../../lib/notice.ts'
import { useDesk, useMedia, useSession, useStudio } from '../../lib/studio.tsx'
import { useDeskActions } from './desk-context.tsx'
import { FixAll } from './fix-all.tsx'
import styles from './desk-toolbar.module.css'

export function DeskToolbar({
  onAddFiles,
  onAddFolder,
}: {
  readonly onAddFiles: () => void
  readonly onAddFolder: () => void
}) {
  const { t } = useTranslation()
  const { stores, notify } = useStudio()
  const actions = useDeskActions()
  const pairBy = useSession(({ settings }) => settings.pairBy)
  return (
    <div className={styles.bar}>
      <Button icon="add" onClick={onAddFiles}>
        {t('window.desk.addFiles')}
      </Button>
      <Button icon="folder" onClick={onAddFolder}>
        {t('window.desk.addFolder')}
      </Button>
      <IconButton
        icon="link"
        label={t('window.address.open')}
        onClick={() => stores.view.setState({ dialog: 'addresses' })}
      />
      <span className={styles.label}>{t('window.desk.pairBy')}</span>
      <Segmented
        label={t('window.desk.pairBy')}
        value={pairBy}
        options={[
          { value: 'name', label: t('window.desk.pairByName') },
          { value: 'order', label: t('window.desk.pairByOrder') },
          { value: 'all', label: t('window.desk.pairByAll') },
        ]}
        onChange={(next) => attempt(notify, actions.setPairBy(next))}
      />
      <CheckingNote />
      <div className={styles.end}>
        <FixAll />
        <Button kind="quiet" onClick={actions.clear}>
          {t('window.desk.clear')}
        </Button>
      </div>
    </div>
  )
}

function CheckingNote() {
  const { t } = useTranslation()
  const isPlanning = useDesk((state) => state.isPlanning)
  const total = useDesk((state) => state.plan.files.length)
  const pending = useMedia((state) => state.pending.size)
  const known = useMedia((state) => state.checks.size)
  const text = isPlanning
    ? t('window.desk.planning')
    : pending > 0
      ? t('window.desk.checkingCount', { done: Math.min(known, total), total })
      : ''
  return (
    <span className={styles.note} role="status">
      {text}
    </span>
  )
}
