import { useState } from 'react'
import { Menu as Base } from '@base-ui/react/menu'
import { Icon } from './icon.tsx'
import type { IconName } from './icon.tsx'
import styles from './menu.module.css'
import buttons from './button.module.css'

export type MenuEntry =
  | { readonly kind: 'separator' }
  | {
      readonly kind: 'item'
      readonly label: string
      readonly icon?: IconName
      readonly shortcut?: string
      readonly disabled?: boolean
      readonly isDanger?: boolean
      readonly run: () => void
    }

type MenuProps = {
  readonly label: string
  /** Asked for when the menu is opened, so that a list of thousands of rows builds none. */
  readonly entries: () => readonly MenuEntry[]
}

/** A button with a menu behind it. The menu itself is made at the first click. */
export function Menu({ label, entries }: MenuProps) {
  const [isMade, setMade] = useState(false)
  const look = { 'aria-label': label, title: label, className: `${buttons.button} ${buttons.square} ${buttons.quiet}` }
  if (isMade) return <MadeMenu look={look} entries={entries()} />
  return (
    <button type="button" {...look} aria-haspopup="menu" aria-expanded={false} onClick={() => setMade(true)}>
      <Icon name="more" />
    </button>
  )
}

type MadeMenuProps = {
  readonly look: { readonly 'aria-label': string; readonly title: string; readonly className: string }
  readonly entries: readonly MenuEntry[]
}

function MadeMenu({ look, entries }: MadeMenuProps) {
  return (
    <Base.Root defaultOpen>
      <Base.Trigger {...look}>
        <Icon name="more" />
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner className={styles.positioner} sideOffset={4} align="end">
          <Base.Popup className={styles.popup}>
            {entries.map((entry, index) =>
              entry.kind === 'separator' ? (
                <Base.Separator key={`separator-${String(index)}`} className={styles.separator} />
              ) : (
                <Base.Item
                  key={entry.label}
                  className={`${styles.item} ${entry.isDanger === true ? styles.danger : ''}`}
                  disabled={entry.disabled ?? false}
                  onClick={entry.run}
                >
                  {entry.icon === undefined ? <span /> : <Icon name={entry.icon} size={15} />}
                  <span className={styles.text}>{entry.label}</span>
                  {entry.shortcut === undefined ? null : <kbd className={styles.shortcut}>{entry.shortcut}</kbd>}
                </Base.Item>
              ),
            )}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
