import type { Parameters } from '../model/engine.ts'
import type { MediaFacts } from '../model/media.ts'

/** As much of a clip as its result depends on; a picture has no length. */
type ClipFacts = Pick<MediaFacts, 'durationSeconds' | 'fps' | 'frames' | 'hasAudio'>

/** What a source and a driving clip will make. */
export type ClipPrediction = {
  readonly frames: number
  readonly fps: number
  readonly seconds: number
  readonly hasAudio: boolean
  /** Frames of each clip that are used, after the cap. A picture counts as one. */
  readonly sourceFrames: number
  readonly driverFrames: number
  /** Fewer driving than source frames: the service may well refuse it. */
  readonly isDriverTooShort: boolean
}

const FALLBACK_FPS = 25

function framesOf({ frames, durationSeconds = 0, fps = FALLBACK_FPS }: ClipFacts): number {
  return frames !== undefined && frames > 0 ? frames : Math.max(1, Math.round(durationSeconds * fps))
}

/**
 * Frames, rate, length and sound of the result, before anything is made (contracts/segmind.md, section 5): one cap feeds
 * both clips, frames are paired one to one at the rate of the source, and the shorter clip decides unless the source is
 * repeated. What the service does with `none` it does not say; it is taken for `cut`.
 */
export function predictClip(source: ClipFacts, driver: ClipFacts, parameters: Parameters): ClipPrediction {
  const cap = Number(parameters['video_frame_load_cap'] ?? 0)
  const capped = (count: number): number => (cap > 0 ? Math.min(cap, count) : count)
  const isPicture = source.durationSeconds === undefined
  const [sourceFrames, driverFrames] = [capped(isPicture ? 1 : framesOf(source)), capped(framesOf(driver))]
  const isRepeated = isPicture || parameters['mismatch_method'] === 'circle'
  const frames = isRepeated ? driverFrames : Math.min(sourceFrames, driverFrames)
  const fps = (isPicture ? driver.fps : source.fps) ?? FALLBACK_FPS
  const isDriversSound = isPicture || parameters['driving_audio'] === true
  return {
    frames,
    fps,
    seconds: Math.round((frames / fps) * 1000) / 1000,
    hasAudio: (isDriversSound ? driver.hasAudio : source.hasAudio) === true,
    sourceFrames,
    driverFrames,
    isDriverTooShort: driverFrames < sourceFrames,
  }
}
