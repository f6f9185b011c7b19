import { useTranslation } from 'react-i18next'
import { IconButton } from '../../components/button.tsx'
import { FindingList } from '../../components/finding-list.tsx'
import { Icon } from '../../components/icon.tsx'
import { Menu } from '../../components/menu.tsx'
import { Thumbnail } from '../../components/thumbnail.tsx'
import { FileLabel } from '../../lib/file-label.tsx'
import { useCheck, useFactsLine, useThumbnailUrl } from '../../lib/use-file-facts.ts'
import { useFindingLines } from '../../lib/use-findings.ts'
import { useDesk, useSession, useStudio } from '../../lib/studio.tsx'
import type { DeskPair } from '../../stores/desk-pairs.ts'
import styles from './pair-row.module.css'

export type PairRowProps = {
  readonly item: DeskPair
  readonly isSelected: boolean
  readonly playingUrl: string | null
  readonly onPlay: (url: string) => void
  readonly onChangeSource: () => void
  readonly onChangeVoice: () => void
  readonly onOwnParameters: () => void
  readonly onRemove: () => void
}

/** One video to be: the portrait, the voice, and whatever is to be said about the two. */
export function PairRow({ item, isSelected, playingUrl, onPlay, ...on }: PairRowProps) {
  const { t } = useTranslation()
  const { client } = useStudio()
  const engine = useSession(({ settings }) => settings.engine)
  const { source, voice, driver } = item.pair
  const partner = voice ?? driver
  const sourceCheck = useCheck(engine, source)
  const voiceCheck = useCheck(engine, partner)
  const hasOwn = useDesk(({ overrides }) => overrides.has(item.key))
  const thumbnailUrl = useThumbnailUrl(sourceCheck)
  const factsLine = useFactsLine()
  const { linesOf, levelLabels } = useFindingLines()
  const voiceUrl = voiceCheck?.kind === 'audio' ? client.mediaUrl('source', voiceCheck.mediaId) : null
  const isPlaying = voiceUrl !== null && voiceUrl === playingUrl

  return (
    <div className={styles.row} data-selected={isSelected}>
      <Thumbnail url={thumbnailUrl} icon="picture" />
      <div className={styles.file}>
        <FileLabel path={source} />
        <span className={styles.facts}>
          {sourceCheck === undefined ? t('window.desk.checking') : factsLine(sourceCheck.facts)}
        </span>
      </div>
      <span className={styles.join}>
        <Icon name="add" size={12} />
      </span>
      <div className={styles.voice}>
        {voiceUrl === null ? (
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
            {hasOwn ? <span className={styles.own}>{t('window.desk.own')}</span> : null}
            {voiceCheck === undefined ? t('window.desk.checking') : factsLine(voiceCheck.facts)}
          </span>
        </div>
      </div>
      <div className={styles.actions}>
        <Menu
          label={t('window.desk.pairMenu')}
          entries={[
            { kind: 'item', label: t('window.desk.changeVoice'), icon: 'voice', run: on.onChangeVoice },
            { kind: 'item', label: t('window.desk.changeSource'), icon: 'picture', run: on.onChangeSource },
            { kind: 'item', label: t('window.desk.ownParameters'), icon: 'settings', run: on.onOwnParameters },
            { kind: 'separator' },
            {
              kind: 'item',
              label: t('window.desk.removePair'),
              icon: 'trash',
              shortcut: t('window.key.delete'),
              isDanger: true,
              run: on.onRemove,
            },
          ]}
        />
        <IconButton icon="close" label={t('window.desk.removePair')} onClick={on.onRemove} />
      </div>
      <div className={styles.findings}>
        <FindingList
          lines={linesOf([...(sourceCheck?.findings ?? []), ...(voiceCheck?.findings ?? [])])}
          levelLabels={levelLabels}
        />
      </div>
    </div>
  )
}
