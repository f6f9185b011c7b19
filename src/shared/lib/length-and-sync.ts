import type { EngineId, Parameters, ParameterValue } from '../model/engine.ts'
import { FOLLOWS_TIME } from '../model/limits.ts'
import type { Finding, MediaFacts, VideoFix } from '../model/media.ts'
import { predictClip, type ClipPrediction } from './predict-clip.ts'

/** One of the two clips of a job; `file` is a base name. */
type Clip = { readonly path: string; readonly file: string; readonly facts: MediaFacts }
export type ClipPair = {
  readonly engine: EngineId
  readonly source: Clip
  readonly driver: Clip
  readonly parameters: Parameters
}

/** A way to settle a finding: other parameters, or a copy of one clip that takes its place. */
export type SyncFix =
  | { readonly kind: 'parameters'; readonly values: Parameters }
  | { readonly kind: 'copy'; readonly role: 'source' | 'driver'; readonly copy: VideoFix }
export type SyncFinding = { readonly finding: Finding; readonly fixes: readonly SyncFix[] }

/** Rates closer than this are one rate: 29.97 and 30 are two. */
const SAME_RATE = 0.0005
const CAP = 'video_frame_load_cap'
const NEUTRAL_SIDE_PX = 512
const USUAL_RATES = [24_000 / 1001, 24, 25, 30_000 / 1001, 30, 50, 60_000 / 1001, 60]

const round = (value: number) => Math.round(value * 100) / 100
const exact = (value: number) => Math.round(value * 1000) / 1000

/** A rate as it is meant: containers round it. */
export function nominalRate(fps: number): number {
  return USUAL_RATES.find((usual) => Math.abs(fps / usual - 1) < SAME_RATE / 2) ?? fps
}

const flag = (parameters: Parameters, key: string): boolean => parameters[key] === true

/** What a run will make of a pair; `change`: with these parameters instead. */
export function predictPair(pair: ClipPair, change: Parameters = {}): ClipPrediction {
  const parameters = { ...pair.parameters, ...change }
  const { source, driver } = pair
  const [own, other] = [source.facts.fps, driver.facts.fps]
  const isByTime = FOLLOWS_TIME[pair.engine] && own !== undefined && other !== undefined
  if (!isByTime) return predictClip(source.facts, driver.facts, parameters)
  // As if the driver had the rate of the source; the cap counts frames of the driver.
  const { frames: _, ...facts } = driver.facts
  const cap = Math.round((Number(parameters[CAP] ?? 0) / other) * own)
  return predictClip(source.facts, { ...facts, fps: own }, { ...parameters, [CAP]: cap })
}

const isKnownVideo = ({ facts }: Clip): boolean => facts.durationSeconds !== undefined && facts.fps !== undefined

/** What a person should know of two clips and their parameters before a run, each with the ways to settle it. */
export function examineSync(pair: ClipPair): SyncFinding[] {
  // A rate is settled before a length: frames are counted in it.
  if (FOLLOWS_TIME[pair.engine]) return [...lengthFindings(pair), ...soundFindings(pair), ...sameClip(pair)]
  return [
    ...rateFindings(pair),
    ...lengthFindings(pair),
    ...soundFindings(pair),
    ...trapFindings(pair),
    ...sameClip(pair),
  ]
}

type NoteOptions = { readonly level?: 'note'; readonly repair?: Finding['repair']; readonly fixes?: readonly SyncFix[] }

function found(
  reason: string,
  params: { readonly value: string | number; readonly limit?: string | number } & Finding['params'],
  { level, repair, fixes = [] }: NoteOptions = {},
): SyncFinding {
  const { value, limit } = params
  const finding: Finding = {
    code: 'W-NOTE',
    level: level ?? 'warning',
    params: { ...params, reason },
    value,
    ...(limit === undefined ? {} : { limit }),
    ...(repair === undefined ? {} : { repair }),
  }
  return { finding, fixes }
}

const withValue = (key: string, value: ParameterValue): SyncFix => ({ kind: 'parameters', values: { [key]: value } })
const withCopy = (role: 'source' | 'driver', copy: VideoFix): SyncFix => ({ kind: 'copy', role, copy })

function lengthFindings(pair: ClipPair): SyncFinding[] {
  const { source, driver, parameters } = pair
  if (!isKnownVideo(driver)) return []
  const findings: SyncFinding[] = []
  const made = predictPair(pair)
  const all = predictPair(pair, { [CAP]: 0 })
  if (made.frames < all.frames) {
    const params = { file: source.file, value: round(all.seconds), limit: round(made.seconds) }
    findings.push(found('cap', { ...params, frames: Number(parameters[CAP]) }, { fixes: [withValue(CAP, 0)] }))
  }
  if (!isKnownVideo(source)) return findings
  if (made.isDriverTooShort) {
    const isByTime = FOLLOWS_TIME[pair.engine]
    const driverRate = nominalRate(isByTime ? made.fps : (driver.facts.fps ?? made.fps))
    const fixes = [
      withCopy('driver', { kind: 'loop', fps: driverRate, frames: all.sourceFrames }),
      withCopy('source', { kind: 'trim', fps: nominalRate(made.fps), frames: all.driverFrames }),
    ]
    const params = { file: driver.file, value: made.driverFrames, limit: made.sourceFrames, source: source.file }
    findings.push(found(isByTime ? 'driver-ends' : 'driver-short', params, { repair: 'loop', fixes }))
  }
  if (!FOLLOWS_TIME[pair.engine] && parameters['mismatch_method'] === 'none' && all.sourceFrames !== all.driverFrames) {
    const params = { file: driver.file, value: all.driverFrames, limit: all.sourceFrames }
    findings.push(found('mismatch-open', params, { fixes: [withValue('mismatch_method', 'cut')] }))
  }
  return findings
}

function rateFindings({ source, driver }: ClipPair): SyncFinding[] {
  const findings: SyncFinding[] = []
  for (const role of ['source', 'driver'] as const) {
    const { facts, file } = role === 'source' ? source : driver
    if (facts.variableRate !== true || facts.fps === undefined) continue
    const fps = usualAbove(facts.fps)
    const fixes = [withCopy(role, { kind: 'constant-rate', fps })]
    const params = { file, value: exact(facts.fps), limit: exact(fps) }
    findings.push(found('variable-rate', params, { repair: 'constant-rate', fixes }))
  }
  const [own, other] = [source.facts.fps, driver.facts.fps]
  const isOneRate = own === undefined || other === undefined || Math.abs(own / other - 1) < SAME_RATE
  if (!isOneRate && findings.length === 0) {
    const fps = nominalRate(own)
    const fixes = [withCopy('driver', { kind: 'constant-rate', fps })]
    const params = { file: driver.file, value: exact(other), limit: exact(fps), source: source.file }
    const percent = Math.round((own / other) * 100)
    findings.push(found('rates', { ...params, percent }, { repair: 'constant-rate', fixes }))
  }
  return findings
}

/** The usual rate that loses no frame of a clip with this mean rate. */
function usualAbove(fps: number): number {
  return USUAL_RATES.find((usual) => usual >= fps * (1 - SAME_RATE)) ?? 60
}

function soundFindings({ source, driver, parameters }: ClipPair): SyncFinding[] {
  const isDriver = flag(parameters, 'driving_audio')
  const [chosen, other] = isDriver ? [driver, source] : [source, driver]
  if (chosen.facts.hasAudio !== false) return []
  const isElsewhere = other.facts.hasAudio === true
  const fixes = isElsewhere ? [withValue('driving_audio', !isDriver)] : []
  const params = { file: chosen.file, value: other.file }
  return [found(isElsewhere ? 'no-sound' : 'no-sound-at-all', params, { fixes })]
}

/** Parameters that do something else than their names promise (contracts/segmind.md, section 5). */
function trapFindings({ source, driver, parameters }: ClipPair): SyncFinding[] {
  const findings: SyncFinding[] = []
  const { file } = source
  const { dsize } = parameters
  if (typeof dsize === 'number' && dsize !== NEUTRAL_SIDE_PX) {
    const params = { file, value: dsize, limit: NEUTRAL_SIDE_PX }
    findings.push(found('dsize', params, { fixes: [withValue('dsize', NEUTRAL_SIDE_PX)] }))
  }
  const retargeting = ['eye_retargeting', 'lip_retargeting'].filter((key) => flag(parameters, key))
  if (retargeting.length > 0 && flag(parameters, 'relative')) {
    const off: SyncFix = { kind: 'parameters', values: Object.fromEntries(retargeting.map((key) => [key, false])) }
    findings.push(found('retargeting', { file, value: retargeting.join(', ') }, { fixes: [off] }))
  }
  if (flag(parameters, 'base64')) {
    findings.push(found('base64', { file, value: 'base64' }, { fixes: [withValue('base64', false)] }))
  }
  const { width = 1, height = 1 } = driver.facts
  if (parameters['crop_drive_face'] === false && width !== height) {
    const params = { file: driver.file, value: `${width}x${height}` }
    findings.push(found('driver-uncropped', params, { level: 'note', fixes: [withValue('crop_drive_face', true)] }))
  }
  return findings
}

function sameClip({ source: { path, file }, driver }: ClipPair): SyncFinding[] {
  return path === driver.path ? [found('same-clip', { file, value: file }, { level: 'note' })] : []
}

/** What a result is held against; null where the contract leaves it open, or nothing is known of the clips. */
export function expectedOf(pair: ClipPair): ClipPrediction | null {
  const { source, driver, parameters } = pair
  const isOpen =
    !FOLLOWS_TIME[pair.engine] && parameters['mismatch_method'] === 'none' && lengthOf(source) !== lengthOf(driver)
  return isKnownVideo(driver) && !isOpen ? predictPair(pair) : null
}
const lengthOf = ({ facts }: Clip) => facts.frames ?? facts.durationSeconds

/**
 * What is wrong with a finished video, measured: its length, the drift of its sound, and whether it has one. `expected`:
 * what was predicted; null where nobody could say.
 */
export function examineResult(facts: MediaFacts, expected: ClipPrediction | null, file: string): Finding[] {
  const { durationSeconds = 0, soundSeconds = durationSeconds, fps, hasAudio } = facts
  const frameSeconds = 1 / (fps ?? expected?.fps ?? 25)
  const findings: SyncFinding[] = []
  if (expected !== null) {
    const isOff = Math.abs(durationSeconds - expected.seconds) > Math.max(0.1, 2 * frameSeconds)
    const params = { file, value: round(durationSeconds), limit: round(expected.seconds) }
    if (isOff) findings.push(found('result-length', params))
  }
  if (hasAudio === false) {
    findings.push(
      expected?.hasAudio === false
        ? found('result-silent-as-told', { file, value: 0 }, { level: 'note' })
        : found('result-silent', { file, value: 0 }),
    )
  }
  const drift = soundSeconds - durationSeconds
  // Sound is cut into packets of 23 ms or so: its last one may stand over.
  if (Math.abs(drift) > frameSeconds + SOUND_PACKET_SECONDS) {
    const params = { file, value: Math.round(drift * 1000), limit: Math.round(frameSeconds * 1000) }
    findings.push(found('result-drift', params))
  }
  return findings.map(({ finding }) => finding)
}
const SOUND_PACKET_SECONDS = 0.024
