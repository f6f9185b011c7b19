import type { Finding, MediaFacts } from '../../../shared/model/media.ts'
import { StudioError } from '../../../shared/errors.ts'
import type { ErrorCode, ErrorParams } from '../../../shared/errors.ts'
import type { FileReader } from './file-reader.ts'
import { isProbed } from './demuxers.ts'
import { rateOf } from './ffprobe.ts'
import type { Probe, ProbeStream } from './ffprobe.ts'
import { INSPECTION_VERSION } from './inspection.ts'
import type { Inspection } from './inspection.ts'
import { walkMp3 } from './mp3-frames.ts'
import { readPictureHeader } from './picture-header.ts'
import type { Sniffed } from './sniff-format.ts'
import { readWavHeader } from './wav-header.ts'

type Look = {
  readonly file: FileReader
  /** Base name, for findings. */
  readonly name: string
  readonly sniffed: Sniffed
  /** Asks ffprobe; null when it cannot read the file. */
  readonly probe: () => Promise<Probe | null>
  readonly signal?: AbortSignal | undefined
}

/** No engine takes larger sides, so that no decoder, ffprobe's included, is shown a bomb. */
const MAX_PROBED_SIDE = 8192

const problem = (code: ErrorCode, params: ErrorParams): Finding => ({ code, level: 'error', params })
const round3 = (seconds: number) => Math.round(seconds * 1000) / 1000

/** Everything about one open file that does not depend on an engine: its own header first, then ffprobe. */
export async function inspectFile(look: Look): Promise<Inspection> {
  const { kind, format } = look.sniffed
  const facts: MediaFacts = { sizeBytes: look.file.sizeBytes, format }
  const base: Inspection = { version: INSPECTION_VERSION, kind, format, facts, problems: [] }
  if (kind === 'image') return inspectPicture(look, base)
  if (format === 'wav') return inspectWav(look, base)
  if (kind === 'audio' || kind === 'video') return inspectStreams(look, base)
  return base
}

async function inspectPicture(look: Look, base: Inspection): Promise<Inspection> {
  const corrupt = (reason: string) => problem('E-INPUT-CORRUPT', { file: look.name, reason })
  const header = await readPictureHeader(look.file, look.sniffed.format)
  if (header.kind === 'bad') return { ...base, problems: [corrupt(header.problem)] }
  const { picture } = header
  const isTurned = picture.orientation >= 5
  const facts: MediaFacts = {
    ...base.facts,
    width: isTurned ? picture.height : picture.width,
    height: isTurned ? picture.width : picture.height,
    codec: look.sniffed.format === 'jpeg' ? 'mjpeg' : look.sniffed.format,
  }
  const found: Inspection = { ...base, facts, picture }
  const isHuge = Math.max(picture.width, picture.height) > MAX_PROBED_SIDE
  // An impossible size is told as a size: that it also lacks its pixels says less.
  if (header.problem !== null) return isHuge ? found : { ...found, problems: [corrupt(header.problem)] }
  if (isHuge || picture.animated || !isProbed(look.sniffed.format)) return found
  const stream = (await look.probe())?.streams[0]
  if (stream === undefined || !stream.width || !stream.height) return { ...found, problems: [corrupt('pixels')] }
  return { ...found, facts: { ...facts, codec: stream.codec_name } }
}

async function inspectWav(look: Look, base: Inspection): Promise<Inspection> {
  const corrupt = (params: ErrorParams) => problem('E-INPUT-CORRUPT', { file: look.name, ...params })
  const result = await readWavHeader(look.file)
  if (result.kind === 'bad') {
    const finding =
      result.reason === 'no-data'
        ? problem('E-INPUT-NO-STREAM', { file: look.name })
        : corrupt({ reason: 'sound-format', value: result.detail })
    return { ...base, problems: [finding] }
  }
  const { header } = result
  const facts: MediaFacts = {
    ...base.facts,
    codec: header.codec,
    hasAudio: true,
    ...(header.durationSeconds === null ? {} : { durationSeconds: header.durationSeconds }),
  }
  const claimed = header.overclaim === null ? {} : { claimedSeconds: header.overclaim.seconds ?? -1 }
  const found: Inspection = { ...base, facts, sound: { container: header.container, ...claimed } }
  if (header.soundBytes === 0) return { ...found, problems: [problem('E-INPUT-NO-STREAM', { file: look.name })] }
  if (header.underclaimSeconds !== null) {
    const values = { value: round3(header.underclaimSeconds), limit: round3(header.durationSeconds ?? 0) }
    return { ...found, problems: [corrupt({ reason: 'header', ...values })] }
  }
  const stream = soundOf(await look.probe())
  if (stream === undefined) return { ...found, problems: [corrupt({})] }
  const seconds = header.durationSeconds ?? stream.duration
  return {
    ...found,
    facts: {
      ...facts,
      codec: header.isPlain ? header.codec : stream.codec_name || header.codec,
      ...(seconds === undefined ? {} : { durationSeconds: seconds }),
    },
  }
}

const soundOf = (probe: Probe | null): ProbeStream | undefined =>
  probe?.streams.find((stream) => stream.codec_type === 'audio')

/** Sample entries of protected streams. */
const ENCRYPTED = new Set(['enca', 'encv', 'drms', 'drmi'])

async function inspectStreams(look: Look, base: Inspection): Promise<Inspection> {
  const { format } = look.sniffed
  const corrupt = (params: ErrorParams = {}) => problem('E-INPUT-CORRUPT', { file: look.name, ...params })
  if (!isProbed(format)) return base
  const mp3 = format === 'mp3' ? await walkMp3(look.file, look.signal) : null
  if (mp3?.frames === 0) return { ...base, problems: [problem('E-INPUT-NO-STREAM', { file: look.name })] }
  const probe = await look.probe()
  if (probe === null) return { ...base, problems: [corrupt()] }

  // Cover art is a picture in the margin, not a video.
  const moving = probe.streams.find((s) => s.codec_type === 'video' && s.disposition.attached_pic === 0)
  const sound = soundOf(probe)
  const isVideo = base.kind === 'video' ? moving !== undefined || sound === undefined : false
  if ([moving, sound].some((stream) => stream !== undefined && ENCRYPTED.has(stream.codec_tag_string))) {
    return { ...base, problems: [corrupt({ reason: 'encrypted' })] }
  }
  const kind = isVideo ? 'video' : 'audio'
  const trueFormat = kind === 'audio' && base.kind === 'video' ? soundFormat(format) : format
  const main = isVideo ? moving : sound
  const none = problem('E-INPUT-NO-STREAM', { file: look.name })
  const named = { ...base, kind, format: trueFormat, facts: { ...base.facts, format: trueFormat } } as const
  if (main === undefined) return { ...named, problems: [none] }

  const seconds = mp3?.durationSeconds ?? main.duration ?? probe.format.duration
  const fps = isVideo ? (rateOf(main.avg_frame_rate) ?? rateOf(main.r_frame_rate)) : undefined
  const facts: MediaFacts = {
    ...named.facts,
    codec: main.codec_name,
    hasAudio: sound !== undefined,
    ...(seconds === undefined ? {} : { durationSeconds: seconds }),
    ...(isVideo ? uprightSides(main) : {}),
    ...(fps === undefined ? {} : { fps }),
    ...(isVideo && main.nb_frames !== undefined ? { frames: main.nb_frames } : {}),
    ...(isVideo && hasVariableRate(main) ? { variableRate: true } : {}),
    ...(isVideo && sound?.duration !== undefined ? { soundSeconds: sound.duration } : {}),
  }
  const claimed = mp3 === null ? {} : mp3Claim(mp3)
  const found: Inspection = { ...named, facts, sound: { container: trueFormat, ...claimed } }
  if (mp3 !== null && isCutMp3(mp3)) {
    return {
      ...found,
      problems: [
        corrupt({ reason: 'header', value: round3(mp3.claimedSeconds ?? 0), limit: round3(mp3.durationSeconds) }),
      ],
    }
  }
  if (isVideo && (!main.width || !main.height)) return { ...found, problems: [none] }
  if (!isVideo && seconds === undefined) return { ...found, problems: [none] }
  return found
}

function soundFormat(format: string): string {
  if (format === 'ogv') return 'ogg'
  return format === 'mkv' || format === 'webm' ? format : 'm4a'
}

/** Mean and base rate differ; twice the mean is what interlaced pictures have. */
function hasVariableRate({ avg_frame_rate: mean, r_frame_rate: base }: ProbeStream): boolean {
  const ratio = (rateOf(base) ?? 0) / (rateOf(mean) ?? 1)
  return ratio > 0 && Math.abs(ratio - 1) > RATE_TOLERANCE && Math.abs(ratio - 2) > RATE_TOLERANCE
}
const RATE_TOLERANCE = 0.004

function uprightSides(stream: ProbeStream): MediaFacts {
  const turned = stream.side_data_list.some(({ rotation }) => rotation !== undefined && Math.abs(rotation) % 180 === 90)
  const [width, height] = turned ? [stream.height, stream.width] : [stream.width, stream.height]
  return width && height ? { width, height } : {}
}

type Walked = Awaited<ReturnType<typeof walkMp3>>

/** A header that is off by more than this is told, and repaired on a copy. */
const CLAIM_TOLERANCE = 0.02
const SHARE_LEFT_BY_A_CUT = 0.05

function mp3Claim(mp3: Walked): { claimedSeconds?: number } {
  const { claimedSeconds, durationSeconds } = mp3
  if (claimedSeconds === null) return {}
  return Math.abs(claimedSeconds - durationSeconds) > CLAIM_TOLERANCE * durationSeconds + 0.1 ? { claimedSeconds } : {}
}

/** Header and file agree on the size of a frame but not on their number: the end is missing. Otherwise the header lies. */
function isCutMp3({ claimedFrames, claimedBytes, frames, bytes }: Walked): boolean {
  if (!claimedFrames || !claimedBytes) return false
  const byFrames = frames / claimedFrames
  const byBytes = bytes / claimedBytes
  return (
    byFrames < 1 - CLAIM_TOLERANCE && byBytes < 1 - CLAIM_TOLERANCE && Math.min(byFrames, byBytes) > SHARE_LEFT_BY_A_CUT
  )
}

/** An error that is this file's own fault becomes its finding; anything else (a missing tool, an abort) is thrown on. */
export function asProblem(thrown: unknown, name: string): Finding {
  const isOfTheFile =
    thrown instanceof StudioError &&
    (thrown.code.startsWith('E-INPUT-') || thrown.code === 'E-TOOL-TIMEOUT' || thrown.code === 'E-TOOL-FAILED')
  if (!isOfTheFile) throw thrown
  return problem(thrown.code, { file: name, ...thrown.data.params })
}
