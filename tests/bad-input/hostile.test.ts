import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findTools } from '../../src/main/core/lib/find-tools.ts'
import { StudioError } from '../../src/shared/errors.ts'
import type { ErrorCode } from '../../src/shared/errors.ts'
import { ENGINE_LIMITS } from '../../src/shared/model/limits.ts'
import { blankPng, encodedVoice, fifo, id3Tag, jpeg, pngHeader, text, wav } from './make-files.ts'
import { createTestMedia, tools } from './test-media.ts'

const folder = mkdtempSync(join(tmpdir(), 'hostile-'))
const media = createTestMedia()
let listener: Server
let connections = 0
let port = 0
beforeAll(async () => {
  listener = createServer((socket) => {
    connections += 1
    socket.destroy()
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  port = (listener.address() as AddressInfo).port
})
afterAll(() => {
  media.stop()
  listener.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A box of an MP4: its length, its name, its contents. */
function box(name: string, body: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + body.length)
  head.write(name, 4, 'latin1')
  return Buffer.concat([head, body])
}
const ftyp = (brand = 'isom') => box('ftyp', Buffer.from(`${brand}\0\0\0\0${brand}`, 'latin1'))
const nested = (depth: number) => {
  let inner: Buffer = Buffer.alloc(0)
  for (let i = 0; i < depth; i++) inner = box('moov', inner)
  return inner
}
const file = (name: string, contents: string | Buffer | (() => string | Buffer)) => () =>
  text(folder, name, typeof contents === 'function' ? contents() : contents)
const url = () => `http://127.0.0.1:${port}/x`
const PLAYLISTS: readonly (readonly [string, () => string])[] = [
  ['hls', () => `#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="${url()}"\n#EXTINF:1,\n${url()}\n`],
  ['hls-file', () => '#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n'],
  ['concat', () => `ffconcat version 1.0\nfile ${url()}\n`],
  ['concat-file', () => 'ffconcat version 1.0\nfile /etc/passwd\n'],
  ['sdp', () => `v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio ${port} RTP/AVP 0\n`],
  ['dash', () => `<?xml version="1.0"?><MPD><BaseURL>${url()}</BaseURL></MPD>`],
  ['svg', () => `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><image href="${url()}"/></svg>`],
  ['html', () => `<html><img src="${url()}">`],
  ['pls', () => `[playlist]\nFile1=${url()}\n`],
]
const DEVICES = ['/dev/zero', '/dev/urandom', '/dev/null']

type Hostile = readonly [title: string, make: () => string, codes: readonly ErrorCode[]]
const HOSTILE: readonly Hostile[] = [
  ...PLAYLISTS.flatMap(([name, contents]) =>
    ['wav', 'mp3', 'png'].map((extension): Hostile => [
      `${name} named .${extension}`,
      file(`${name}.${extension}`, contents),
      ['E-INPUT-TYPE'],
    ]),
  ),
  [
    'a FIFO named .mp3',
    () => {
      return fifo(join(folder, 'fifo.mp3'))
    },
    ['E-INPUT-NOT-FILE'],
  ],
  [
    'a folder named .png',
    () => {
      const path = join(folder, 'folder.png')
      mkdirSync(path)
      return path
    },
    ['E-INPUT-NOT-FILE'],
  ],
  ...DEVICES.map((device, i): Hostile => [
    `a link to ${device}`,
    () => {
      const path = join(folder, `device${i}.wav`)
      symlinkSync(device, path)
      return path
    },
    ['E-INPUT-NOT-FILE'],
  ]),
  [
    'a link to itself',
    () => {
      const path = join(folder, 'loop.wav')
      symlinkSync(path, path)
      return path
    },
    ['E-INPUT-NOT-FILE'],
  ],
  [
    'a broken link',
    () => {
      const path = join(folder, 'broken.wav')
      symlinkSync(join(folder, 'nowhere'), path)
      return path
    },
    ['E-INPUT-MISSING'],
  ],
  [
    'a sparse WAV of 4 GiB',
    () => {
      const path = wav(join(folder, 'sparse.wav'), { seconds: 1 })
      truncateSync(path, 4 * 2 ** 30)
      return path
    },
    ['E-INPUT-TOO-LARGE'],
  ],
  ['a bomb of 20000x20000', () => blankPng(join(folder, 'bomb.png'), 20_000, 20_000), ['E-INPUT-DIMENSIONS']],
  ['a header of 60000x60000', file('liar.png', () => pngHeader(60_000, 60_000)), ['E-INPUT-DIMENSIONS']],
  [
    '200,000 empty tracks',
    file('traks.m4a', () =>
      Buffer.concat([ftyp('M4A '), box('moov', Buffer.concat(Array.from({ length: 200_000 }, () => box('trak'))))]),
    ),
    ['E-INPUT-CORRUPT', 'E-INPUT-NO-STREAM'],
  ],
  [
    'boxes 2,000 deep',
    file('deep.m4a', () => Buffer.concat([ftyp('M4A '), nested(2000)])),
    ['E-INPUT-CORRUPT', 'E-INPUT-NO-STREAM'],
  ],
  ['an MP3 of tags only', file('tags.mp3', () => id3Tag(1_000_000)), ['E-INPUT-NO-STREAM']],
  [
    'a JPEG of markers only',
    file('markers.jpg', () => Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(2_000_000, 0xff)])),
    ['E-INPUT-CORRUPT'],
  ],
  [
    'a GIF that never ends',
    file('endless.gif', () =>
      Buffer.concat([Buffer.from('GIF89a\x40\0\x40\0\0\0\0', 'latin1'), Buffer.alloc(1_000_000, 0x21)]),
    ),
    ['E-INPUT-CORRUPT'],
  ],
  [
    'a TIFF whose directory points at itself',
    file('self.tif', Buffer.from('II*\0\x08\0\0\0\xff\xff\0\0', 'latin1')),
    ['E-INPUT-CORRUPT'],
  ],
  [
    'a WAV of chunks only',
    file('chunks.wav', () =>
      Buffer.concat([
        Buffer.from('RIFF\xff\xff\xff\x7fWAVE', 'latin1'),
        ...Array.from({ length: 100_000 }, () => Buffer.from('junk\0\0\0\0')),
      ]),
    ),
    ['E-INPUT-CORRUPT'],
  ],
]

describe('hostile files are told for what they are, and reach nothing', () => {
  test.each(HOSTILE)('%s', { timeout: 11_000 }, async (_title, make, codes) => {
    const result = await media.check(make(), ENGINE_LIMITS.offline)
    expect(result.verdict).not.toBe('ok')
    expect(codes).toContain(result.findings[0]?.code)
    expect(connections).toBe(0)
  })

  test('there are at least forty of them', () => {
    expect(HOSTILE.length).toBeGreaterThanOrEqual(40)
  })
})

describe('names that programs take for something else', () => {
  const NAMES = [
    '-version',
    'http:foo',
    'https:',
    'concat:a|b',
    'pipe:0',
    'data:x',
    'a:b',
    'frame%03d',
    '$(touch x)',
    '"quoted\'',
    'new\nline',
    ' lead',
    'ünïcödé 声音 😀',
    '%2e%2e%2f',
  ]
  test.each(NAMES)('%j is probed as a plain file', async (stem) => {
    const sound = await media.check(wav(join(folder, `${stem}.wav`), { seconds: 1 }), ENGINE_LIMITS.dashscope)
    expect(sound).toMatchObject({ verdict: 'ok', facts: { durationSeconds: 1, codec: 'pcm_s16le' } })
    const picture = await media.check(await jpeg(join(folder, `${stem}.jpg`), 64, 48), ENGINE_LIMITS.dashscope)
    expect(picture).toMatchObject({ verdict: 'ok', facts: { width: 64, height: 48, codec: 'mjpeg' } })
  })
})

/** A program that tells that it ran by making a file. */
function plant(path: string, canary: string): string {
  writeFileSync(path, `#!/bin/sh\ntouch '${canary}'\necho '{}'\n`)
  chmodSync(path, 0o755)
  return path
}

describe.skipIf(process.platform === 'win32')('the programs themselves', () => {
  const planted = mkdtempSync(join(tmpdir(), 'planted-'))
  const canary = join(planted, 'ran')
  afterAll(() => rmSync(planted, { recursive: true, force: true }))

  test('a planted ffprobe in the working folder or a relative entry of PATH is never run', async () => {
    plant(join(planted, 'ffprobe'), canary)
    plant(join(planted, 'ffmpeg'), canary)
    const env = { PATH: ['.', '', planted, 'bin', process.env['PATH']].join(delimiter) }
    const found = findTools({ env, cwd: planted, fromPackages: () => null })
    expect(found.ffprobe?.path.startsWith(planted)).not.toBe(true)
    expect(found.ffmpeg?.path.startsWith(planted)).not.toBe(true)
    wav(join(planted, 'v.wav'), { seconds: 1 })
    await media.check(join(planted, 'v.wav'), ENGINE_LIMITS.offline)
    expect(existsSync(canary)).toBe(false)
  })

  test('a packaged app takes nothing from PATH', () => {
    expect(findTools({ env: { PATH: '/usr/bin' }, toolsDir: join(planted, 'none') })).toEqual({
      ffmpeg: null,
      ffprobe: null,
    })
  })

  test('a variable that names nothing runnable means that the tool is missing', () => {
    const env = { ...process.env, FFPROBE_PATH: join(planted, 'none'), FFMPEG_PATH: 'ffmpeg' }
    expect(findTools({ env })).toEqual({ ffmpeg: null, ffprobe: null })
  })

  test('a package that came without its execute bit gets it back', () => {
    const path = plant(join(planted, 'from-package'), canary)
    chmodSync(path, 0o644)
    const found = findTools({ env: {}, fromPackages: (name) => (name === '@ffprobe-installer/ffprobe' ? path : null) })
    expect(found.ffprobe).toEqual({ path, source: 'package' })
  })

  const BROKEN: readonly (readonly [string, string | Buffer])[] = [
    ['prints garbage', '#!/bin/sh\necho hello\n'],
    ['crashes', '#!/bin/sh\nkill -SEGV $$\n'],
    ['is of another machine', Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01\0', 'latin1'), Buffer.alloc(200, 0xee)])],
  ]
  test.each(BROKEN)('an ffprobe that %s is a missing tool, not a broken file', async (_title, contents) => {
    const path = join(planted, 'broken-ffprobe')
    writeFileSync(path, contents)
    chmodSync(path, 0o755)
    const own = createTestMedia({ tools: { ...tools, ffprobe: { path, source: 'environment' } } })
    try {
      const checking = own.check(wav(join(folder, 'good.wav'), { seconds: 1 }), ENGINE_LIMITS.offline)
      await expect(checking).rejects.toSatisfy(
        (thrown) => thrown instanceof StudioError && thrown.code === 'E-TOOL-MISSING',
      )
    } finally {
      own.stop()
    }
  })

  test('no ffprobe at all is a missing tool', async () => {
    const own = createTestMedia({ tools: { ...tools, ffprobe: null } })
    const checking = own.check(encodedVoice(join(folder, 'good.mp3'), 1), ENGINE_LIMITS.offline)
    await expect(checking).rejects.toMatchObject({ code: 'E-TOOL-MISSING' })
    own.stop()
  })

  test('no program that is started sees a key of the environment', async () => {
    const [spy, seen] = [join(planted, 'spy'), join(planted, 'environment')]
    writeFileSync(spy, `#!/bin/sh\nenv >> '${seen}'\necho '{"streams":[],"format":{}}'\n`)
    chmodSync(spy, 0o755)
    const canary = 'sk-CANARYds0123456789abcdef'
    process.env['DASHSCOPE_API_KEY'] = canary
    const tool = { path: spy, source: 'environment' } as const
    const own = createTestMedia({ tools: { ffmpeg: tool, ffprobe: tool } })
    try {
      const path = wav(join(folder, 'spied.wav'), { seconds: 1, claimedBytes: 0xffffffff })
      const result = await own.check(path, ENGINE_LIMITS.dashscope)
      const good = await media.check(path, ENGINE_LIMITS.dashscope)
      await own.checkDeeply(good)
      await own.repairLossless(good, ENGINE_LIMITS.dashscope, planted).catch(() => null)
      expect(result.verdict).toBe('rejected')
      const environment = readFileSync(seen, 'utf8')
      expect(environment.split('PWD=').length).toBeGreaterThan(3)
      expect(environment).not.toContain(canary)
    } finally {
      delete process.env['DASHSCOPE_API_KEY']
      own.stop()
    }
  })

  test('a disk that does not answer in time is unavailable', async () => {
    const clock = {
      now: Date.now,
      monotonic: Date.now,
      setTimer: (_: number, action: () => void) => (action(), { cancel: () => undefined }),
    }
    const own = createTestMedia({ clock })
    const { findings } = await own.check(wav(join(folder, 'stalled.wav'), { seconds: 1 }), ENGINE_LIMITS.offline)
    expect(findings).toMatchObject([{ code: 'E-INPUT-UNAVAILABLE', params: { file: 'stalled.wav' } }])
    own.stop()
  })

  test('a killed core leaves neither its small process nor an ffprobe behind', async () => {
    const hanging = join(planted, 'hanging-ffprobe')
    const pidFile = join(planted, 'pid')
    writeFileSync(hanging, `#!/bin/sh\necho "$$ $PPID" > '${pidFile}'\nexec sleep 300\n`)
    chmodSync(hanging, 0o755)
    const script = `
      const { createTestMedia, tools } = await import(${JSON.stringify(new URL('./test-media.ts', import.meta.url).href)})
      const media = createTestMedia({ tools: { ...tools, ffprobe: { path: ${JSON.stringify(hanging)}, source: 'environment' } } })
      await media.check(${JSON.stringify(wav(join(folder, 'hang.wav'), { seconds: 1 }))}, { audio: { formats: ['wav'], maxSizeBytes: 1e9, minSeconds: 0, maxSeconds: 9 } })`
    const core = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' })
    const isAlive = (pid: number) => {
      try {
        process.kill(pid, 0)
        return true
      } catch {
        return false
      }
    }
    await expect.poll(() => existsSync(pidFile), { timeout: 20_000 }).toBe(true)
    const pids = execFileSync('cat', [pidFile], { encoding: 'utf8' }).trim().split(' ').map(Number)
    expect(pids.map(isAlive)).toEqual([true, true])
    core.kill('SIGKILL')
    await expect.poll(() => pids.map(isAlive), { timeout: 5000 }).toEqual([false, false])
  })
})
