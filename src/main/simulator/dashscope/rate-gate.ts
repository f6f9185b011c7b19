import type { SimulatorClock } from '../simulator-ports.ts'

/** True when one more call fits into the last second. */
export type RateGate = () => boolean

export function createRateGate(clock: SimulatorClock, perSecond: number): RateGate {
  let calls: number[] = []
  return () => {
    const now = clock.now()
    calls = calls.filter((at) => now - at < 1000)
    if (calls.length >= perSecond) return false
    calls.push(now)
    return true
  }
}
