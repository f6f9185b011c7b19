import { clamp } from '../mesh/easing.ts'
import { FRAME_RATE } from './spectrum.ts'
import { percentile, valueAt } from '../series.ts'

/** How loud a voice is against itself, one value a frame. */
export type Level = {
  /** 0 background .. 1 the loud parts nearby. */
  readonly energy: Float32Array
  /** Loudness of the loud parts nearby, dB on the scale of the input. */
  readonly peak: Float32Array
}

const BLOCK_FRAMES = FRAME_RATE
/** Peaks are held for so many blocks to each side: about a sentence. */
const HOLD_BLOCKS = 2
/** A stretch this far below the loudest speech is background, not a quiet speaker. */
const QUIET_SPEAKER_DB = 18
const RANGE_DB = 30
/** Full scale is about 42 dB on this scale; sounds with peaks 62 dB under it are silence, however far they stand out. */
const QUIETEST_PEAK_DB = -20

/**
 * Energy relative to the voice's own loudest and quietest parts, so that recording level, distance and noise floor drop out.
 * The peak follows the voice over about five seconds: a second, quieter speaker opens the mouth as far as the first.
 *
 * @param loudness dB, one value a frame
 */
export function measureLevel(loudness: Float32Array): Level {
  const count = loudness.length
  const loudest = percentile(loudness, 0.95)
  const floor = percentile(loudness, 0.08)
  const blocks: number[] = []
  for (let start = 0; start < count; start += BLOCK_FRAMES)
    blocks.push(percentile(loudness.subarray(start, Math.min(count, start + BLOCK_FRAMES)), 0.92))
  const held = blocks.map((_, at) =>
    Math.max(loudest - QUIET_SPEAKER_DB, ...blocks.slice(Math.max(0, at - HOLD_BLOCKS), at + HOLD_BLOCKS + 1)),
  )
  const peak = loudness.map((_, frame) => {
    const position = Math.max(0, frame / BLOCK_FRAMES - 0.5)
    return Math.max(QUIETEST_PEAK_DB, valueAt(held, position))
  })
  const energy = loudness.map((value, frame) => {
    const high = peak[frame] as number
    const low = Math.max(high - RANGE_DB, Math.min(floor + 6, high - 14))
    return clamp((value - low) / (high - 2 - low))
  })
  return { energy, peak }
}
