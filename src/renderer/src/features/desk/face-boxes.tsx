import { useTranslation } from 'react-i18next'
import type { Output } from '../../../../shared/api/index.ts'
import styles from './face-boxes.module.css'

/** Below this part of the picture's width a number would hide the face. */
const SMALL = 0.15

type FaceBoxesProps = {
  readonly found: Output<'media.faces'>
  readonly chosen: number
  readonly onChoose: (index: number) => void
}

/** Lies over the whole picture; boxes are in its pixels, so they are placed in parts of its size. */
export function FaceBoxes({ found, chosen, onChoose }: FaceBoxesProps) {
  const { t } = useTranslation()
  const percent = (part: number, whole: number) => `${String((part / whole) * 100)}%`
  return (
    <div className={styles.layer} role="group" aria-label={t('window.preview.chooseFace')}>
      {found.faces.map(({ box }, index) => (
        <button
          key={`${String(box.x)} ${String(box.y)}`}
          type="button"
          className={styles.face}
          aria-pressed={index === chosen}
          data-small={box.width < SMALL * found.width}
          aria-label={t('window.preview.faceNumber', { number: index + 1, total: found.faces.length })}
          style={{
            left: percent(box.x, found.width),
            top: percent(box.y, found.height),
            width: percent(box.width, found.width),
            height: percent(box.height, found.height),
          }}
          onClick={() => onChoose(index)}
        >
          <span className={styles.number}>{index + 1}</span>
        </button>
      ))}
    </div>
  )
}
