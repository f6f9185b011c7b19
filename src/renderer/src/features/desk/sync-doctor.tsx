import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { examineSync, predictPair } from '../../../../shared/lib/length-and-sync.ts'
import type { SyncFinding, SyncFix } from '../../../../shared/lib/length-and-sync.ts'
import type { Parameters } from '../../../../shared/model/engine.ts'
import { Button } from '../../components/button.tsx'
import { Findings } from '../../lib/findings.tsx'
import { formatLength } from '../../lib/format.ts'
import { attempt } from '../../lib/notice.ts'
import { useStudio } from '../../lib/studio.tsx'
import type { DeskPair } from '../../stores/desk-pairs.ts'
import { parametersOf, setOverride, setParameter } from '../../stores/desk-store.ts'
import { useDeskActions } from './desk-context.tsx'
import { useClipPair } from './use-clip-pair.ts'
import styles from './sync-doctor.module.css'

/** What the video of a pair will be, what stands against it, and a button for each way to settle it. */
export function SyncDoctor({ item }: { readonly item: DeskPair }) {
  const { t, i18n } = useTranslation()
  const pair = useClipPair(item)
  if (pair === null) return null
  const { frames, fps, seconds, hasAudio } = predictPair(pair)
  const rate = new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 3 }).format(fps)
  const isOfDriver = pair.parameters['driving_audio'] === true || pair.source.facts.durationSeconds === undefined
  const sound = t(`window.video.soundOf.${hasAudio ? (isOfDriver ? 'driver' : 'source') : 'none'}`)
  return (
    <section className={styles.doctor} aria-label={t('window.video.doctor')}>
      <h2 className={styles.title}>{t('window.video.doctor')}</h2>
      <p className={styles.sum}>
        <strong>{formatLength(seconds, i18n.language)}</strong> {t('window.video.predicted', { frames, rate, sound })}
      </p>
      {examineSync(pair).map((found) => (
        <Found
          key={`${String(found.finding.params['reason'])} ${String(found.finding.params['file'])}`}
          item={item}
          found={found}
        />
      ))}
    </section>
  )
}

function Found({ item, found: { finding, fixes } }: { readonly item: DeskPair; readonly found: SyncFinding }) {
  const { t } = useTranslation()
  const { stores, notify } = useStudio()
  const actions = useDeskActions()
  const [isBusy, setBusy] = useState(false)
  const apply = async (fix: SyncFix) => {
    if (fix.kind === 'parameters') return setAll(fix.values)
    setBusy(true)
    try {
      await actions.fit(item, fix.role, fix.copy)
    } finally {
      setBusy(false)
    }
  }
  /** For the scope of the panel, and always for this pair. */
  const setAll = (values: Parameters) => {
    const { desk } = stores
    for (const [key, value] of Object.entries(values)) {
      setParameter(desk, key, value)
      if (parametersOf(desk.getState(), item.key)[key] !== value) setOverride(desk, item.key, key, value)
    }
  }
  return (
    <div className={styles.found}>
      <Findings findings={[finding]} />
      {fixes.length === 0 ? null : (
        <div className={styles.fixes}>
          {fixes.map((fix) => (
            <Button key={labelOf(fix)} disabled={isBusy} onClick={() => attempt(notify, apply(fix))}>
              {t(`window.video.fix.${labelOf(fix)}`, valuesOf(fix))}
            </Button>
          ))}
          {isBusy ? <span role="status">{t('window.repair.busy')}</span> : null}
        </div>
      )}
    </div>
  )
}

const labelOf = (fix: SyncFix): string => (fix.kind === 'copy' ? fix.copy.kind : (Object.keys(fix.values)[0] ?? ''))

function valuesOf(fix: SyncFix): Record<string, string | number> {
  if (fix.kind === 'copy') return { rate: Math.round(fix.copy.fps * 1000) / 1000, frames: fix.copy.frames ?? 0 }
  return {}
}
