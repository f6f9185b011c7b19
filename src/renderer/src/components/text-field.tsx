import type { ComponentProps } from 'react'
import styles from './text-field.module.css'

type TextFieldProps = Omit<ComponentProps<'input'>, 'onChange' | 'type'> & {
  readonly onChange: (text: string) => void
  readonly isWrong?: boolean
}

/** Paths and names are written left to right whatever the language around them. */
export function TextField({ onChange, isWrong = false, className, ...rest }: TextFieldProps) {
  return (
    <input
      spellCheck={false}
      autoComplete="off"
      {...rest}
      type="text"
      aria-invalid={isWrong}
      className={`${styles.input} ${className ?? ''}`}
      onChange={({ target }) => onChange(target.value)}
    />
  )
}
