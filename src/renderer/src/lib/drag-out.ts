import type { DragEvent } from 'react'
import type { Job } from '../../../shared/model/job.ts'
import { attempt } from './notice.ts'
import { useSession, useStudio } from './studio.tsx'

/** What lets a finished video be dragged to the desktop or another program, where the host can do that. */
export function useDragOut({ jobId, state }: Job) {
  const { client, notify } = useStudio()
  const canDrag = useSession(({ info }) => info?.canDragOut ?? false)
  if (!canDrag || state !== 'done') return {}
  return {
    draggable: true,
    onDragStart: (event: DragEvent) => {
      // The system drags the file itself; the page's own drag would carry its address.
      event.preventDefault()
      attempt(notify, client.call('system.dragResult', { jobId }))
    },
  }
}
