import { Select as Base } from '@base-ui/react/select'
import { Icon } from './icon.tsx'
import styles from './select.module.css'

type SelectProps<V extends string> = {
  readonly label: string
  readonly value: V
  readonly options: ReadonlyArray<{
    readonly value: V
    readonly label: string
    readonly note?: string
    readonly disabled?: boolean
  }>
  readonly onChange: (value: V) => void
  /** The label stands elsewhere in sight. */
  readonly labelledBy?: string
}

export function Select<V extends string>({ label, value, options, onChange, labelledBy }: SelectProps<V>) {
  const name = labelledBy === undefined ? { 'aria-label': label } : { 'aria-labelledby': labelledBy }
  return (
    <Base.Root
      items={options.map((option) => ({ value: option.value, label: option.label }))}
      value={value}
      onValueChange={(next) => {
        if (next !== null) onChange(next)
      }}
    >
      <Base.Trigger {...name} className={styles.trigger}>
        <Base.Value className={styles.value} />
        <Base.Icon className={styles.icon}>
          <Icon name="chevron-down" size={14} />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner className={styles.positioner} sideOffset={4} align="start" alignItemWithTrigger={false}>
          <Base.Popup className={styles.popup}>
            <Base.List>
              {options.map((option) => (
                <Base.Item
                  key={option.value}
                  value={option.value}
                  disabled={option.disabled ?? false}
                  className={styles.item}
                >
                  <Base.ItemIndicator className={styles.indicator}>
                    <Icon name="check" size={14} />
                  </Base.ItemIndicator>
                  <span className={styles.text}>
                    <Base.ItemText>{option.label}</Base.ItemText>
                    {option.note === undefined ? null : <span className={styles.note}>{option.note}</span>}
                  </span>
                </Base.Item>
              ))}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
