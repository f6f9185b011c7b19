import { useTranslation } from 'react-i18next'
import type { LeftOver } from '../../../../shared/model/batch.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { Thumbnail } from '../../components/thumbnail.tsx'
import { FileLabel } from '../../lib/file-label.tsx'
import { useCheck, useThumbnailUrl } from '../../lib/use-file-facts.ts'
import { Findings } from '../../lib/findings.tsx'
import { useSession } from '../../lib/studio.tsx'
import type { FilePlace } from './file-picker.tsx'
import styles from './left-over-row.module.css'

type LeftOverRowProps = {
  readonly item: LeftOver
  readonly kind: 'image' | 'audio' | 'video' | undefined
  /** Null: nothing here can make use of it. */
  readonly place: FilePlace | null
  readonly onPair: (place: FilePlace) => void
  readonly onRole: (role: 'source' | 'driver') => void
  readonly onDismiss: () => void
}

/** A file that is part of no video, and why. */
export function LeftOverRow({ item, kind, place, onPair, onRole, onDismiss }: LeftOverRowProps) {
  const { t } = useTranslation()
  const engine = useSession(({ settings }) => settings.engine)
  const check = useCheck(engine, kind === undefined ? undefined : item.path)
  const thumbnailUrl = useThumbnailUrl(check)
  const isVideo = kind === 'video' && place !== null
  const reason =
    item.reason === 'unpaired' && kind !== undefined ? `unpairedKind.${isVideo ? place.role : kind}` : item.reason
  const other = place?.role === 'source' ? 'driver' : 'source'
  return (
    <div className={styles.row}>
      <Thumbnail
        url={thumbnailUrl}
        icon={kind === 'audio' ? 'voice' : kind === undefined ? 'info' : kind === 'video' ? 'film' : 'picture'}
        size="small"
      />
      <div className={styles.words}>
        <FileLabel path={item.path} />
        <span className={styles.reason}>{t(`leftOver.${reason}`)}</span>
        <Findings findings={check?.findings ?? []} />
      </div>
      {isVideo ? <Button onClick={() => onRole(other)}>{t(`window.video.it.${other}`)}</Button> : null}
      {place === null ? null : (
        <Button onClick={() => onPair(place)}>
          {t(`window.video.choose.${kind === 'audio' ? 'portrait' : place.wanted}`)}
        </Button>
      )}
      <IconButton icon="close" label={t('window.desk.dismiss')} onClick={onDismiss} />
    </div>
  )
}
