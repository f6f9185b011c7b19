import { useEffect } from 'react'
import type { DeskActions } from '../features/desk/desk-actions.ts'
import { removeWithUndo } from '../features/desk/use-remove-pair.ts'
import { canRemove, canRetry } from '../lib/job-actions.tsx'
import type { JobActions } from '../lib/job-actions.tsx'
import { attempt } from '../lib/notice.ts'
import { useStudio } from '../lib/studio.tsx'
import { undo } from '../stores/desk-store.ts'

type ShortcutTargets = {
  readonly desk: DeskActions
  readonly jobs: JobActions
  readonly addFiles: () => void
  readonly play: (jobId: string) => void
}

/** Whatever already does something with Enter, Space or letters keeps them. */
const OWN_KEYS =
  'button, a, input, textarea, select, video, audio, [role="slider"], [role="menuitem"], [role="option"], [role="switch"], [role="dialog"], [contenteditable="true"]'

export function useShortcuts({ desk, jobs, addFiles, play }: ShortcutTargets): void {
  const studio = useStudio()
  useEffect(() => {
    const { stores, notify } = studio

    const onDesk = (key: string): boolean => {
      const { selectedKey } = stores.desk.getState()
      if (key === 'Enter') attempt(notify, desk.start(false))
      else if (key === 'Delete' && selectedKey !== null) removeWithUndo(studio, selectedKey)
      else return false
      return true
    }

    const onQueue = (key: string): boolean => {
      const { selectedJobId } = stores.view.getState()
      const job = selectedJobId === null ? undefined : stores.jobs.getState().rows.get(selectedJobId)
      if (job === undefined) return false
      if ((key === ' ' || key === 'Enter') && job.state === 'done') play(job.jobId)
      else if (key === 'r' && canRetry(job)) jobs.retry([job.jobId])
      else if (key === 'Delete' && canRemove(job)) jobs.remove([job.jobId])
      else return false
      return true
    }

    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || event.repeat) return
      const { target } = event
      const isTyping = target instanceof Element && target.closest('input, textarea, [contenteditable="true"]') !== null
      // A dialog is a world of its own.
      if (document.querySelector('[data-dialog][data-open]') !== null) return
      const withCommand = event.ctrlKey || event.metaKey
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key === 'Backspace' ? 'Delete' : event.key
      let isTaken = false
      if (withCommand && !event.altKey && key === 'o') {
        addFiles()
        isTaken = true
      } else if (withCommand && key === 'z' && !event.shiftKey && !isTyping) {
        if (stores.view.getState().view === 'desk') undo(stores.desk)
        else jobs.undoRemoval()
        isTaken = true
      } else if (!withCommand && !event.altKey && !isTyping && key === '?') {
        stores.view.setState({ dialog: 'shortcuts' })
        isTaken = true
      } else if (!withCommand && !event.altKey && !event.shiftKey) {
        if (target instanceof Element && target.closest(OWN_KEYS) !== null) return
        isTaken = stores.view.getState().view === 'desk' ? onDesk(key) : onQueue(key)
      }
      if (isTaken) event.preventDefault()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [studio, desk, jobs, addFiles, play])
}
