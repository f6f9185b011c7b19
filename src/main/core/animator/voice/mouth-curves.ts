import type { MouthCurves } from '../types.ts'
import { closures } from './closures.ts'
import { voiceFeatures } from './features.ts'
import { classifyMouth, MOUTH_CLASSES } from './mouth-classes.ts'
import { smooth, smoothstep } from './smoothing.ts'
import { FRAME_RATE } from './spectrum.ts'

type Shape = { readonly jaw: number; readonly wide: number; readonly upper: number }

/**
 * The mouth of each class when it is spoken at full voice, by what phonetics books show of English and Mandarin:
 * openness falls from [a] over [e] to [i] and [u]; [i] is spread, [u] and [w] rounded; [s] shows the teeth, [f] lifts the upper lip.
 */
const SHAPES: Readonly<Record<(typeof MOUTH_CLASSES)[number], Shape>> = {
  sil: { jaw: 0, wide: 0, upper: 0 },
  closed: { jaw: 0, wide: -0.05, upper: 0 },
  labiodental: { jaw: 0.12, wide: 0.1, upper: 0.6 },
  sibilant: { jaw: 0.16, wide: 0.4, upper: 0.35 },
  hush: { jaw: 0.2, wide: -0.45, upper: 0.3 },
  consonant: { jaw: 0.3, wide: 0.1, upper: 0.05 },
  open: { jaw: 1, wide: 0.1, upper: 0.1 },
  mid: { jaw: 0.66, wide: 0.3, upper: 0.1 },
  spread: { jaw: 0.44, wide: 0.9, upper: 0.15 },
  'round-open': { jaw: 0.7, wide: -0.65, upper: 0 },
  round: { jaw: 0.36, wide: -1, upper: 0 },
}

const secondsToFrames = (seconds: number): number => seconds * FRAME_RATE
/** Lips and jaw are slower than sound: widths glide between neighbours (co-articulation), the jaw follows its syllable. */
const JAW_SIGMA = secondsToFrames(0.022)
const WIDE_SIGMA = secondsToFrames(0.04)
const UPPER_SIGMA = secondsToFrames(0.025)
const ENERGY_SIGMA = secondsToFrames(0.02)
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
  const silence = new Float32Array(frameCount)
  const closed = new Float32Array(frameCount)
  const rawJaw = new Float32Array(frameCount)
  const rawWide = new Float32Array(frameCount)
  const rawUpper = new Float32Array(frameCount)
  for (let frame = 0; frame < frameCount; frame++) {
    const loud = energy[frame] as number
    let jaw = 0
    let wide = 0
    let upper = 0
    MOUTH_CLASSES.forEach((name, index) => {
      const share = likely[frame * classCount + index] as number
      const shape = SHAPES[name]
      jaw += share * shape.jaw
      wide += share * shape.wide
      upper += share * shape.upper
    })
    silence[frame] = Math.max(likely[frame * classCount] as number, 1 - smoothstep(0.02, 0.15, loud))
    closed[frame] = likely[frame * classCount + 1] as number
    rawJaw[frame] = jaw * smoothstep(0, 0.35, loud) * (0.5 + 0.5 * loud)
    rawWide[frame] = wide
    rawUpper[frame] = upper
  }
  const jaw = smooth(rawJaw, JAW_SIGMA)
  const shut = closures(closed, silence)
  for (let frame = 0; frame < frameCount; frame++)
    jaw[frame] = Math.min(1, (jaw[frame] as number) * (1 - (shut[frame] as number)))
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
