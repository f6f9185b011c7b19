import { StudioError } from '../errors.ts'
import type { EngineId, ParameterSpec, ParameterValue, Parameters } from './engine.ts'

/** The six generation parameters of DashScope `liveportrait` (contracts/dashscope.md, section 5). */
const PORTRAIT_PARAMETERS: readonly ParameterSpec[] = [
  { key: 'template_id', kind: 'choice', choices: ['normal', 'calm', 'active'], default: 'normal' },
  { key: 'eye_move_freq', kind: 'number', min: 0, max: 1, step: 0.05, default: 0.5 },
  { key: 'video_fps', kind: 'integer', min: 15, max: 30, step: 1, default: 24 },
  { key: 'mouth_move_strength', kind: 'number', min: 0, max: 1.5, step: 0.05, default: 1 },
  { key: 'paste_back', kind: 'boolean', default: true },
  { key: 'head_move_strength', kind: 'number', min: 0, max: 1, step: 0.05, default: 0.7 },
]

/**
 * Everything that Segmind `live-portrait-video-to-video` takes beside its two clips (contracts/segmind.md, section 5).
 * The longest clip is our own cap: its API names none.
 */
const CLIP_PARAMETERS: readonly ParameterSpec[] = [
  { key: 'video_frame_load_cap', kind: 'integer', min: 0, max: 100_000, step: 1, default: 120 },
  { key: 'mismatch_method', kind: 'choice', choices: ['cut', 'circle', 'none'], default: 'cut' },
  { key: 'driving_audio', kind: 'boolean', default: false },
  { key: 'input_face_index', kind: 'integer', min: 0, max: 5, step: 1, default: 0 },
  { key: 'drive_face_index', kind: 'integer', min: 0, max: 5, step: 1, default: 0 },
  { key: 'crop_drive_face', kind: 'boolean', default: false },
  { key: 'scale', kind: 'number', min: 1, max: 4, step: 0.1, default: 2.3 },
  { key: 'vx_ratio', kind: 'number', min: -1, max: 1, step: 0.025, default: 0 },
  { key: 'vy_ratio', kind: 'number', min: -1, max: 1, step: 0.025, default: -0.125 },
  { key: 'relative', kind: 'boolean', default: true },
  { key: 'stitching', kind: 'boolean', default: true },
  { key: 'lip_zero', kind: 'boolean', default: true },
  { key: 'lip_zero_threshold', kind: 'number', min: 0, max: 5, step: 0.01, default: 0.03 },
  { key: 'eye_retargeting', kind: 'boolean', default: false },
  { key: 'eyes_retargeting_multiplier', kind: 'number', min: 0.01, max: 10, step: 0.01, default: 1 },
  { key: 'lip_retargeting', kind: 'boolean', default: false },
  { key: 'lip_retargeting_multiplier', kind: 'number', min: 0.01, max: 10, step: 0.01, default: 1 },
  { key: 'dsize', kind: 'integer', min: 64, max: 2048, step: 1, default: 512 },
  { key: 'base64', kind: 'boolean', default: false },
]

/** The parameters of each engine, in the order in which people see them. */
export const ENGINE_PARAMETERS: Readonly<Record<EngineId, readonly ParameterSpec[]>> = {
  offline: [
    ...PORTRAIT_PARAMETERS.map((spec) => ({ ...spec, drivenBy: 'voice' as const })),
    { key: 'face_index', kind: 'integer', min: 0, max: 31, step: 1, default: 0, drivenBy: 'voice' },
    { key: 'seed', kind: 'integer', min: 0, max: 4_294_967_295, step: 1, default: 1, drivenBy: 'voice' },
    ...CLIP_PARAMETERS.map((spec) => ({ ...spec, drivenBy: 'driver' as const })),
  ],
  dashscope: PORTRAIT_PARAMETERS,
  segmind: CLIP_PARAMETERS,
}

/** Those of `specs` that act on a source with a voice, or with a driver. */
export function specsDrivenBy(specs: readonly ParameterSpec[], role: 'voice' | 'driver'): readonly ParameterSpec[] {
  return specs.filter(({ drivenBy }) => drivenBy === undefined || drivenBy === role)
}

export function defaultParameters(specs: readonly ParameterSpec[]): Parameters {
  return Object.fromEntries(specs.map((spec) => [spec.key, spec.default]))
}

/** The nearest known key by edit distance, or null when none is near enough to be a typing slip. */
function nearestKey(key: string, specs: readonly ParameterSpec[]): string | null {
  let best: { key: string; distance: number } | null = null
  for (const spec of specs) {
    const distance = editDistance(key.toLowerCase(), spec.key)
    if (best === null || distance < best.distance) best = { key: spec.key, distance }
  }
  return best !== null && best.distance <= Math.max(2, Math.floor(best.key.length / 3)) ? best.key : null
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

/**
 * Checks values that a person or program gave against an engine's specs and fills in the defaults.
 *
 * Strict: numbers must be numbers and booleans booleans (text is converted by `readParameterText` first, at the edge
 * where text comes in). Throws E-PARAM-UNKNOWN (with the nearest name), E-PARAM-TYPE or E-PARAM-RANGE.
 */
export function parseParameters(specs: readonly ParameterSpec[], given: Readonly<Record<string, unknown>>): Parameters {
  const parsed: Parameters = defaultParameters(specs)
  for (const key of Object.keys(given)) {
    const spec = specs.find((candidate) => candidate.key === key)
    if (spec === undefined) {
      const nearest = nearestKey(key.slice(0, 64), specs)
      throw new StudioError('E-PARAM-UNKNOWN', {
        params: { name: key.slice(0, 64), ...(nearest === null ? {} : { nearest, reason: 'nearest' }) },
      })
    }
    parsed[key] = parseValue(spec, given[key])
  }
  return parsed
}

function parseValue(spec: ParameterSpec, value: unknown): ParameterValue {
  const shown = typeof value === 'string' ? value.slice(0, 64) : String(value).slice(0, 64)
  const typeError = (expected: string) =>
    new StudioError('E-PARAM-TYPE', { params: { name: spec.key, value: shown, expected } })
  if (spec.kind === 'boolean') {
    if (typeof value !== 'boolean') throw typeError('true, false')
    return value
  }
  if (spec.kind === 'choice') {
    if (typeof value === 'string' && spec.choices.includes(value)) return value
    if (typeof value !== 'string') throw typeError(spec.choices.join(', '))
    throw new StudioError('E-PARAM-RANGE', {
      params: { name: spec.key, value: shown, choices: spec.choices.join(', '), reason: 'choice' },
    })
  }
  if (typeof value !== 'number' || Number.isNaN(value)) throw typeError(spec.kind)
  if (spec.kind === 'integer' && !Number.isInteger(value) && Number.isFinite(value)) throw typeError(spec.kind)
  if (value < spec.min || value > spec.max) {
    throw new StudioError('E-PARAM-RANGE', { params: { name: spec.key, value, min: spec.min, max: spec.max } })
  }
  return value === 0 ? 0 : value
}

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/

/**
 * Reads one parameter given as text (`--set`, a CSV cell). Only plain ASCII decimals are numbers: a decimal comma,
 * thousands separators, hexadecimal and other scripts' digits are E-PARAM-TYPE, never 0.
 */
export function readParameterText(specs: readonly ParameterSpec[], key: string, text: string): ParameterValue {
  const spec = specs.find((candidate) => candidate.key === key)
  if (spec === undefined || spec.kind === 'choice') return text
  if (spec.kind === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  return DECIMAL.test(text) ? Number(text) : text
}
