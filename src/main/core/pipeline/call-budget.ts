import { sleep } from '../lib/wait.ts'
import type { Clock } from '../ports.ts'

export type CallBudget = ReturnType<typeof createCallBudget>

const MINUTE_MS = 60_000
/** After a refusal for too many calls, half of them are made for so long. */
const CAREFUL_MS = 600_000

/**
 * All calls with one key to one vendor that counts them by the minute, uploads included. Never more than so many in any
 * minute; half of them may come at once, the others are spread, so that none has to wait a whole minute.
 */
export function createCallBudget(clock: Clock, perMinute: () => number) {
  /** When calls were or will be made, oldest first, on the monotonic clock. */
  let granted: number[] = []
  let carefulUntilMs = 0
  const isCareful = (): boolean => clock.monotonic() < carefulUntilMs

  function grant(): number {
    const now = clock.monotonic()
    const most = Math.max(1, Math.floor(perMinute() / (isCareful() ? 2 : 1)))
    const atOnce = Math.ceil(most / 2)
    granted = granted.filter((at) => at > now - MINUTE_MS)
    const last = Math.max(now, granted.at(-1) ?? now)
    const full = granted.at(-most)
    // What is left is spread over the time until the oldest call no longer counts.
    const left = most - granted.length
    const freedMs = Math.max(0, (granted[0] ?? now) + MINUTE_MS - last)
    const spreadMs = granted.length < atOnce || left <= 0 ? 0 : freedMs / left
    const at = Math.max(last + spreadMs, full === undefined ? now : full + MINUTE_MS)
    granted.push(at)
    return at - now
  }

  return {
    isCareful,
    /** The vendor said that there were too many. */
    overdrawn: (): void => {
      carefulUntilMs = clock.monotonic() + CAREFUL_MS
    },
    /** Resolves when one more call may go; `tell` is told how long that takes. */
    take: async (signal: AbortSignal, tell: (delayMs: number) => void): Promise<void> => {
      const delayMs = grant()
      if (delayMs <= 0) return
      tell(delayMs)
      await sleep(clock, delayMs, signal)
    },
  }
}
