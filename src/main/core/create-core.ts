import { StudioError } from '../../shared/errors.ts'
import type { Handlers, StudioEvent } from '../../shared/api/index.ts'
import { openDatabase } from './db/database.ts'
import { lockFolder } from './db/folder-lock.ts'
import { createDispatch, type Dispatch } from './dispatch.ts'
import { createJobStore } from './jobs/job-store.ts'
import { createQueue } from './jobs/queue.ts'
import { ensurePrivateFolder } from './lib/private-files.ts'
import type { Ports } from './ports.ts'
import { createSettings } from './settings/settings.ts'

export type Core = {
  readonly handlers: Handlers
  readonly dispatch: Dispatch
  readonly subscribe: (listener: (event: StudioEvent) => void) => () => void
  /** For routes `thumbnail/<mediaId>`, `source/<mediaId>`, `preview/<previewId>`, `result/<jobId>`; null when there is none. */
  readonly resolveMedia: (route: string) => Promise<{ path: string; contentType: string } | null>
  readonly stop: () => Promise<void>
}

export type CoreOverrides = {
  /** False: jobs are looked at and changed, but none is run. */
  readonly startsQueue?: boolean
}

/** The methods that only read, for a process beside the one that owns the data folder. */
const READ_ONLY_METHODS = [
  'jobs.list',
  'jobs.show',
  'queue.snapshot',
  'media.check',
  'media.faces',
  'batch.plan',
  'settings.get',
  'presets.list',
  'system.info',
  'system.doctor',
] as const
export type ReadOnlyCore = {
  readonly handlers: Pick<Handlers, (typeof READ_ONLY_METHODS)[number]>
  readonly stop: () => Promise<void>
}

const soon = (): never => {
  throw new StudioError('E-INTERNAL', { params: { detail: 'not joined yet' } })
}

/** Opens the data folder and starts the queue. Throws E-INSTANCE when another core owns the folder, E-DB-*, E-DISK-FULL. */
export async function createCore(ports: Ports, overrides: CoreOverrides = {}): Promise<Core> {
  const { paths, clock, logger } = ports
  ensurePrivateFolder(paths.dataDir)
  const lock = lockFolder(paths.dataDir, { pid: process.pid, host: ports.host, startedAt: clock.now() })
  const listeners = new Set<(event: StudioEvent) => void>()
  const emit = (event: StudioEvent) => {
    for (const listener of listeners) listener(event)
  }
  const database = openDatabase({ dataDir: paths.dataDir, now: clock.now, logger })
  const settings = createSettings({
    database,
    logger,
    newId: ports.newId,
    changed: (payload) => emit({ name: 'settings-changed', payload }),
  })
  const queue = createQueue({ store: createJobStore(database, logger), workflows: new Map(), clock, logger, emit })
  queue.recover()
  const handlers: Handlers = {
    'jobs.list': async (filter) => queue.list(filter),
    'jobs.show': async ({ jobId }) => queue.show(jobId),
    'jobs.cancel': async ({ jobIds }) => ({ changed: await queue.cancel(jobIds) }),
    'jobs.retry': async ({ jobIds }) => ({ changed: queue.retry(jobIds) }),
    'jobs.remove': async ({ jobIds }) => ({ changed: await queue.remove(jobIds) }),
    'jobs.move': async ({ jobId, beforeJobId }) => ({ changed: queue.move(jobId, beforeJobId) }),
    'queue.snapshot': async () => queue.snapshot(),
    'queue.pause': async () => queue.pause(),
    'queue.resume': async () => queue.resume(),
    'media.check': soon,
    'media.faces': soon,
    'media.preview': soon,
    'batch.plan': soon,
    'batch.start': soon,
    'batch.checkOutput': soon,
    'batch.samples': soon,
    'settings.get': async () => settings.get(),
    'settings.update': async ({ change }) => settings.update(change),
    'presets.list': async () => ({ presets: settings.listPresets() }),
    'presets.save': async ({ name, engine, parameters }) => settings.savePreset(name, engine, parameters),
    'presets.remove': async ({ presetId }) => {
      settings.removePreset(presetId)
      return {}
    },
    'system.info': async () => ({
      version: ports.version,
      host: ports.host,
      platform: process.platform,
      dataFolder: paths.dataDir,
      defaultOutputFolder: paths.defaultOutputFolder,
      canShowInFolder: ports.showItemInFolder !== undefined,
      canPickFolder: ports.pickFolder !== undefined,
    }),
    'system.doctor': soon,
    'system.showResult': soon,
    'system.pickFolder': async () => ({ path: (await ports.pickFolder?.()) ?? null }),
    'system.pickInputs': async () => ({ paths: (await ports.pickInputs?.()) ?? [] }),
  }
  if (overrides.startsQueue !== false) queue.start()
  return {
    handlers,
    dispatch: createDispatch(handlers),
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    resolveMedia: async () => null,
    stop: async () => {
      await queue.stop()
      database.close()
      lock.release()
    },
  }
}

/** Opens a data folder for reading only, whether or not another core owns it. */
export async function openReadOnly(ports: Ports): Promise<ReadOnlyCore> {
  const core = await createCore(ports, { startsQueue: false })
  return { handlers: core.handlers, stop: core.stop }
}
