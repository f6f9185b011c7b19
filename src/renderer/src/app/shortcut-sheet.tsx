import { useTranslation } from 'react-i18next'
import { Dialog } from '../components/dialog.tsx'
import { useStudio, useView } from '../lib/studio.tsx'
import styles from './shortcut-sheet.module.css'

const ROWS = ['open', 'start', 'play', 'retry', 'remove', 'undo', 'move', 'sheet'] as const

/** Every key that does something. */
export function ShortcutSheet() {
  const { t } = useTranslation()
  const { stores } = useStudio()
  const isOpen = useView(({ dialog }) => dialog === 'shortcuts')
  const command = navigator.platform.startsWith('Mac') ? '⌘' : t('window.key.control')
  const keys: Record<(typeof ROWS)[number], readonly string[]> = {
    open: [command, 'O'],
    start: [t('window.key.enter')],
    play: [t('window.key.space')],
    retry: [t('window.key.retry')],
    remove: [t('window.key.delete')],
    undo: [command, 'Z'],
    move: ['↑', '↓'],
    sheet: ['?'],
  }
  return (
    <Dialog
      title={t('window.shortcuts.title')}
      closeLabel={t('window.close')}
      isOpen={isOpen}
      onClose={() => stores.view.setState({ dialog: null })}
    >
      <dl className={styles.list}>
        {ROWS.map((row) => (
          <div key={row} className={styles.row}>
            <dt>{t(`window.shortcuts.${row}`)}</dt>
            <dd>
              {keys[row].map((key) => (
                <kbd key={key} className={styles.key}>
                  {key}
                </kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
