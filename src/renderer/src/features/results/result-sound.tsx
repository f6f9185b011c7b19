import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Job } from '../../../../shared/model/job.ts'
import type { MediaFacts } from '../../../../shared/model/media.ts'
import { Button } from '../../components/button.tsx'
import { baseName } from '../../lib/display-name.ts'
import { formatLength } from '../../lib/format.ts'
import { attempt } from '../../lib/notice.ts'
import { useStudio } from '../../lib/studio.tsx'
import styles from './paid-facts.module.css'

const ROLES = ['source', 'driver'] as const

/** What was measured in a finished video, and the sound of either clip laid under it as a new file. */
export function ResultSound({ job }: { readonly job: Job }) {
  const { t, i18n } = useTranslation()
  const { client, notify } = useStudio()
  const [facts, setFacts] = useState<ReadonlyMap<string, MediaFacts>>(new Map())
  const [work, setWork] = useState<'busy' | { readonly path: string } | null>(null)
  const { engine, output, source, driver } = job
  useEffect(() => {
    let isGone = false
    const paths = [output, source, driver].filter((path) => path !== undefined)
    client.call('media.check', { engine, paths }).then(
      ({ results }) => (isGone ? undefined : setFacts(new Map(results.map(({ path, facts: own }) => [path, own])))),
      // The player says by itself when the video is gone.
      () => undefined,
    )
    return () => {
      isGone = true
    }
  }, [client, engine, output, source, driver])

  const add = async (from: (typeof ROLES)[number]) => {
    setWork('busy')
    try {
      setWork(await client.call('jobs.swapSound', { jobId: job.jobId, from }))
    } catch (thrown) {
      setWork(null)
      throw thrown
    }
  }
  const made = facts.get(output ?? '')
  const sounding = ROLES.filter((role) => facts.get(job[role] ?? '')?.hasAudio === true)
  if (made?.durationSeconds === undefined) return null
  const { durationSeconds, fps = 0, width, height, soundSeconds } = made
  const driftMs = soundSeconds === undefined ? null : Math.round((soundSeconds - durationSeconds) * 1000)
  return (
    <section>
      <h3 className={styles.heading}>{t('window.video.measured')}</h3>
      <dl className={styles.rows}>
        <div className={styles.row}>
          <dt>{t('window.video.sound.picture')}</dt>
          <dd>
            {t('window.video.measuredText', {
              length: formatLength(durationSeconds, i18n.language),
              rate: new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 3 }).format(fps),
              size: `${String(width)}\u00a0×\u00a0${String(height)}`,
            })}
          </dd>
        </div>
        <div className={styles.row}>
          <dt>{t('window.video.drift')}</dt>
          <dd>{driftMs === null ? t('window.video.silent') : t('window.video.driftText', { ms: driftMs })}</dd>
        </div>
      </dl>
      <div className={styles.sound}>
        {sounding.map((role) => (
          <Button key={role} icon="voice" disabled={work === 'busy'} onClick={() => attempt(notify, add(role))}>
            {t(`window.video.sound.take.${role}`)}
          </Button>
        ))}
        {sounding.length === 0 ? null : <p>{t('window.video.sound.text')}</p>}
      </div>
      {work === null || work === 'busy' ? null : (
        <p role="status">{t('window.video.sound.done', { file: baseName(work.path) })}</p>
      )}
    </section>
  )
}
