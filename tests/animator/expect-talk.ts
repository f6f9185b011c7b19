import { expect } from 'vitest'
import { bestCorrelation, percentile, skullDeviation } from '../../scripts/measure/figures.ts'
import type { Track } from '../../scripts/measure/retrack.ts'

const LEAST_CORRELATION = 0.75

/** The mouth opens with the voice (16 kHz) and not with the voice reversed, wide and shut by turns, in a skull that stays as it is. */
export const expectTalk = (name: string, { tracked, fps }: Track, samples: Float32Array): void => {
  const gaps = tracked.map(({ mouthGap }) => mouthGap)
  const { correlation, leadSeconds } = bestCorrelation(gaps, samples, fps)
  const reversed = bestCorrelation(gaps, samples.toReversed(), fps).correlation
  console.info(
    `${name}: mouth and voice ${correlation.toFixed(2)} at ${leadSeconds} s, reversed ${reversed.toFixed(2)}`,
  )
  expect(correlation).toBeGreaterThan(LEAST_CORRELATION)
  expect(correlation - reversed).toBeGreaterThan(0.4)
  expect(percentile(gaps, 0.95)).toBeGreaterThan(0.12)
  expect(percentile(gaps, 0.1)).toBeLessThan(0.3 * percentile(gaps, 0.95))

  const [first] = tracked
  if (!first) throw new Error(`${name}: no frames`)
  const away = tracked.map(({ face }) => skullDeviation(first.face, face).rms)
  console.info(
    `${name}: skull ${(100 * percentile(away, 0.95)).toFixed(2)} % (95 % of frames), ${(100 * Math.max(...away)).toFixed(2)} % (all)`,
  )
  expect(percentile(away, 0.95)).toBeLessThan(0.01)
  expect(Math.max(...away)).toBeLessThan(0.015)
}
