import { copyFile, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { StudioError } from '../../../shared/errors.ts'
import type { Finding, MediaLimits } from '../../../shared/model/media.ts'
import type { JobRecord } from '../jobs/job-record.ts'
import type { StepContext, StepResult } from '../jobs/step.ts'
import type { SubmitAttempt } from '../jobs/submit-journal.ts'
import { download, type Downloaded } from '../lib/download.ts'
import { PRIVATE_FOLDER_MODE } from '../lib/private-files.ts'
import { asOutputError, partPath, type PublishTarget } from '../lib/publish-file.ts'
import { withoutQuery } from '../lib/url-rules.ts'
import { sleep } from '../lib/wait.ts'
import { parseWork, type JobWork } from './job-work.ts'
import { expired, noteCompleted, pollOnce, vanished, type ResultAddress } from './operation-steps.ts'
import { outputTarget, prepareFolder, requireSpace } from './output-place.ts'
import { callContext, fromTheStart, type RemoteParts } from './remote-parts.ts'
import type { VendorGate } from './vendor-gate.ts'

/** A bad result is fetched again after these times, about ten minutes in all. */
const AGAIN_AFTER_MS = [5000, 60_000, 180_000, 330_000] as const
const DURATION_TOLERANCE_SECONDS = 1
const MAX_PLACE_FAULTS = 5
const DISK_LOOK_MS = 30_000
/** A result that expires so soon is kept in our own folder rather than waited for with a full disk. */
const SAVE_ANYWHERE_MS = 1_800_000
const MAX_RESULT_BYTES = 2 * 1024 ** 3
const BYTES_A_SECOND = 1_000_000

type DownloadDependencies = RemoteParts & {
  readonly results: Map<string, ResultAddress>
  readonly freePlace: () => void
  /** For result hosts: they are not the vendor's API. */
  readonly resultGate: VendorGate
}

/** Fetches a paid result to a temporary file, and verifies it. Nothing here ever makes a video. */
export function createDownloadStep(parts: DownloadDependencies) {
  const { engine, media, journal, store, tempFiles, clock, newId, http, results, resultGate, keptDir } = parts

  /** Jobs whose stored address no longer answers: it is asked for anew. */
  const gone = new Set<string>()

  async function run(job: JobRecord, context: StepContext): Promise<StepResult> {
    gone.delete(job.jobId)
    const attempt = journal.standing(job.jobId)
    const work = parseWork(job.work)
    if (attempt === null) return fromTheStart(work)
    if (attempt.outcome !== 'accepted') return { kind: 'next', step: 'submit' }
    if (work.part !== undefined && (await isWhole(work.part))) return { kind: 'next', step: 'finish' }

    let isRefreshed = false
    let placeFaults = 0
    for (let tries = 0; ;) {
      const address = addressNow(job) ?? (await askAgain(job, attempt, context))
      if ('kind' in address) return address
      const place = await placeFor(job, attempt, context)
      const path = await partialPath(job, place.folder, context)
      let reason: string
      try {
        const got = await fetch(job, attempt, address, path, context)
        const verified = await verify(path, address.videoSeconds, context)
        if (verified === null) {
          return finish(job, { path, sha256: got.sha256, sizeBytes: got.sizeBytes }, got, place, context)
        }
        reason = verified
      } catch (thrown) {
        context.signal.throwIfAborted()
        const error = asOutputError(thrown, place.folder)
        if (!(error instanceof StudioError)) throw error
        if (error.code === 'E-DISK-FULL' || error.code.startsWith('E-OUT-')) {
          // The place is looked at anew, and another one taken where it is closed.
          if (++placeFaults > MAX_PLACE_FAULTS) throw charged(error, attempt)
          continue
        }
        if (error.code === 'E-RESULT-EXPIRED') {
          results.delete(job.jobId)
          if (isRefreshed) return { kind: 'expired', error: expired(parts, attempt, 'charged').data }
          isRefreshed = true
          gone.add(job.jobId)
          continue
        }
        if (error.code === 'E-URL-BLOCKED') throw charged(error, attempt)
        if (error.code !== 'E-RESULT-BAD' && error.code !== 'E-VENDOR-PROTOCOL') throw error
        reason = String(error.data.params['reason'] ?? error.data.params['value'] ?? '')
      }
      const againMs = AGAIN_AFTER_MS[tries++]
      if (againMs === undefined) throw await giveUp(job, attempt, address, path, reason)
      // Bytes that are known to be bad are no beginning for the next try.
      await rm(path, { force: true })
      remember(job, context, { partial: { path } })
      context.wait({ reason: 'vendor-trouble', until: Math.round(clock.now() + againMs) })
      await sleep(clock, againMs, context.signal)
      results.delete(job.jobId)
    }
  }

  /** The address as it is known: just seen, or stored where it is good for as long as the result. */
  function addressNow({ jobId }: JobRecord): ResultAddress | null {
    const seen = results.get(jobId)
    if (seen !== undefined) return seen
    const { resultUrl, videoSeconds = null } = journal.standing(jobId) ?? {}
    return typeof resultUrl === 'string' && !gone.has(jobId) ? { url: resultUrl, videoSeconds } : null
  }

  /** A fresh address, by asking for the operation once more; or how the job goes on without one. */
  async function askAgain(
    job: JobRecord,
    attempt: SubmitAttempt,
    context: StepContext,
  ): Promise<ResultAddress | StepResult> {
    const id = attempt.vendorId ?? ''
    for (let unknownSeen = 0; ;) {
      const answer = await pollOnce(parts, id, context)
      switch (answer.kind) {
        case 'completed':
          noteCompleted(parts, job, attempt, answer, context)
          return { url: answer.resultUrl, videoSeconds: answer.videoSeconds }
        case 'pending':
        case 'ready':
          return { kind: 'next', step: 'vendor_queue' }
        case 'failed':
        case 'cancelled':
          // The verdict that it had succeeded stands; only its result is gone.
          return { kind: 'expired', error: expired(parts, attempt, 'charged').data }
        case 'unknown':
          unknownSeen += 1
          if (unknownSeen >= 3) {
            const isMade = attempt.verdict === 'succeeded'
            if (isMade) return { kind: 'expired', error: expired(parts, attempt, 'charged').data }
            journal.vanish(attempt.attemptId, clock.now())
            return { kind: 'needs_attention', error: vanished(parts, attempt).data }
          }
          await sleep(clock, 5000, context.signal)
          break
        case 'trouble':
          context.wait({ reason: 'vendor-trouble', error: answer.error.data })
          await sleep(clock, 5000, context.signal)
          break
        default:
          throw new Error(`Unknown answer ${JSON.stringify(answer satisfies never)}`)
      }
    }
  }

  /** The output folder, or our own where that cannot be written to. A full disk is waited for. */
  async function placeFor(
    job: JobRecord,
    attempt: SubmitAttempt,
    context: StepContext,
  ): Promise<{ folder: string; error: StudioError | null }> {
    const expected = (attempt.videoSeconds ?? 60) * BYTES_A_SECOND
    for (;;) {
      const { folder } = outputTarget(job)
      let error: unknown
      try {
        await prepareFolder(folder)
        await requireSpace(folder, expected)
        context.wait(null)
        return { folder, error: null }
      } catch (thrown) {
        error = thrown
      }
      if (!(error instanceof StudioError)) throw error
      const leftMs = (attempt.expiresAt ?? clock.now()) - clock.now()
      if (error.code !== 'E-DISK-FULL' || leftMs < SAVE_ANYWHERE_MS) {
        await mkdir(keptDir, { recursive: true, mode: PRIVATE_FOLDER_MODE })
        const isRoom = await requireSpace(keptDir, expected).then(
          () => true,
          () => false,
        )
        if (isRoom) return { folder: keptDir, error }
      }
      context.wait({ reason: 'disk', error: error.data })
      await sleep(clock, DISK_LOOK_MS, context.signal)
    }
  }

  /** The recorded temporary file of this job in that folder: the one that a killed run began, or a new one. */
  async function partialPath(job: JobRecord, folder: string, context: StepContext): Promise<string> {
    const known = workNow(job).partial
    if (known !== undefined && dirname(known.path) === folder) {
      if (folder !== keptDir) tempFiles.add(known.path, job.jobId)
      return known.path
    }
    const path = partPath(folder, job.jobId, newId().slice(0, 8))
    // Durable before the file exists, so that it can be taken away again.
    if (folder !== keptDir) tempFiles.add(path, job.jobId)
    remember(job, context, { partial: { path } })
    return path
  }

  const workNow = (job: JobRecord): JobWork => parseWork((store.find(job.jobId) ?? job).work)

  function remember(job: JobRecord, context: StepContext, change: Partial<JobWork>): void {
    context.remember({ work: { ...workNow(job), ...change } satisfies JobWork })
  }

  /** A result inside the vendor's answer: from its own origin, with the key. */
  async function fetchInline(
    attempt: SubmitAttempt,
    toPath: string,
    context: StepContext,
    onProgress: () => void,
  ): Promise<Downloaded> {
    const { saveInline } = engine
    if (saveInline === undefined || attempt.vendorId === null) throw new Error('No result to fetch')
    const lent = await callContext(parts, context.signal)
    const target = { toPath, maxBytes: MAX_RESULT_BYTES, onProgress }
    const saved = await saveInline({ id: attempt.vendorId }, lent, target)
    return { ...saved, verifiedBy: 'nothing', trusted: true }
  }

  async function fetch(
    job: JobRecord,
    attempt: SubmitAttempt,
    address: ResultAddress,
    path: string,
    context: StepContext,
  ): Promise<Downloaded> {
    const { endpoint } = await callContext(parts, context.signal).catch(() => ({
      endpoint: parts.access.endpoint(engine),
    }))
    const { loopbackOrigin } = endpoint
    return resultGate.run(
      'query',
      context,
      async (reached) => {
        if (address.url === null) return fetchInline(attempt, path, context, reached)
        const { resume } = workNow(job).partial ?? {}
        return download(http, {
          url: address.url,
          rules: {
            vendorSuffixes: engine.resultHostSuffixes,
            ...(loopbackOrigin === undefined ? {} : { loopbackOrigin }),
          },
          toPath: path,
          ...(resume === undefined ? {} : { resume }),
          maxBytes: MAX_RESULT_BYTES,
          signal: context.signal,
          monotonic: clock.monotonic,
          onProgress: (done, total) => {
            reached()
            if (total !== null && total > 0) context.report(done / total)
          },
          onValidator: (validator) => remember(job, context, { partial: { path, resume: validator } }),
        })
      },
      1,
    )
  }

  /** Null for a whole, playable video of the right length; else what is wrong with it. */
  async function verify(path: string, videoSeconds: number | null, { signal }: StepContext): Promise<string | null> {
    const limits: MediaLimits = {
      video: { formats: ['mp4', 'mov', 'webm', 'mkv'], maxSizeBytes: Number.MAX_SAFE_INTEGER },
    }
    const { kind, facts, verdict } = await media.check(path, limits, signal)
    if (kind !== 'video' || verdict !== 'ok' || (facts.width ?? 0) <= 0) return `${kind} ${facts.format ?? ''}`.trim()
    const seconds = facts.durationSeconds ?? 0
    if (seconds <= 0) return 'length'
    const isRight = videoSeconds === null || Math.abs(seconds - videoSeconds) <= DURATION_TOLERANCE_SECONDS
    return isRight ? null : `${seconds} s / ${videoSeconds} s`
  }

  function finish(
    job: JobRecord,
    part: NonNullable<JobWork['part']>,
    got: Downloaded,
    place: { error: StudioError | null },
    context: StepContext,
  ): StepResult {
    results.delete(job.jobId)
    const { inputs, remote } = workNow(job)
    const work: JobWork = { inputs, ...(remote === undefined ? {} : { remote }), part }
    if (place.error === null) {
      const record = store.find(job.jobId) ?? job
      return { kind: 'next', step: 'finish', work, dueAt: null, findings: [...record.findings, ...notesOn(job, got)] }
    }
    // Safe on this machine; only its place is missing.
    context.remember({ work })
    return { kind: 'needs_attention', error: { ...place.error.data, chargeState: 'charged' } }
  }

  function notesOn(job: JobRecord, got: Downloaded): Finding[] {
    const twin = store.twinOfOutput(job, got.sha256)
    return [
      ...(twin === null
        ? []
        : [{ code: 'E-RESULT-SUSPECT' as const, level: 'warning' as const, params: { value: twin } }]),
      ...(got.trusted ? [] : [{ code: 'W-NOTE' as const, level: 'note' as const, params: { reason: 'unverified' } }]),
    ]
  }

  /** The bytes are kept beside our data, for a person to look at; the vendor's id stays with the job. */
  async function giveUp(
    job: JobRecord,
    attempt: SubmitAttempt,
    address: ResultAddress,
    path: string,
    reason: string,
  ): Promise<StudioError> {
    results.delete(job.jobId)
    await mkdir(keptDir, { recursive: true, mode: PRIVATE_FOLDER_MODE })
    const kept = join(keptDir, `${job.jobId}.bad`)
    const isKept = await move(path, kept).then(
      () => true,
      () => false,
    )
    return new StudioError('E-RESULT-BAD', {
      params: {
        value: reason,
        url: withoutQuery(address.url ?? engine.defaultBaseUrl),
        ...(isKept ? { file: kept } : {}),
      },
      chargeState: 'charged',
      retryable: true,
      ...(attempt.vendorId === null ? {} : { vendorId: attempt.vendorId }),
    })
  }

  const charged = (error: StudioError, attempt: SubmitAttempt): StudioError =>
    new StudioError(error.code, {
      params: error.data.params,
      chargeState: 'charged',
      ...(attempt.vendorId === null ? {} : { vendorId: attempt.vendorId }),
      cause: error,
    })

  return run
}

async function isWhole(part: NonNullable<JobWork['part']>): Promise<boolean> {
  const size = await stat(part.path).then(
    (stats) => stats.size,
    () => null,
  )
  return size === part.sizeBytes
}

async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch {
    await copyFile(from, to)
    await rm(from, { force: true })
  }
}

/** Brings a result that was kept in our own folder into the output folder; gives its new temporary path. */
export async function bringHome(
  { tempFiles, newId }: Pick<RemoteParts, 'tempFiles' | 'newId'>,
  job: JobRecord,
  part: NonNullable<JobWork['part']>,
  target: PublishTarget,
): Promise<string> {
  if (dirname(part.path) === target.folder) return part.path
  const path = partPath(target.folder, job.jobId, newId().slice(0, 8))
  tempFiles.add(path, job.jobId)
  try {
    await copyFile(part.path, path)
    const file = await open(path, 'r+')
    await file.sync().finally(() => file.close())
  } catch (thrown) {
    throw asOutputError(thrown, target.folder)
  }
  await rm(part.path, { force: true })
  return path
}
