import { useImperativeHandle, useRef } from 'react'
import type { ComponentProps, Ref } from 'react'
import styles from './text-field.module.css'

export type SecretFieldHandle = { readonly read: () => string; readonly focus: () => void }

type SecretFieldProps = Omit<ComponentProps<'input'>, 'type' | 'value' | 'defaultValue' | 'ref'> & {
  readonly ref: Ref<SecretFieldHandle>
  readonly isWrong?: boolean
}

/**
 * For a secret on its way in. The browser alone holds what is typed: a value that React knew would be written into the
 * page as an attribute.
 */
export function SecretField({ ref, isWrong = false, className, ...rest }: SecretFieldProps) {
  const input = useRef<HTMLInputElement>(null)
  useImperativeHandle(ref, () => ({
    read: () => input.current?.value ?? '',
    focus: () => input.current?.focus(),
  }))
  return (
    <input
      spellCheck={false}
      autoComplete="off"
      {...rest}
      ref={input}
      type="password"
      dir="ltr"
      aria-invalid={isWrong}
      className={`${styles.input} ${className ?? ''}`}
    />
  )
}
