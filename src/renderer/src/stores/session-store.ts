import { createStore } from 'zustand/vanilla'
import type { StoreApi } from 'zustand/vanilla'
import type { Output } from '../../../shared/api/index.ts'
import { settingsSchema } from '../../../shared/model/settings.ts'
import type { Preset, Settings } from '../../../shared/model/settings.ts'

export type SystemInfo = Output<'system.info'>

/** What the core told about itself and about the person's choices. */
export type SessionState = {
  /** null until the first answer. */
  readonly info: SystemInfo | null
  readonly settings: Settings
  readonly presets: readonly Preset[]
  readonly connection: 'connecting' | 'connected' | 'lost' | 'expired'
}
export type SessionStore = StoreApi<SessionState>

export function createSessionStore(): SessionStore {
  return createStore<SessionState>(() => ({
    info: null,
    settings: settingsSchema.parse({}),
    presets: [],
    connection: 'connecting',
  }))
}

/** The folder for results: the chosen one, else the host's own. */
export function outputFolderOf({ info, settings }: SessionState): string {
  return settings.outputFolder === '' ? (info?.defaultOutputFolder ?? '') : settings.outputFolder
}
