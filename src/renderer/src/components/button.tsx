import type { ComponentProps, ReactElement, ReactNode } from 'react'
import { Tooltip } from '@base-ui/react/tooltip'
import { Icon } from './icon.tsx'
import type { IconName } from './icon.tsx'
import styles from './button.module.css'

type ButtonProps = Omit<ComponentProps<'button'>, 'type'> & {
  readonly kind?: 'plain' | 'primary' | 'quiet' | 'danger'
  readonly icon?: IconName
  readonly size?: 'regular' | 'large'
}

export function Button({ kind = 'plain', size = 'regular', icon, children, className, ...rest }: ButtonProps) {
  return (
    <button {...rest} type="button" className={`${styles.button} ${styles[kind]} ${styles[size]} ${className ?? ''}`}>
      {icon === undefined ? null : <Icon name={icon} />}
      {children === undefined ? null : <span className={styles.label}>{children}</span>}
    </button>
  )
}

type IconButtonProps = Omit<ComponentProps<'button'>, 'type' | 'children'> & {
  /** Its name for a screen reader, and its tooltip. */
  readonly label: string
  readonly icon: IconName
  readonly kind?: 'plain' | 'quiet'
  readonly badge?: ReactNode
}

export function IconButton({ label, icon, kind = 'quiet', className, badge, ...rest }: IconButtonProps) {
  return (
    <Hint text={label}>
      <button
        {...rest}
        type="button"
        aria-label={label}
        className={`${styles.button} ${styles.square} ${styles[kind]} ${className ?? ''}`}
      >
        <Icon name={icon} />
        {badge}
      </button>
    </Hint>
  )
}

/** A tooltip that repeats a name in sight; never the only place of a fact. */
export function Hint({ text, children }: { readonly text: string; readonly children: ReactElement }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger render={children} />
      <Tooltip.Portal>
        <Tooltip.Positioner sideOffset={6} className={styles.positioner}>
          <Tooltip.Popup className={styles.tooltip}>{text}</Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}
