import { useId } from 'react'
import { Switch } from '@base-ui/react/switch'
import styles from './switch-field.module.css'

type SwitchFieldProps = {
  readonly label: string
  readonly hint?: string
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
}

export function SwitchField({ label, hint, checked, onChange }: SwitchFieldProps) {
  const id = useId()
  return (
    <div className={styles.field}>
      <div className={styles.words}>
        <span id={`${id}-label`} className={styles.label}>
          {label}
        </span>
        {hint === undefined ? null : (
          <p id={`${id}-hint`} className={styles.hint}>
            {hint}
          </p>
        )}
      </div>
      <Toggle
        labelledBy={`${id}-label`}
        {...(hint === undefined ? {} : { describedBy: `${id}-hint` })}
        checked={checked}
        onChange={onChange}
      />
    </div>
  )
}

type ToggleProps = {
  readonly labelledBy: string
  readonly describedBy?: string
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
}

/** The switch alone, for a label that stands elsewhere. */
export function Toggle({ labelledBy, describedBy, checked, onChange }: ToggleProps) {
  return (
    <Switch.Root
      className={styles.switch}
      checked={checked}
      onCheckedChange={onChange}
      aria-labelledby={labelledBy}
      aria-describedby={describedBy}
    >
      <Switch.Thumb className={styles.thumb} />
    </Switch.Root>
  )
}
