import type { FileReader } from './file-reader.ts'

/** MPEG audio frame headers, ISO 11172-3 2.4.1 and 13818-3; version 2.5 is the common extension. */
type FrameHeader = {
  readonly layer: 1 | 2 | 3
  readonly sampleRate: number
  readonly samples: number
  /** Whole frame with its header. */
  readonly bytes: number
  /** Bytes from the frame's start to a Xing or Info mark, when there is one. */
  readonly sideBytes: number
}

// Kilobits a second by bitrate index: MPEG-1 layers I, II, III, then MPEG-2 layer I, MPEG-2 layers II and III.
const BITRATES: readonly (readonly number[])[] = [
  [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
]
const SAMPLE_RATES = [44_100, 48_000, 32_000]

function readHeader(bytes: Buffer, at: number): FrameHeader | null {
  if (at + 4 > bytes.length || bytes[at] !== 0xff) return null
  const second = bytes[at + 1] as number
  const third = bytes[at + 2] as number
  if ((second & 0xe0) !== 0xe0) return null
  const version = (second >> 3) & 3 // 0: 2.5, 2: 2, 3: 1
  const layerBits = (second >> 1) & 3
  const bitrateIndex = third >> 4
  const rateIndex = (third >> 2) & 3
  if (version === 1 || layerBits === 0 || bitrateIndex === 0 || bitrateIndex === 15 || rateIndex === 3) return null
  const layer = layerBits === 3 ? 1 : layerBits === 2 ? 2 : 3
  const isFirst = version === 3
  const table = isFirst ? layer - 1 : layer === 1 ? 3 : 4
  const bitrate = (BITRATES[table]?.[bitrateIndex - 1] ?? 0) * 1000
  const sampleRate = (SAMPLE_RATES[rateIndex] ?? 0) >> (isFirst ? 0 : version === 2 ? 1 : 2)
  const padding = (third >> 1) & 1
  const samples = layer === 1 ? 384 : layer === 2 || isFirst ? 1152 : 576
  const frameBytes =
    layer === 1
      ? (Math.floor((12 * bitrate) / sampleRate) + padding) * 4
      : Math.floor(((samples / 8) * bitrate) / sampleRate) + padding
  const isMono = (bytes[at + 3] as number) >> 6 === 3
  const sideBytes = 4 + (isFirst ? (isMono ? 17 : 32) : isMono ? 9 : 17)
  return { layer, sampleRate, samples, bytes: frameBytes, sideBytes }
}

/** How far a sniff looks for the first frame behind leading junk. */
const SNIFF_BYTES = 16_384

/** The first place where three frames follow one another (or the bytes end first), or null. */
export function findMp3Frames(head: Buffer): { readonly offset: number; readonly layer: 1 | 2 | 3 } | null {
  for (let at = 0; at < Math.min(head.length, SNIFF_BYTES); at++) {
    if (head[at] !== 0xff) continue
    const first = readHeader(head, at)
    if (first === null) continue
    let next = at
    let count = 0
    for (let frame: FrameHeader | null = first; frame !== null && count < 3; frame = readHeader(head, next)) {
      if (frame.layer !== first.layer || frame.sampleRate !== first.sampleRate) break
      next += frame.bytes
      count += 1
    }
    if (count >= 3 || (count >= 1 && next >= head.length && at === 0)) return { offset: at, layer: first.layer }
  }
  return null
}

/** Bytes of an ID3v2 tag at `at`, header and footer included; 0 when there is none. */
export function id3Bytes(bytes: Buffer, at: number): number {
  if (at + 10 > bytes.length || bytes.toString('latin1', at, at + 3) !== 'ID3') return 0
  let size = 0
  for (let i = 6; i < 10; i++) {
    const byte = bytes[at + i] as number
    if (byte > 127) return 0
    size = size * 128 + byte
  }
  return size + 10 + (((bytes[at + 5] as number) & 0x10) === 0 ? 0 : 10)
}

export type Mp3Walk = {
  /** Every frame of sound, encoder padding included, a Xing or Info frame not: what a plain decoder yields. */
  readonly durationSeconds: number
  readonly frames: number
  /** Bytes of sound frames found. */
  readonly bytes: number
  /** Frames and bytes that the first Xing or Info header claims. */
  readonly claimedFrames: number | null
  readonly claimedBytes: number | null
  readonly claimedSeconds: number | null
}

const CHUNK_BYTES = 1 << 20
const KEEP_BYTES = 8192

/**
 * Walks all frames of an MP3: the true length of files without a Xing header, with a wrong one, or made of several
 * files laid end to end. Tags between frames are skipped.
 */
export async function walkMp3(file: FileReader, signal?: AbortSignal): Promise<Mp3Walk> {
  let durationSeconds = 0
  let frames = 0
  let soundBytes = 0
  let claim: { frames: number | null; bytes: number | null; seconds: number | null } | null = null
  let position = 0
  while (position < file.sizeBytes) {
    signal?.throwIfAborted()
    const chunk = await file.read(position, Math.min(CHUNK_BYTES, file.sizeBytes - position))
    if (chunk.length === 0) break
    const isLast = position + chunk.length >= file.sizeBytes
    // Frames that begin in the last bytes are read again at the front of the next chunk.
    const end = isLast ? chunk.length : Math.max(1, chunk.length - KEEP_BYTES)
    let at = 0
    while (at < end) {
      const header = readHeader(chunk, at)
      const isFrame =
        header !== null &&
        (at + header.bytes === chunk.length || readHeader(chunk, at + header.bytes) !== null || frames > 0)
      if (header === null || !isFrame) {
        const tag = id3Bytes(chunk, at)
        at += tag > 0 ? tag : 1
        continue
      }
      const mark = chunk.toString('latin1', at + header.sideBytes, at + header.sideBytes + 4)
      if (mark === 'Xing' || mark === 'Info') {
        claim ??= readXing(chunk, at + header.sideBytes, header)
      } else if (at + header.bytes <= chunk.length) {
        durationSeconds += header.samples / header.sampleRate
        frames += 1
        soundBytes += header.bytes
      }
      at += header.bytes
    }
    position += at
  }
  return {
    durationSeconds,
    frames,
    bytes: soundBytes,
    claimedFrames: claim?.frames ?? null,
    claimedBytes: claim?.bytes ?? null,
    claimedSeconds: claim?.seconds ?? null,
  }
}

function readXing(bytes: Buffer, at: number, header: FrameHeader) {
  if (at + 16 > bytes.length) return null
  const flags = bytes.readUInt32BE(at + 4)
  const frames = (flags & 1) === 0 ? null : bytes.readUInt32BE(at + 8)
  const sizeAt = at + 8 + (frames === null ? 0 : 4)
  const claimedBytes = (flags & 2) === 0 ? null : bytes.readUInt32BE(sizeAt)
  return {
    frames,
    bytes: claimedBytes,
    seconds: frames === null ? null : (frames * header.samples) / header.sampleRate,
  }
}
