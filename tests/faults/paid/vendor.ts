import { randomUUID } from 'node:crypto'
import { startSimulator, type Simulator, type SimulatorOptions } from '../../../src/main/simulator/simulator.ts'
import { scaledClock } from '../../fixtures/scaled-clock.ts'
import { wavSeconds } from '../../fixtures/vendor-media.ts'

/** The simulated vendor with its ledger; every result is the given video. */
export function startVendor(
  video: Buffer,
  factor: number,
  options: SimulatorOptions = { dashscope: { queueMs: 500, workMs: () => 3000 } },
): Promise<Simulator> {
  return startSimulator(
    {
      clock: scaledClock(factor),
      newId: randomUUID,
      inspect: { countFaces: async () => 1, audioSeconds: async (audio) => wavSeconds(audio) },
      renderPortrait: async () => video,
    },
    options,
  )
}
