import { smooth } from './smoothing.ts'
import { FRAME_RATE } from './spectrum.ts'

/** A closure is believed when the model gives it at least so much on its best frame... */
const BELIEF = 0.4
/** ...and lasts as long as it gives so much. */
const EDGE = 0.22
/** Long enough for two frames at 25 fps and one at 15 fps. */
const SHORTEST_FRAMES = Math.round(0.09 * FRAME_RATE)
/** The video shows curves early (the lips lead the sound); the lips still part only with the burst. */
const RELEASE_FRAMES = Math.round(0.03 * FRAME_RATE)
/** Lips take this long to come together and to part. */
const RAMP_FRAMES = Math.round(0.03 * FRAME_RATE)
/** Silence shorter than this between two sounds keeps the lips where they are. */
const PAUSE_FRAMES = Math.round(0.12 * FRAME_RATE)

type Span = { start: number; end: number }

function spansAbove(values: Float32Array, edge: number, belief: number): Span[] {
  const spans: Span[] = []
  let start = -1
  let best = 0
  for (let frame = 0; frame <= values.length; frame++) {
    const value = values[frame] ?? 0
    if (value >= edge) {
      if (start < 0) start = frame
      best = Math.max(best, value)
    } else if (start >= 0) {
      if (best >= belief) spans.push({ start, end: frame })
      start = -1
      best = 0
    }
  }
  return spans
}

/**
 * When the lips are together: at bilabial sounds, each held long enough to be seen, and in pauses.
 *
 * @param closed likelihood of p, b, m a frame
 * @param silence likelihood of silence a frame
 * @returns 0 apart .. 1 together, one value a frame
 */
export function closures(closed: Float32Array, silence: Float32Array): Float32Array {
  const shut = new Float32Array(closed.length)
  const hold = ({ start, end }: Span): void => {
    for (let frame = start - RAMP_FRAMES; frame < end + RAMP_FRAMES; frame++) {
      if (frame < 0 || frame >= shut.length) continue
      const outside = Math.max(start - frame, frame - end + 1, 0) / (RAMP_FRAMES + 1)
      const level = 0.5 + 0.5 * Math.cos(Math.PI * outside)
      shut[frame] = Math.max(shut[frame] as number, level)
    }
  }
  for (const span of spansAbove(smooth(closed, 1), EDGE, BELIEF)) {
    const end = span.end + RELEASE_FRAMES
    const missing = Math.max(0, SHORTEST_FRAMES - (end - span.start))
    hold({ start: span.start - Math.ceil(missing / 2), end: end + Math.floor(missing / 2) })
  }
  for (const span of spansAbove(silence, 0.5, 0.5))
    if (span.end - span.start >= PAUSE_FRAMES) hold({ start: span.start + RAMP_FRAMES, end: span.end - RAMP_FRAMES })
  return shut
}
