import type { Clock } from '../../core/ports.ts'
import { TERMINAL_STATES } from '../../../shared/model/job.ts'
import type { Job } from '../../../shared/model/job.ts'

export type JobReporter = {
  /** Takes the newest row of a job; it is told now or, when the job was told of just before, a little later. */
  readonly update: (job: Job) => void
  /** Until the last row of every job has been told. */
  readonly settled: () => Promise<void>
}

/** At most five lines a second for each job is the contract; a little more than a fifth keeps it under any clock. */
const MIN_GAP_MS = 210

/**
 * Thins out the rows of many jobs: each job's newest row is told at most five times a second, the last one always.
 * `isBehind` tells that the reader cannot follow: then progress waits and only ends are told.
 */
export function createJobReporter(clock: Clock, isBehind: () => boolean, tell: (job: Job) => void): JobReporter {
  const toldAt = new Map<string, number>()
  const told = new Map<string, string>()
  const waiting = new Map<string, Job>()
  const waiters: (() => void)[] = []
  let armed = false

  const tellNow = (job: Job, now: number) => {
    waiting.delete(job.jobId)
    // What no line shows: a row that changed only there is no news.
    const fingerprint = JSON.stringify({ ...job, startedAt: 0, endedAt: 0, findings: 0 })
    if (told.get(job.jobId) === fingerprint) return
    told.set(job.jobId, fingerprint)
    toldAt.set(job.jobId, now)
    tell(job)
  }
  const isDue = (job: Job, now: number) =>
    now - (toldAt.get(job.jobId) ?? -Infinity) >= MIN_GAP_MS && (TERMINAL_STATES.includes(job.state) || !isBehind())
  const arm = () => {
    if (armed || waiting.size === 0) return
    armed = true
    clock.setTimer(MIN_GAP_MS / 3, () => {
      armed = false
      const now = clock.monotonic()
      for (const job of waiting.values()) if (isDue(job, now)) tellNow(job, now)
      if (waiting.size === 0) for (const resolve of waiters.splice(0)) resolve()
      arm()
    })
  }
  return {
    update: (job) => {
      const now = clock.monotonic()
      if (isDue(job, now)) tellNow(job, now)
      else {
        waiting.set(job.jobId, job)
        arm()
      }
    },
    settled: () => (waiting.size === 0 ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve))),
  }
}
