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
  /** Its content changes its height while it is open: the top stays in place. */
  readonly isAnchored?: boolean
  /** Where the keyboard goes afterwards when what opened the dialog is gone by then. */
  readonly finalFocus?: () => HTMLElement | null
  readonly children: ReactNode
}

export function Dialog({ title, closeLabel, isOpen, onClose, isAnchored, finalFocus, children }: DialogProps) {
  return (
    <Base.Root
      open={isOpen}
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
    >
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} />
        <Base.Popup
          data-dialog=""
          data-anchored={isAnchored === true ? '' : undefined}
          finalFocus={finalFocus}
          className={styles.popup}
        >
          <header className={styles.head}>
            <Base.Title className={styles.title}>{title}</Base.Title>
            <Base.Close aria-label={closeLabel} className={`${buttons.button} ${buttons.square} ${buttons.quiet}`}>
              <Icon name="close" />
            </Base.Close>
          </header>
          <div className={styles.body}>{children}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}
