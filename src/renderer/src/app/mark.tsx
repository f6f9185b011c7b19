import styles from './mark.module.css'

/** The app's sign: a portrait that speaks. */
export function Mark({ size = 24 }: { readonly size?: number }) {
  return (
    <svg className={styles.mark} viewBox="0 0 24 24" width={size} height={size} aria-hidden="true" focusable="false">
      <rect className={styles.plate} width="24" height="24" rx="6.5" />
      <circle className={styles.figure} cx="9.6" cy="9" r="3.4" />
      <path className={styles.figure} d="M3.6 20.4a6 6 0 0 1 12 0z" />
      <path className={styles.sound} d="M16 7.2a4.4 4.4 0 0 1 0 5.1M18.6 5.4a7.6 7.6 0 0 1 0 8.7" />
    </svg>
  )
}
