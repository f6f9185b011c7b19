import type { Clock } from '../ports.ts'
import { sleep } from '../lib/wait.ts'

export type CallBudget = ReturnType<typeof createCallBudget>

/** So many calls may follow each other at once before they are spread over the minute. */
const BURST = 5
/** After a refusal for too many calls, half of them are made for so long. */
const CAREFUL_MS = 600_000

/** All calls with one key to one vendor that counts them by the minute, uploads included. */
export function createCallBudget(clock: Clock, perMinute: () => number) {
  /** When the calls granted so far are all earned, on the monotonic clock. */
  let earnedMs = 0
  let carefulUntilMs = 0
  const isCareful = (): boolean => clock.monotonic() < carefulUntilMs

  return {
    isCareful,
    /** The vendor said that there were too many. */
    overdrawn: (): void => {
      carefulUntilMs = clock.monotonic() + CAREFUL_MS
    },
    /** Resolves when one more call may go; `tell` is told how long that takes. */
    take: async (signal: AbortSignal, tell: (delayMs: number) => void): Promise<void> => {
      const everyMs = 60_000 / (perMinute() / (isCareful() ? 2 : 1))
      const now = clock.monotonic()
      const at = Math.max(earnedMs, now)
      earnedMs = at + everyMs
      const delayMs = at - (BURST - 1) * everyMs - now
      if (delayMs <= 0) return
      tell(delayMs)
      await sleep(clock, delayMs, signal)
    },
  }
}
