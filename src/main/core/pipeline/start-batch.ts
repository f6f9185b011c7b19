import { isAbsolute } from 'node:path'
import { StudioError, toErrorData, type ErrorData } from '../../../shared/errors.ts'
import type { z } from 'zod'
import type { Contract } from '../../../shared/api/index.ts'
import type { Pair } from '../../../shared/model/batch.ts'
import type { EngineId, ParameterSpec, Parameters } from '../../../shared/model/engine.ts'
import type { Quote } from '../../../shared/model/job.ts'
import type { Finding, MediaFacts } from '../../../shared/model/media.ts'
import type { SpendQuote } from '../../../shared/model/spend.ts'
import { parseParameters, specsDrivenBy } from '../../../shared/model/parameters.ts'
import type { Engine, RemoteEngine } from '../engines/engine.ts'
import type { EngineRegistry } from '../engines/registry.ts'
import type { JobRecord, JobRequest } from '../jobs/job-record.ts'
import type { JobStore, NewJob } from '../jobs/job-store.ts'
import type { Queue } from '../jobs/queue.ts'
import type { Media } from '../media/media.ts'
import type { Clock } from '../ports.ts'
import { publicUpload } from './input-uploads.ts'
import { identityOf, recordInputs, requestKeyOf, type InputPaths } from './job-inputs.ts'
import { parseWork, type JobInput, type JobWork } from './job-work.ts'
import { limitsOf } from './prepare-steps.ts'

/** Files that are hashed at once. */
const READS_AT_ONCE = 4
/** A job tells of this many pairs that it stands for; a folder of copies must not make one huge row. */
const MAX_TOLD_DUPLICATES = 100

type BatchDependencies = {
  readonly engines: EngineRegistry
  readonly media: Media
  readonly store: JobStore
  readonly queue: Queue
  readonly clock: Clock
  readonly newId: () => string
  readonly aiLabel: () => boolean
  /** The user's own address that a file was fetched from, if it was. */
  readonly addressOf?: (path: string) => string | null
  /** What a paid engine's jobs cost and what is already paid for; null for an engine that costs nothing. */
  readonly purse: (engine: EngineId) => Purse | null
}

/** The money side of one paid engine, as far as starting a batch needs it. */
export type Purse = {
  readonly hasStanding: (jobId: string) => boolean
  readonly isChecked: (sha256: string) => boolean
  readonly quote: (seconds: number, checks: number) => Quote
  readonly setMaxCost: (batchId: string, maxCost: number | null) => void
  readonly facts: () => Promise<Pick<SpendQuote, 'pricesAsOf' | 'spentToday' | 'dayCap' | 'asksPublicUpload'>>
  /** What was set aside for a job in an earlier batch is free again: it counts in the batch that goes on with it. */
  readonly unreserve: (jobId: string) => void
  readonly predictSeconds: RemoteEngine['predictSeconds']
  readonly acceptPublicUpload: () => void
  /** A person acted: what stood still for want of one goes on. */
  readonly reopen: () => void
}

type StartInput = z.output<Contract['batch.start']['input']>
type QuoteInput = z.output<Contract['spend.quote']['input']>

/** One pair with everything known that decides whether it is new. */
type Wanted = {
  readonly paths: InputPaths
  readonly request: JobRequest
  readonly requestKey: string
  readonly identity: string | null
  readonly inputs: JobInput[] | null
  readonly error: ErrorData | null
  readonly duplicates: string[]
  /** Seconds of what drives it and vendor checks, where it would have to be paid for. */
  due: { readonly seconds: number; readonly checks: number } | null
}

/** Everything that starting needs to know, read from the files and the store; makes nothing. */
async function examineBatch(dependencies: BatchDependencies, input: QuoteInput, signal?: AbortSignal) {
  const { engines, media, store, aiLabel, addressOf } = dependencies
  const engine = engines.get(input.engine)
  const asked = input.pairs.map((pair) => {
    const all = parseParameters(engine.parameters, { ...input.parameters, ...pair.parameters })
    const parameters = partOf(all, specsDrivenBy(engine.parameters, pair.driver === undefined ? 'voice' : 'driver'))
    const request = { ...requestFor(pair, parameters, input, aiLabel()), ...addressesOf(pair, addressOf) }
    return { pair, request, error: partnerError(pair, engine.drivenBy) }
  })

  const read = createInputReader(media, signal)
  const wanted = mergeDuplicates(
    await mapLimited(asked, READS_AT_ONCE, async ({ pair, request, error }): Promise<Wanted> => {
      const paths: InputPaths = { source: pair.source, voice: pair.voice ?? null, driver: pair.driver ?? null }
      const { outputFolder, parameters, outName } = request
      const key = { engine: engine.id, outputFolder, outName, parameters }
      const requestKey = requestKeyOf(key, paths)
      const common = { paths, request, requestKey, duplicates: [], due: null }
      if (error !== null) return { ...common, identity: null, inputs: null, error: error.data }
      try {
        const inputs = await read(paths)
        return { ...common, identity: identityOf(key, inputs), inputs, error: null }
      } catch (thrown) {
        signal?.throwIfAborted()
        return { ...common, identity: null, inputs: null, error: toErrorData(thrown) }
      }
    }),
  )

  const intact = new Set<string>()
  const gone = new Set<string>()
  if (!input.again) {
    await mapLimited(wanted, READS_AT_ONCE, async ({ identity }) => {
      const known = identity === null ? null : store.findByIdentity(identity)
      if (known?.state === 'done') ((await isIntact(media, known)) ? intact : gone).add(known.jobId)
    })
  }
  const purse = dependencies.purse(engine.id)
  if (purse !== null) {
    const seen = new Set<string>()
    for (const one of wanted) one.due = await dueFor(dependencies, purse, one, input, { intact, seen }, signal)
  }
  return { engine, wanted, gone, purse }
}

/** What a pair would cost now; null when it would not have to be paid for. */
async function dueFor(
  { engines, media, store }: BatchDependencies,
  purse: Purse,
  one: Wanted,
  { engine: engineId, again }: QuoteInput,
  { intact, seen }: { readonly intact: ReadonlySet<string>; readonly seen: Set<string> },
  signal: AbortSignal | undefined,
): Promise<Wanted['due']> {
  if (one.inputs === null) return null
  const known = again ? null : findKnown(store, one)
  const isMade = known !== null && (intact.has(known.jobId) || known.state === 'expired')
  if (known !== null && (isMade || purse.hasStanding(known.jobId))) return null
  const { limits } = engines.get(engineId)
  let seconds = 0
  let source: MediaFacts = {}
  for (const { role, path } of one.inputs) {
    const { verdict, facts } = await media.check(path, limitsOf(limits, role), signal)
    if (verdict === 'rejected' || (verdict === 'repairable' && !one.request.repair)) return null
    const longest = role === 'voice' ? (limits.audio?.maxSeconds ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY
    if (role === 'source') source = facts
    else {
      const whole = Math.min(facts.durationSeconds ?? 0, longest)
      seconds = purse.predictSeconds?.(source, facts, one.request.parameters) ?? whole
    }
  }
  const sha256 = one.inputs.find(({ role }) => role === 'source')?.sha256 ?? ''
  const isChecked = seen.has(sha256) || purse.isChecked(sha256)
  seen.add(sha256)
  return { seconds, checks: isChecked ? 0 : 1 }
}

function sumDue(wanted: readonly Wanted[]): { jobs: number; seconds: number; checks: number } {
  const sum = { jobs: 0, seconds: 0, checks: 0 }
  for (const { due } of wanted) {
    if (due === null) continue
    sum.jobs += 1
    sum.seconds += due.seconds
    sum.checks += due.checks
  }
  return sum
}

/** The sum of the jobs' own quotes: each may be rounded up by itself. */
function priceOf(purse: Purse, wanted: readonly Wanted[]): Quote {
  const { currency } = purse.quote(0, 0)
  let low = 0
  let high = 0
  for (const { due } of wanted) {
    if (due === null) continue
    const quote = purse.quote(due.seconds, due.checks)
    low += quote.low
    high += quote.high
  }
  const round = (amount: number) => Math.round(amount * 1e4) / 1e4
  return { low: round(low), high: round(high), currency }
}

/** What `startBatch` with the same input would cost. */
export async function quoteBatch(
  dependencies: BatchDependencies,
  input: QuoteInput,
  signal?: AbortSignal,
): Promise<SpendQuote> {
  const { engine, wanted, purse } = await examineBatch(dependencies, input, signal)
  if (purse === null) {
    const free = {
      seconds: 0,
      checks: 0,
      price: null,
      pricesAsOf: null,
      spentToday: 0,
      dayCap: null,
      asksPublicUpload: false,
    }
    return { engine: engine.id, jobs: wanted.filter(({ inputs }) => inputs !== null).length, ...free }
  }
  return { engine: engine.id, ...sumDue(wanted), price: priceOf(purse, wanted), ...(await purse.facts()) }
}

/** Nothing is paid that nobody agreed to, whichever host asks. Throws E-SPEND-CAP. */
function requireConfirmed(price: Quote, jobs: number, spend: StartInput['spend']): void {
  if (jobs === 0) return
  const isCovered = spend !== undefined && spend.currency === price.currency && price.high <= spend.confirmed + 1e-6
  if (isCovered) return
  throw new StudioError('E-SPEND-CAP', {
    params: {
      reason: spend === undefined ? 'unconfirmed' : 'price',
      value: price.high,
      limit: spend?.confirmed ?? 0,
      currency: price.currency,
      jobs,
    },
  })
}

/**
 * Makes the jobs of a batch in one transaction: all of them or none. A pair that was asked for before goes on where it
 * stopped; a finished one whose file is still there is `done` and `reused`. Throws E-PARAM-* for parameters, and
 * E-SPEND-CAP for a paid batch whose price nobody agreed to.
 */
export async function startBatch(
  dependencies: BatchDependencies,
  input: StartInput,
  signal?: AbortSignal,
): Promise<{ batchId: string; jobIds: string[] }> {
  const { store, queue, clock, newId } = dependencies
  const firstStep = 'check'
  const { engine, wanted, gone, purse } = await examineBatch(dependencies, input, signal)
  if (purse !== null) {
    const { jobs } = sumDue(wanted)
    requireConfirmed(priceOf(purse, wanted), jobs, input.spend)
    if (input.spend?.acceptPublicUpload === true) purse.acceptPublicUpload()
    else if (jobs > 0 && engine.kind === 'remote' && (await purse.facts()).asksPublicUpload) throw publicUpload(engine)
    purse.reopen()
  }

  const batchId = newId()
  const jobIds = store.transaction(() => {
    store.insertBatch(batchId, clock.now())
    purse?.setMaxCost(batchId, input.spend?.maxCost ?? null)
    let position = store.lastPosition()
    return wanted.map((one) => {
      const known = input.again ? null : findKnown(store, one)
      position += 1
      return known === null ? insert(one, position) : goOn(known, one, position)
    })
  })
  queue.notify(jobIds)
  return { batchId, jobIds }

  function insert(one: Wanted, position: number): string {
    const job: NewJob = {
      jobId: newId(),
      batchId,
      step: firstStep,
      engine: engine.id,
      ...one.paths,
      request: one.request,
      requestKey: one.requestKey,
      identity: one.identity,
      work: { inputs: one.inputs } satisfies JobWork,
      findings: duplicateFindings(one),
    }
    store.insert(job, position, clock.now())
    const record = store.find(job.jobId)
    if (one.error !== null) fail(record, one.error)
    else if (record !== null && purse !== null && one.due !== null) {
      store.update(record, 'queued', { remote: { quote: purse.quote(one.due.seconds, one.due.checks) } })
    }
    return job.jobId
  }

  function goOn(known: JobRecord, one: Wanted, position: number): string {
    const findings = [...known.findings.filter(({ code }) => code !== 'E-INPUT-DUPLICATE'), ...duplicateFindings(one)]
    const here = { batchId, findings }
    if (known.state === 'running' || known.state === 'waiting') {
      store.update(known, known.state, here)
    } else if (known.state === 'done' && !gone.has(known.jobId)) {
      // One that came to its end since it was looked for is as good as one that was there.
      store.update(known, 'done', { ...here, position, reused: true })
    } else if (known.state === 'expired') {
      // Paid for and gone: only `again` pays for it once more.
      store.update(known, 'expired', { ...here, position })
    } else {
      if (purse?.hasStanding(known.jobId) === false) purse.unreserve(known.jobId)
      const asNew = { request: one.request, identity: one.identity, work: { inputs: one.inputs } satisfies JobWork }
      // A finished render that only lacks its name keeps what it has.
      const isBegun = known.state === 'queued' && known.step !== firstStep && known.identity === one.identity
      const record = isBegun
        ? store.update(known, 'queued', { ...here, position })
        : queue.requeue(known, firstStep, { ...here, ...asNew, position, output: null, startedAt: null })
      if (one.error !== null) fail(record, one.error)
    }
    return known.jobId
  }

  function fail(record: JobRecord | null, error: ErrorData): void {
    if (record === null) return
    const told = { ...error, jobId: record.jobId, step: firstStep }
    store.update(record, 'failed', { error: told, endedAt: clock.now() })
  }
}

/** The job that already stands for this result, or that asked for the same files and did not get its result. */
function findKnown(store: JobStore, { identity, requestKey }: Wanted): JobRecord | null {
  const same = identity === null ? null : store.findByIdentity(identity)
  if (same !== null) return same
  const asked = store.findByRequest(requestKey)
  const isOpen = asked !== null && ['queued', 'failed', 'cancelled', 'needs_attention'].includes(asked.state)
  return isOpen ? asked : null
}

function requestFor(pair: Pair, parameters: Parameters, input: QuoteInput, aiLabel: boolean): JobRequest {
  return {
    parameters,
    outputFolder: input.outputFolder,
    folder: pair.folder,
    repair: input.repair || pair.repair === true,
    aiLabel,
    ...(pair.outName === undefined ? {} : { outName: pair.outName }),
  }
}

const partOf = (all: Parameters, specs: readonly ParameterSpec[]): Parameters =>
  Object.fromEntries(Object.entries(all).filter(([key]) => specs.some((spec) => spec.key === key)))

function addressesOf(
  pair: Pair,
  addressOf: BatchDependencies['addressOf'] = () => null,
): Pick<JobRequest, 'addresses'> {
  const found = (['source', 'voice', 'driver'] as const).flatMap((role) => {
    const path = pair[role]
    const address = path === undefined ? null : addressOf(path)
    return address === null ? [] : [[role, address]]
  })
  return found.length === 0 ? {} : { addresses: Object.fromEntries(found) }
}

/** What is wrong with a pair for an engine that is driven otherwise: its own error. Throws for one with nothing to drive it. */
function partnerError(pair: Pair, drivenBy: Engine['drivenBy']): StudioError | null {
  const given = (['voice', 'driver'] as const).filter((role) => pair[role] !== undefined)
  const [only] = given
  if (only === undefined) throw new StudioError('E-INPUT-UNPAIRED', { params: { file: pair.source } })
  if (given.length === 1 && drivenBy.includes(only)) return null
  const reason = drivenBy.includes('voice') ? 'needs-voice' : 'needs-driver'
  return new StudioError('E-INPUT-UNPAIRED', { params: { file: pair.source, reason } })
}

/** Reads each file once a batch, however many pairs it is in. */
function createInputReader(media: Media, signal: AbortSignal | undefined) {
  const known = new Map<string, Promise<JobInput>>()
  const readOne = (path: string): Promise<JobInput> => {
    const reading = known.get(path) ?? readAlone(path)
    known.set(path, reading)
    return reading
  }
  const readAlone = async (path: string): Promise<JobInput> => {
    if (!isAbsolute(path)) throw new StudioError('E-INPUT-NOT-FILE', { params: { file: path, reason: 'name' } })
    const [input] = await recordInputs(media, { source: path, voice: null, driver: null }, signal)
    if (input === undefined) throw new StudioError('E-INPUT-MISSING', { params: { file: path } })
    return input
  }
  return async ({ source, voice, driver }: InputPaths): Promise<JobInput[]> => {
    const inputs: JobInput[] = [await readOne(source)]
    if (voice !== null) inputs.push({ ...(await readOne(voice)), role: 'voice' })
    if (driver !== null) inputs.push({ ...(await readOne(driver)), role: 'driver' })
    return inputs
  }
}

/** Pairs that would make the same result are made once; the first one tells of the others. */
function mergeDuplicates(all: readonly Wanted[]): Wanted[] {
  const firsts = new Map<string, Wanted>()
  for (const one of all) {
    const key = one.identity ?? one.requestKey
    const first = firsts.get(key)
    if (first === undefined) firsts.set(key, one)
    else first.duplicates.push(duplicateName(first, one))
  }
  return [...firsts.values()]
}

/** The file of the later pair that is not literally the same as in the first one. */
function duplicateName(first: Wanted, later: Wanted): string {
  const { source, voice, driver } = later.paths
  const partner = voice ?? driver ?? source
  return source === first.paths.source ? partner : source
}

function duplicateFindings({ duplicates }: Wanted): Finding[] {
  return duplicates
    .slice(0, MAX_TOLD_DUPLICATES)
    .map((file) => ({ code: 'E-INPUT-DUPLICATE', level: 'warning', params: { file } }))
}

/** Whether the result of a done job still lies where it was put, with the contents it had. */
async function isIntact(media: Media, job: JobRecord): Promise<boolean> {
  if (job.output === null || job.outputSha256 === null) return false
  try {
    const now = await media.fingerprint(job.output)
    const then = parseWork(job.work).published
    if (then !== undefined && then.ino === now.ino && then.dev === now.dev && then.mtimeNs === now.mtimeNs) {
      return then.sizeBytes === now.sizeBytes
    }
    return now.sizeBytes === job.outputSizeBytes && (await media.contentHash(job.output)) === job.outputSha256
  } catch (thrown) {
    if (thrown instanceof StudioError) return false
    throw thrown
  }
}

async function mapLimited<T, R>(items: readonly T[], atOnce: number, map: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      results[index] = await map(items[index] as T)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
  return results
}
