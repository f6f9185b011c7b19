import { useTranslation } from 'react-i18next'
import type { Output } from '../../../../shared/api/index.ts'
import type { CheckResult } from '../../../../shared/model/media.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { showName } from '../../../../shared/lib/error-sentence.ts'
import { baseName } from '../../lib/display-name.ts'
import { Findings } from '../../lib/findings.tsx'
import { useSession, useStudio } from '../../lib/studio.tsx'
import { factsLine } from '../../lib/use-file-facts.ts'
import { useSentence } from '../../lib/use-sentence.ts'
import { useRepairPreview } from './use-repair-preview.ts'
import styles from './repair-dialog.module.css'

type RepairDialogProps = {
  readonly check: CheckResult
  readonly isApproved: boolean
  readonly onApprove: () => void
  readonly onClose: () => void
}

/** A file as it is and as its repaired copy would be. */
export function RepairDialog({ check, isApproved, onApprove, onClose }: RepairDialogProps) {
  const { t } = useTranslation()
  const engine = useSession(({ settings }) => settings.engine)
  const { preview, error } = useRepairPreview(engine, check.path)
  const sentence = useSentence()
  const file = showName(baseName(check.path))
  const standing = error === null ? null : sentence(error)
  return (
    <Dialog title={t('window.repair.title', { file })} closeLabel={t('window.close')} isOpen onClose={onClose}>
      {standing !== null ? (
        <p role="alert" className={styles.error}>
          {standing.message} {standing.action}
        </p>
      ) : preview === null ? (
        <p role="status">{t('window.repair.busy')}</p>
      ) : (
        <Comparison check={check} preview={preview} />
      )}
      <div className={styles.buttons}>
        <Button onClick={onClose}>{t(isApproved ? 'window.close' : 'window.cancel')}</Button>
        {isApproved ? null : (
          <Button
            kind="primary"
            icon="check"
            disabled={preview === null}
            onClick={() => {
              onApprove()
              onClose()
            }}
          >
            {t('window.repair.use')}
          </Button>
        )}
      </div>
    </Dialog>
  )
}

function Comparison({
  check,
  preview,
}: {
  readonly check: CheckResult
  readonly preview: Output<'media.repairPreview'>
}) {
  const { t, i18n } = useTranslation()
  const { client } = useStudio()
  const { steps, before, after, findings, previewId } = preview
  const isPicture = check.kind === 'image'
  const copyUrl = previewId === null ? null : client.mediaUrl('preview', previewId)
  return (
    <>
      <div className={styles.sides}>
        <figure className={styles.side}>
          {isPicture ? (
            <img src={client.mediaUrl('thumbnail', check.mediaId)} alt={t('window.repair.beforeAlt')} />
          ) : (
            <audio controls preload="none" src={client.mediaUrl('source', check.mediaId)} />
          )}
          <figcaption>
            <strong>{t('window.repair.before')}</strong> {factsLine(before, i18n.language)}
          </figcaption>
        </figure>
        <figure className={styles.side}>
          {copyUrl === null ? null : isPicture ? (
            <img src={copyUrl} alt={t('window.repair.afterAlt')} />
          ) : (
            <audio controls preload="none" src={copyUrl} />
          )}
          <figcaption>
            <strong>{t('window.repair.after')}</strong> {factsLine(after, i18n.language)}
          </figcaption>
        </figure>
      </div>
      <ul className={styles.steps}>
        {steps.map((step) => (
          <li key={step.kind}>
            {t(`window.repair.step.${step.kind}`)}: {factsLine(step.before, i18n.language)} →{' '}
            {factsLine(step.after, i18n.language)}
          </li>
        ))}
      </ul>
      <Findings findings={findings} />
      <p className={styles.promise}>{t('window.repair.promise')}</p>
    </>
  )
}
