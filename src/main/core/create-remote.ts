import { join } from 'node:path'
import { StudioError } from '../../shared/errors.ts'
import type { Handlers } from '../../shared/api/index.ts'
import type { EngineId } from '../../shared/model/engine.ts'
import type { Money, Quote } from '../../shared/model/job.ts'
import type { Settings, SettingsChange } from '../../shared/model/settings.ts'
import type { Database } from './db/database.ts'
import type { RemoteEndpoint, RemoteEngine } from './engines/engine.ts'
import type { JobRecord } from './jobs/job-record.ts'
import type { JobStore } from './jobs/job-store.ts'
import { noSuchJob, type Queue } from './jobs/queue.ts'
import { createSpendBook } from './jobs/spend-book.ts'
import type { SteadyWriter } from './jobs/steady-writer.ts'
import type { SubmitJournal } from './jobs/submit-journal.ts'
import type { TempFiles } from './jobs/temp-files.ts'
import type { HttpClient } from './lib/http-client.ts'
import { checkEndpoint } from './lib/url-rules.ts'
import type { Media } from './media/media.ts'
import { createBalanceWatch } from './pipeline/balance-watch.ts'
import { createCallBudget, type CallBudget } from './pipeline/call-budget.ts'
import type { ChosenStorage, RemoteAccess } from './pipeline/remote-access.ts'
import { createRemoteWorkflow, type RemoteJobs } from './pipeline/remote-workflow.ts'
import { createSourceVerdicts } from './pipeline/source-verdicts.ts'
import { createSpendRules } from './pipeline/spend-rules.ts'
import type { Purse } from './pipeline/start-batch.ts'
import { createStoredObjects } from './pipeline/stored-objects.ts'
import { createVendorGate, type VendorGate } from './pipeline/vendor-gate.ts'
import type { Ports } from './ports.ts'
import { createSpendHandlers } from './spend-handlers.ts'
import { fingerprint, type SecretMarkers, type SecretStore } from './secrets/secret-store.ts'
import { VENDOR_STORAGES } from './storage/registry.ts'
import type { StorageBackend } from './storage/storage-backend.ts'

/** What holds for one run of the app, whatever is set: the command line's options. */
export type RemoteOptions = {
  /** Base addresses that override the settings. */
  readonly baseUrls?: Partial<Readonly<Record<EngineId, string>>>
  /** Addresses for uploads, where a vendor has one of its own. */
  readonly uploadUrls?: Partial<Readonly<Record<EngineId, string>>>
  /** Allows plain http to loopback for these overrides; never with a stored key. */
  readonly allowInsecureEndpoints?: boolean
  /** Which way inputs go; absent: the bucket where one is set. */
  readonly urlVia?: 'vendor' | 'bucket'
  readonly pollIntervalSeconds?: number
}

type RemoteAccessDependencies = {
  readonly ports: Pick<Ports, 'clock' | 'newId'>
  readonly settings: () => Settings
  readonly secrets: SecretStore
  readonly http: HttpClient
  /** The user's own bucket, or null when none is set. */
  readonly bucket: () => Promise<ChosenStorage | null>
  /** Lets inputs that have an address of their own go by it. */
  readonly around: (backend: StorageBackend) => StorageBackend
  readonly options: RemoteOptions
}

/** The vendor's storage of this id, wherever it is reached. */
const lentStorage = (storageId: string) =>
  Object.entries(VENDOR_STORAGES).find(([, lent]) => storageId.split(' ', 1)[0] === lent.storageId)

/** Joins settings, secrets, storages and the options of this run into what a dispatch needs. */
export function createRemoteAccess(dependencies: RemoteAccessDependencies): RemoteAccess {
  const { ports, settings, secrets, http, around, options } = dependencies
  const bucket = async (): Promise<ChosenStorage | null> => {
    const own = await dependencies.bucket()
    return own === null ? null : { ...own, backend: around(own.backend) }
  }
  // Upload credentials live for minutes and are shared by all jobs with the same key and address.
  const temporary = new Map<string, ChosenStorage>()

  function endpoint(engine: RemoteEngine): RemoteEndpoint {
    const set = settings().endpoints[engine.id]
    const override = options.baseUrls?.[engine.id]
    const text = override ?? (set === undefined || set.baseUrl === '' ? engine.defaultBaseUrl : set.baseUrl)
    const allowInsecure = override !== undefined && options.allowInsecureEndpoints === true
    const { url, loopback } = checkEndpoint(`${engine.id} URL`, text, allowInsecure)
    const isVendors = engine.resultHostSuffixes.some((suffix) => url.hostname.endsWith(suffix))
    return {
      baseUrl: url.href.replace(/\/+$/, ''),
      allowance: loopback ? 'loopback' : isVendors ? 'public-or-fake-ip' : 'public',
      ...(loopback ? { loopbackOrigin: url.origin } : {}),
      ...(set === undefined || set.workspaceId === '' ? {} : { workspaceId: set.workspaceId }),
    }
  }

  async function credential(engine: EngineId) {
    const insecure = [options.baseUrls?.[engine], options.uploadUrls?.[engine]].find((url) => url?.startsWith('http:'))
    if (options.allowInsecureEndpoints === true && insecure !== undefined) {
      if (secrets.describe(engine).state === 'saved') {
        throw new StudioError('E-CONFIG-INSECURE', {
          params: { name: `${engine} URL`, value: insecure, reason: 'stored-key' },
        })
      }
    }
    const secret = await secrets.get(engine)
    return { secret, fingerprint: fingerprint(secret) }
  }

  /** Where files go: a person's address, that of a simulated vendor, or the vendor's own. */
  function uploadEndpoint(engine: RemoteEngine, standard: string | undefined) {
    const { baseUrl, allowance, loopbackOrigin } = endpoint(engine)
    const override = options.uploadUrls?.[engine.id]
    const set = settings().endpoints[engine.id]?.uploadUrl
    const own = override ?? (set === undefined || set === '' ? undefined : set)
    // Files meant for a simulated vendor never go to the real one.
    const text = own ?? (standard === undefined ? baseUrl : (loopbackOrigin ?? standard))
    if (text === baseUrl) return { url: new URL(baseUrl), allowance }
    const allowInsecure = (override !== undefined || own === undefined) && options.allowInsecureEndpoints === true
    const { url, loopback } = checkEndpoint(`${engine.id} upload URL`, text, allowInsecure)
    const isVendors = engine.resultHostSuffixes.some((suffix) => url.hostname.endsWith(suffix))
    return { url, allowance: loopback ? 'loopback' : isVendors ? 'public-or-fake-ip' : 'public' } as const
  }

  async function vendorStorage(engine: RemoteEngine): Promise<ChosenStorage> {
    const lent = VENDOR_STORAGES[engine.id]
    if (lent === undefined) {
      throw new StudioError('E-CONFIG-INVALID', { params: { name: 'url-via', value: 'vendor', reason: 'no-bucket' } })
    }
    const { baseUrl, loopbackOrigin, workspaceId } = endpoint(engine)
    const upload = uploadEndpoint(engine, lent.uploadUrl)
    const key = await credential(engine.id)
    const place = `${baseUrl} ${upload.url.href} ${key.fingerprint}`
    const known = temporary.get(place)
    if (known !== undefined) return known
    const backend = lent.create({
      http,
      baseUrl: new URL(baseUrl),
      uploadUrl: upload.url,
      allowance: upload.allowance,
      loopbackOrigins: [
        ...(loopbackOrigin === undefined ? [] : [loopbackOrigin]),
        ...(upload.allowance === 'loopback' ? [upload.url.origin] : []),
      ],
      ...(workspaceId === undefined ? {} : { workspaceId }),
      credential: async () => (await credential(engine.id)).secret,
      monotonic: ports.clock.monotonic,
      newId: ports.newId,
    })
    // What lies at a simulated vendor, or at another one of its kind, is nothing to the vendor itself.
    const isElsewhere = lent.uploadUrl !== undefined && upload.url.origin !== new URL(lent.uploadUrl).origin
    const storageId = isElsewhere ? `${lent.storageId} ${upload.url.origin}` : lent.storageId
    const chosen: ChosenStorage = { storageId, backend: around(backend), preflight: null }
    temporary.set(place, chosen)
    return chosen
  }

  return {
    credential,
    endpoint,
    async storage(engine) {
      const own = options.urlVia === 'vendor' ? null : await bucket()
      if (own !== null) return own
      if (options.urlVia === 'bucket') {
        throw new StudioError('E-CONFIG-INVALID', { params: { name: 'url-via', value: 'bucket', reason: 'no-bucket' } })
      }
      return vendorStorage(engine)
    },
    async asksPublicUpload(engine) {
      if (VENDOR_STORAGES[engine.id]?.isPublic !== true || settings().publicUploads[engine.id] === true) return false
      return options.urlVia === 'vendor' || (options.urlVia !== 'bucket' && (await bucket()) === null)
    },
    async storageById(storageId) {
      const own = lentStorage(storageId) !== undefined ? null : await bucket()
      return own?.storageId === storageId ? own.backend : null
    },
  }
}

/** The secret store's memory of what it saved, in the database. */
export function createSecretMarkers(database: Database): SecretMarkers {
  return {
    get: (account) => {
      const row = database.get('SELECT fingerprint, kept_in FROM secret_markers WHERE account = ?', account)
      if (row === undefined) return null
      return { fingerprint: String(row['fingerprint']), where: row['kept_in'] === 'sealed' ? 'sealed' : 'keychain' }
    },
    set: (account, marker) => {
      database.run(
        `INSERT INTO secret_markers VALUES (?, ?, ?)
           ON CONFLICT (account) DO UPDATE SET fingerprint = excluded.fingerprint, kept_in = excluded.kept_in`,
        account,
        marker.fingerprint,
        marker.where,
      )
    },
    delete: (account) => {
      database.run('DELETE FROM secret_markers WHERE account = ?', account)
    },
  }
}

type RemoteDependencies = {
  readonly ports: Ports
  readonly engines: readonly RemoteEngine[]
  readonly database: Database
  readonly settings: () => Settings
  readonly updateSettings: (change: SettingsChange) => unknown
  readonly store: JobStore
  readonly journal: SubmitJournal
  readonly media: Media
  readonly tempFiles: TempFiles
  readonly writer: SteadyWriter
  readonly http: HttpClient
  readonly access: RemoteAccess
  readonly workDir: string
  readonly options: RemoteOptions
  /** Made after the workflows that this makes. */
  readonly queue: () => Queue
  readonly quoteNow: (job: JobRecord) => Promise<Quote | null>
}

/** The paid engines: their workflows, the money side of starting batches, and what people may decide about their jobs. */
export function createRemote(dependencies: RemoteDependencies) {
  const { ports, engines, database, settings, store, journal, media, tempFiles, writer, http, access, options, queue } =
    dependencies
  const { clock, random, newId, logger, paths } = ports
  const spend = createSpendRules({ book: createSpendBook(database), settings, now: clock.now, newId })
  const verdicts = createSourceVerdicts(database, clock.now)
  const objects = createStoredObjects(database, clock.now, logger)
  const storageGates = new Map<string, VendorGate>()
  const budgets = new Map<EngineId, CallBudget>(
    engines.flatMap(({ id, callsPerMinute }) => {
      if (callsPerMinute === undefined) return []
      const perMinute = () => settings().endpoints[id]?.callsPerMinute ?? callsPerMinute
      return [[id, createCallBudget(clock, perMinute)] as const]
    }),
  )
  /** Calls to a vendor's own storage count with its others. */
  const budgetOf = (engineId: EngineId | undefined) => {
    const budget = engineId === undefined ? undefined : budgets.get(engineId)
    return budget === undefined ? {} : { budget }
  }
  const gateOf = (storageId: string, lead: VendorGate): VendorGate => {
    const lender = engines.find(({ id }) => id === lentStorage(storageId)?.[0])?.id
    const known = storageGates.get(storageId) ?? createVendorGate({ clock, random, lead, ...budgetOf(lender) })
    storageGates.set(storageId, known)
    return known
  }

  const jobs = new Map<EngineId, RemoteJobs>(
    engines.map((engine) => {
      const gate = createVendorGate({
        clock,
        random,
        rates: engine.rates,
        ...budgetOf(engine.id),
        probe: async (signal) => {
          const { secret } = await access.credential(engine.id)
          await engine.testKey({ signal, http, endpoint: access.endpoint(engine), credential: secret, clock })
        },
      })
      const made = createRemoteWorkflow({
        engine,
        media,
        store,
        journal,
        verdicts,
        objects,
        spend,
        tempFiles,
        access,
        http,
        gate,
        balance: createBalanceWatch(engine, clock, journal),
        gateOf: (storageId) => gateOf(storageId, gate),
        resultGate: createVendorGate({ clock, random, lead: gate }),
        writer,
        clock,
        random,
        newId,
        logger,
        workDir: dependencies.workDir,
        keptDir: join(paths.dataDir, 'results'),
        pollIntervalMs: options.pollIntervalSeconds === undefined ? null : options.pollIntervalSeconds * 1000,
        queue,
      })
      return [engine.id, made]
    }),
  )

  const money = createSpendHandlers({ engines, store, journal, spend, queue, quoteNow: dependencies.quoteNow })

  function withJob(jobId: string, act: (remote: RemoteJobs, job: JobRecord) => boolean | Promise<boolean>) {
    const job = store.find(jobId)
    if (job === null) throw noSuchJob(jobId)
    const remote = jobs.get(job.engine)
    return remote === undefined ? Promise.resolve(false) : Promise.resolve(act(remote, job))
  }
  const changedIf = async (jobId: string, act: Parameters<typeof withJob>[1]) => {
    const isChanged = await withJob(jobId, act)
    if (isChanged) queue().notify([jobId])
    return { changed: isChanged ? [jobId] : [] }
  }

  return {
    workflows: [...jobs].map(([id, { workflow }]) => [id, workflow] as const),

    purse: (engineId: EngineId): Purse | null => {
      const remote = jobs.get(engineId)
      if (remote === undefined) return null
      const { engine } = remote
      return {
        hasStanding: (jobId) => journal.standing(jobId) !== null,
        isChecked: (sha256) => engine.checkSource === undefined || verdicts.find(engineId, sha256) !== null,
        quote: (seconds, checks) => spend.quoteOf(engine, seconds, checks),
        setMaxCost: spend.setMaxCost,
        unreserve: spend.unmade,
        facts: async () => ({
          pricesAsOf: spend.pricesOf(engineId).asOf,
          spentToday: spend.spentToday(engineId),
          dayCap: spend.dayCap(engineId),
          asksPublicUpload: await access.asksPublicUpload(engine),
        }),
        reopen: remote.reopen,
        predictSeconds: engine.predictSeconds,
        acceptPublicUpload: () => {
          dependencies.updateSettings({ publicUploads: { ...settings().publicUploads, [engineId]: true } })
        },
      }
    },

    /** A key, an address, a bucket or a price was changed: what stood still for it goes on. Absent: of all engines. */
    reopen: (engineId?: EngineId): void => {
      for (const [id, remote] of jobs) if (engineId === undefined || engineId === id) remote.reopen()
      for (const gate of storageGates.values()) gate.reopen()
    },

    /** Retry goes on from the failed step; a gate that was shut is tried again. Throws E-SPEND-CAP. */
    beforeRetry: async (jobIds: readonly string[], agreed: readonly Money[] | undefined): Promise<void> => {
      await money.requireAgreed(jobIds, agreed)
      for (const engineId of new Set(store.findMany(jobIds).map(({ engine }) => engine))) jobs.get(engineId)?.knock()
    },

    handlers: {
      ...money.handlers,
      'jobs.adopt': ({ jobId, operation }) => changedIf(jobId, (remote, job) => remote.adopt(job, operation)),
      'jobs.submitAgain': ({ jobId }) => changedIf(jobId, (remote, job) => remote.submitAgain(job)),
      'jobs.drop': ({ jobId }) => changedIf(jobId, (remote, job) => remote.drop(job)),
      'jobs.downloadAgain': async ({ jobIds }) => {
        const changed: string[] = []
        for (const jobId of jobIds)
          if (await withJob(jobId, (remote, job) => remote.downloadAgain(job))) changed.push(jobId)
        return { changed }
      },
    } satisfies Partial<Handlers>,

    /** To be called when the queue has recovered. */
    begin: (): void => {
      for (const remote of jobs.values()) remote.begin()
    },
    /** For a quiet moment: objects that could not be deleted before. */
    sweep: (): void => {
      for (const remote of jobs.values()) void remote.sweep()
    },
    /** Before the end: deletes what no open job needs any more. A sweep under way may have looked before the last job ended. */
    tidy: async (): Promise<void> => {
      for (const remote of jobs.values()) {
        await remote.sweep()
        await remote.sweep()
      }
    },
    stop: (): void => {
      for (const remote of jobs.values()) remote.stop()
    },
  }
}
