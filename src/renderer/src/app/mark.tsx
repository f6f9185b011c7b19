import iconUrl from '../../../../resources/icons/icon.svg'
import styles from './mark.module.css'

/** The app's sign, as on its icon. The name stands beside it. */
export function Mark({ size = 26 }: { readonly size?: number }) {
  return <img className={styles.mark} src={iconUrl} alt="" width={size} height={size} draggable={false} />
}
