import type { StudioClient } from '../client/studio-client.ts'
import { createDeskActions } from '../features/desk/desk-actions.ts'
import type { DeskActions } from '../features/desk/desk-actions.ts'
import { createJobActions } from '../lib/job-actions.tsx'
import type { JobActions } from '../lib/job-actions.tsx'
import type { Studio } from '../lib/studio.tsx'
import { createDeskStore } from '../stores/desk-store.ts'
import { createJobsStore } from '../stores/jobs-store.ts'
import { createMediaStore } from '../stores/media-store.ts'
import { createRehearsalStore } from '../stores/rehearsal-store.ts'
import { createSessionStore } from '../stores/session-store.ts'
import { createViewStore } from '../stores/view-store.ts'
import { createNoticeBoard } from './notice-board.ts'

export type StudioWindow = {
  readonly studio: Studio
  readonly desk: DeskActions
  readonly jobs: JobActions
  readonly toasts: ReturnType<typeof createNoticeBoard>['manager']
}

/** Everything that lives as long as the window: one of each. */
export function createStudio(client: StudioClient): StudioWindow {
  const { manager, notify } = createNoticeBoard()
  const stores = {
    session: createSessionStore(),
    view: createViewStore(),
    desk: createDeskStore(),
    media: createMediaStore(),
    jobs: createJobsStore(),
    rehearsal: createRehearsalStore(),
  }
  const studio: Studio = { client, stores, notify }
  return { studio, desk: createDeskActions(studio), jobs: createJobActions(studio), toasts: manager }
}
