import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import type { ParameterSpec, ParameterValue } from '../../../../shared/model/engine.ts'
import { IconButton } from '../../components/button.tsx'
import { NumberSlider } from '../../components/number-slider.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { Toggle } from '../../components/switch-field.tsx'
import styles from './parameter-field.module.css'

/** Beyond this many steps one pixel of a slider is many values. */
const MAX_SLIDER_STEPS = 400

type ParameterFieldProps = {
  readonly spec: ParameterSpec
  readonly value: ParameterValue
  /** What a reset brings back. */
  readonly base: ParameterValue
  readonly onChange: (value: ParameterValue) => void
}

/** One parameter as its schema describes it; nothing here knows any parameter by name. */
export function ParameterField({ spec, value, base, onChange }: ParameterFieldProps) {
  const { t, i18n } = useTranslation()
  const id = useId()
  const name = `parameter.${spec.key}`
  const unit = i18n.exists(`${name}.unit`) ? t(`${name}.unit`) : ''
  const show = (shown: ParameterValue): string => {
    if (typeof shown === 'boolean') return shown ? t('window.parameters.on') : t('window.parameters.off')
    if (spec.kind === 'choice') return t(`${name}.choice.${String(shown)}`)
    return typeof shown === 'number'
      ? new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 4, useGrouping: false }).format(shown)
      : shown
  }
  const choiceHint = `${name}.choiceHint.${String(value)}`
  const hint = spec.kind === 'choice' && i18n.exists(choiceHint) ? t(choiceHint) : t(`${name}.hint`)
  const facts =
    spec.kind === 'integer' || spec.kind === 'number'
      ? t('window.parameters.range', { min: show(spec.min), max: show(spec.max), base: show(spec.default) })
      : t('window.parameters.default', { base: show(spec.default) })

  return (
    <div className={styles.field} data-changed={value !== base}>
      <div className={styles.head}>
        <span id={`${id}-label`} className={styles.label}>
          {t(`${name}.label`)}
        </span>
        {value === base ? null : (
          <IconButton
            icon="undo"
            className={styles.undo}
            label={t('window.parameters.backTo', { base: show(base) })}
            onClick={() => onChange(base)}
          />
        )}
        {spec.kind === 'boolean' ? (
          <Toggle labelledBy={`${id}-label`} describedBy={`${id}-hint`} checked={value === true} onChange={onChange} />
        ) : null}
      </div>
      {spec.kind === 'choice' ? (
        <Segmented
          label={t(`${name}.label`)}
          size="wide"
          value={String(value)}
          options={spec.choices.map((choice) => ({ value: choice, label: t(`${name}.choice.${choice}`) }))}
          onChange={onChange}
        />
      ) : null}
      {spec.kind === 'integer' || spec.kind === 'number' ? (
        <NumberSlider
          labelledBy={`${id}-label`}
          describedBy={`${id}-hint`}
          value={typeof value === 'number' ? value : spec.default}
          min={spec.min}
          max={spec.max}
          step={spec.step}
          unit={unit}
          withoutSlider={(spec.max - spec.min) / spec.step > MAX_SLIDER_STEPS}
          onChange={onChange}
        />
      ) : null}
      <p id={`${id}-hint`} className={styles.hint}>
        {hint} <span className={styles.facts}>{facts}</span>
      </p>
    </div>
  )
}
