import type { ComponentProps } from 'react'
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
}

export function IconButton({ label, icon, kind = 'quiet', className, ...rest }: IconButtonProps) {
  return (
    <button
      {...rest}
      type="button"
      aria-label={label}
      title={label}
      className={`${styles.button} ${styles.square} ${styles[kind]} ${className ?? ''}`}
    >
      <Icon name={icon} />
    </button>
  )
}
