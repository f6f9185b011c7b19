import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useSession } from '../lib/studio.tsx'
import { Mark } from './mark.tsx'
import styles from './gate.module.css'

/** A window of an earlier start can do nothing any more, and says so instead of failing at every step. */
export function Gate({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation()
  const isExpired = useSession(({ connection }) => connection === 'expired')
  if (!isExpired) return children
  return (
    <div className={styles.gate} role="alert">
      <Mark size={72} />
      <h1 className={styles.title}>{t('window.expired.title')}</h1>
      <p className={styles.text}>{t('window.expired.text')}</p>
    </div>
  )
}
