import type { Clock } from '../ports.ts'

/** Rows a message: about half a megabyte. */
const ROWS_A_MESSAGE = 500
/** Two events a flush at most: 10 messages a second, and 5 a second about one job. */
const INTERVAL_MS = 200

export type ChangeFeed = {
  readonly changed: (jobIds: readonly string[]) => void
  readonly removed: (jobIds: readonly string[]) => void
  /** Something about the queue as a whole changed. */
  readonly touched: () => void
  /** Tells everything that is still to be told, at once. */
  readonly flushAll: () => void
}

/**
 * Gathers what changed and tells it in few messages: at once when it was quiet, else when the interval is over. A job
 * that changes often is told with its newest row only.
 */
export function createChangeFeed(
  clock: Clock,
  tell: (changed: readonly string[], removed: readonly string[]) => void,
): ChangeFeed {
  const changedIds = new Set<string>()
  const removedIds = new Set<string>()
  let isTouched = false
  let timer: { cancel: () => void } | null = null
  let lastFlush = Number.NEGATIVE_INFINITY

  const isPending = () => isTouched || changedIds.size > 0 || removedIds.size > 0

  function take(ids: Set<string>): string[] {
    const taken = [...ids].slice(0, ROWS_A_MESSAGE)
    for (const id of taken) ids.delete(id)
    return taken
  }

  function flush(): void {
    timer = null
    isTouched = false
    lastFlush = clock.monotonic()
    tell(take(changedIds), take(removedIds))
    if (isPending()) schedule()
  }

  function schedule(): void {
    if (timer !== null) return
    // Never in the caller's stack: what belongs together is told together.
    timer = clock.setTimer(Math.max(0, lastFlush + INTERVAL_MS - clock.monotonic()), flush)
  }

  return {
    changed: (jobIds) => {
      for (const jobId of jobIds) if (!removedIds.has(jobId)) changedIds.add(jobId)
      if (isPending()) schedule()
    },
    removed: (jobIds) => {
      for (const jobId of jobIds) {
        changedIds.delete(jobId)
        removedIds.add(jobId)
      }
      if (isPending()) schedule()
    },
    touched: () => {
      isTouched = true
      schedule()
    },
    flushAll: () => {
      timer?.cancel()
      timer = null
      while (isPending()) {
        isTouched = false
        tell(take(changedIds), take(removedIds))
      }
    },
  }
}
