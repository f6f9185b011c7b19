import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Output } from '../../../../shared/api/index.ts'
import type { EngineId, Parameters } from '../../../../shared/model/engine.ts'
import { ENGINE_PARAMETERS } from '../../../../shared/model/parameters.ts'
import { Segmented } from '../../components/segmented.tsx'
import { useCheck } from '../../lib/use-file-facts.ts'
import { useSession, useStudio } from '../../lib/studio.tsx'
import { useSentence } from '../../lib/use-sentence.ts'
import type { DeskPair } from '../../stores/desk-pairs.ts'
import { setOverride } from '../../stores/desk-store.ts'
import type { VideoRole } from './desk-actions.ts'
import { FaceBoxes } from './face-boxes.tsx'
import { useFaces } from './use-faces.ts'
import styles from './preview.module.css'
import cropStyles from './video-preview.module.css'

const FACE_KEYS = { source: 'input_face_index', driver: 'drive_face_index' } as const

type VideoPreviewProps = { readonly item: DeskPair; readonly parameters: Parameters }

/** The first frames of both clips: their faces, to choose one by a click, and the square that is cut from the source. */
export function VideoPreview({ item, parameters }: VideoPreviewProps) {
  const { t } = useTranslation()
  const { client, stores } = useStudio()
  const sentence = useSentence()
  const engine = useSession(({ settings }) => settings.engine)
  const [role, setRole] = useState<VideoRole>('source')
  const checks = {
    source: useCheck(engine, item.pair.source),
    driver: useCheck(engine, item.pair.driver),
  }
  const faces = {
    source: useFaces(item.pair.source, checks.source !== undefined),
    driver: useFaces(item.pair.driver ?? '', checks.driver !== undefined),
  }
  const check = checks[role]
  const { error } = faces[role]
  const found = upTo(mostFaces(engine, FACE_KEYS[role]), faces[role].found)
  const chosen = numberOf(parameters[FACE_KEYS[role]], 0)
  const { width = 1, height = 1 } = check?.facts ?? {}
  return (
    <section className={styles.preview} aria-label={t('window.video.frames')}>
      <div className={styles.stage}>
        {check === undefined || check.mediaId === '' ? null : (
          <div className={`${styles.picture} ${cropStyles.frame}`} style={{ '--ratio': width / height }}>
            <img
              src={client.mediaUrl('frame', check.mediaId)}
              alt={t(`window.video.frameAlt.${role}`)}
              draggable={false}
            />
            {role === 'source' && found !== null ? (
              <CropSquare found={found} index={chosen} parameters={parameters} />
            ) : null}
            {found === null ? null : (
              <FaceBoxes
                found={found}
                chosen={chosen}
                onChoose={(index) => setOverride(stores.desk, item.key, FACE_KEYS[role], index)}
              />
            )}
          </div>
        )}
        {error === null ? null : (
          <p className={styles.error} role="status">
            {sentence(error).message}
          </p>
        )}
      </div>
      <div className={styles.controls}>
        <Segmented
          label={t('window.video.frames')}
          value={role}
          options={(['source', 'driver'] as const).map((value) => ({
            value,
            label: t(`window.video.frame.${value}`),
            ...(faces[value].found === null ? {} : { count: faces[value].found.faces.length }),
          }))}
          onChange={setRole}
        />
        <span className={styles.note} role="status">
          {found === null
            ? error === null
              ? t('window.video.looking')
              : ''
            : found.faces.length === 0
              ? t('window.video.noFace')
              : chosen >= found.faces.length
                ? t('window.video.faceMissing', { number: chosen + 1, total: found.faces.length })
                : t(`window.video.chooseFace.${role}`)}
        </span>
      </div>
    </section>
  )
}

/** Faces that the parameter can name. */
function mostFaces(engine: EngineId, key: string): number {
  const spec = ENGINE_PARAMETERS[engine].find((candidate) => candidate.key === key)
  return spec?.kind === 'integer' ? spec.max + 1 : 1
}

const upTo = (most: number, found: Output<'media.faces'> | null) =>
  found === null ? null : { ...found, faces: found.faces.slice(0, most) }

type CropProps = {
  readonly found: Output<'media.faces'>
  readonly index: number
  readonly parameters: Parameters
}

const numberOf = (value: Parameters[string] | undefined, base: number) => (typeof value === 'number' ? value : base)

/**
 * The square of `scale`, shifted by `vx_ratio` along the line of the eyes and by `vy_ratio` across it, both in parts of
 * its side (contracts/segmind.md, section 5). Its size goes by our own face finder's points: close to the vendor's, not
 * the same.
 */
function CropSquare({ found, index, parameters }: CropProps) {
  const { t } = useTranslation()
  const crop = found.faces[index]?.crop
  if (crop === undefined) return null
  const side = crop.side * numberOf(parameters['scale'], 2.3)
  const [along, across] = [side * numberOf(parameters['vx_ratio'], 0), side * numberOf(parameters['vy_ratio'], -0.125)]
  const x = crop.x + along * Math.cos(crop.angle) - across * Math.sin(crop.angle)
  const y = crop.y + along * Math.sin(crop.angle) + across * Math.cos(crop.angle)
  const percent = (part: number, whole: number) => `${String((part / whole) * 100)}%`
  return (
    <div
      className={cropStyles.crop}
      role="img"
      aria-label={t('window.video.crop')}
      style={{
        left: percent(x - side / 2, found.width),
        top: percent(y - side / 2, found.height),
        width: percent(side, found.width),
        height: percent(side, found.height),
        rotate: `${String(crop.angle)}rad`,
      }}
    />
  )
}
