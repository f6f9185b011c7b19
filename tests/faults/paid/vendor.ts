import { randomUUID } from 'node:crypto'
import { startSimulator, type Simulator, type SimulatorOptions } from '../../../src/main/simulator/simulator.ts'
import { scaledClock } from '../../fixtures/scaled-clock.ts'
import { QUICK_VENDORS } from '../../fixtures/paid-vendors.ts'
import { wavSeconds } from '../../fixtures/vendor-media.ts'

/** The simulated vendor with its ledger; every result is the given video. */
export function startVendor(video: Buffer, factor: number, options: SimulatorOptions = {}): Promise<Simulator> {
  return startSimulator(
    {
      clock: scaledClock(factor),
      newId: randomUUID,
      inspect: { countFaces: async () => 1, audioSeconds: async (audio) => wavSeconds(audio) },
      renderPortrait: async () => video,
      renderClip: async () => ({ bytes: video, frames: 15 }),
    },
    { ...QUICK_VENDORS, ...options },
  )
}
