import type { FileReader } from './file-reader.ts'

export type WavHeader = {
  /** riff (little-endian), rifx (big-endian), rf64 (64-bit sizes; BW64 too). */
  readonly container: 'riff' | 'rifx' | 'rf64'
  /** As ffprobe names it where it is plain; else `wav_0xNNNN` by format tag. */
  readonly codec: string
  readonly sampleRate: number
  readonly channels: number
  /** Whether length follows from bytes alone. */
  readonly isPlain: boolean
  /** Bytes from the start of the sound to its true end. 0: no sound at all. */
  readonly soundBytes: number
  readonly durationSeconds: number | null
  /** What the header claims when that is more than the file holds, or unset (null seconds for a stream's placeholder). */
  readonly overclaim: { readonly seconds: number | null } | null
  /** Seconds that the header claims when the file holds clearly more sound than that. */
  readonly underclaimSeconds: number | null
}

export type WavResult =
  | { readonly kind: 'header'; readonly header: WavHeader }
  /** no-format, no-data: the chunk is missing. format: impossible numbers in it. */
  | { readonly kind: 'bad'; readonly reason: 'no-format' | 'no-data' | 'format'; readonly detail: string }

const MAX_CHUNKS = 1000
const UNSET_SIZES = new Set([0xffffffff, 0xfffffffe, 0x7fffffff, 0x80000000])
/** More than this beyond the claimed end, and not a chunk, is sound that the header denies. */
const DENIED_SECONDS = 0.1
const MAX_CHANNELS = 32
const MIN_SAMPLE_RATE = 1000
const MAX_SAMPLE_RATE = 384_000

/** Reads the chunks of a WAV file and compares what they claim with what the file holds. */
export async function readWavHeader(file: FileReader): Promise<WavResult> {
  const first = await file.read(0, 12)
  const magic = first.toString('latin1', 0, 4)
  const container = magic === 'RIFX' ? 'rifx' : magic === 'RIFF' ? 'riff' : 'rf64'
  const u32 = (bytes: Buffer, at: number) => (container === 'rifx' ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at))
  const u16 = (bytes: Buffer, at: number) => (container === 'rifx' ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at))

  let format: Format | null = null
  let wideDataBytes: number | null = null
  let at = 12
  for (let chunk = 0; chunk < MAX_CHUNKS && at + 8 <= file.sizeBytes; chunk++) {
    const head = await file.read(at, 8)
    if (head.length < 8) break
    const id = head.toString('latin1', 0, 4)
    const size = u32(head, 4)
    if (id === 'data') {
      if (format === null) return { kind: 'bad', reason: 'no-format', detail: 'data' }
      const problem = impossible(format)
      if (problem !== null) return { kind: 'bad', reason: 'format', detail: problem }
      return { kind: 'header', header: await measure(file, container, format, at + 8, size, wideDataBytes, u32) }
    }
    const body = await file.read(at + 8, Math.min(size, 64))
    if (id === 'fmt ' && body.length >= 16) format = readFormat(body, u16, u32)
    if (id === 'ds64' && body.length >= 16) wideDataBytes = Number(body.readBigUInt64LE(8))
    at += 8 + size + (size % 2)
  }
  return { kind: 'bad', reason: format === null ? 'no-format' : 'no-data', detail: '' }
}

type Format = {
  readonly tag: number
  readonly channels: number
  readonly sampleRate: number
  readonly blockBytes: number
  readonly bits: number
}

function readFormat(
  body: Buffer,
  u16: (b: Buffer, at: number) => number,
  u32: (b: Buffer, at: number) => number,
): Format {
  const tag = u16(body, 0)
  return {
    // An extensible header holds the true tag at the front of its sub-format.
    tag: tag === 0xfffe && body.length >= 26 ? u16(body, 24) : tag,
    channels: u16(body, 2),
    sampleRate: u32(body, 4),
    blockBytes: u16(body, 12),
    bits: u16(body, 14),
  }
}

function impossible(format: Format): string | null {
  if (format.channels < 1 || format.channels > MAX_CHANNELS) return `${format.channels} ch`
  if (format.sampleRate < MIN_SAMPLE_RATE || format.sampleRate > MAX_SAMPLE_RATE) return `${format.sampleRate} Hz`
  return null
}

function codecOf(format: Format, isBig: boolean): string {
  const end = isBig ? 'be' : 'le'
  switch (format.tag) {
    case 1:
      return format.bits <= 8 ? 'pcm_u8' : `pcm_s${Math.ceil(format.bits / 8) * 8}${end}`
    case 3:
      return `pcm_f${format.bits}${end}`
    case 6:
      return 'pcm_alaw'
    case 7:
      return 'pcm_mulaw'
    case 0x55:
      return 'mp3'
    default:
      return `wav_0x${format.tag.toString(16).padStart(4, '0')}`
  }
}

async function measure(
  file: FileReader,
  container: WavHeader['container'],
  format: Format,
  start: number,
  size32: number,
  wideBytes: number | null,
  u32: (bytes: Buffer, at: number) => number,
): Promise<WavHeader> {
  const isPlain = [1, 3, 6, 7].includes(format.tag)
  const frameBytes = isPlain ? format.channels * Math.ceil(format.bits / 8) || 1 : format.blockBytes || 1
  const bytesPerSecond = frameBytes * format.sampleRate
  const rest = Math.max(0, file.sizeBytes - start)
  const claimed = container === 'rf64' && size32 === 0xffffffff && wideBytes !== null ? wideBytes : size32
  const isUnset = UNSET_SIZES.has(claimed) || (claimed === 0 && rest > 0 && !(await isChunk(file, start, u32)))
  const seconds = (bytes: number) => Math.floor(bytes / frameBytes) / format.sampleRate

  let soundBytes = Math.min(claimed, rest)
  let underclaimSeconds: number | null = null
  if (isUnset) {
    soundBytes = rest
  } else if (claimed < rest) {
    const after = start + claimed + (claimed % 2)
    const extra = file.sizeBytes - after
    if (extra > bytesPerSecond * DENIED_SECONDS && !(await isChunk(file, after, u32))) {
      soundBytes = rest
      underclaimSeconds = seconds(claimed)
    }
  }
  const overclaim = isUnset ? { seconds: null } : claimed > rest ? { seconds: seconds(claimed) } : null
  return {
    container,
    codec: codecOf(format, container === 'rifx'),
    sampleRate: format.sampleRate,
    channels: format.channels,
    isPlain,
    soundBytes,
    durationSeconds: isPlain ? seconds(soundBytes) : null,
    overclaim,
    underclaimSeconds,
  }
}

/** Whether a chunk (or an ID3 or APE tag) begins here: printable name and a size that fits. */
async function isChunk(file: FileReader, at: number, u32: (bytes: Buffer, at: number) => number): Promise<boolean> {
  const head = await file.read(at, 8)
  if (head.length < 8) return false
  const id = head.toString('latin1', 0, 4)
  if (/^(TAG|ID3|APET|LYRI)/.test(id)) return true
  return /^[ -~]{4}$/.test(id) && at + 8 + u32(head, 4) <= file.sizeBytes + 1
}
