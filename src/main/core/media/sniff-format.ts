import { fileTypeFromBuffer } from 'file-type'
import type { MediaKind } from '../../../shared/model/media.ts'
import { findMp3Frames } from './mp3-frames.ts'
import { sniffText } from './sniff-text.ts'

export type Sniffed = {
  readonly kind: MediaKind
  /** Lower-case name of what the bytes are: jpeg, wav, mp4, hls-playlist, html, zip, text, unknown… */
  readonly format: string
}

const image = (format: string): Sniffed => ({ kind: 'image', format })
const audio = (format: string): Sniffed => ({ kind: 'audio', format })
const video = (format: string): Sniffed => ({ kind: 'video', format })
const other = (format: string): Sniffed => ({ kind: 'other', format })

const HEIC_BRANDS = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs', 'mif1', 'msf1'])
const AUDIO_BRANDS = new Set(['M4A ', 'M4B ', 'M4P ', 'F4A ', 'F4B '])

/** ISO base media files are told apart by their brands; mp4 becomes m4a later when no moving picture is inside. */
function sniffBrands(head: Buffer): Sniffed {
  const end = Math.min(head.length, Math.max(16, head.readUInt32BE(0)))
  const brands = head.subarray(8, end).toString('latin1').match(/.{4}/gs) ?? []
  if (brands.some((brand) => brand === 'avif' || brand === 'avis')) return image('avif')
  if (brands.some((brand) => HEIC_BRANDS.has(brand))) return image('heic')
  const major = brands[0] ?? ''
  if (AUDIO_BRANDS.has(major)) return audio('m4a')
  return video(major === 'qt  ' ? 'mov' : 'mp4')
}

function sniffOgg(head: Buffer): Sniffed {
  const page = head.subarray(0, 512).toString('latin1')
  if (page.includes('OpusHead')) return audio('opus')
  if (page.includes('theora') || page.includes('BBCD')) return video('ogv')
  return audio('ogg')
}

const W64_GUID = Buffer.from('726966662e91cf11a5d628db04c10000', 'hex')
const ASF_GUID = Buffer.from('3026b2758e66cf11', 'hex')

/** The formats that people really hand in, decided without a library: this runs once for every file of a batch. */
function sniffKnown(head: Buffer): Sniffed | null {
  const text = head.toString('latin1', 0, 16)
  const form = text.slice(8, 12)
  if (text.startsWith('\xff\xd8\xff')) return image('jpeg')
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return image('png')
  if (text.startsWith('RIFF')) {
    if (form === 'WAVE') return audio('wav')
    if (form === 'WEBP') return image('webp')
    if (form === 'AVI ') return video('avi')
    return other('riff')
  }
  if (/^(RIFX|RF64|BW64)/.test(text) && form === 'WAVE') return audio('wav')
  if (text.startsWith('BM') && head.length >= 26 && isBmp(head)) return image('bmp')
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return image('gif')
  if (/^(II[*+]\0|MM\0[*+])/.test(text)) return image('tiff')
  if (text.startsWith('fLaC')) return audio('flac')
  if (text.startsWith('OggS')) return sniffOgg(head)
  if (text.startsWith('FORM') && /^AIF[FC]$/.test(form)) return audio('aiff')
  if (head.subarray(0, 16).equals(W64_GUID)) return audio('w64')
  if (/^(ftyp)$/.test(text.slice(4, 8))) return sniffBrands(head)
  if (/^(moov|mdat|wide|free|skip)$/.test(text.slice(4, 8))) return video('mov')
  if (text.startsWith('\x1a\x45\xdf\xa3')) return video(head.includes('webm', 0, 'latin1') ? 'webm' : 'mkv')
  if (text.startsWith('FLV\x01')) return video('flv')
  if (head.subarray(0, 8).equals(ASF_GUID)) return video('wmv')
  if (text.startsWith('\0\0\x01\xba') || text.startsWith('\0\0\x01\xb3')) return video('mpeg')
  return null
}

/** "BM" also begins many words: a picture has a known header length and planes = 1 as well. */
function isBmp(head: Buffer): boolean {
  const headerBytes = head.readUInt32LE(14)
  if (headerBytes === 12) return head.readUInt16LE(22) === 1
  return [16, 40, 52, 56, 64, 108, 124].includes(headerBytes) && head.readUInt16LE(26) === 1
}

/** MPEG audio and ADTS have no magic number, only a pattern that must repeat. */
function sniffFrames(head: Buffer): Sniffed | null {
  if (isAdts(head)) return audio('aac')
  const frames = findMp3Frames(head)
  if (frames === null) return null
  return audio(frames.layer === 3 ? 'mp3' : frames.layer === 2 ? 'mp2' : 'mp1')
}

function isAdts(head: Buffer): boolean {
  let at = 0
  for (let frame = 0; frame < 3; frame++) {
    if (at + 7 > head.length) return frame > 0
    if (head[at] !== 0xff || ((head[at + 1] ?? 0) & 0xf6) !== 0xf0) return false
    const length = (((head[at + 3] ?? 0) & 3) << 11) | ((head[at + 4] ?? 0) << 3) | ((head[at + 5] ?? 0) >> 5)
    if (length < 7) return false
    at += length
  }
  return true
}

/**
 * What a file is by its first bytes, never by its name. `head` holds the first 64 KiB or all of a shorter file;
 * `afterTag` is the same at the end of an ID3v2 tag, when there is one.
 */
export async function sniffFormat(head: Buffer, afterTag: Buffer | null): Promise<Sniffed> {
  if (afterTag !== null) {
    const inside = sniffKnown(afterTag)
    if (inside?.kind === 'audio') return inside
    return sniffFrames(afterTag) ?? audio('mp3')
  }
  const known = sniffKnown(head)
  if (known !== null) return known
  const text = sniffText(head)
  if (text !== null) return other(text)
  const frames = sniffFrames(head)
  if (frames !== null) return frames
  const type = await fileTypeFromBuffer(head)
  if (type === undefined) return other('unknown')
  if (type.mime.startsWith('image/')) return image(type.ext)
  if (type.mime.startsWith('audio/')) return audio(type.ext)
  if (type.mime.startsWith('video/')) return video(type.ext)
  return other(type.ext)
}

const ALIKE: Readonly<Record<string, readonly string[]>> = {
  jpeg: ['jpg', 'jpeg', 'jpe', 'jfif', 'mpo'],
  tiff: ['tif', 'tiff'],
  heic: ['heic', 'heif', 'hif'],
  bmp: ['bmp', 'dib'],
  wav: ['wav', 'wave', 'bwf'],
  m4a: ['m4a', 'm4b', 'mp4'],
  ogg: ['ogg', 'oga'],
  opus: ['opus', 'ogg', 'oga'],
  aiff: ['aif', 'aiff', 'aifc'],
  mp4: ['mp4', 'm4v'],
  mov: ['mov', 'qt'],
  mpeg: ['mpg', 'mpeg', 'vob'],
  ogv: ['ogv', 'ogg'],
  png: ['png', 'apng'],
  wmv: ['wmv', 'asf'],
}

/** Whether a name with this extension (lower case, no dot) tells the truth about the format. */
export function extensionFits(format: string, extension: string): boolean {
  return (ALIKE[format] ?? [format]).includes(extension)
}

/** The usual extension of a format, without a dot. */
export function extensionOf(format: string): string {
  return ALIKE[format]?.[0] ?? format
}
