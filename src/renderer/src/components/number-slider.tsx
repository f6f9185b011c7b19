import { NumberField } from '@base-ui/react/number-field'
import { Slider } from '@base-ui/react/slider'
import styles from './number-slider.module.css'

type NumberSliderProps = {
  readonly labelledBy: string
  readonly describedBy?: string
  readonly value: number
  readonly min: number
  readonly max: number
  readonly step: number
  readonly unit?: string
  /** Where the range is too wide for a slider to mean anything. */
  readonly withoutSlider?: boolean
  readonly onChange: (value: number) => void
}

/** A value to drag or to type; both keep to the range. */
export function NumberSlider(props: NumberSliderProps) {
  const { labelledBy, describedBy, value, min, max, step, unit, withoutSlider = false, onChange } = props
  return (
    <div className={styles.row}>
      {withoutSlider ? null : (
        <Slider.Root
          className={styles.slider}
          aria-labelledby={labelledBy}
          value={value}
          min={min}
          max={max}
          step={step}
          onValueChange={onChange}
        >
          <Slider.Control className={styles.control}>
            <Slider.Track className={styles.track}>
              <Slider.Indicator className={styles.indicator} />
              <Slider.Thumb className={styles.thumb} aria-labelledby={labelledBy} aria-describedby={describedBy} />
            </Slider.Track>
          </Slider.Control>
        </Slider.Root>
      )}
      <NumberField.Root
        className={styles.field}
        value={value}
        min={min}
        max={max}
        step={step}
        smallStep={step}
        format={{ maximumFractionDigits: 4, useGrouping: false }}
        onValueChange={(next) => {
          if (next !== null) onChange(next)
        }}
      >
        <NumberField.Group className={styles.group}>
          <NumberField.Input className={styles.input} aria-labelledby={labelledBy} aria-describedby={describedBy} />
          {unit === undefined || unit === '' ? null : <span className={styles.unit}>{unit}</span>}
        </NumberField.Group>
      </NumberField.Root>
    </div>
  )
}
