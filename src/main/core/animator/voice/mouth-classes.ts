import model from './mouth-model.json' with { type: 'json' }
import { clamp } from '../mesh/easing.ts'
import { FEATURE_COUNT, type VoiceFeatures } from './features.ts'

/**
 * What a mouth does in a sound spoken at full voice, in the order of the model's outputs, by what phonetics books show of English and Mandarin:
 * openness falls from [a] over [e] to [i] and [u]; [i] is spread, [u] and [w] rounded; [s] shows the teeth, [f] lifts the upper lip.
 */
export const MOUTH_SHAPES = {
  sil: { jaw: 0, wide: 0, upper: 0 },
  closed: { jaw: 0, wide: -0.05, upper: 0 },
  labiodental: { jaw: 0.22, wide: 0.1, upper: 0.6 },
  sibilant: { jaw: 0.28, wide: 0.4, upper: 0.35 },
  hush: { jaw: 0.33, wide: -0.45, upper: 0.3 },
  consonant: { jaw: 0.5, wide: 0.1, upper: 0.05 },
  open: { jaw: 1, wide: 0.1, upper: 0.1 },
  mid: { jaw: 0.78, wide: 0.3, upper: 0.1 },
  spread: { jaw: 0.6, wide: 0.9, upper: 0.15 },
  'round-open': { jaw: 0.8, wide: -0.65, upper: 0 },
  round: { jaw: 0.55, wide: -1, upper: 0 },
} as const

export type MouthClass = keyof typeof MOUTH_SHAPES
export const MOUTH_CLASSES = Object.keys(MOUTH_SHAPES) as readonly MouthClass[]

/** `outputs` rows of `inputs` weights. */
const unpackLayers = () =>
  model.layers.map(({ inputs, outputs, scale, weights, biases }) => ({
    inputs,
    outputs,
    weights: Float32Array.from(new Int8Array(Buffer.from(weights, 'base64')), (whole) => whole * scale),
    biases: Float32Array.from(biases),
  }))

/**
 * How likely each mouth class is in each frame: a perceptron over about 0.3 s of sound around the frame.
 *
 * The weights (8-bit, mouth-model.json) come from scripts/voice-model: synthetic English and Mandarin speech of some
 * thirty voices whose phones and times are known, varied in vocal tract, room, noise and band.
 *
 * @returns frameCount x MOUTH_CLASSES.length, each row sums to 1
 */
export function classifyMouth(features: VoiceFeatures): Float32Array {
  const { frameCount, values } = features
  const layers = unpackLayers()
  const classCount = MOUTH_CLASSES.length
  const buffers = [...layers.map(({ inputs }) => inputs), classCount].map((size) => new Float32Array(size))
  const [input, scores] = [buffers[0], buffers.at(-1)] as [Float32Array, Float32Array]
  const likely = new Float32Array(frameCount * classCount)
  for (let frame = 0; frame < frameCount; frame++) {
    model.offsets.forEach((offset, slot) => {
      const from = clamp(frame + offset, 0, frameCount - 1) * FEATURE_COUNT
      input.set(values.subarray(from, from + FEATURE_COUNT), slot * FEATURE_COUNT)
    })
    layers.forEach(({ inputs, outputs, weights, biases }, depth) => {
      const [from, to] = [buffers[depth], buffers[depth + 1]] as [Float32Array, Float32Array]
      for (let out = 0; out < outputs; out++) {
        let sum = biases[out] as number
        for (let i = 0; i < inputs; i++) sum += (weights[out * inputs + i] as number) * (from[i] as number)
        to[out] = to === scores ? sum : Math.max(0, sum)
      }
    })
    const highest = Math.max(...scores)
    const raised = scores.map((score) => Math.exp(score - highest))
    const sum = raised.reduce((total, value) => total + value, 0)
    for (let i = 0; i < classCount; i++) likely[frame * classCount + i] = (raised[i] as number) / sum
  }
  return likely
}
