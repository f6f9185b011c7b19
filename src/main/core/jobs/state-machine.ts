import type { JobState } from '../../../shared/model/job.ts'

/** All ways a job may go. Whatever is not here is refused by the store. */
export const ARROWS: Readonly<Record<JobState, readonly JobState[]>> = {
  queued: ['running', 'needs_attention', 'failed', 'cancelled'],
  // Back to `queued`: the next step waits for its turn, or the step was cut off by a pause, a stop or a crash.
  running: ['queued', 'waiting', 'needs_attention', 'done', 'failed', 'cancelled', 'expired'],
  // Only ever the state of a running step that stands still: it moves again before anything else becomes of it.
  waiting: ['queued', 'running', 'needs_attention', 'cancelled', 'expired'],
  needs_attention: ['queued', 'cancelled', 'expired'],
  // Its file is gone or was changed, and the same pair is asked for again.
  done: ['queued'],
  failed: ['queued'],
  cancelled: ['queued'],
  // Only to look once more whether it can be had after all.
  expired: ['queued'],
}

/** Throws a plain error for an arrow that is not in the table: a fault of ours, never of an input. */
export function requireArrow(from: JobState, to: JobState): void {
  if (!ARROWS[from].includes(to)) throw new Error(`No arrow from ${from} to ${to}`)
}
