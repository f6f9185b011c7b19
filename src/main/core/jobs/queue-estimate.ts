import type { JobStep } from '../../../shared/model/job.ts'

/** Below this much finished work a forecast would be noise, in jobs. */
const MIN_COMPLETED = 0.1

/** How much of a job is done, 0..1: what is known of its rendering, nothing guessed about the rest. */
export function jobFraction(step: JobStep, progress: number | null): number {
  if (step === 'render') return progress ?? 0
  return step === 'download' || step === 'finish' ? 1 : 0
}

/** Measures the time in which anything ran, from the first job after an idle queue on. */
export function createBusyTime(monotonic: () => number) {
  let totalMs = 0
  let since: number | null = null
  return {
    set: (isBusy: boolean) => {
      if (isBusy && since === null) since = monotonic()
      if (!isBusy && since !== null) {
        totalMs += monotonic() - since
        since = null
      }
    },
    reset: () => {
      totalMs = 0
      if (since !== null) since = monotonic()
    },
    ms: () => totalMs + (since === null ? 0 : monotonic() - since),
  }
}

/** From measured speed only: null until enough was done to measure it. */
export function estimateSeconds(busyMs: number, completedJobs: number, remainingJobs: number): number | null {
  if (remainingJobs === 0 || completedJobs < MIN_COMPLETED || busyMs <= 0) return null
  return (busyMs / 1000 / completedJobs) * remainingJobs
}
