import { smoothstep } from '../mesh/easing.ts'
import type { MouthCurves } from '../types.ts'
import { closures } from './closures.ts'
import { voiceFeatures } from './features.ts'
import { classifyMouth, MOUTH_CLASSES, MOUTH_SHAPES, type MouthClass } from './mouth-classes.ts'
import { measureLevel } from './level.ts'
import { FRAME_RATE } from './spectrum.ts'
import { percentile, smooth } from '../series.ts'

/** A voice whose open vowels the model sees dimly (noise, a strange voice) still opens wide: the top of its jaw is raised to this. */
const WIDEST_SHARE = 0.97
const WIDEST_JAW = 0.95
const MOST_GAIN = 1.7

/** A mouth opens with the amplitude of the voice, nearly in proportion; the quietest sounds open it this far. */
const LOUD_POWER = 1.3
const QUIET_OPENING = 0.09
/** A cry may stand out so far above the loud parts nearby. */
const CRY_DB = 3

/** Speakers open less differently from sound to sound than phonetics books draw: each open sound is part its own shape, part this one. */
const COMMON_JAW = 0.75
const COMMON_SHARE = 0.4

/** How loud a full hiss counts beside full voice. */
const HISS_LOUDNESS = 0.45
/** A hiss so far below the loud parts of the voice is breath, which lets the lips meet; from the second on it is speech. */
const BREATH_DB = -26
const HISS_DB = -18

const secondsToFrames = (seconds: number): number => seconds * FRAME_RATE
/** Lips and jaw are slower than sound: widths glide between neighbours (co-articulation), the jaw follows its syllable. */
const JAW_SIGMA = secondsToFrames(0.016)
const WIDE_SIGMA = secondsToFrames(0.04)
const UPPER_SIGMA = secondsToFrames(0.025)
const ENERGY_SIGMA = secondsToFrames(0.02)
const STRENGTH_SIGMA = secondsToFrames(0.008)
const PHRASE_SIGMA = secondsToFrames(0.18)

/**
 * Mouth shapes of a voice.
 *
 * Each 10 ms frame is classified by what the mouth does in that sound; the classes' shapes are blended by likelihood, opened by
 * loudness and smoothed like flesh; then the lip closures are put in, hard enough that a sampled video frame meets them.
 *
 * @param samples mono, -1 .. 1, any length; beside it about 400 bytes of memory a frame of 10 ms
 * @param sampleRate Hz, 16,000
 */
export function mouthCurves(samples: Float32Array, sampleRate: number): MouthCurves {
  const features = voiceFeatures(samples, sampleRate)
  const likely = classifyMouth(features)
  const { frameCount } = features
  const classCount = MOUTH_CLASSES.length
  const energy = smooth(features.level.energy, ENERGY_SIGMA)
  const { peak } = features.level
  // Of the whole band: a woman's [u] and [m] have most of their sound below the 200 Hz from which a voice counts as one.
  const whole = measureLevel(features.total)
  const strength = smooth(
    features.total.map((total, frame) => 10 ** (Math.min(CRY_DB, total - (whole.peak[frame] as number)) / 20)),
    STRENGTH_SIGMA,
  )
  const series = (): Float32Array => new Float32Array(frameCount)
  const [silence, closed, rawJaw, rawWide, rawUpper] = [series(), series(), series(), series(), series()]
  for (let frame = 0; frame < frameCount; frame++) {
    const loud = energy[frame] as number
    const share = (name: MouthClass): number => likely[frame * classCount + MOUTH_CLASSES.indexOf(name)] as number
    // The loudness leaves hiss out; a mouth that surely hisses is not at rest.
    const hiss =
      smoothstep(0.5, 0.9, share('sibilant') + share('hush') + share('labiodental')) *
      smoothstep(BREATH_DB, HISS_DB, (features.total[frame] as number) - (peak[frame] as number))
    const voiced = Math.max(loud, HISS_LOUDNESS * hiss)
    const blend = (of: 'jaw' | 'wide' | 'upper'): number =>
      MOUTH_CLASSES.reduce((sum, name) => sum + share(name) * MOUTH_SHAPES[name][of], 0)
    silence[frame] = Math.max(share('sil'), (1 - smoothstep(0.02, 0.15, loud)) * (1 - hiss))
    closed[frame] = share('closed')
    const opening = QUIET_OPENING + (1 - QUIET_OPENING) * (strength[frame] as number) ** LOUD_POWER
    const spoken = (1 - share('closed')) * (1 - share('sil'))
    const jaw = (1 - COMMON_SHARE) * blend('jaw') + COMMON_SHARE * COMMON_JAW * spoken
    rawJaw[frame] = jaw * smoothstep(0.02, 0.2, voiced) * opening
    rawWide[frame] = blend('wide')
    rawUpper[frame] = blend('upper')
  }
  const relaxed = smooth(rawJaw, JAW_SIGMA)
  const widest = percentile(relaxed, WIDEST_SHARE)
  const gain = Math.min(MOST_GAIN, Math.max(1, WIDEST_JAW / Math.max(widest, 1e-3)))
  const shut = closures(closed, silence, strength)
  const jaw = relaxed.map((value, frame) => Math.min(1, value * gain) * (1 - (shut[frame] as number)))
  return {
    hopSeconds: 1 / FRAME_RATE,
    jaw,
    wide: smooth(rawWide, WIDE_SIGMA),
    press: shut,
    upper: smooth(rawUpper, UPPER_SIGMA).map((value, frame) => value * (1 - (shut[frame] as number))),
    energy,
    slow: smooth(features.level.energy, PHRASE_SIGMA),
  }
}
