import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Handlers, StudioEvent } from '../../shared/api/index.ts'
import { StudioError } from '../../shared/errors.ts'
import { ENGINE_LIMITS } from '../../shared/model/limits.ts'
import type { EngineId } from '../../shared/model/engine.ts'
import { planBatch } from './batch/plan.ts'
import { createBucket } from './bucket.ts'
import { createRehearsal } from './rehearsal.ts'
import { createRemote, createRemoteAccess, type RemoteOptions } from './create-remote.ts'
import { createSecrets } from './create-secrets.ts'
import { createFetchedInputs } from './fetched-inputs.ts'
import { createKeyHandlers } from './key-handlers.ts'
import { openCache } from './db/cache.ts'
import { openDatabase, type Database } from './db/database.ts'
import { lockFolder } from './db/folder-lock.ts'
import { openDatabaseReadOnly } from './db/read-only.ts'
import { createReserveFile } from './db/reserve-file.ts'
import { createDispatch, type Dispatch } from './dispatch.ts'
import { examine } from './doctor.ts'
import { createOfflineEngine, type OfflineEngine } from './engines/offline/index.ts'
import { createEngineRegistry, REMOTE_ENGINES } from './engines/registry.ts'
import { createJobStore, type JobStore } from './jobs/job-store.ts'
import { createQueue } from './jobs/queue.ts'
import { createSteadyWriter } from './jobs/steady-writer.ts'
import type { Workflow } from './jobs/step.ts'
import { createSubmitJournal } from './jobs/submit-journal.ts'
import { createTempFiles } from './jobs/temp-files.ts'
import { findTools, type Tools } from './lib/find-tools.ts'
import { createHttpClient } from './lib/http-client.ts'
import { ensurePrivateFolder } from './lib/private-files.ts'
import { checkEndpoint } from './lib/url-rules.ts'
import { createMediaCache } from './media-cache.ts'
import { createMediaRoutes, FRAME_SIDE_PX } from './media-routes.ts'
import { createMedia, type Media } from './media/media.ts'
import { createLocalWorkflow } from './pipeline/local-workflow.ts'
import { checkOutputFolder } from './pipeline/output-place.ts'
import { clearRemains } from './pipeline/remains.ts'
import { rereadInputs, type RenewedInputs } from './pipeline/job-inputs.ts'
import { quoteBatch, startBatch } from './pipeline/start-batch.ts'
import type { Clock, Ports } from './ports.ts'
import { findSamples } from './samples.ts'
import { saveCopies } from './save-copies.ts'
import { createSettings } from './settings/settings.ts'
import { createVideoHandlers } from './video-handlers.ts'
import { createUpdates } from './updates.ts'

export type Core = {
  readonly handlers: Handlers
  readonly dispatch: Dispatch
  readonly subscribe: (listener: (event: StudioEvent) => void) => () => void
  /**
   * The file behind `thumbnail/<mediaId>`, `frame/<mediaId>`, `source/<mediaId>`, `preview/<previewId>` or `result/<jobId>`; null for
   * anything else, for what is unknown, and for a file that changed since its id was handed out.
   */
  readonly resolveMedia: (route: string) => Promise<{ readonly path: string; readonly contentType: string } | null>
  /** Saves the state and ends everything of ours, within 3 s. */
  readonly stop: () => Promise<void>
}

export type CoreOverrides = {
  /** False: jobs can be looked at and changed, but none is run. */
  readonly startsQueue?: boolean
  /** Stands in for the offline engine, in tests. */
  readonly offlineEngine?: OfflineEngine
  /** What holds for this run only. */
  readonly remote?: RemoteOptions
  /** Time for what happens on this machine; absent: that of the ports. For tests in which a vendor's time runs faster. */
  readonly localClock?: Clock
}

/** The methods that change nothing, for a process beside the one that owns the data folder. */
export type ReadOnlyMethod =
  'jobs.list' | 'jobs.show' | 'media.check' | 'media.faces' | 'batch.plan' | 'settings.get' | 'system.doctor'
export type ReadOnlyCore = {
  readonly handlers: Pick<Handlers, ReadOnlyMethod>
  readonly stop: () => Promise<void>
}

/** A quiet moment for the database's housekeeping comes this often. */
const HOUSEKEEPING_MS = 60_000
/** Below the data folder: repaired copies of one run. */
const REPAIRED_FOLDER = 'repaired'
const THUMBNAILS_FOLDER = 'thumbnails'
/** What a stop may take, whatever hangs. */
const STOP_LIMIT_MS = 2500
/** Of that, what deleting the last inputs from a storage may take; the next start deletes the rest. */
const TIDY_LIMIT_MS = 1000

/** What needs no claim on the data folder: finding tools, looking at media, finding faces. */
function createLookers(ports: Ports, overrides: CoreOverrides) {
  const { paths, logger, env } = ports
  ensurePrivateFolder(paths.dataDir)
  const tools = findTools({ env, toolsDir: paths.toolsDir })
  const cache = openCache(paths.dataDir, logger)
  const media = createMedia({
    tools,
    probeProcess: paths.probeProcess,
    ...(ports.startHelper === undefined ? {} : { startHelper: ports.startHelper }),
    emptyFolder: join(paths.dataDir, 'empty'),
    cache: createMediaCache(cache),
    repairedDir: join(paths.dataDir, REPAIRED_FOLDER),
    findKeep: async (path, signal) => (await offline.faces(path, signal)).faces[0]?.box ?? null,
    clock: overrides.localClock ?? ports.clock,
    logger,
  })
  const offline =
    overrides.offlineEngine ??
    createOfflineEngine({
      workerUrl: paths.animatorWorker,
      modelsDir: paths.modelsDir,
      ffmpegPath: tools.ffmpeg?.path ?? null,
      ffprobePath: tools.ffprobe?.path ?? null,
      hasViewer: ports.host !== 'cli',
    })
  const closing = new AbortController()
  return {
    tools,
    media,
    offline,
    /** Aborted when the core stops. */
    signal: closing.signal,
    stop: async () => {
      closing.abort(new StudioError('E-INSTANCE', { params: { file: paths.dataDir }, retryable: true }))
      media.stop()
      await offline.stop()
      cache.close()
    },
  }
}

type LookingParts = {
  readonly ports: Ports
  readonly tools: Tools
  readonly media: Media
  readonly offline: OfflineEngine
  readonly signal: AbortSignal
  readonly database: Database
  readonly store: JobStore
}

/** Handlers that only look: the same for a live core and for one beside it. */
function lookingHandlers({ ports, tools, media, offline, signal, database, store }: LookingParts) {
  return {
    'media.check': async ({ engine, paths, deep }) => {
      const check = async (path: string) => {
        const result = await media.check(path, ENGINE_LIMITS[engine], signal)
        return deep ? media.checkDeeply(result, signal) : result
      }
      return { results: await Promise.all(paths.map(check)) }
    },
    'media.faces': async ({ path }) => {
      const { kind } = await media.check(path, ENGINE_LIMITS.offline, signal)
      const still =
        kind === 'video'
          ? await media.thumbnail(path, FRAME_SIDE_PX, join(ports.paths.dataDir, THUMBNAILS_FOLDER), signal)
          : path
      const { width, height, faces } = await offline.faces(still, signal)
      return { width, height, faces: [...faces] }
    },
    'batch.plan': (input) => planBatch(input, { isOutput: (path) => store.ownerOfOutput(path) !== null, signal }),
    'system.doctor': async () => ({ rows: await examine({ ports, tools, database, store }) }),
  } satisfies Partial<Handlers>
}

/**
 * Opens the data folder, puts in order what a killed run left, and starts the queue. Throws E-INSTANCE when another
 * core owns the folder, E-DB-*, E-DISK-FULL, E-OUT-PERMISSION.
 */
export async function createCore(ports: Ports, overrides: CoreOverrides = {}): Promise<Core> {
  const { paths, clock, logger, newId } = ports
  const local = { logger, clock: overrides.localClock ?? clock }
  ensurePrivateFolder(paths.dataDir)
  const lock = lockFolder(paths.dataDir, { pid: process.pid, host: ports.host, startedAt: clock.now() })
  const releases: Release[] = [lock.release]
  try {
    const database = openDatabase({ dataDir: paths.dataDir, now: clock.now, logger })
    releases.push(database.close)
    const lookers = createLookers(ports, overrides)
    releases.push(lookers.stop)
    const { media, offline, signal } = lookers

    const listeners = new Set<(event: StudioEvent) => void>()
    const emit = (event: StudioEvent) => {
      for (const listener of listeners) listener(event)
    }
    const settings = createSettings({
      database,
      logger,
      newId,
      changed: (payload) => emit({ name: 'settings-changed', payload }),
    })
    const store = createJobStore(database, logger)
    const tempFiles = createTempFiles(database)
    const engines = createEngineRegistry([offline, ...REMOTE_ENGINES])
    const journal = createSubmitJournal(database)
    const reserve = createReserveFile(paths.dataDir)
    const writer = createSteadyWriter(clock, logger, reserve.free)
    const folders = {
      work: join(paths.dataDir, 'work'),
      previews: join(paths.dataDir, 'previews'),
      thumbnails: join(paths.dataDir, THUMBNAILS_FOLDER),
      repaired: join(paths.dataDir, REPAIRED_FOLDER),
      fitted: join(paths.dataDir, 'fitted'),
    }
    const http = createHttpClient({ resolveProxy: ports.resolveProxy ?? (async () => null) })
    releases.push(http.close)
    const secrets = createSecrets(ports, database)
    const bucket = createBucket({
      ports,
      database,
      secrets,
      http,
      workDir: folders.work,
      signal,
      changed: () => remote.reopen(),
    })
    const options = overrides.remote ?? {}
    const fetched = createFetchedInputs({ folder: join(paths.dataDir, 'fetched'), database, http, clock, logger })
    await fetched.begin()
    const access = createRemoteAccess({
      ports,
      settings: settings.get,
      secrets,
      http,
      bucket: bucket.chosen,
      around: fetched.around,
      options,
    })
    const remote = createRemote({
      ports,
      engines: REMOTE_ENGINES,
      database,
      settings: settings.get,
      updateSettings: settings.update,
      store,
      journal,
      media,
      tempFiles,
      writer,
      http,
      access,
      workDir: folders.work,
      options,
      queue: () => queue,
      quoteNow: async ({ engine, source, voice, driver, request }) => {
        const { outputFolder, parameters, repair } = request
        const by = { ...(voice === null ? {} : { voice }), ...(driver === null ? {} : { driver }) }
        const input = { engine, pairs: [{ source, ...by, folder: '' }], parameters, outputFolder, repair, again: true }
        const { jobs, price } = await quoteBatch(starting, input, signal)
        return jobs === 0 ? null : price
      },
    })
    const workflows = new Map<EngineId, Workflow>([
      ...remote.workflows,
      [
        offline.id,
        createLocalWorkflow({ engine: offline, media, store, tempFiles, workDir: folders.work, newId, logger }),
      ],
    ])
    const queue = createQueue({ store, workflows, clock, logger, emit, writer, journal })
    queue.recover()
    await clearRemains({ store, tempFiles, folders: [folders.work, folders.previews, folders.repaired], logger })
    const videos = createVideoHandlers({
      media,
      store,
      tempFiles,
      database,
      clock,
      newId,
      signal,
      folder: folders.fitted,
    })
    await videos.begin()
    const routes = createMediaRoutes({ media, store, offline, newId, folders })

    const starting = {
      engines,
      media,
      store,
      queue,
      clock,
      newId,
      addressOf: fetched.addressOf,
      aiLabel: () => settings.get().aiLabel,
      purse: remote.purse,
    }

    const resultPath = async (jobId: string): Promise<string> => {
      const result = await routes.resolve(`result/${jobId}`)
      if (result === null) throw new StudioError('E-INPUT-MISSING', { params: { file: jobId.slice(0, 64) } })
      return result.path
    }

    const rehearsal = createRehearsal({ ports, openCore: createCore, emit })

    const isBusy = () => {
      const { queued = 0, waiting = 0, running = 0 } = store.counts()
      return queued + waiting + running > 0
    }
    const isWanted = () => settings.get().lookForUpdates
    const updates = createUpdates({ ports, http, isWanted, isBusy, emit, signal })

    const handlers: Handlers = {
      ...remote.handlers,
      ...bucket.handlers,
      ...videos.handlers,
      ...createKeyHandlers({ engines, secrets, access, http, clock, signal, changed: remote.reopen }),
      ...lookingHandlers({ ports, ...lookers, database, store }),
      'jobs.list': async (filter) => queue.list(filter),
      'jobs.show': async ({ jobId }) => queue.show(jobId),
      'jobs.cancel': async ({ jobIds }) => ({ changed: await queue.cancel(jobIds) }),
      'jobs.retry': async ({ jobIds, agreed }) => {
        await remote.beforeRetry(jobIds, agreed)
        const renewed = new Map<string, RenewedInputs>()
        for (const job of store.findMany(jobIds)) {
          const inputs = await rereadInputs(media, job, signal)
          if (inputs !== null) renewed.set(job.jobId, inputs)
        }
        return { changed: queue.retry(jobIds, renewed) }
      },
      'jobs.saveCopies': async () => {
        const folder = (await ports.pickFolder?.()) ?? null
        return folder === null
          ? null
          : saveCopies(store, tempFiles, (jobId) => routes.resolve(`result/${jobId}`), folder, newId)
      },
      'jobs.remove': async ({ jobIds }) => ({ changed: await queue.remove(jobIds) }),
      'jobs.move': async ({ jobId, beforeJobId }) => ({ changed: queue.move(jobId, beforeJobId) }),
      'queue.snapshot': async () => queue.snapshot(),
      'queue.pause': () => queue.pause(),
      'queue.resume': async () => {
        remote.reopen()
        return queue.resume()
      },
      'rehearsal.start': ({ outputFolder }) => rehearsal.start(outputFolder),
      'media.fetch': async ({ url }) => ({ path: await fetched.fetch(url, signal) }),
      'media.preview': routes.preview,
      'media.repairPreview': ({ engine, path }) => routes.repairPreview(ENGINE_LIMITS[engine], path, signal),
      'batch.start': async (input) => {
        const { outputFolder } = await checkOutputFolder(input.outputFolder, paths.dataDir)
        const { batchId, jobIds } = await startBatch(starting, { ...input, outputFolder }, signal)
        return { batchId, jobs: queue.showMany(jobIds) }
      },
      'spend.quote': (input) => quoteBatch(starting, input, signal),
      'batch.checkOutput': ({ outputFolder }) => checkOutputFolder(outputFolder, paths.dataDir),
      'batch.samples': () => findSamples(paths.samplesDir, media, signal),
      'settings.get': async () => settings.get(),
      'settings.update': async ({ change }) => {
        for (const [engine, { baseUrl, uploadUrl }] of Object.entries(change.endpoints ?? {}))
          for (const url of [baseUrl, uploadUrl]) if (url !== '') checkEndpoint(`${engine} URL`, url, false)
        const changed = settings.update(change)
        // Another address may be just what jobs wait for.
        if (change.endpoints !== undefined) remote.reopen()
        return changed
      },
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
        canDragOut: ports.dragOut !== undefined,
        canLookForUpdates: ports.releasePage !== undefined,
        engines: engines.all.map(({ id }) => id),
      }),
      'system.showResult': async ({ jobId }) => {
        await ports.showItemInFolder?.(await resultPath(jobId))
        return {}
      },
      'system.dragResult': async ({ jobId }) => {
        ports.dragOut?.(await resultPath(jobId))
        return {}
      },
      'system.licences': async () => ({ text: await readFile(paths.noticeFile, 'utf8') }),
      'system.takeHandedFiles': async () => ({ paths: ports.takeHandedFiles?.() ?? [] }),
      'system.update': async () => ({ update: updates.found() }),
      'system.pickFolder': async () => ({ path: (await ports.pickFolder?.()) ?? null }),
      'system.pickInputs': async () => ({ paths: (await ports.pickInputs?.()) ?? [] }),
    }

    const housekeeping = keepHouse(ports, database, () => {
      reserve.refill()
      remote.sweep()
    })
    releases.push(housekeeping.stop)
    releases.push(updates.stop)
    releases.push(rehearsal.stop)
    releases.push(async () => {
      await within(clock, TIDY_LIMIT_MS, remote.tidy())
      remote.stop()
      await queue.stop()
    })
    updates.begin()
    if (overrides.startsQueue !== false) {
      queue.start()
      remote.begin()
    }
    return {
      handlers,
      dispatch: createDispatch(handlers),
      subscribe: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      resolveMedia: async (route) => rehearsal.resolve(route) ?? routes.resolve(route),
      stop: () => releaseAll(releases, local),
    }
  } catch (thrown) {
    await releaseAll(releases, local)
    throw thrown
  }
}

/** Reads a data folder, whether or not another core owns it: what it writes is a cache at most. */
export async function openReadOnly(ports: Ports): Promise<ReadOnlyCore> {
  const { paths, logger, clock, newId } = ports
  const lookers = createLookers(ports, {})
  const releases: Release[] = [lookers.stop]
  try {
    const database = openDatabaseReadOnly(paths.dataDir)
    releases.push(database.close)
    const store = createJobStore(database, logger, true)
    const journal = createSubmitJournal(database)
    const queue = createQueue({ store, workflows: new Map(), clock, logger, emit: ignore, journal })
    const settings = createSettings({ database, logger, newId, changed: ignore })
    return {
      handlers: {
        ...lookingHandlers({ ports, ...lookers, database, store }),
        'jobs.list': async (filter) => queue.list(filter),
        'jobs.show': async ({ jobId }) => queue.show(jobId),
        'settings.get': async () => settings.get(),
      },
      stop: () => releaseAll(releases, ports),
    }
  } catch (thrown) {
    await releaseAll(releases, ports)
    throw thrown
  }
}

/** Until work has ended, however it ended, or the time is over. */
async function within(clock: Ports['clock'], limitMs: number, work: Promise<void>): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>()
  const timer = clock.setTimer(limitMs, resolve)
  await Promise.race([work, over])
  timer.cancel()
}

type Release = () => void | Promise<void>
const ignore = (): void => undefined

/** Ends everything in the reverse order of its start. One part that hangs or fails keeps no other from ending. */
async function releaseAll(releases: Release[], { logger, clock }: Pick<Ports, 'logger' | 'clock'>): Promise<void> {
  const deadline = clock.monotonic() + STOP_LIMIT_MS
  for (let release = releases.pop(); release !== undefined; release = releases.pop()) {
    let timer: { cancel: () => void } | undefined
    const tooLate = new Promise<void>((resolve) => {
      timer = clock.setTimer(Math.max(0, deadline - clock.monotonic()), resolve)
    })
    try {
      await Promise.race([release(), tooLate])
    } catch (cause) {
      logger.error({ cause }, 'a part could not be ended')
    } finally {
      timer?.cancel()
    }
  }
}

function keepHouse({ clock, logger }: Ports, database: Database, tidy: () => void): { stop: () => void } {
  const work = (): void => {
    try {
      database.maintain()
    } catch (cause) {
      logger.warn({ cause }, 'housekeeping of the database failed')
    }
  }
  const next = () =>
    clock.setTimer(HOUSEKEEPING_MS, () => {
      work()
      tidy()
      timer = next()
    })
  let timer = next()
  return {
    stop: () => {
      timer.cancel()
      work()
    },
  }
}
