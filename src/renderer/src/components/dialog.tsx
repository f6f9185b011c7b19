import type { ReactNode } from 'react'
import { Dialog as Base } from '@base-ui/react/dialog'
import { Icon } from './icon.tsx'
import styles from './dialog.module.css'
import buttons from './button.module.css'

type DialogProps = {
  readonly title: string
  readonly closeLabel: string
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly width?: 'regular' | 'wide'
  readonly children: ReactNode
  readonly footer?: ReactNode
}

export function Dialog({ title, closeLabel, isOpen, onClose, width = 'regular', children, footer }: DialogProps) {
  return (
    <Base.Root
      open={isOpen}
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
    >
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} />
        <Base.Popup data-dialog="" className={`${styles.popup} ${styles[width]}`}>
          <header className={styles.head}>
            <Base.Title className={styles.title}>{title}</Base.Title>
            <Base.Close aria-label={closeLabel} className={`${buttons.button} ${buttons.square} ${buttons.quiet}`}>
              <Icon name="close" />
            </Base.Close>
          </header>
          <div className={styles.body}>{children}</div>
          {footer === undefined ? null : <footer className={styles.foot}>{footer}</footer>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}
