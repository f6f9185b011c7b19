import { Toggle } from '@base-ui/react/toggle'
import { ToggleGroup } from '@base-ui/react/toggle-group'
import styles from './segmented.module.css'

type SegmentedProps<V extends string> = {
  readonly label: string
  readonly value: V
  readonly options: ReadonlyArray<{
    readonly value: V
    readonly label: string
    readonly count?: number
    readonly disabled?: boolean
  }>
  readonly onChange: (value: V) => void
  readonly size?: 'regular' | 'wide'
}

/** One of a few choices, all in sight. */
export function Segmented<V extends string>({ label, value, options, onChange, size = 'regular' }: SegmentedProps<V>) {
  return (
    <ToggleGroup
      aria-label={label}
      className={`${styles.group} ${styles[size]}`}
      value={[value]}
      onValueChange={(pressed) => {
        const next = options.find((option) => option.value === pressed[0])
        if (next !== undefined) onChange(next.value)
      }}
    >
      {options.map((option) => (
        <Toggle key={option.value} value={option.value} disabled={option.disabled ?? false} className={styles.option}>
          {option.label}
          {option.count === undefined ? null : <span className={styles.count}>{option.count}</span>}
        </Toggle>
      ))}
    </ToggleGroup>
  )
}
