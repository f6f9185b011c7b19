import { useTranslation } from 'react-i18next'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { FileLabel } from '../../lib/file-label.tsx'
import { attempt } from '../../lib/notice.ts'
import { useDesk, useStudio } from '../../lib/studio.tsx'
import { useDeskActions } from './desk-context.tsx'
import styles from './role-dialog.module.css'

/** Asks what videos are that were dropped where neither place nor name says it. */
export function RoleDialog() {
  const { t } = useTranslation()
  const { stores, notify } = useStudio()
  const actions = useDeskActions()
  const unsure = useDesk((state) => state.unsure)
  const buttons = (paths: readonly string[], isAll: boolean) =>
    (['source', 'driver'] as const).map((role) => (
      <Button key={role} onClick={() => attempt(notify, actions.setRole(paths, role))}>
        {t(`window.video.${isAll ? 'all' : 'it'}.${role}`)}
      </Button>
    ))
  return (
    <Dialog
      title={t('window.video.askTitle', { count: unsure.length })}
      closeLabel={t('window.close')}
      isOpen={unsure.length > 0}
      onClose={() => stores.desk.setState({ unsure: [] })}
    >
      <p>{t('window.video.askText')}</p>
      <ul className={styles.list}>
        {unsure.map((path) => (
          <li key={path} className={styles.line}>
            <span className={styles.name}>
              <FileLabel path={path} />
            </span>
            {buttons([path], false)}
          </li>
        ))}
      </ul>
      {unsure.length > 1 ? <div className={styles.all}>{buttons(unsure, true)}</div> : null}
    </Dialog>
  )
}
