import type { Logger } from 'pino'
import { StudioError } from '../../../shared/errors.ts'
import type { Clock } from '../ports.ts'

const FIRST_DELAY_MS = 1000
const LAST_DELAY_MS = 30_000

export type SteadyWriter = ReturnType<typeof createSteadyWriter>

/**
 * Writes what must not be lost: a full disk or a busy database is waited for, with the value kept in memory. On a full
 * disk `freeReserve` gives back space that was kept for this. After `stop` the error is thrown instead.
 */
export function createSteadyWriter(clock: Clock, logger: Logger, freeReserve: () => boolean = () => false) {
  let isStopped = false
  const wakeUps = new Set<() => void>()

  const wait = (delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = clock.setTimer(delayMs, finish)
      function finish(): void {
        wakeUps.delete(finish)
        timer.cancel()
        resolve()
      }
      wakeUps.add(finish)
    })

  return {
    write: async <T>(action: () => T): Promise<T> => {
      for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(LAST_DELAY_MS, delayMs * 2)) {
        try {
          return action()
        } catch (thrown) {
          if (thrown instanceof StudioError && thrown.code === 'E-DISK-FULL' && freeReserve()) continue
          if (isStopped || !(thrown instanceof StudioError) || !thrown.data.retryable) throw thrown
          logger.warn({ code: thrown.code, delayMs }, 'the database cannot be written; trying again')
          await wait(delayMs)
        }
      }
    },
    stop: () => {
      isStopped = true
      for (const wakeUp of wakeUps) wakeUp()
    },
  }
}
