import { expect, it, vi } from 'vitest'
import type { StudioEvent } from '../../../shared/api/index.ts'
import { StudioError } from '../../../shared/errors.ts'
import { settingsSchema } from '../../../shared/model/settings.ts'
import type { StudioClient } from '../client/studio-client.ts'
import type { Notice } from '../lib/notice.ts'
import { createDeskStore } from '../stores/desk-store.ts'
import { createJobsStore } from '../stores/jobs-store.ts'
import { createMediaStore } from '../stores/media-store.ts'
import { createRehearsalStore } from '../stores/rehearsal-store.ts'
import { createSessionStore } from '../stores/session-store.ts'
import { createViewStore } from '../stores/view-store.ts'
import { followCore } from './core-sync.ts'

/** A core that gives these answers and no others but empty ones. */
function follow(answers: Readonly<Record<string, unknown>>) {
  let tell: (event: StudioEvent) => void = () => undefined
  const client = {
    call: async (method: string) => answers[method] ?? { counts: {}, rows: [], total: 0 },
    onEvent: (listener: typeof tell) => {
      tell = listener
      return () => undefined
    },
    onConnection: (listener: (connection: 'connected') => void) => {
      listener('connected')
      return () => undefined
    },
  } as unknown as StudioClient
  const stores = {
    session: createSessionStore(),
    view: createViewStore(),
    desk: createDeskStore(),
    media: createMediaStore(),
    jobs: createJobsStore(),
    rehearsal: createRehearsalStore(),
  }
  const notices: Notice[] = []
  const notify = (notice: Notice) => {
    notices.push(notice)
    return () => undefined
  }
  followCore({ client, stores, notify })
  return { ...stores, notices, tell: (event: StudioEvent) => tell(event) }
}

it('keeps the settings of an event that came while an older state was still being read', async () => {
  const keys = Promise.withResolvers<{ keys: [] }>()
  const { session, tell } = follow({
    'settings.get': settingsSchema.parse({ engine: 'offline' }),
    'presets.list': { presets: [] },
    'keys.describe': keys.promise,
  })
  await Promise.resolve()
  tell({ name: 'settings-changed', payload: settingsSchema.parse({ engine: 'segmind' }) })
  keys.resolve({ keys: [] })
  await vi.waitFor(() => expect(session.getState().info).not.toBeNull())
  expect(session.getState().settings.engine).toBe('segmind')
})

it('takes in all else when one answer is refused, and says which failed', async () => {
  const { session, jobs, notices } = follow({
    'settings.get': settingsSchema.parse({ engine: 'segmind' }),
    'presets.list': Promise.reject(new StudioError('E-DB-BUSY')),
    'keys.describe': { keys: [] },
    'jobs.list': { counts: { done: 1 }, rows: [{ jobId: 'a' }], total: 1 },
  })
  await vi.waitFor(() => expect(notices).toMatchObject([{ kind: 'error', error: { code: 'E-DB-BUSY' } }]))
  expect(session.getState().settings.engine).toBe('segmind')
  expect(session.getState().info).not.toBeNull()
  expect(jobs.getState().ids.get(0)).toBe('a')
})
