import { useTranslation } from 'react-i18next'
import { Toast } from '@base-ui/react/toast'
import { Icon } from '../components/icon.tsx'
import buttons from '../components/button.module.css'
import { useSentence } from '../lib/use-sentence.ts'
import type { NoticeData } from './notice-board.ts'
import styles from './toasts.module.css'

/** What just happened, and its way back. */
export function Toasts() {
  const { t } = useTranslation()
  const sentence = useSentence()
  const { toasts } = Toast.useToastManager<NoticeData>()
  return (
    <Toast.Portal>
      <Toast.Viewport className={styles.viewport} aria-label={t('window.notices')}>
        {toasts.map((toast) => {
          const { data } = toast
          if (data === undefined) return null
          const { notice, act } = data
          const said = notice.kind === 'error' ? sentence(notice.error) : null
          return (
            <Toast.Root
              key={toast.id}
              toast={toast}
              swipeDirection={['right', 'down']}
              className={`${styles.toast} ${styles[notice.kind]}`}
            >
              <Toast.Content className={styles.content}>
                <Icon name={notice.kind === 'info' ? 'info' : 'warning'} />
                <div className={styles.words}>
                  <Toast.Title className={styles.title}>
                    {notice.kind === 'error' ? said?.message : t(`window.notice.${notice.key}`, { ...notice.values })}
                  </Toast.Title>
                  {said === null || said.action === '' ? null : (
                    <Toast.Description className={styles.action}>{said.action}</Toast.Description>
                  )}
                </div>
                {notice.kind === 'error' || notice.action === undefined ? null : (
                  <button type="button" className={`${buttons.button ?? ''} ${buttons.plain ?? ''}`} onClick={act}>
                    {t(`window.notice.${notice.action.key}`)}
                  </button>
                )}
                <Toast.Close
                  className={`${buttons.button ?? ''} ${buttons.square ?? ''} ${buttons.quiet ?? ''}`}
                  aria-label={t('window.close')}
                >
                  <Icon name="close" size={14} />
                </Toast.Close>
              </Toast.Content>
            </Toast.Root>
          )
        })}
      </Toast.Viewport>
    </Toast.Portal>
  )
}
