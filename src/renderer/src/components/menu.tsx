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
  readonly icon?: IconName
  /** Shown on the trigger; without it only the icon is. */
  readonly text?: string
  readonly entries: readonly MenuEntry[]
}

export function Menu({ label, icon = 'more', text, entries }: MenuProps) {
  const shape = text === undefined ? `${buttons.square} ${buttons.quiet}` : buttons.plain
  return (
    <Base.Root>
      <Base.Trigger
        aria-label={label}
        title={text === undefined ? label : undefined}
        className={`${buttons.button} ${shape}`}
      >
        {text === undefined ? <Icon name={icon} /> : text}
        {text === undefined ? null : <Icon name="chevron-down" size={14} />}
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
