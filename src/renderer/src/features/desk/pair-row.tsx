import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import { IconButton } from '../../components/button.tsx'
import { Icon } from '../../components/icon.tsx'
import { Menu } from '../../components/menu.tsx'
import { Thumbnail } from '../../components/thumbnail.tsx'
import { FileLabel } from '../../lib/file-label.tsx'
import { useCheck, factsLine, useThumbnailUrl } from '../../lib/use-file-facts.ts'
import { useDesk, useSession, useStudio } from '../../lib/studio.tsx'
import type { DeskPair } from '../../stores/desk-pairs.ts'
import { FileFindings } from './file-findings.tsx'
import type { FileRole } from './file-picker.tsx'
import { PairWarnings } from './pair-warnings.tsx'
import styles from './pair-row.module.css'

export type PairVerb = FileRole | 'own' | 'remove'

type PairRowProps = {
  readonly item: DeskPair
  readonly isSelected: boolean
  /** The voice that can be heard at the moment. */
  readonly playingUrl: string | null
  readonly onPlay: (url: string) => void
  readonly onVerb: (verb: PairVerb, key: string) => void
}

/** One video to be: the portrait, the voice, and whatever is to be said about the two. Drawn again only when that changes. */
export const PairRow = memo(function PairRow({ item, isSelected, playingUrl, onPlay, onVerb }: PairRowProps) {
  const { t, i18n } = useTranslation()
  const { client } = useStudio()
  const engine = useSession(({ settings }) => settings.engine)
  const { source, voice, driver } = item.pair
  const partner = voice ?? driver
  const sourceCheck = useCheck(engine, source)
  const voiceCheck = useCheck(engine, partner)
  const hasOwn = useDesk(({ overrides }) => overrides.has(item.key))
  const thumbnailUrl = useThumbnailUrl(sourceCheck)
  const partnerUrl = useThumbnailUrl(voiceCheck)
  const copies = useDesk(({ edits }) => edits.copies)
  const voiceUrl = voiceCheck?.kind === 'audio' ? client.mediaUrl('source', voiceCheck.mediaId) : null
  const isPlaying = voiceUrl !== null && voiceUrl === playingUrl

  return (
    <div className={styles.row} data-selected={isSelected}>
      <Thumbnail url={thumbnailUrl} icon="picture" />
      <div className={styles.file}>
        <FileLabel path={source} />
        <span className={styles.facts}>
          {copies.has(source) ? <span className={styles.own}>{t('window.video.copy')}</span> : null}
          {sourceCheck === undefined ? t('window.desk.checking') : factsLine(sourceCheck.facts, i18n.language)}
        </span>
      </div>
      <span className={styles.join}>
        <Icon name="add" size={12} />
      </span>
      <div className={styles.voice}>
        {driver !== undefined ? (
          <Thumbnail url={partnerUrl} icon="film" />
        ) : voiceUrl === null ? (
          <span className={styles.wave}>
            <Icon name="voice" size={18} />
          </span>
        ) : (
          <IconButton
            className={styles.wave}
            icon={isPlaying ? 'stop' : 'voice'}
            label={isPlaying ? t('window.desk.stopVoice') : t('window.desk.playVoice')}
            onClick={() => onPlay(voiceUrl)}
          />
        )}
        <div className={styles.file}>
          {partner === undefined ? null : <FileLabel path={partner} />}
          <span className={styles.facts}>
            {copies.has(partner ?? '') ? <span className={styles.own}>{t('window.video.copy')}</span> : null}
            {hasOwn ? <span className={styles.own}>{t('window.desk.own')}</span> : null}
            {voiceCheck === undefined ? t('window.desk.checking') : factsLine(voiceCheck.facts, i18n.language)}
          </span>
        </div>
      </div>
      <div className={styles.actions}>
        <Menu
          label={t('window.desk.pairMenu')}
          entries={() => [
            {
              kind: 'item',
              label: t(driver === undefined ? 'window.desk.changeVoice' : 'window.video.changeDriver'),
              icon: driver === undefined ? 'voice' : 'film',
              run: () => onVerb(driver === undefined ? 'voice' : 'driver', item.key),
            },
            {
              kind: 'item',
              label: t(driver === undefined ? 'window.desk.changeSource' : 'window.video.changeSource'),
              icon: 'picture',
              run: () => onVerb('source', item.key),
            },
            {
              kind: 'item',
              label: t('window.desk.ownParameters'),
              icon: 'settings',
              run: () => onVerb('own', item.key),
            },
            { kind: 'separator' },
            {
              kind: 'item',
              label: t('window.desk.removePair'),
              icon: 'trash',
              shortcut: t('window.key.delete'),
              isDanger: true,
              run: () => onVerb('remove', item.key),
            },
          ]}
        />
        <IconButton icon="close" label={t('window.desk.removePair')} onClick={() => onVerb('remove', item.key)} />
      </div>
      <div className={styles.findings}>
        <FileFindings checks={[sourceCheck, voiceCheck]} />
        {driver === undefined ? null : <PairWarnings item={item} />}
      </div>
    </div>
  )
})
