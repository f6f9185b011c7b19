import styles from './file-name.module.css'

/**
 * A file's name as plain text, isolated from the text around it whatever its script. The extension is shown apart: it
 * never disappears in the ellipsis.
 */
export function FileName({
  stem,
  extension,
  title,
}: {
  readonly stem: string
  readonly extension: string
  readonly title?: string
}) {
  return (
    <span className={styles.name} title={title}>
      <bdi className={styles.stem}>{stem}</bdi>
      <bdi className={styles.extension}>{extension}</bdi>
    </span>
  )
}
