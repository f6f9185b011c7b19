import { Icon } from './icon.tsx'
import styles from './finding-list.module.css'

export type FindingLine = {
  readonly level: 'error' | 'warning' | 'note'
  readonly message: string
  readonly action: string
}

const ICONS = { error: 'warning', warning: 'warning', note: 'info' } as const

/** What is wrong with a file and what to do about it, as sentences. */
export function FindingList({
  lines,
  levelLabels,
}: {
  readonly lines: readonly FindingLine[]
  readonly levelLabels: Readonly<Record<FindingLine['level'], string>>
}) {
  if (lines.length === 0) return null
  return (
    <ul className={styles.list}>
      {lines.map(({ level, message, action }) => (
        <li key={`${level}${message}`} className={`${styles.line} ${styles[level]}`}>
          <Icon name={ICONS[level]} size={14} />
          <span className={styles.words}>
            <span className="visually-hidden">{levelLabels[level]}: </span>
            {message} {level === 'note' ? null : <span className={styles.action}>{action}</span>}
          </span>
        </li>
      ))}
    </ul>
  )
}
