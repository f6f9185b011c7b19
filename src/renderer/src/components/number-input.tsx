import { useState } from 'react'
import { NumberField } from '@base-ui/react/number-field'
import styles from './number-input.module.css'

type NumberInputProps = {
  readonly labelledBy: string
  readonly describedBy?: string
  /** null: nothing is set. */
  readonly value: number | null
  readonly min: number
  readonly max: number
  readonly unit: string
  readonly placeholder?: string
  /** When the field is left or Enter is pressed. */
  readonly onCommit: (value: number | null) => void
}

/** A number to type; an empty field is no number. */
export function NumberInput(props: NumberInputProps) {
  const { labelledBy, describedBy, value, min, max, unit, placeholder, onCommit } = props
  const [typed, setTyped] = useState(value)
  const [known, setKnown] = useState(value)
  if (known !== value) {
    setKnown(value)
    setTyped(value)
  }
  return (
    <NumberField.Root
      className={styles.field}
      value={typed}
      onValueChange={setTyped}
      min={min}
      max={max}
      step={0.01}
      format={{ maximumFractionDigits: 4, useGrouping: false }}
      onValueCommitted={(next) => {
        if (next !== value) onCommit(next)
      }}
    >
      <NumberField.Group className={styles.group}>
        <NumberField.Input
          className={styles.input}
          aria-labelledby={labelledBy}
          aria-describedby={describedBy}
          placeholder={placeholder}
        />
        <span className={styles.unit}>{unit}</span>
      </NumberField.Group>
    </NumberField.Root>
  )
}
