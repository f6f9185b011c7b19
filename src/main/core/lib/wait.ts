import type { Clock } from '../ports.ts'

/** Resolves after so long; rejects with the signal's reason. */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error)
    const timer = clock.setTimer(Math.max(0, delayMs), () => {
      signal.removeEventListener('abort', stop)
      resolve()
    })
    function stop(): void {
      timer.cancel()
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', stop, { once: true })
  })
}

const FIRST_DELAY_MS = 1000
const LAST_DELAY_MS = 60_000

/** 1, 2, 4… 60 s, each between three quarters and the whole of it, so that many do not come at once. */
export function backoffMs(failures: number, random: () => number): number {
  const whole = Math.min(LAST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.max(0, failures - 1))
  return whole * (0.75 + 0.25 * random())
}
