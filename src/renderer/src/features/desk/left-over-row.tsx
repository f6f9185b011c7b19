import { useTranslation } from 'react-i18next'
import type { LeftOver } from '../../../../shared/model/batch.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { Thumbnail } from '../../components/thumbnail.tsx'
import { FileLabel } from '../../lib/file-label.tsx'
import { useCheck, useThumbnailUrl } from '../../lib/use-file-facts.ts'
import { Findings } from '../../lib/findings.tsx'
import { useSession } from '../../lib/studio.tsx'
import styles from './left-over-row.module.css'

type LeftOverRowProps = {
  readonly item: LeftOver
  readonly kind: 'image' | 'audio' | 'video' | undefined
  readonly onPair: (() => void) | null
  readonly onDismiss: () => void
}

/** A file that is part of no video, and why. */
export function LeftOverRow({ item, kind, onPair, onDismiss }: LeftOverRowProps) {
  const { t } = useTranslation()
  const engine = useSession(({ settings }) => settings.engine)
  const check = useCheck(engine, kind === undefined ? undefined : item.path)
  const thumbnailUrl = useThumbnailUrl(check)
  const reason = item.reason === 'unpaired' && kind !== undefined ? `unpairedKind.${kind}` : item.reason
  return (
    <div className={styles.row}>
      <Thumbnail
        url={thumbnailUrl}
        icon={kind === 'audio' ? 'voice' : kind === undefined ? 'info' : 'picture'}
        size="small"
      />
      <div className={styles.words}>
        <FileLabel path={item.path} />
        <span className={styles.reason}>{t(`leftOver.${reason}`)}</span>
        <Findings findings={check?.findings ?? []} />
      </div>
      {onPair === null ? null : (
        <Button onClick={onPair}>
          {kind === 'audio' ? t('window.desk.chooseSource') : t('window.desk.chooseVoice')}
        </Button>
      )}
      <IconButton icon="close" label={t('window.desk.dismiss')} onClick={onDismiss} />
    </div>
  )
}
