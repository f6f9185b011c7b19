import { execFileSync } from 'node:child_process'
import { closeSync, ftruncateSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { makerPath } from '../fixtures/media-tools.ts'

/** Runs ffmpeg with these arguments and an output file. */
export function ffmpeg(...args: string[]): void {
  execFileSync(makerPath, ['-v', 'error', '-y', ...args])
}

const noise = (width: number, height: number) =>
  sharp({
    create: { width, height, channels: 3, background: '#888', noise: { type: 'gaussian', mean: 128, sigma: 30 } },
  })

export async function jpeg(path: string, width: number, height: number, orientation = 1): Promise<string> {
  const picture = sharp({ create: { width, height, channels: 3, background: '#a08070' } }).jpeg()
  await (orientation === 1 ? picture : picture.withMetadata({ orientation })).toFile(path)
  return path
}

export async function noisyJpeg(path: string, width: number, height: number): Promise<string> {
  await noise(width, height).jpeg({ quality: 90 }).toFile(path)
  return path
}

export async function noisyPng(path: string, width: number, height: number): Promise<string> {
  // Noise does not become smaller: trying costs seconds.
  await noise(width, height).png({ compressionLevel: 0 }).toFile(path)
  return path
}

export function pngChunk(type: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length)
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, check])
}

export function pngHeader(width: number, height: number, bitDepth = 8, colourType = 2): Buffer {
  const body = Buffer.alloc(13)
  body.writeUInt32BE(width, 0)
  body.writeUInt32BE(height, 4)
  body[8] = bitDepth
  body[9] = colourType
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), pngChunk('IHDR', body)])
}

/** A whole 1-bit PNG of any size, a few kilobytes of zeros. */
export function blankPng(path: string, width: number, height: number): string {
  const rows = deflateSync(Buffer.alloc((Math.ceil(width / 8) + 1) * height), { level: 9 })
  writeFileSync(
    path,
    Buffer.concat([pngHeader(width, height, 1, 0), pngChunk('IDAT', rows), pngChunk('IEND', Buffer.alloc(0))]),
  )
  return path
}

/** Makes a file exactly this long with bytes after its end, which readers of its format ignore. */
export function padTo(path: string, sizeBytes: number): string {
  const file = openSync(path, 'r+')
  ftruncateSync(file, sizeBytes)
  closeSync(file)
  return path
}

export type WavPlan = {
  readonly seconds: number
  readonly sampleRate?: number
  readonly channels?: number
  readonly bits?: number
  readonly tag?: number
  readonly magic?: 'RIFF' | 'RIFX'
  /** What the data chunk claims; its true size otherwise. */
  readonly claimedBytes?: number
  readonly shape?: 'voice' | 'silence' | 'noise' | 'clipped'
  readonly before?: Buffer
  readonly after?: Buffer
}

/** Sound whose loudness rises and falls like syllables, unless another shape is asked for. */
function sampleAt(seconds: number, shape: WavPlan['shape'], random: () => number): number {
  switch (shape) {
    case 'silence':
      return 0
    case 'noise':
      return (random() - 0.5) * 0.6
    case 'clipped':
      return random() < 0.5 ? 0.999_97 : -0.999_97
    default: {
      const loudness = Math.max(0, Math.sin(2 * Math.PI * 3 * seconds)) ** 2
      return 0.5 * loudness * Math.sin(2 * Math.PI * 180 * seconds) + 0.002 * Math.sin(2 * Math.PI * 1000 * seconds)
    }
  }
}

/** A WAV of exactly round(seconds * rate) samples, with any lie that is asked for. */
export function wav(path: string, plan: WavPlan): string {
  const { seconds, sampleRate = 16_000, channels = 1, bits = 16, tag = 1, magic = 'RIFF', shape } = plan
  const frames = Math.round(seconds * (sampleRate || 16_000))
  const frameBytes = Math.max(1, channels) * (bits / 8)
  const data = Buffer.alloc(frames * frameBytes)
  let seed = 1
  const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647
  const isBig = magic === 'RIFX'
  if (bits === 16) {
    // The usual shape begins anew every second.
    const repeats = shape === undefined && Number.isInteger(sampleRate) && sampleRate > 0 ? sampleRate : frames
    for (let i = 0; i < Math.min(frames, repeats); i++) {
      const value = Math.round(sampleAt(i / (sampleRate || 16_000), shape, random) * 32_767)
      if (isBig) data.writeInt16BE(value, i * frameBytes)
      else data.writeInt16LE(value, i * frameBytes)
    }
    for (let i = repeats; i < frames; i += repeats) data.copy(data, i * frameBytes, 0, repeats * frameBytes)
  }
  const u32 = (value: number) => {
    const bytes = Buffer.alloc(4)
    if (isBig) bytes.writeUInt32BE(value)
    else bytes.writeUInt32LE(value)
    return bytes
  }
  const u16 = (value: number) => u32(value).subarray(isBig ? 2 : 0, isBig ? 4 : 2)
  const format = [u16(tag), u16(channels), u32(sampleRate), u32(sampleRate * frameBytes), u16(frameBytes), u16(bits)]
  const chunks = Buffer.concat([
    Buffer.from('WAVE'),
    plan.before ?? Buffer.alloc(0),
    Buffer.from('fmt '),
    u32(16),
    ...format,
    Buffer.from('data'),
    u32(plan.claimedBytes ?? data.length),
    data,
    plan.after ?? Buffer.alloc(0),
  ])
  writeFileSync(path, Buffer.concat([Buffer.from(magic), u32(chunks.length), chunks]))
  return path
}

/** A voice-like recording in any format that ffmpeg writes. */
export function encodedVoice(path: string, seconds: number, ...args: string[]): string {
  const plain = `${path}.plain.wav`
  wav(plain, { seconds, sampleRate: 44_100 })
  ffmpeg('-i', plain, ...args, path)
  return path
}

/** Changes bytes of a file in place. */
export function patch(path: string, at: number, bytes: Buffer | string): string {
  const file = openSync(path, 'r+')
  writeSync(file, typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, 0, null, at)
  closeSync(file)
  return path
}

/** Keeps the first part of a file. */
export function cut(path: string, share: number): string {
  const bytes = readFileSync(path)
  writeFileSync(path, bytes.subarray(0, Math.floor(bytes.length * share)))
  return path
}

export function text(folder: string, name: string, contents: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, contents)
  return path
}

/** An ID3v2 tag of this many bytes in all. */
export function id3Tag(sizeBytes: number, body: Buffer = Buffer.alloc(0)): Buffer {
  const size = sizeBytes - 10
  const head = Buffer.from([
    0x49,
    0x44,
    0x33,
    3,
    0,
    0,
    (size >> 21) & 127,
    (size >> 14) & 127,
    (size >> 7) & 127,
    size & 127,
  ])
  return Buffer.concat([head, body, Buffer.alloc(size - body.length)])
}

/** A named pipe that nobody writes to. */
export function fifo(path: string): string {
  execFileSync('sh', ['-c', 'mkfifo "$0"', path])
  return path
}
