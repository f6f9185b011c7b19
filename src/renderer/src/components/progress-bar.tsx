import { Progress } from '@base-ui/react/progress'
import styles from './progress-bar.module.css'

type ProgressBarProps = {
  readonly label: string
  /** 0..1, or null where nothing is known: then it only moves. */
  readonly value: number | null
  readonly size?: 'thin' | 'regular'
}

export function ProgressBar({ label, value, size = 'regular' }: ProgressBarProps) {
  return (
    <Progress.Root
      aria-label={label}
      value={value === null ? null : value * 100}
      className={`${styles.bar} ${styles[size]}`}
    >
      <Progress.Track className={styles.track}>
        <Progress.Indicator className={styles.indicator} />
      </Progress.Track>
    </Progress.Root>
  )
}
