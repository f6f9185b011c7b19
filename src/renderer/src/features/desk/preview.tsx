import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Slider } from '@base-ui/react/slider'
import type { Parameters } from '../../../../shared/model/engine.ts'
import sliderStyles from '../../components/number-slider.module.css'
import { ProgressBar } from '../../components/progress-bar.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { formatLength } from '../../lib/format.ts'
import { useCheck, useThumbnailUrl } from '../../lib/use-file-facts.ts'
import { useSession, useStudio } from '../../lib/studio.tsx'
import { useSentence } from '../../lib/use-sentence.ts'
import type { DeskPair } from '../../stores/desk-pairs.ts'
import { setOverride } from '../../stores/desk-store.ts'
import { isUsable } from '../../stores/media-store.ts'
import { FaceBoxes } from './face-boxes.tsx'
import { useFaces } from './use-faces.ts'
import { usePreview } from './use-preview.ts'
import styles from './preview.module.css'

declare module 'react' {
  interface CSSProperties {
    /** Width by height of the picture: boxes in parts of its size then fall where they belong. */
    '--ratio'?: number
  }
}

type PreviewProps = {
  readonly item: DeskPair
  readonly parameters: Parameters
}

/** One frame of the video to be, at a time of choice; and the faces of the picture, to choose one by a click. */
export function Preview({ item, parameters }: PreviewProps) {
  const { t, i18n } = useTranslation()
  const { stores } = useStudio()
  const sentence = useSentence()
  const id = useId()
  const engine = useSession(({ settings }) => settings.engine)
  const { source, voice } = item.pair
  const sourceCheck = useCheck(engine, source)
  const voiceCheck = useCheck(engine, voice)
  const thumbnailUrl = useThumbnailUrl(sourceCheck)
  const [mode, setMode] = useState<'frame' | 'face'>('frame')
  const [timeSeconds, setTime] = useState(1)
  const canRender = engine === 'offline' && sourceCheck !== undefined && isUsable(sourceCheck) && isUsable(voiceCheck)
  const frame = usePreview(source, voice, parameters, timeSeconds, canRender && mode === 'frame')
  const faces = useFaces(source, canRender)
  const durationSeconds = voiceCheck?.facts.durationSeconds ?? 0
  const chosen = typeof parameters['face_index'] === 'number' ? parameters['face_index'] : 0
  const error = mode === 'frame' ? frame.error : faces.error
  const still =
    thumbnailUrl === undefined
      ? null
      : { url: thumbnailUrl, width: sourceCheck?.facts.width ?? 1, height: sourceCheck?.facts.height ?? 1 }
  const shown = mode === 'face' ? still : (frame.frame ?? still)

  const choose = (index: number) => {
    setOverride(stores.desk, item.key, 'face_index', index)
    setMode('frame')
  }

  return (
    <section className={styles.preview} aria-label={t('window.preview.title')}>
      <div className={styles.stage}>
        {shown === null ? null : (
          <div className={styles.picture} style={{ '--ratio': shown.width / shown.height }}>
            <img src={shown.url} alt={t('window.preview.alt')} draggable={false} />
            {mode === 'face' && faces.found !== null ? (
              <FaceBoxes found={faces.found} chosen={chosen} onChoose={choose} />
            ) : null}
          </div>
        )}
        {error === null ? null : (
          <p className={styles.error} role="status">
            {sentence(error).message}
          </p>
        )}
        <div className={styles.busy}>
          {mode === 'frame' && frame.isBusy && canRender ? (
            <ProgressBar label={t('window.preview.busy')} value={null} size="thin" />
          ) : null}
        </div>
      </div>
      <div className={styles.controls}>
        <Segmented
          label={t('window.preview.mode')}
          value={mode}
          options={[
            { value: 'frame', label: t('window.preview.frame') },
            {
              value: 'face',
              label: t('window.preview.face'),
              ...(faces.found === null ? {} : { count: faces.found.faces.length }),
            },
          ]}
          onChange={setMode}
        />
        {mode === 'frame' && durationSeconds > 0 ? (
          <Slider.Root
            className={styles.time}
            value={Math.min(timeSeconds, durationSeconds)}
            min={0}
            max={durationSeconds}
            step={durationSeconds > 20 ? 0.1 : 0.04}
            onValueChange={setTime}
          >
            <Slider.Control className={sliderStyles.control}>
              <Slider.Track className={sliderStyles.track}>
                <Slider.Indicator className={sliderStyles.indicator} />
                <Slider.Thumb
                  className={sliderStyles.thumb}
                  aria-label={t('window.preview.time')}
                  aria-describedby={`${id}-time`}
                />
              </Slider.Track>
            </Slider.Control>
          </Slider.Root>
        ) : null}
        <span id={`${id}-time`} className={styles.note}>
          {mode === 'face'
            ? t('window.preview.chooseFace')
            : durationSeconds > 0
              ? formatLength(Math.min(timeSeconds, durationSeconds), i18n.language)
              : ''}
        </span>
      </div>
    </section>
  )
}
