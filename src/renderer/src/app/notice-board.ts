import { Toast } from '@base-ui/react/toast'
import type { Notice, Notify } from '../lib/notice.ts'

export type NoticeData = { readonly notice: Notice; readonly act: () => void }

const SHORT_MS = 5_000
/** Long enough to read a sentence and to reach an undo. */
const LONG_MS = 8_000

/** Collects what is said at the edge of the window; the toasts show it. */
export function createNoticeBoard(): {
  readonly manager: ReturnType<typeof Toast.createToastManager<NoticeData>>
  readonly notify: Notify
} {
  const manager = Toast.createToastManager<NoticeData>()
  const notify: Notify = (notice) => {
    let isSettled = false
    const id = manager.add({
      timeout: notice.kind === 'error' || (notice.kind === 'info' && notice.action !== undefined) ? LONG_MS : SHORT_MS,
      priority: notice.kind === 'error' ? 'high' : 'low',
      type: notice.kind,
      data: {
        notice,
        act: () => {
          isSettled = true
          if (notice.kind !== 'error') notice.action?.run()
          manager.close(id)
        },
      },
      onClose: () => {
        if (isSettled) return
        isSettled = true
        if (notice.kind !== 'error') notice.onClose?.()
      },
    })
    return () => {
      isSettled = true
      manager.close(id)
    }
  }
  return { manager, notify }
}
