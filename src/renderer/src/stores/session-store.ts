import { createStore } from 'zustand/vanilla'
import type { StoreApi } from 'zustand/vanilla'
import type { Output } from '../../../shared/api/index.ts'
import { ENGINE_LIMITS } from '../../../shared/model/limits.ts'
import { settingsSchema } from '../../../shared/model/settings.ts'
import type { KeyDescription } from '../../../shared/api/keys.ts'
import type { EngineId } from '../../../shared/model/engine.ts'
import type { Preset, Settings } from '../../../shared/model/settings.ts'

export type SystemInfo = Output<'system.info'>

/** What the core told about itself and about the person's choices. */
export type SessionState = {
  /** null until the first answer. */
  readonly info: SystemInfo | null
  readonly settings: Settings
  readonly presets: readonly Preset[]
  /** How the keys of the paid engines stand; never the keys. */
  readonly keys: readonly KeyDescription[]
  readonly connection: 'connecting' | 'connected' | 'lost' | 'expired'
}
export type SessionStore = StoreApi<SessionState>

export function createSessionStore(): SessionStore {
  return createStore<SessionState>(() => ({
    info: null,
    settings: settingsSchema.parse({}),
    presets: [],
    keys: [],
    connection: 'connecting',
  }))
}

/** The folder for results: the chosen one, else the host's own. */
export function outputFolderOf({ info, settings }: Pick<SessionState, 'info' | 'settings'>): string {
  return settings.outputFolder === '' ? (info?.defaultOutputFolder ?? '') : settings.outputFolder
}

/** Whether a video can drive what this engine makes. */
export const takesDriver = (engine: EngineId): boolean => ENGINE_LIMITS[engine].video !== undefined

/** Whether a recorded voice can. */
export const takesVoice = (engine: EngineId): boolean => ENGINE_LIMITS[engine].audio !== undefined

/** Whether an engine needs a key and has none. Engines on this computer need none. */
export function lacksKey({ keys }: SessionState, engine: EngineId): boolean {
  return keys.some((key) => key.engine === engine && key.state === 'missing')
}

/** Whether starting with this engine costs money. */
export function isPaid({ keys }: SessionState, engine: EngineId): boolean {
  return keys.some((key) => key.engine === engine)
}

export function putKey(store: SessionStore, { engine, state, fingerprint, balance }: KeyDescription): void {
  const next: KeyDescription = {
    engine,
    state,
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(balance === undefined ? {} : { balance }),
  }
  store.setState(({ keys }) => ({ keys: keys.map((key) => (key.engine === engine ? next : key)) }))
}
