import { isAbsolute } from 'node:path'
import { StudioError, toErrorData, type ErrorData } from '../../../shared/errors.ts'
import type { z } from 'zod'
import type { Contract } from '../../../shared/api/index.ts'
import type { Pair } from '../../../shared/model/batch.ts'
import type { Parameters } from '../../../shared/model/engine.ts'
import type { Finding } from '../../../shared/model/media.ts'
import { parseParameters } from '../../../shared/model/parameters.ts'
import type { EngineRegistry } from '../engines/registry.ts'
import type { JobRecord, JobRequest } from '../jobs/job-record.ts'
import type { JobStore, NewJob } from '../jobs/job-store.ts'
import type { Queue } from '../jobs/queue.ts'
import type { Media } from '../media/media.ts'
import type { Clock } from '../ports.ts'
import { identityOf, recordInputs, requestKeyOf, type InputPaths } from './job-inputs.ts'
import { parseWork, type JobInput, type JobWork } from './job-work.ts'

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
}

type StartInput = z.output<Contract['batch.start']['input']>

/** One pair with everything known that decides whether it is new. */
type Wanted = {
  readonly paths: InputPaths
  readonly request: JobRequest
  readonly requestKey: string
  readonly identity: string | null
  readonly inputs: JobInput[] | null
  readonly error: ErrorData | null
  readonly duplicates: string[]
}

/**
 * Makes the jobs of a batch in one transaction: all of them or none. A pair that was asked for before goes on where it
 * stopped; a finished one whose file is still there is `done` and `reused`. Throws E-PARAM-* for parameters.
 */
export async function startBatch(
  dependencies: BatchDependencies,
  input: StartInput,
  signal?: AbortSignal,
): Promise<{ batchId: string; jobIds: string[] }> {
  const { engines, media, store, queue, clock, newId, aiLabel } = dependencies
  const engine = engines.get(input.engine)
  const firstStep = 'check'
  const asked = input.pairs.map((pair) => {
    requirePartner(pair, engine.drivenBy)
    const parameters = parseParameters(engine.parameters, { ...input.parameters, ...pair.parameters })
    return { pair, request: requestFor(pair, parameters, input, aiLabel()) }
  })

  const read = createInputReader(media, signal)
  const wanted = mergeDuplicates(
    await mapLimited(asked, READS_AT_ONCE, async ({ pair, request }): Promise<Wanted> => {
      const paths: InputPaths = { source: pair.source, voice: pair.voice ?? null, driver: pair.driver ?? null }
      const { outputFolder, parameters, outName } = request
      const key = { engine: engine.id, outputFolder, outName, parameters }
      const requestKey = requestKeyOf(key, paths)
      const common = { paths, request, requestKey, duplicates: [] }
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
  if (!input.again) {
    await mapLimited(wanted, READS_AT_ONCE, async ({ identity }) => {
      const known = identity === null ? null : store.findByIdentity(identity)
      if (known?.state === 'done' && (await isIntact(media, known))) intact.add(known.jobId)
    })
  }

  const batchId = newId()
  const jobIds = store.transaction(() => {
    store.insertBatch(batchId, clock.now())
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
    if (one.error !== null) fail(store.find(job.jobId), one.error)
    return job.jobId
  }

  function goOn(known: JobRecord, one: Wanted, position: number): string {
    const findings = [...known.findings.filter(({ code }) => code !== 'E-INPUT-DUPLICATE'), ...duplicateFindings(one)]
    const here = { batchId, findings }
    if (known.state === 'running' || known.state === 'waiting') {
      store.update(known, known.state, here)
    } else if (known.state === 'done' && intact.has(known.jobId)) {
      store.update(known, 'done', { ...here, position, reused: true })
    } else {
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

function requestFor(pair: Pair, parameters: Parameters, input: StartInput, aiLabel: boolean): JobRequest {
  return {
    parameters,
    outputFolder: input.outputFolder,
    folder: pair.folder,
    repair: input.repair,
    aiLabel,
    ...(pair.outName === undefined ? {} : { outName: pair.outName }),
  }
}

function requirePartner(pair: Pair, drivenBy: 'voice' | 'driver'): void {
  const other = drivenBy === 'voice' ? 'driver' : 'voice'
  if (pair[drivenBy] !== undefined && pair[other] === undefined) return
  throw new StudioError('E-INPUT-UNPAIRED', { params: { file: pair.source } })
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
