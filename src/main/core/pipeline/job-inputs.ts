import { createHash } from 'node:crypto'
import { StudioError } from '../../../shared/errors.ts'
import type { EngineId, Parameters } from '../../../shared/model/engine.ts'
import type { Media } from '../media/media.ts'
import type { JobRecord } from '../jobs/job-record.ts'
import type { JobInput, JobWork } from './job-work.ts'

export type InputPaths = { readonly source: string; readonly voice: string | null; readonly driver: string | null }

/** Roles and paths in a fixed order. */
export function listInputs({ source, voice, driver }: InputPaths): { role: JobInput['role']; path: string }[] {
  return [
    { role: 'source', path: source },
    ...(voice === null ? [] : [{ role: 'voice' as const, path: voice }]),
    ...(driver === null ? [] : [{ role: 'driver' as const, path: driver }]),
  ]
}

/** Takes the state and content hash of every input. Throws E-INPUT-MISSING, -NOT-FILE, -PERMISSION, -UNAVAILABLE, -CHANGED. */
export async function recordInputs(media: Media, paths: InputPaths, signal?: AbortSignal): Promise<JobInput[]> {
  const inputs: JobInput[] = []
  for (const { role, path } of listInputs(paths)) {
    const { dev, ino, sizeBytes, mtimeNs } = await media.fingerprint(path)
    inputs.push({ role, path, dev, ino, sizeBytes, mtimeNs, sha256: await media.contentHash(path, signal) })
  }
  return inputs
}

/**
 * Throws E-INPUT-CHANGED when an input is no longer the one that was asked for. A file that was only touched, moved
 * away and back, or saved again with the same contents passes.
 */
export async function requireUnchanged(media: Media, inputs: readonly JobInput[], signal?: AbortSignal): Promise<void> {
  for (const input of inputs) {
    const now = await media.fingerprint(input.path)
    const isSame =
      now.dev === input.dev &&
      now.ino === input.ino &&
      now.sizeBytes === input.sizeBytes &&
      now.mtimeNs === input.mtimeNs
    if (isSame) continue
    if (now.sizeBytes === input.sizeBytes && (await media.contentHash(input.path, signal)) === input.sha256) continue
    throw new StudioError('E-INPUT-CHANGED', { params: { file: input.path } })
  }
}

const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex')

/** What makes a result another one beside its inputs. `outName`: a name that a manifest asks for by itself. */
export type ResultKey = {
  readonly engine: EngineId
  readonly outputFolder: string
  readonly outName: string | undefined
  readonly parameters: Parameters
}

const inFixedOrder = ({ engine, outputFolder, outName, parameters }: ResultKey) => [
  engine,
  outputFolder,
  outName ?? null,
  Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1)),
]

/** Equal for two jobs that would make the same result in the same folder, whatever their files are called. */
export function identityOf(key: ResultKey, inputs: readonly JobInput[]): string {
  return digest(['identity', inFixedOrder(key), inputs.map(({ role, sha256 }) => [role, sha256])])
}

/** Equal for two requests for the same files by name, whatever they hold. */
export function requestKeyOf(key: ResultKey, { source, voice, driver }: InputPaths): string {
  return digest(['request', inFixedOrder(key), source, voice, driver])
}

/**
 * The inputs of a job that failed on one of them, read as they are now: a person who mended a file and retries means the
 * mended one. Null for a job that failed for another reason, and while a file still cannot be read.
 */
export async function rereadInputs(media: Media, job: JobRecord, signal?: AbortSignal): Promise<RenewedInputs | null> {
  if (job.state !== 'failed' || job.error?.code.startsWith('E-INPUT-') !== true) return null
  const { outputFolder, outName, parameters } = job.request
  try {
    const inputs = await recordInputs(media, job, signal)
    return { work: { inputs }, identity: identityOf({ engine: job.engine, outputFolder, outName, parameters }, inputs) }
  } catch (thrown) {
    if (!(thrown instanceof StudioError)) throw thrown
    return null
  }
}

/** What a retry from the first step on begins with. */
export type RenewedInputs = { readonly work: JobWork; readonly identity: string }
