import type { MouthCurves } from './types.ts'

const HOP_SECONDS = 0.01
/** Longer than any wait before the picture is seen to repeat itself; a later time starts anew. */
export const PREVIEW_SECONDS = 10
/** Syllables a second of calm speech. */
const SYLLABLES = 3.6
/** One breath of speech and the pause after it. */
const PHRASE_SECONDS = 2.6
const PAUSE_SECONDS = 0.5

/** A made-up, evenly spoken voice of PREVIEW_SECONDS for previews of a portrait that has none yet, in the form of `mouthCurves`. */
export const previewVoice = (): { curves: MouthCurves; durationSeconds: number } => {
  const curve = (at: (seconds: number) => number): Float32Array =>
    Float32Array.from({ length: PREVIEW_SECONDS / HOP_SECONDS }, (_, i) => at(i * HOP_SECONDS))
  const speaking = (t: number): number => (t % PHRASE_SECONDS < PHRASE_SECONDS - PAUSE_SECONDS ? 1 : 0)
  const syllable = (t: number): number => speaking(t) * (0.5 - 0.5 * Math.cos(2 * Math.PI * SYLLABLES * t))
  return {
    durationSeconds: PREVIEW_SECONDS,
    curves: {
      hopSeconds: HOP_SECONDS,
      jaw: curve((t) => 0.9 * syllable(t)),
      wide: curve((t) => 0.5 * speaking(t) * Math.sin(2 * Math.PI * 0.9 * t)),
      press: curve((t) => (speaking(t) ? Math.max(0, 0.4 - 4 * syllable(t)) : 0.5)),
      upper: curve((t) => 0.15 * syllable(t)),
      energy: curve(syllable),
      slow: curve(() => 0.7),
    },
  }
}
