import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cut, encodedVoice, ffmpeg, id3Tag, padTo, patch, text, wav } from './make-files.ts'
import type { WavPlan } from './make-files.ts'
import { OK, same } from './rows.ts'
import type { Expectation, Row } from './rows.ts'

const at = (name: string, make: (path: string) => unknown) => (folder: string) => {
  const path = join(folder, name)
  make(path)
  return path
}
const made = (plan: WavPlan) => at('v.wav', (path) => wav(path, plan))
const corrupt: Expectation = { errors: ['E-INPUT-CORRUPT'] }
const vendorOnly = (
  id: string,
  title: string,
  make: Row['make'],
  dashscope: Expectation,
  offline: Expectation = OK,
): Row => ({
  id,
  title,
  make,
  offline,
  dashscope,
})
const isType = (value: string, rest: Expectation = {}): Expectation => ({ errors: ['E-INPUT-TYPE'], value, ...rest })
const toConvert = (value: string): Expectation => isType(value, { repair: 'convert' })
const misnamed: Expectation = { notes: ['W-NOTE:extension'] }
const noVoice = (reason: string): Expectation => ({ notes: [`W-NO-VOICE:${reason}`] })

/** Where the Xing or Info header of an MP3 counts its frames. */
function xingAt(path: string): number {
  const bytes = readFileSync(path)
  const mark = Math.max(bytes.indexOf('Xing'), bytes.indexOf('Info'))
  if (mark < 0) throw new Error('the encoder wrote no Xing header')
  return mark
}
const frameCount = (frames: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(frames)
  return bytes
}

const PLAYLISTS: readonly (readonly [string, string, string])[] = [
  ['HLS', 'hls-playlist', '#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n'],
  ['ffconcat', 'ffconcat', 'ffconcat version 1.0\nfile other.wav\n'],
  ['SDP', 'sdp', 'v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n'],
  [
    'DASH',
    'dash-manifest',
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>http://127.0.0.1:9/</BaseURL></MPD>',
  ],
  ['ffmetadata', 'ffmetadata', ';FFMETADATA1\ntitle=x\n'],
]

export const soundRows: readonly Row[] = [
  vendorOnly('D201a', '0.999 s', made({ seconds: 0.999 }), { errors: ['E-INPUT-TOO-SHORT'], value: 0.999, limit: 1 }),
  same('D201b', '1.000 s', made({ seconds: 1 }), { durationSeconds: 1 }),
  same('D202a', '180.000 s', made({ seconds: 180, sampleRate: 8000 }), { durationSeconds: 180 }),
  vendorOnly('D202b', '180.001 s', made({ seconds: 180.001, sampleRate: 8000 }), {
    errors: ['E-INPUT-TOO-LONG'],
    value: 180.001,
    limit: 180,
    repair: 'trim',
  }),
  vendorOnly(
    'D202c',
    'an MP3 that its padding makes 180.03 s',
    at('v.mp3', (path) => ffmpeg('-i', wav(`${path}.wav`, { seconds: 179.96 }), '-b:a', '32k', path)),
    {
      errors: ['E-INPUT-TOO-LONG'],
      value: 180.036,
      repair: 'trim',
    },
  ),
  same('D203a', 'a data size of 0xFFFFFFFF', made({ seconds: 2, claimedBytes: 0xffffffff }), {
    notes: ['W-NOTE:header'],
    durationSeconds: 2,
  }),
  same('D203b', 'a claim of 600 s over 2 s', made({ seconds: 2, claimedBytes: 600 * 32_000 }), {
    notes: ['W-NOTE:header'],
    durationSeconds: 2,
  }),
  same('D204', 'a claim of 1000 bytes over 2 s', made({ seconds: 2, claimedBytes: 1000 }), {
    ...corrupt,
    reason: 'header',
    value: 0.031,
    limit: 2,
  }),
  same('D205', 'a header without sound', made({ seconds: 0 }), { errors: ['E-INPUT-NO-STREAM'] }),
  same('D206a', 'sample rate 0', made({ seconds: 1, sampleRate: 0 }), corrupt),
  same('D206b', 'no channels', made({ seconds: 1, channels: 0 }), corrupt),
  same('D206c', '64 channels', made({ seconds: 0.5, channels: 64 }), corrupt),
  same('D206d', '1 Hz', made({ seconds: 20, sampleRate: 1 }), corrupt),
  same('D206e', '768 kHz', made({ seconds: 1, sampleRate: 768_000 }), corrupt),
  same(
    'D207',
    'an MP3 with a cover',
    at('v.mp3', (path) => {
      const plain = `${path}.mp3`
      encodedVoice(plain, 2)
      ffmpeg(
        '-i',
        plain,
        '-f',
        'lavfi',
        '-i',
        'testsrc=size=1200x600:rate=1:duration=1',
        '-map',
        '0:a',
        '-map',
        '1:v',
        '-frames:v',
        '1',
        '-c:a',
        'copy',
        '-c:v',
        'mjpeg',
        '-disposition:v',
        'attached_pic',
        path,
      )
    }),
    { durationSeconds: 2.04 },
  ),
  same(
    'D208',
    'three MP3s end to end',
    at('v.mp3', (path) => {
      const one = readFileSync(encodedVoice(`${path}.mp3`, 2))
      writeFileSync(path, Buffer.concat([one, one, one]))
    }),
    { notes: ['W-NOTE:header'], durationSeconds: 6.11 },
  ),
  same(
    'D209a',
    'a variable MP3 without a Xing header',
    at('v.mp3', (path) => encodedVoice(path, 8, '-q:a', '5', '-write_xing', '0')),
    {
      durationSeconds: 8.05,
    },
  ),
  same(
    'D209b',
    'a Xing header that claims 3 h',
    at('v.mp3', (path) => {
      encodedVoice(path, 2)
      patch(path, xingAt(path) + 8, frameCount(413_437))
    }),
    { notes: ['W-NOTE:header'], durationSeconds: 2.04 },
  ),
  vendorOnly(
    'D210',
    'a tag of 50 MB',
    at('v.mp3', (path) => {
      const sound = readFileSync(encodedVoice(`${path}.mp3`, 2, '-id3v2_version', '0'))
      writeFileSync(path, Buffer.concat([id3Tag(50_000_000), sound]))
    }),
    { errors: ['E-INPUT-TOO-LARGE'], limit: 15_728_640 },
    { durationSeconds: 2.04 },
  ),
  vendorOnly(
    'D211a',
    'M4A named .mp3',
    at('v.mp3', (path) => encodedVoice(path, 2, '-f', 'ipod')),
    toConvert('m4a'),
    misnamed,
  ),
  vendorOnly(
    'D211b',
    'FLAC named .mp3',
    at('v.mp3', (path) => encodedVoice(path, 2, '-f', 'flac')),
    toConvert('flac'),
    misnamed,
  ),
  vendorOnly(
    'D211c',
    'Ogg named .mp3',
    at('v.mp3', (path) => encodedVoice(path, 2, '-c:a', 'libvorbis', '-f', 'ogg')),
    toConvert('ogg'),
    misnamed,
  ),
  vendorOnly(
    'D211d',
    'Opus named .mp3',
    at('v.mp3', (path) => encodedVoice(path, 2, '-c:a', 'libopus', '-f', 'ogg')),
    toConvert('opus'),
    misnamed,
  ),
  same(
    'D211e',
    'a video as voice',
    at('v.mp3', (path) => {
      const plain = wav(`${path}.wav`, { seconds: 1 })
      ffmpeg('-f', 'lavfi', '-i', 'testsrc=size=64x64:rate=5:duration=1', '-i', plain, '-f', 'mp4', path)
    }),
    toConvert('mp4'),
  ),
  ...PLAYLISTS.flatMap(([title, format, contents], i) =>
    ['v.mp3', 'v.wav'].map((name, j) =>
      same(
        `D212${'abcdefghij'[i * 2 + j]}`,
        `${title} named ${name}`,
        (folder) => text(folder, name, contents),
        isType(format),
      ),
    ),
  ),
  same('D213a', 'silence', made({ seconds: 2, shape: 'silence' }), noVoice('silent')),
  same('D213b', 'pure noise', made({ seconds: 2, shape: 'noise' }), noVoice('level')),
  same('D213c', 'wholly clipped', made({ seconds: 2, shape: 'clipped' }), noVoice('level')),
  vendorOnly(
    'D214a',
    '32-bit float',
    at('v.wav', (path) => encodedVoice(path, 2, '-c:a', 'pcm_f32le')),
    isType('pcm_f32le', { reason: 'codec', repair: 'convert' }),
  ),
  same(
    'D214b',
    '24-bit',
    at('v.wav', (path) => encodedVoice(path, 2, '-c:a', 'pcm_s24le')),
    { durationSeconds: 2 },
  ),
  vendorOnly(
    'D214c',
    'A-law',
    at('v.wav', (path) => encodedVoice(path, 2, '-c:a', 'pcm_alaw')),
    isType('pcm_alaw', { reason: 'codec', repair: 'convert' }),
    { durationSeconds: 2 },
  ),
  vendorOnly(
    'D214d',
    'RF64',
    at('v.wav', (path) => encodedVoice(path, 2, '-rf64', 'always')),
    isType('rf64', { reason: 'codec', repair: 'convert' }),
    { durationSeconds: 2 },
  ),
  vendorOnly(
    'D214e',
    'W64',
    at('v.w64', (path) => encodedVoice(path, 2)),
    toConvert('w64'),
    { durationSeconds: 2 },
  ),
  same(
    'D214f',
    'a broadcast chunk before the sound',
    made({ seconds: 2, before: Buffer.concat([Buffer.from('bext\x5a\x02\0\0', 'latin1'), Buffer.alloc(602)]) }),
    { durationSeconds: 2 },
  ),
  same('D214g', 'RIFX', made({ seconds: 2, magic: 'RIFX' }), isType('rifx', { reason: 'codec' })),
  same(
    'D214h',
    'a list of tags behind the sound',
    made({ seconds: 2, after: Buffer.concat([Buffer.from('LIST\xf8\x3a\0\0', 'latin1'), Buffer.alloc(15_096)]) }),
    { durationSeconds: 2 },
  ),
  vendorOnly(
    'D215a',
    'an M4A cut before its index',
    at('v.m4a', (path) => cut(encodedVoice(path, 4), 0.5)),
    { errors: ['E-INPUT-CORRUPT', 'E-INPUT-TYPE'] },
    corrupt,
  ),
  vendorOnly(
    'D215b',
    'an M4A that ends too early',
    at('v.m4a', (path) => cut(encodedVoice(path, 8, '-movflags', '+faststart'), 0.5)),
    { errors: ['E-INPUT-TYPE', 'E-INPUT-CORRUPT'] },
    { ...corrupt, reason: 'header' },
  ),
  vendorOnly(
    'D215c',
    'a FLAC cut in half',
    at('v.flac', (path) => cut(encodedVoice(path, 8), 0.5)),
    { errors: ['E-INPUT-TYPE', 'E-INPUT-CORRUPT'] },
    { ...corrupt, reason: 'header' },
  ),
  same(
    'D215d',
    'an MP3 cut in half',
    at('v.mp3', (path) => cut(encodedVoice(path, 8), 0.5)),
    { ...corrupt, reason: 'header' },
  ),
  vendorOnly(
    'D215e',
    'an encrypted M4A',
    at('v.m4a', (path) =>
      encodedVoice(
        path,
        2,
        '-encryption_scheme',
        'cenc-aes-ctr',
        '-encryption_key',
        '76a6c65c5ea762046bd749a2e632ccbb',
        '-encryption_kid',
        'a7e61c373e219033c21091fa607bf3b8',
      ),
    ),
    { errors: ['E-INPUT-TYPE', 'E-INPUT-CORRUPT'] },
    corrupt,
  ),
  vendorOnly(
    'D215f',
    'an M4A with copy protection',
    at('v.m4a', (path) => patch(encodedVoice(path, 2), readFileSync(path).indexOf('mp4a'), 'drms')),
    { errors: ['E-INPUT-CORRUPT', 'E-INPUT-TYPE'] },
    { ...corrupt, reason: 'encrypted' },
  ),
  ...(
    [
      [15_000_000, OK],
      [15_000_001, { notes: ['W-NOTE:size'] }],
      [15_728_640, { notes: ['W-NOTE:size'] }],
      [15_728_641, { errors: ['E-INPUT-TOO-LARGE'], value: 15_728_641, limit: 15_728_640 }],
    ] as const
  ).map(([sizeBytes, dashscope], i) =>
    vendorOnly(
      `D216${'abcd'[i]}`,
      `${sizeBytes} bytes`,
      at('v.wav', (path) => {
        // The rest is a chunk that players skip.
        wav(path, { seconds: 2 })
        const soundEnd = readFileSync(path).length
        const head = Buffer.from('LIST\0\0\0\0')
        head.writeUInt32LE(sizeBytes - soundEnd - 8, 4)
        writeFileSync(path, Buffer.concat([readFileSync(path), head]))
        padTo(path, sizeBytes)
      }),
      dashscope,
    ),
  ),
  same(
    'D217a',
    'a title of markup and a megabyte of lyrics',
    at('v.mp3', (path) =>
      encodedVoice(
        path,
        2,
        '-metadata',
        'title=<img src=x onerror=alert(1)>',
        '-metadata',
        `lyrics=${'la '.repeat(40_000)}`,
      ),
    ),
    { durationSeconds: 2.04 },
  ),
  same(
    'D217b',
    'tags that are not UTF-8',
    at('v.mp3', (path) => {
      const frame = Buffer.concat([
        Buffer.from('TIT2\0\0\0\x06\0\0\x03', 'latin1'),
        Buffer.from([0xff, 0xfe, 0x80, 0xc3, 0x28]),
      ])
      const sound = readFileSync(encodedVoice(`${path}.mp3`, 2, '-id3v2_version', '0'))
      writeFileSync(path, Buffer.concat([id3Tag(1000, frame), sound]))
    }),
    { durationSeconds: 2.04 },
  ),
]
