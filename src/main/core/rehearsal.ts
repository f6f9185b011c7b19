import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Handlers, Output, StudioEvent } from '../../shared/api/index.ts'
import type { RehearsalProgress } from '../../shared/api/rehearsal.ts'
import { StudioError } from '../../shared/errors.ts'
import { TERMINAL_STATES, type JobDetail } from '../../shared/model/job.ts'
import { KEY_VARIABLES } from './create-secrets.ts'
import type { RemoteOptions } from './create-remote.ts'
import { dashscopeEngine } from './engines/dashscope/index.ts'
import { ensurePrivateFolder } from './lib/private-files.ts'
import type { Ports } from './ports.ts'

/** As much of a core as a rehearsal needs. */
type StageCore = {
  readonly handlers: Pick<Handlers, 'batch.samples' | 'batch.start' | 'spend.quote' | 'jobs.show'>
  readonly subscribe: (listener: (event: StudioEvent) => void) => () => void
  readonly stop: () => Promise<void>
}

type RehearsalDependencies = {
  readonly ports: Ports
  /** Opens a core of its own for the rehearsal: its queue, its journal, its folder. */
  readonly openCore: (ports: Ports, overrides: { readonly remote: RemoteOptions }) => Promise<StageCore>
  readonly emit: (event: StudioEvent) => void
}

type Report = Output<'rehearsal.start'>

const POLL_SECONDS = 1
/** Only with a simulated vendor: it takes any key. */
const STAGE_KEY = 'sk-rehearsal'

/**
 * "Try a paid run, simulated": one sample pair through the whole paid pipeline, in a data folder of its own, against a
 * simulated vendor on loopback. The user's keys, bucket, caps and queue take no part.
 */
export function createRehearsal({ ports, openCore, emit }: RehearsalDependencies) {
  const closing = new AbortController()
  const { signal } = closing
  let running: Promise<Report> | null = null
  let last: Report | null = null
  const folder = join(ports.paths.dataDir, 'rehearsal')

  function stagePorts(): Ports {
    const { resolveProxy: _proxy, sealedStore: _sealed, simulateVendor: _vendor, ...own } = ports
    const secrets = new Set<string>(KEY_VARIABLES)
    const env = Object.fromEntries(Object.entries(ports.env).filter(([name]) => !secrets.has(name)))
    return {
      ...own,
      env: { ...env, [dashscopeEngine.keyVariable]: STAGE_KEY },
      paths: { ...ports.paths, dataDir: join(folder, 'data') },
      logger: ports.logger.child({ rehearsal: true }),
    }
  }

  async function run(outputFolder: string): Promise<Report> {
    if (ports.simulateVendor === undefined)
      throw new StudioError('E-ENGINE-FAILED', { params: { value: 'rehearsal', reason: 'no-simulator' } })
    // What an earlier one left is of no use; a finished video in a folder of the user's stays there.
    await rm(folder, { recursive: true, force: true })
    ensurePrivateFolder(folder)
    const vendor = await ports.simulateVendor()
    try {
      const core = await openCore(stagePorts(), {
        remote: {
          baseUrls: { dashscope: vendor.dashscopeUrl },
          allowInsecureEndpoints: true,
          urlVia: 'vendor',
          pollIntervalSeconds: POLL_SECONDS,
        },
      })
      try {
        const { quote, detail } = await perform(core, outputFolder)
        const charges = vendor.charges()
        const count = (kind: 'generation' | 'detect') => charges.filter((charge) => charge.kind === kind).length
        return report(detail, quote, { generations: count('generation'), checks: count('detect') })
      } finally {
        await core.stop()
      }
    } finally {
      await vendor.stop()
    }
  }

  async function perform(core: StageCore, outputFolder: string) {
    const { pairs } = await core.handlers['batch.samples']({})
    const [pair] = pairs
    if (pair === undefined) throw new StudioError('E-INPUT-MISSING', { params: { file: ports.paths.samplesDir } })
    const asked = {
      engine: 'dashscope' as const,
      pairs: [pair],
      parameters: {},
      outputFolder,
      again: false,
      repair: false,
    }
    const { price } = await core.handlers['spend.quote'](asked)
    const spend = price === null ? undefined : { confirmed: price.high, currency: price.currency }
    let jobId: string | null = null
    const ended = Promise.withResolvers<JobDetail>()
    const look = async (): Promise<void> => {
      if (jobId === null) return
      const detail = await core.handlers['jobs.show']({ jobId })
      const progress = detail.job.progress ?? null
      emit({ name: 'rehearsal-changed', payload: { steps: stepsOf(detail), progress, quote: price } })
      const { state } = detail.job
      if (TERMINAL_STATES.includes(state) || state === 'needs_attention') ended.resolve(detail as JobDetail)
    }
    const unsubscribe = core.subscribe((event) => {
      if (event.name === 'jobs-changed') look().catch(ended.reject)
    })
    const stop = () => ended.reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    try {
      signal.throwIfAborted()
      emit({ name: 'rehearsal-changed', payload: { steps: [], progress: null, quote: price } })
      const started = await core.handlers['batch.start']({ ...asked, ...(spend === undefined ? {} : { spend }) })
      jobId = started.jobs[0]?.jobId ?? null
      await look()
      return { quote: price, detail: await ended.promise }
    } finally {
      unsubscribe()
      signal.removeEventListener('abort', stop)
    }
  }

  return {
    /** A second call while one runs joins it. */
    start: (outputFolder: string | undefined): Promise<Report> => {
      running ??= run(outputFolder ?? join(folder, 'video'))
        .then((report) => (last = report))
        .finally(() => (running = null))
      return running
    },

    /** The video behind `rehearsal/<jobId>`, of the last rehearsal only. */
    resolve: (route: string): { readonly path: string; readonly contentType: string } | null =>
      last !== null && route === `rehearsal/${last.jobId}` ? { path: last.output, contentType: 'video/mp4' } : null,

    /** Ends a running one, with what it started. */
    stop: async (): Promise<void> => {
      closing.abort(new StudioError('E-INSTANCE', { params: { file: folder }, retryable: true }))
      await running?.catch(() => undefined)
    },
  }
}

function stepsOf({
  history,
  submits,
}: Pick<JobDetail, 'history'> & { submits?: JobDetail['submits'] | undefined }): RehearsalProgress['steps'] {
  const vendorState = submits?.at(-1)?.vendorState
  const atVendor = history.findLastIndex(({ step }) => step === 'vendor_queue' || step === 'render')
  return history.map(({ step, startedAt, endedAt }, index) => ({
    step,
    startedAt,
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(index === atVendor && vendorState !== undefined ? { vendorState } : {}),
  }))
}

function report(detail: JobDetail, quote: Report['quote'], charges: Report['charges']): Report {
  const { job } = detail
  if (job.state !== 'done' || job.output === undefined) {
    const { code, ...rest } = job.error ?? { code: 'E-INTERNAL' as const, params: { detail: job.state } }
    throw new StudioError(code, { params: rest.params })
  }
  return {
    jobId: job.jobId,
    output: job.output,
    operation: job.operation ?? '',
    ...(job.requestId === undefined ? {} : { requestId: job.requestId }),
    steps: stepsOf(detail),
    quote,
    usage: job.usage ?? null,
    charges,
  }
}
