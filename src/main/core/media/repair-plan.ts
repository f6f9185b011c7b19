import type {
  AudioLimits,
  CheckResult,
  ImageLimits,
  MediaFacts,
  MediaLimits,
  PixelBox,
  RepairKind,
  RepairStep,
} from '../../../shared/model/media.ts'
import { isProbed } from './demuxers.ts'

type Size = { readonly width: number; readonly height: number }

/** How a picture is drawn anew, in pixels of the upright picture. */
export type PicturePlan = {
  readonly kind: 'picture'
  /** The part that is kept. */
  readonly region: PixelBox
  /** The region is scaled to this and laid in the middle of the canvas. */
  readonly content: Size
  readonly canvas: Size
  /** Tried in this order until one fits. */
  readonly formats: readonly PictureFormat[]
  readonly maxSizeBytes: number
}
export type PictureFormat = (typeof PICTURE_FORMATS)[number]

/** How a recording is encoded anew. */
export type SoundPlan = {
  readonly kind: 'sound'
  readonly encoding: { readonly format: 'wav' } | { readonly format: 'mp3'; readonly bitrateKbps: number }
  /** Where it is cut off, with a short fade before; null: nothing is cut. */
  readonly endSeconds: number | null
}

/** Repairs that lose something, and the copy that they will make. */
export type RepairPlan = {
  readonly steps: readonly RepairStep[]
  /** Size and length as they will be; `sizeBytes` is an upper bound; a `format` of PNG may become JPEG when it does not fit. */
  readonly after: MediaFacts
  readonly work: PicturePlan | SoundPlan
}

const PICTURE_FORMATS = ['jpeg', 'png', 'webp'] as const
/** What `decodeImage` reads. */
const READABLE_PICTURES = new Set(['jpeg', 'png', 'bmp', 'webp', 'gif', 'tiff', 'avif', 'heic'])
/** Formats of drawings: kept without loss where that fits. */
const LOSSLESS_PICTURES = new Set(['png', 'bmp', 'gif'])
/** Smallest side in which a face can be, pixels. */
export const MIN_SIDE_PX = 32

/** Larger pictures are not decoded, not even to shrink them. */
export const MAX_DRAWN_SIDE_PX = 16_384
const MAX_DRAWN_PIXELS = 150_000_000

/** Whether a picture of this size can be drawn anew. */
export function canDraw(width: number, height: number): boolean {
  return Math.max(width, height) <= MAX_DRAWN_SIDE_PX && width * height <= MAX_DRAWN_PIXELS
}

/** Whether a file of this kind and format can be turned into one that these limits accept. */
export function canConvert(kind: CheckResult['kind'], format: string, hasAudio: boolean, limits: MediaLimits): boolean {
  if (kind === 'image') return limits.image !== undefined && READABLE_PICTURES.has(format)
  return limits.audio !== undefined && isProbed(format) && (kind === 'audio' || hasAudio)
}

/**
 * What it takes to bring a file whose verdict is `repairable` within the limits; null when that cannot be done, or when
 * nothing is to be done. `keep` is the part of the upright picture that must not be cut off: the face. Without it,
 * nothing is cut off.
 */
export function planRepairs(result: CheckResult, limits: MediaLimits, keep: PixelBox | null): RepairPlan | null {
  if (result.verdict !== 'repairable') return null
  const due = new Set(
    result.findings.flatMap(({ level, repair }) => (level === 'error' && repair !== undefined ? [repair] : [])),
  )
  const plan =
    result.kind === 'image'
      ? limits.image && planPicture(result, due, limits.image, keep)
      : limits.audio && planSound(result, due, limits.audio)
  return plan === undefined || plan === null || plan.steps.length === 0 ? null : plan
}

type Due = ReadonlySet<RepairKind>

const evenDown = (value: number) => value - (value % 2)
const evenUp = (value: number) => value + (value % 2)

function planPicture({ facts }: CheckResult, due: Due, limits: ImageLimits, keep: PixelBox | null): RepairPlan | null {
  const { width, height, format = '', sizeBytes = 0 } = facts
  const formats = formatsFor(format, limits)
  const [firstFormat] = formats
  if (!width || !height || firstFormat === undefined || !READABLE_PICTURES.has(format)) return null
  if (!canDraw(width, height)) return null
  const isEven = limits.evenSides === true
  const whole = isEven ? { width: evenDown(width), height: evenDown(height) } : { width, height }
  const region = { x: 0, y: 0, ...whole, ...cropFor(whole, limits.maxRatio, keep, isEven) }
  const padded = isCut(region, whole) ? region : padFor(whole, limits.maxRatio, isEven)
  const canvas = fitSide(padded, limits, isEven)
  const scale = Math.min(1, canvas.width / padded.width, canvas.height / padded.height)
  const round = (value: number, most: number) =>
    Math.min(most, isEven ? evenDown(Math.round(value)) : Math.round(value))
  // A side that is not padded ends exactly at the edge.
  const content = {
    width: padded.width === region.width ? canvas.width : round(region.width * scale, canvas.width),
    height: padded.height === region.height ? canvas.height : round(region.height * scale, canvas.height),
  }
  if (Math.min(content.width, content.height) < MIN_SIDE_PX) return null
  const maxSizeBytes = Math.min(limits.maxSizeBytes, limits.noteSizeBytes ?? limits.maxSizeBytes)

  const steps: RepairStep[] = []
  if (due.has('convert')) steps.push({ kind: 'convert', before: { format }, after: { format: firstFormat } })
  const cropped = { width: region.width, height: region.height }
  if (isCut(region, whole)) steps.push({ kind: 'crop', before: { width, height }, after: cropped })
  if (padded !== region && !isSame(padded, whole)) {
    steps.push({ kind: 'pad', before: { width, height }, after: { width: padded.width, height: padded.height } })
  }
  if (!isSame(canvas, padded)) {
    steps.push({ kind: 'shrink', before: { width: padded.width, height: padded.height }, after: canvas })
  } else if (sizeBytes > limits.maxSizeBytes) {
    steps.push({ kind: 'shrink', before: { sizeBytes }, after: { sizeBytes: maxSizeBytes } })
  }
  return {
    steps,
    after: { ...canvas, format: firstFormat, sizeBytes: maxSizeBytes },
    work: { kind: 'picture', region, content, canvas, formats, maxSizeBytes },
  }
}

const isSame = (a: Size, b: Size) => a.width === b.width && a.height === b.height
const isCut = (region: Size, whole: Size) => !isSame(region, whole)

function formatsFor(format: string, limits: ImageLimits): PictureFormat[] {
  const order = LOSSLESS_PICTURES.has(format) ? (['png', 'jpeg', 'webp'] as const) : PICTURE_FORMATS
  return order.filter((one) => limits.formats.includes(one))
}

/** How much of its own size a face takes beside, above and below it with hair, ears and chin. */
const ROOM = { side: 0.25, above: 0.35, below: 0.25 }
/** Where the middle of the face comes to lie in what is kept: a little above the middle, as in a portrait. */
const FACE_HEIGHT = 0.42

/** The longest part that meets the ratio and holds what must be kept; empty when nothing is too long or it does not fit. */
function cropFor(size: Size, maxRatio: number | undefined, keep: PixelBox | null, isEven: boolean): Partial<PixelBox> {
  const isTall = size.height > size.width
  const [long, short] = isTall ? [size.height, size.width] : [size.width, size.height]
  if (maxRatio === undefined || keep === null || long <= maxRatio * short) return {}
  const most = Math.floor(maxRatio * short)
  const length = isEven ? evenDown(most) : most
  const [start, extent] = isTall ? [keep.y, keep.height] : [keep.x, keep.width]
  const roomBefore = extent * (isTall ? ROOM.above : ROOM.side)
  const roomAfter = extent * (isTall ? ROOM.below : ROOM.side)
  const from = Math.max(0, start - roomBefore)
  const to = Math.min(long, start + extent + roomAfter)
  if (to - from > length) return {}
  const wanted = start + extent / 2 - length * (isTall ? FACE_HEIGHT : 0.5)
  // Holding the face and its room comes first, then the place of the face, then staying inside.
  const held = Math.min(Math.max(wanted, to - length), from)
  const at = Math.min(Math.max(0, Math.round(held)), long - length)
  return isTall ? { y: at, height: length } : { x: at, width: length }
}

function padFor(size: Size, maxRatio: number | undefined, isEven: boolean): Size {
  const { width, height } = size
  if (maxRatio === undefined || Math.max(width, height) <= maxRatio * Math.min(width, height)) return size
  const least = Math.ceil(Math.max(width, height) / maxRatio)
  const short = isEven ? evenUp(least) : least
  return width > height ? { width, height: short } : { width: short, height }
}

function fitSide(size: Size, limits: ImageLimits, isEven: boolean): Size {
  const isTall = size.height > size.width
  const [long, short] = isTall ? [size.height, size.width] : [size.width, size.height]
  if (long <= limits.maxSide) return { width: size.width, height: size.height }
  const newLong = isEven ? evenDown(limits.maxSide) : limits.maxSide
  // Rounded up, so that rounding breaks no ratio.
  const exact = Math.max(1, Math.ceil((short * newLong) / long - 1e-9))
  const newShort = isEven ? evenUp(exact) : exact
  return isTall ? { width: newShort, height: newLong } : { width: newLong, height: newShort }
}

/** Highest bitrate that is used: more adds nothing to a voice. */
const BITRATES_KBPS = [192, 160, 128, 96, 64, 48, 32] as const
/** Copies keep their rate and channels up to these. */
const MAX_WAV_BYTES_A_SECOND = 48_000 * 2 * 2
const WAV_HEADER_BYTES = 44
/** Tags and the last frames. */
const MP3_SPARE_BYTES = 4096
/** An MP3 of 44.1 kHz comes out longer than what was put in: its encoder's delay and a last, filled frame. */
const MP3_LONGER_SECONDS = 0.1
/** Bytes of one sample in codecs of fixed size. */
const SAMPLE_BYTES: Readonly<Record<string, number>> = {
  pcm_u8: 1,
  pcm_alaw: 1,
  pcm_mulaw: 1,
  pcm_s16le: 2,
  pcm_s24le: 3,
  pcm_s32le: 4,
  pcm_f32le: 4,
  pcm_f64le: 8,
}

function planSound({ facts }: CheckResult, due: Due, limits: AudioLimits): RepairPlan | null {
  const { durationSeconds, format = '', sizeBytes = 0 } = facts
  if (durationSeconds === undefined || !isProbed(format)) return null
  const maxSizeBytes = Math.min(limits.maxSizeBytes, limits.noteSizeBytes ?? limits.maxSizeBytes)
  const wavSeconds = Math.min(durationSeconds, limits.maxSeconds)
  const wavBytes = WAV_HEADER_BYTES + Math.ceil(wavSeconds * wavBytesASecond(facts, durationSeconds))
  const isWav = limits.formats.includes('wav') && wavBytes <= maxSizeBytes
  const most = isWav ? limits.maxSeconds : limits.maxSeconds - MP3_LONGER_SECONDS
  const endSeconds = durationSeconds > most ? most : null
  const seconds = Math.min(durationSeconds, most)
  const mp3Bytes = (kbps: number) => Math.ceil((seconds + MP3_LONGER_SECONDS) * kbps * 125) + MP3_SPARE_BYTES
  const bitrateKbps = BITRATES_KBPS.find((kbps) => mp3Bytes(kbps) <= maxSizeBytes)
  if (!isWav && (bitrateKbps === undefined || !limits.formats.includes('mp3'))) return null
  const encoding = isWav ? ({ format: 'wav' } as const) : ({ format: 'mp3', bitrateKbps: bitrateKbps ?? 0 } as const)

  const newBytes = isWav ? wavBytes : mp3Bytes(bitrateKbps ?? 0)
  const steps: RepairStep[] = []
  if (due.has('convert')) {
    const isCodec = limits.formats.includes(format) && facts.codec !== undefined
    const before = isCodec ? { format, codec: facts.codec } : { format }
    const after = isCodec && isWav ? { format: encoding.format, codec: 'pcm_s16le' } : { format: encoding.format }
    steps.push({ kind: 'convert', before, after })
  }
  if (endSeconds !== null)
    steps.push({ kind: 'trim', before: { durationSeconds }, after: { durationSeconds: seconds } })
  if (sizeBytes > limits.maxSizeBytes) {
    const after = { format: encoding.format, sizeBytes: newBytes }
    steps.push({ kind: 'transcode', before: { format, sizeBytes }, after })
  }
  return {
    steps,
    after: { format: encoding.format, durationSeconds: seconds, sizeBytes: newBytes },
    work: { kind: 'sound', encoding, endSeconds },
  }
}

/** At most so much does a second take as 16-bit WAV: known for a WAV, else reckoned with two channels of 48 kHz. */
function wavBytesASecond({ format, codec = '', sizeBytes = 0 }: MediaFacts, durationSeconds: number): number {
  const sampleBytes = format === 'wav' ? SAMPLE_BYTES[codec] : undefined
  if (sampleBytes === undefined || durationSeconds <= 0) return MAX_WAV_BYTES_A_SECOND
  return Math.min(MAX_WAV_BYTES_A_SECOND, ((sizeBytes / durationSeconds) * 2) / sampleBytes)
}
