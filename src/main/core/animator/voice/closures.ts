import { FRAME_RATE } from './spectrum.ts'
import { smooth, valueAt } from '../series.ts'

/** A closure is believed when the model gives it at least so much on its best frame... */
const BELIEF = 0.5
/** ...and lasts as long as it gives this part of that. */
const EDGE = 0.88
/** Frames; a lone flicker of the model is no closure, a quick b is. */
const CLOSED_SIGMA = 0.6
/** With both ramps: shut enough in two frames at 25 fps and in one at 15 fps, wherever the frames fall. */
const SHORTEST_FRAMES = Math.round(0.07 * FRAME_RATE)
/** Curves are shown early (the lips lead the sound), yet lips part only with the burst. */
const RELEASE_FRAMES = Math.round(0.01 * FRAME_RATE)
/** Lips take this long to come together and to part. */
const RAMP_FRAMES = Math.round(0.02 * FRAME_RATE)
/** Silence shorter than this between two sounds keeps the lips where they are. */
const PAUSE_FRAMES = Math.round(0.12 * FRAME_RATE)
/** A smack or a breath inside a pause does not part them. */
const PAUSE_SIGMA = 0.03 * FRAME_RATE

type Span = { readonly start: number; readonly end: number }

/** Stretches around each peak of at least `belief` in which the values keep `edge` of that peak; `end` is exclusive. */
function spansAround(values: Float32Array, belief: number, edge: number): Span[] {
  const spans: Span[] = []
  let frame = 0
  while (frame < values.length) {
    if ((values[frame] as number) < belief * edge) {
      frame++
      continue
    }
    let end = frame
    let peak = 0
    for (; end < values.length && (values[end] as number) >= belief * edge; end++)
      peak = Math.max(peak, values[end] as number)
    if (peak >= belief) {
      let start = frame
      let stop = end
      while ((values[start] as number) < peak * edge) start++
      while ((values[stop - 1] as number) < peak * edge) stop--
      spans.push({ start, end: stop })
    }
    frame = end
  }
  return spans
}

/**
 * When the lips are together: at bilabial sounds, each held long enough to be seen, and in pauses.
 *
 * @param closed likelihood of p, b, m a frame
 * @param silence likelihood of silence a frame
 * @param loudness of the voice a frame, any scale
 * @returns 0 apart .. 1 together, one value a frame
 */
export function closures(closed: Float32Array, silence: Float32Array, loudness: Float32Array): Float32Array {
  const shut = new Float32Array(closed.length)
  const hold = ({ start, end }: Span): void => {
    for (let frame = start - RAMP_FRAMES; frame < end + RAMP_FRAMES; frame++) {
      if (frame < 0 || frame >= shut.length) continue
      const outside = Math.max(start - frame, frame - end + 1, 0) / (RAMP_FRAMES + 1)
      const level = 0.5 + 0.5 * Math.cos(Math.PI * outside)
      shut[frame] = Math.max(shut[frame] as number, level)
    }
  }
  for (const span of spansAround(smooth(closed, CLOSED_SIGMA), BELIEF, EDGE)) {
    let [start, end] = [span.start, span.end + RELEASE_FRAMES]
    // Too short to be seen: it grows to the quieter side.
    while (end - start < SHORTEST_FRAMES) {
      if (valueAt(loudness, start - 1) < valueAt(loudness, end)) start--
      else end++
    }
    hold({ start, end })
  }
  for (const { start, end } of spansAround(smooth(silence, PAUSE_SIGMA), 0.5, 1))
    if (end - start >= PAUSE_FRAMES) hold({ start: start === 0 ? 0 : start + RAMP_FRAMES, end })
  return shut
}
