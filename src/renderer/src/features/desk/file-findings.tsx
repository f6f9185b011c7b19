import { Fragment, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { showName } from '../../../../shared/lib/error-sentence.ts'
import type { CheckResult } from '../../../../shared/model/media.ts'
import { Button } from '../../components/button.tsx'
import { baseName } from '../../lib/display-name.ts'
import { Findings } from '../../lib/findings.tsx'
import { useMedia, useStudio } from '../../lib/studio.tsx'
import { isFixable, isFixed, setApproved } from '../../stores/media-store.ts'
import { RepairDialog } from './repair-dialog.tsx'
import styles from './file-findings.module.css'

/** What is to be said of the files of a pair; errors that a repair settles come with a button for it. */
export function FileFindings({ checks }: { readonly checks: readonly (CheckResult | undefined)[] }) {
  const approved = useMedia((state) => state.approved)
  return checks.map((check) => {
    if (check === undefined) return null
    const isApproved = isFixed(approved, check)
    const shown = isApproved ? check.findings.filter(({ level }) => level !== 'error') : check.findings
    return (
      <Fragment key={check.path}>
        <Findings findings={shown} />
        {isFixable(check) ? <Repair check={check} isApproved={isApproved} /> : null}
      </Fragment>
    )
  })
}

function Repair({ check, isApproved }: { readonly check: CheckResult; readonly isApproved: boolean }) {
  const { t } = useTranslation()
  const { stores } = useStudio()
  const [isOpen, setIsOpen] = useState(false)
  const file = showName(baseName(check.path))
  return (
    <div className={styles.repair}>
      {isApproved ? <span className={styles.approved}>{t('window.repair.approved', { file })}</span> : null}
      <Button
        kind={isApproved ? 'quiet' : 'plain'}
        aria-label={t(isApproved ? 'window.repair.lookAt' : 'window.repair.fixFile', { file })}
        onClick={() => setIsOpen(true)}
      >
        {t(isApproved ? 'window.repair.look' : 'window.repair.fix')}
      </Button>
      {isApproved ? (
        <Button
          kind="quiet"
          icon="undo"
          aria-label={t('window.repair.undoFile', { file })}
          onClick={() => setApproved(stores.media, [check.path], false)}
        >
          {t('window.repair.undo')}
        </Button>
      ) : null}
      {isOpen ? (
        <RepairDialog
          check={check}
          isApproved={isApproved}
          onApprove={() => setApproved(stores.media, [check.path], true)}
          onClose={() => setIsOpen(false)}
        />
      ) : null}
    </div>
  )
}
