import { useState } from 'react'
import type { RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import type { Job } from '../../../../shared/model/job.ts'
import { useStudio } from '../../lib/studio.tsx'
import styles from './player.module.css'

type PlayerProps = {
  readonly job: Job
  readonly posterUrl: string | undefined
  readonly video: RefObject<HTMLVideoElement | null>
}

/** The finished video in place. */
export function Player({ job, posterUrl, video }: PlayerProps) {
  const { t } = useTranslation()
  const { client } = useStudio()
  const [isBroken, setBroken] = useState(false)
  return (
    <div className={styles.stage}>
      {isBroken ? (
        <p className={styles.broken} role="status">
          {t('window.results.cannotPlay')}
        </p>
      ) : (
        // The voice is spoken from a file without a transcript: there are no captions to offer.
        <video
          ref={video}
          src={client.mediaUrl('result', job.jobId)}
          poster={posterUrl}
          controls
          playsInline
          preload="metadata"
          aria-label={t('window.results.video')}
          onError={() => setBroken(true)}
        />
      )}
    </div>
  )
}
