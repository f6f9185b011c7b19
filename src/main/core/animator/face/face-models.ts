import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { loadGraphModel, type GraphModel } from '@tensorflow/tfjs-converter'
import * as tf from '@tensorflow/tfjs-core'

/** Detector input: a square of this many pixels a side. */
export const DETECTOR_SIZE = 256
/** Mesh input: a square of this many pixels a side. */
export const MESH_SIZE = 192
/** Iris input: a square of this many pixels a side. */
export const IRIS_SIZE = 64
/** Person input: a square of this many pixels a side. */
export const PERSON_SIZE = 256

/** Candidate faces of one detector grid: `scores` are logits, `boxes` 16 numbers each (dx, dy, w, h, 6 key points), pixels of the input. */
export type DetectorGrid = {
  readonly scores: Float32Array
  readonly boxes: Float32Array
}

/**
 * The four networks as plain functions over typed arrays. Inputs are `size * size * 3` floats, row by row, R G B.
 * Every call is synchronous; results are fresh arrays.
 */
export type FaceModels = {
  /** Input -1..1 (-1 outside the picture). Fine grid: 512 candidates of stride 16; coarse: 384 of stride 32. */
  readonly detect: (input: Float32Array) => { readonly fine: DetectorGrid; readonly coarse: DetectorGrid }
  /** Input 0..1. 468 x (x, y, z) in pixels of the input, and the probability that a face fills the square. */
  readonly mesh: (input: Float32Array) => { readonly points: Float32Array; readonly score: number }
  /** Two eyes at once, 0..1 each, the second one mirrored by the caller. 76 x (x, y, z) a eye: 71 contour points, 5 iris points. */
  readonly iris: (inputs: Float32Array) => Float32Array
  /** Input 0..1. How surely each pixel of the input shows a person, 0..1, row by row. */
  readonly person: (input: Float32Array) => Float32Array
}

type WeightsManifest = { readonly weights: tf.io.WeightsManifestEntry[] }[]
type ModelFile = { readonly modelTopology: object; readonly weightsManifest: WeightsManifest }

const readModel = async (modelsDir: string, name: string): Promise<GraphModel> => {
  const [text, weights] = await Promise.all([
    readFile(join(modelsDir, `${name}.json`), 'utf8'),
    readFile(join(modelsDir, `${name}.bin`)),
  ])
  // The files' hashes are pinned when they are copied beside the program (resources/face-models.json).
  const file = JSON.parse(text) as ModelFile
  const weightData = weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.byteLength) as ArrayBuffer
  return loadGraphModel({
    load: async () => ({
      modelTopology: file.modelTopology,
      weightSpecs: file.weightsManifest.flatMap((group) => group.weights),
      weightData,
    }),
  })
}

/** Runs `model` on one input and hands back its outputs as float arrays; nothing stays in the backend's memory. */
const run = (model: GraphModel, input: Float32Array, shape: [number, number, number, number]): Float32Array[] => {
  const tensor = tf.tensor4d(input, shape)
  const result = model.predict(tensor)
  const outputs = Array.isArray(result) ? result : [result as tf.Tensor]
  const arrays = outputs.map((output) => Float32Array.from(output.dataSync()))
  tf.dispose([tensor, ...outputs])
  return arrays
}

const bySize = (arrays: Float32Array[], size: number): Float32Array => {
  const found = arrays.find((array) => array.length === size)
  if (!found) throw new Error(`face model output of ${size} values is missing`)
  return found
}

let backendReady: Promise<unknown> | undefined

const startBackend = async (modelsDir: string): Promise<unknown> => {
  // The backend prints a page to the console when its file is missing; this says it by an error alone.
  await access(join(modelsDir, 'tfjs-backend-wasm-simd.wasm'))
  // The WebAssembly loader reads __dirname even when the folder is given, and an ESM bundle has none.
  const scope = globalThis as { __dirname?: string }
  scope.__dirname ??= modelsDir
  setWasmPaths(join(modelsDir, '/'))
  return tf.setBackend('wasm').then(() => tf.ready())
}

/**
 * Loads detector, mesh, iris and person segmentation from `modelsDir`, which holds the files listed in resources/face-models.json
 * (`scripts/copy-models.mjs` makes it). One backend a thread; call once a worker. Takes about 0.1 s.
 */
export const loadFaceModels = async (modelsDir: string): Promise<FaceModels> => {
  backendReady ??= startBackend(modelsDir)
  await backendReady
  const [detector, mesh, iris, person] = await Promise.all(
    ['blazeface', 'facemesh', 'iris', 'selfie'].map((name) => readModel(modelsDir, name)),
  )
  if (!detector || !mesh || !iris || !person) throw new Error('face models are missing')
  return {
    detect: (input) => {
      const outputs = run(detector, input, [1, DETECTOR_SIZE, DETECTOR_SIZE, 3])
      return {
        fine: { scores: bySize(outputs, 512), boxes: bySize(outputs, 512 * 16) },
        coarse: { scores: bySize(outputs, 384), boxes: bySize(outputs, 384 * 16) },
      }
    },
    mesh: (input) => {
      const outputs = run(mesh, input, [1, MESH_SIZE, MESH_SIZE, 3])
      return { points: bySize(outputs, 468 * 3), score: bySize(outputs, 1)[0] as number }
    },
    iris: (inputs) => bySize(run(iris, inputs, [2, IRIS_SIZE, IRIS_SIZE, 3]), 2 * 76 * 3),
    person: (input) => bySize(run(person, input, [1, PERSON_SIZE, PERSON_SIZE, 3]), PERSON_SIZE ** 2),
  }
}
