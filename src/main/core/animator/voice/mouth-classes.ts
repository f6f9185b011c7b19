import model from './mouth-model.json' with { type: 'json' }
import { FEATURE_COUNT, type VoiceFeatures } from './features.ts'

/** What a mouth does in a sound, in the order of the model's outputs. */
export const MOUTH_CLASSES = [
  'sil',
  'closed',
  'labiodental',
  'sibilant',
  'hush',
  'consonant',
  'open',
  'mid',
  'spread',
  'round-open',
  'round',
] as const

export type MouthClass = (typeof MOUTH_CLASSES)[number]

type Layer = {
  readonly inputs: number
  readonly outputs: number
  /** outputs x inputs */
  readonly weights: Float32Array
  readonly biases: Float32Array
}

function unpackLayers(): Layer[] {
  return model.layers.map(({ inputs, outputs, scale, weights, biases }) => ({
    inputs,
    outputs,
    weights: Float32Array.from(new Int8Array(Buffer.from(weights, 'base64')), (whole) => whole * scale),
    biases: Float32Array.from(biases),
  }))
}

function applyLayer(layer: Layer, input: Float32Array, output: Float32Array): void {
  const { inputs, outputs, weights, biases } = layer
  for (let out = 0; out < outputs; out++) {
    const row = out * inputs
    let sum = biases[out] as number
    for (let i = 0; i < inputs; i++) sum += (weights[row + i] as number) * (input[i] as number)
    output[out] = sum
  }
}

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
  const buffers = layers.map(({ inputs }) => new Float32Array(inputs))
  const classCount = MOUTH_CLASSES.length
  const scores = new Float32Array(classCount)
  const likely = new Float32Array(frameCount * classCount)
  for (let frame = 0; frame < frameCount; frame++) {
    const input = buffers[0] as Float32Array
    model.offsets.forEach((offset, slot) => {
      const from = Math.min(frameCount - 1, Math.max(0, frame + offset)) * FEATURE_COUNT
      for (let i = 0; i < FEATURE_COUNT; i++) input[slot * FEATURE_COUNT + i] = values[from + i] as number
    })
    layers.forEach((layer, depth) => {
      const output = buffers[depth + 1] ?? scores
      applyLayer(layer, buffers[depth] as Float32Array, output)
      if (output !== scores) for (let i = 0; i < output.length; i++) output[i] = Math.max(0, output[i] as number)
    })
    const highest = Math.max(...scores)
    let sum = 0
    for (let i = 0; i < classCount; i++) sum += Math.exp((scores[i] as number) - highest)
    for (let i = 0; i < classCount; i++)
      likely[frame * classCount + i] = Math.exp((scores[i] as number) - highest) / sum
  }
  return likely
}
