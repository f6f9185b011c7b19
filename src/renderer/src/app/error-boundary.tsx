import { Component } from 'react'
import type { ReactNode } from 'react'
import { Translation } from 'react-i18next'
import { Button } from '../components/button.tsx'
import styles from './gate.module.css'

type State = { readonly error: Error | null }

/** A defect of the window itself: jobs go on in the core, and reloading brings everything back. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, State> {
  override state: State = { error: null }

  static getDerivedStateFromError(thrown: unknown): State {
    return { error: thrown instanceof Error ? thrown : new Error(String(thrown)) }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === null) return this.props.children
    return (
      <Translation>
        {(t) => (
          <div className={styles.gate} role="alert">
            <h1 className={styles.title}>{t('window.broken.title')}</h1>
            <p className={styles.text}>{t('window.broken.text')}</p>
            <Button kind="primary" onClick={() => window.location.reload()}>
              {t('window.broken.reload')}
            </Button>
            <pre className={styles.details}>{error.stack ?? error.message}</pre>
          </div>
        )}
      </Translation>
    )
  }
}
