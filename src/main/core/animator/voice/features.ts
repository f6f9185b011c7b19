import { measureLevel, type Level } from './level.ts'
import { analyseSpectrum, BAND_COUNT, FRAME_RATE, type Spectrum } from './spectrum.ts'

/** Numbers that describe one frame: the mel bands and the loudness. */
export const FEATURE_COUNT = BAND_COUNT + 1

export type VoiceFeatures = Omit<Spectrum, 'bands'> & {
  /** frameCount x FEATURE_COUNT, tens of dB around this speaker's mean. */
  readonly values: Float32Array
  /** Measured from the loudness. */
  readonly level: Level
}

/** The speaker's mean is taken over so many frames to each side. */
const REACH_FRAMES = 4 * FRAME_RATE
/** Weight of the whole recording's mean, in frames, against the mean nearby. */
const PRIOR_FRAMES = FRAME_RATE
const ACTIVE_ENERGY = 0.35
const RANGE_DB = 60

/**
 * The mouth model's input: log-mel spectrum minus the speaker's own mean over the speech nearby, which removes level,
 * microphone and much of the speaker.
 *
 * @param samples mono, -1 .. 1
 * @param sampleRate Hz
 */
export function voiceFeatures(samples: Float32Array, sampleRate: number): VoiceFeatures {
  const { frameCount, bands, loudness, total } = analyseSpectrum(samples, sampleRate)
  const level = measureLevel(loudness)
  for (let i = 0; i < bands.length; i++) {
    const lowest = (level.peak[Math.floor(i / BAND_COUNT)] as number) - RANGE_DB
    if ((bands[i] as number) < lowest) bands[i] = lowest
  }
  const sums = new Float64Array(BAND_COUNT + 1)
  const add = (frame: number, sign: number): void => {
    if (frame < 0 || frame >= frameCount || (level.energy[frame] as number) < ACTIVE_ENERGY) return
    sums[BAND_COUNT] = (sums[BAND_COUNT] as number) + sign
    for (let band = 0; band < BAND_COUNT; band++)
      sums[band] = (sums[band] as number) + sign * (bands[frame * BAND_COUNT + band] as number)
  }
  for (let frame = 0; frame < frameCount; frame++) add(frame, 1)
  const overall = sums.map((sum) => sum / Math.max(1, sums[BAND_COUNT] as number))
  sums.fill(0)
  for (let frame = 0; frame < REACH_FRAMES; frame++) add(frame, 1)
  const values = new Float32Array(frameCount * FEATURE_COUNT)
  for (let frame = 0; frame < frameCount; frame++) {
    add(frame + REACH_FRAMES, 1)
    add(frame - REACH_FRAMES - 1, -1)
    const weight = (sums[BAND_COUNT] as number) + PRIOR_FRAMES
    for (let band = 0; band < BAND_COUNT; band++) {
      const mean = ((sums[band] as number) + PRIOR_FRAMES * (overall[band] as number)) / weight
      values[frame * FEATURE_COUNT + band] = ((bands[frame * BAND_COUNT + band] as number) - mean) / 10
    }
    const below = (loudness[frame] as number) - (level.peak[frame] as number)
    values[frame * FEATURE_COUNT + BAND_COUNT] = Math.max(-RANGE_DB, below) / 10
  }
  return { frameCount, values, level, loudness, total }
}
