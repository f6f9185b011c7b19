import { expect, it, vi } from 'vitest'
import type { StudioEvent } from '../../../shared/api/index.ts'
import { settingsSchema } from '../../../shared/model/settings.ts'
import type { StudioClient } from '../client/studio-client.ts'
import { createDeskStore } from '../stores/desk-store.ts'
import { createJobsStore } from '../stores/jobs-store.ts'
import { createMediaStore } from '../stores/media-store.ts'
import { createRehearsalStore } from '../stores/rehearsal-store.ts'
import { createSessionStore } from '../stores/session-store.ts'
import { createViewStore } from '../stores/view-store.ts'
import { followCore } from './core-sync.ts'

it('keeps the settings of an event that came while an older state was still being read', async () => {
  const keys = Promise.withResolvers<{ keys: [] }>()
  const answers: Readonly<Record<string, unknown>> = {
    'settings.get': settingsSchema.parse({ engine: 'offline' }),
    'presets.list': { presets: [] },
    'keys.describe': keys.promise,
  }
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
  const session = createSessionStore()
  const stores = {
    session,
    view: createViewStore(),
    desk: createDeskStore(),
    media: createMediaStore(),
    jobs: createJobsStore(),
    rehearsal: createRehearsalStore(),
  }
  followCore({ client, stores, notify: () => () => undefined })
  await Promise.resolve()
  tell({ name: 'settings-changed', payload: settingsSchema.parse({ engine: 'segmind' }) })
  keys.resolve({ keys: [] })
  await vi.waitFor(() => expect(session.getState().info).not.toBeNull())
  expect(session.getState().settings.engine).toBe('segmind')
})
