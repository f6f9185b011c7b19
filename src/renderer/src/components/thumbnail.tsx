import { useState } from 'react'
import { Icon } from './icon.tsx'
import type { IconName } from './icon.tsx'
import styles from './thumbnail.module.css'

type ThumbnailProps = {
  /** Absent while unknown or where there is nothing to see. */
  readonly url?: string | undefined
  readonly icon: IconName
  readonly size?: 'small' | 'regular'
}

/** Decoration beside a name that says the same, so it has no text of its own. */
export function Thumbnail({ url, icon, size = 'regular' }: ThumbnailProps) {
  const [failedUrl, setFailedUrl] = useState<string | null>(null)
  return (
    <span className={`${styles.frame} ${styles[size]}`}>
      {url === undefined || url === failedUrl ? (
        <Icon name={icon} size={size === 'small' ? 15 : 20} />
      ) : (
        <img src={url} alt="" draggable={false} loading="lazy" decoding="async" onError={() => setFailedUrl(url)} />
      )}
    </span>
  )
}
