import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useJobs } from '../lib/studio.tsx'
import { countOf } from '../stores/jobs-store.ts'

/** A screen reader hears how the queue stands when it has changed, but not each of many changes. */
const CALM_MS = 1_500

export function Announcer() {
  const { t } = useTranslation()
  const done = useJobs(({ counts }) => counts.done)
  const failed = useJobs(({ counts }) => counts.failed)
  const open = useJobs(({ counts }) => countOf(counts, 'open'))
  const isPaused = useJobs(({ queue }) => queue?.paused ?? false)
  const [text, setText] = useState('')

  useEffect(() => {
    if (done + failed + open === 0) return undefined
    const timer = setTimeout(() => {
      const standing = t('window.announce.standing', { done, failed, open })
      setText(isPaused && open > 0 ? `${t('window.queue.paused')}. ${standing}` : standing)
    }, CALM_MS)
    return () => clearTimeout(timer)
  }, [t, done, failed, open, isPaused])

  return (
    <div className="visually-hidden" role="status" aria-live="polite">
      {text}
    </div>
  )
}
