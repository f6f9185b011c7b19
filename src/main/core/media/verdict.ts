import type {
  AudioLimits,
  Finding,
  ImageLimits,
  MediaKind,
  MediaLimits,
  Verdict,
  VideoLimits,
} from '../../../shared/model/media.ts'
import { extensionIn, kindOfName } from '../lib/media-names.ts'
import type { Inspection } from './inspection.ts'
import { canConvert, canDraw, MIN_SIDE_PX } from './repair-plan.ts'
import { extensionFits } from './sniff-format.ts'

/** Lengths are sums of floating point: less than one sample at any rate. */
const FLOAT_SLACK = 1e-6

/** Files that are too large for their engine are still looked at up to these sizes: a repair may make them fit. */
const MIB = 1_048_576
const REPAIRABLE_BYTES = { image: 256 * MIB, audio: 1024 * MIB } as const

/** The largest size of any kind that is accepted or can be made to fit; a larger file is not even opened. */
export function largestSizeBytes(limits: MediaLimits): number {
  const { image, audio, video } = limits
  return Math.max(
    image === undefined ? 0 : Math.max(image.maxSizeBytes, REPAIRABLE_BYTES.image),
    audio === undefined ? 0 : Math.max(audio.maxSizeBytes, REPAIRABLE_BYTES.audio),
    video?.maxSizeBytes ?? 0,
  )
}

/** Whether a file of this kind is too large for more than a look at its first bytes. */
export function isBeyondRepair(kind: MediaKind, sizeBytes: number, limits: MediaLimits): boolean {
  // The sound of a video can be a voice.
  const own = kind === 'video' && limits.video === undefined ? 'audio' : kind
  const limit = limitsOf(limits, own)?.maxSizeBytes
  if (limit === undefined) return false
  return sizeBytes > Math.max(limit, own === 'image' || own === 'audio' ? REPAIRABLE_BYTES[own] : 0)
}

function limitsOf(limits: MediaLimits, kind: MediaKind): ImageLimits | AudioLimits | VideoLimits | undefined {
  return kind === 'other' ? undefined : limits[kind]
}

/** The finding for a file that is too large for its kind, or null. */
export function tooLarge(name: string, kind: MediaKind, sizeBytes: number, limits: MediaLimits): Finding | null {
  const limit = limitsOf(limits, kind)?.maxSizeBytes
  if (limit === undefined || sizeBytes <= limit) return null
  return {
    code: 'E-INPUT-TOO-LARGE',
    level: 'error',
    params: { file: name, value: sizeBytes, limit },
    value: sizeBytes,
    limit,
  }
}

/** All formats that an engine takes, for the sentence about one that it does not. */
function acceptedFormats(limits: MediaLimits, kind: MediaKind): string {
  const own = limitsOf(limits, kind)
  const formats = own ? own.formats : [limits.image, limits.audio, limits.video].flatMap((one) => one?.formats ?? [])
  return formats.join(', ')
}

/** Everything that stands between a file and an engine, most telling first. `name` is the base name. */
export function judge(inspection: Inspection, name: string, limits: MediaLimits): Finding[] {
  const findings = [...inspection.problems, ...typeFindings(inspection, name, limits)]
  const hasTypeError = findings.some(({ code }) => code === 'E-INPUT-TYPE')
  if (!hasTypeError) {
    const { kind } = inspection
    if (kind === 'image' && limits.image) findings.push(...imageFindings(inspection, name, limits.image))
    if (kind === 'audio' && limits.audio) findings.push(...audioFindings(inspection, name, limits.audio))
    if (kind === 'video' && limits.video) findings.push(...videoFindings(inspection, name, limits.video))
    findings.push(...noteFindings(inspection, name, limits))
  }
  return findings
}

export function verdictOf(findings: readonly Finding[]): Verdict {
  const errors = findings.filter(({ level }) => level === 'error')
  if (errors.length === 0) return 'ok'
  return errors.every(({ repair }) => repair !== undefined) ? 'repairable' : 'rejected'
}

function typeFindings(inspection: Inspection, name: string, limits: MediaLimits): Finding[] {
  const { kind, format, facts } = inspection
  const own = limitsOf(limits, kind)
  const limit = acceptedFormats(limits, kind)
  // A damaged file is not worth converting.
  const isConvertibleHere =
    inspection.problems.length === 0 && canConvert(kind, format, facts.hasAudio === true, limits)
  const refuse = (value: string, reason?: string, isConvertible = isConvertibleHere): Finding => ({
    code: 'E-INPUT-TYPE',
    level: 'error',
    params: { file: name, value, limit, ...(reason === undefined ? {} : { reason }) },
    value,
    limit,
    ...(isConvertible ? { repair: 'convert' as const } : {}),
  })
  const promised = kindOfName(name)
  // Pairing goes by names: a picture called .mp3 has been taken for a voice. (An .mp4 may hold sound alone.)
  const isMisnamed = promised !== 'other' && promised !== kind && !(promised === 'video' && kind === 'audio')
  if (own !== undefined && isMisnamed && limitsOf(limits, promised) !== undefined) {
    const limit = acceptedFormats(limits, promised)
    // What was taken for a voice can still give its sound.
    const repair = promised === 'audio' && isConvertibleHere ? { repair: 'convert' as const } : {}
    const params = { file: name, value: format, limit }
    return [{ code: 'E-INPUT-TYPE', level: 'error', params, value: format, limit, ...repair }]
  }
  if (own === undefined) return [refuse(format, format === 'unknown' ? 'unknown' : undefined)]
  if (!own.formats.includes(format)) return [refuse(format)]
  if (inspection.picture?.animated === true) return [refuse(format, 'animated')]
  if (kind === 'audio' && format === 'wav' && inspection.problems.length === 0) {
    const container = inspection.sound?.container ?? 'riff'
    // ffmpeg reads big-endian samples the wrong way round and makes noise of them.
    if (container === 'rifx') return [refuse(container, 'codec', false)]
    const codecs = limits.audio?.wavCodecs
    if (codecs !== undefined && container !== 'riff') return [refuse(container, 'codec')]
    if (codecs !== undefined && !codecs.includes(facts.codec ?? '')) return [refuse(facts.codec ?? '', 'codec')]
  }
  return []
}

function imageFindings(inspection: Inspection, name: string, limits: ImageLimits): Finding[] {
  const { width = 0, height = 0, sizeBytes = 0 } = inspection.facts
  const findings: Finding[] = []
  const value = `${width}x${height}`
  const long = Math.max(width, height)
  const short = Math.min(width, height)
  const canShrink = long > 0 && canDraw(width, height) && inspection.problems.length === 0
  if (long > limits.maxSide) {
    findings.push({
      code: 'E-INPUT-DIMENSIONS',
      level: 'error',
      params: { file: name, value, limit: limits.maxSide },
      value: long,
      limit: limits.maxSide,
      ...(canShrink ? { repair: 'shrink' as const } : {}),
    })
  }
  if (long > 0 && short < MIN_SIDE_PX) {
    findings.push({
      code: 'E-INPUT-DIMENSIONS',
      level: 'error',
      params: { file: name, value, limit: MIN_SIDE_PX, reason: 'small' },
      value: short,
      limit: MIN_SIDE_PX,
    })
  }
  if (limits.maxRatio !== undefined && long > limits.maxRatio * short) {
    findings.push({
      code: 'E-INPUT-ASPECT',
      level: 'error',
      params: { file: name, value, limit: limits.maxRatio },
      value,
      limit: limits.maxRatio,
      ...(canShrink ? { repair: 'crop' as const } : {}),
    })
  }
  const large = tooLarge(name, 'image', sizeBytes, { image: limits })
  if (large !== null) findings.push(canShrink ? { ...large, repair: 'shrink' } : large)
  return findings
}

function audioFindings(inspection: Inspection, name: string, limits: AudioLimits): Finding[] {
  const { durationSeconds, sizeBytes = 0 } = inspection.facts
  const findings: Finding[] = []
  if (durationSeconds !== undefined && inspection.problems.length === 0) {
    const finding = (code: Finding['code'], value: number, limit: number): Finding => ({
      code,
      level: 'error',
      params: { file: name, value, limit },
      value,
      limit,
    })
    // Shown to the thousandth, rounded away from the limit so that the sentence never says "180 s; at most 180 s".
    if (durationSeconds < limits.minSeconds - FLOAT_SLACK) {
      findings.push(finding('E-INPUT-TOO-SHORT', Math.floor(durationSeconds * 1000) / 1000, limits.minSeconds))
    }
    if (durationSeconds > limits.maxSeconds + FLOAT_SLACK) {
      const shown = Math.ceil(Math.round(durationSeconds * 1e6) / 1000) / 1000
      findings.push({ ...finding('E-INPUT-TOO-LONG', shown, limits.maxSeconds), repair: 'trim' })
    }
  }
  const large = tooLarge(name, 'audio', sizeBytes, { audio: limits })
  if (large !== null) findings.push(inspection.problems.length === 0 ? { ...large, repair: 'transcode' } : large)
  return findings
}

function videoFindings(inspection: Inspection, name: string, limits: VideoLimits): Finding[] {
  const { sizeBytes = 0, width = 0, height = 0, durationSeconds = 0 } = inspection.facts
  const findings: Finding[] = []
  const large = tooLarge(name, 'video', sizeBytes, { video: limits })
  if (large !== null) findings.push(large)
  const warn = (reason: string, value: number, limit: number): Finding => ({
    code: 'W-NOTE',
    level: 'warning',
    params: { file: name, value, limit, reason },
    value,
    limit,
  })
  if (limits.warnUploadBytes !== undefined && sizeBytes > limits.warnUploadBytes) {
    findings.push(warn('upload-size', sizeBytes, limits.warnUploadBytes))
  }
  const side = Math.max(width, height)
  if (limits.warnSide !== undefined && side > limits.warnSide) findings.push(warn('large-video', side, limits.warnSide))
  if (limits.warnSeconds !== undefined && durationSeconds > limits.warnSeconds) {
    findings.push(warn('long-video', Math.round(durationSeconds * 1000) / 1000, limits.warnSeconds))
  }
  return findings
}

function noteFindings(inspection: Inspection, name: string, limits: MediaLimits): Finding[] {
  if (inspection.problems.length > 0) return []
  const { facts, format, kind, picture, sound } = inspection
  const own = limitsOf(limits, kind)
  const note = (reason: string, rest: Partial<Finding> & { value: string | number }): Finding => ({
    code: 'W-NOTE',
    level: 'note',
    ...rest,
    params: { file: name, reason, value: rest.value, ...(rest.limit === undefined ? {} : { limit: rest.limit }) },
  })
  const findings: Finding[] = []
  const { sizeBytes = 0, width = 0, height = 0, durationSeconds } = facts
  if (own !== undefined && 'noteSizeBytes' in own && own.noteSizeBytes !== undefined) {
    if (sizeBytes > own.noteSizeBytes && sizeBytes <= own.maxSizeBytes) {
      findings.push(note('size', { value: sizeBytes, limit: own.noteSizeBytes }))
    }
  }
  const extension = extensionIn(name)
  if (!extensionFits(format, extension)) {
    findings.push(note('extension', { value: format, limit: extension, repair: 'extension' }))
  }
  if (picture !== undefined && picture.orientation > 1) {
    findings.push(note('orientation', { value: picture.orientation, repair: 'orientation' }))
  }
  if (limits.image?.evenSides === true && picture !== undefined && (width % 2 === 1 || height % 2 === 1)) {
    findings.push(
      note('even-sides', { value: `${width - (width % 2)}x${height - (height % 2)}`, repair: 'even-sides' }),
    )
  }
  if (sound?.claimedSeconds !== undefined && durationSeconds !== undefined) {
    findings.push(note('header', { value: Math.round(durationSeconds * 1000) / 1000, repair: 'header' }))
  }
  return findings
}
