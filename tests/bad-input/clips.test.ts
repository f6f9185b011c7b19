import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ENGINE_LIMITS } from '../../src/shared/model/limits.ts'
import { cut, ffmpeg } from './make-files.ts'
import { createTestMedia } from './test-media.ts'

const folder = mkdtempSync(join(tmpdir(), 'bad-clips-'))
const media = createTestMedia()
afterAll(() => {
  media.stop()
  rmSync(folder, { recursive: true, force: true })
})

const picture = ['-f', 'lavfi', '-i', 'testsrc=s=128x96:r=25:d=1']
const sound = ['-f', 'lavfi', '-i', 'sine=frequency=300:duration=1']

function clip(name: string, ...args: string[]): string {
  const path = join(folder, name)
  ffmpeg(...picture, ...sound, '-shortest', ...args, path)
  return path
}
const plain = (name: string): string => clip(name, '-pix_fmt', 'yuv420p')

function patched(name: string, change: (bytes: Buffer) => Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, change(readFileSync(plain(`of-${name}`))))
  return path
}

/** The duration in the movie header as if it were 7200 s. */
function longClaim(bytes: Buffer): Buffer {
  const at = bytes.indexOf('mvhd')
  bytes.writeUInt32BE(bytes.readUInt32BE(at + 16) * 7200, at + 20)
  return bytes
}

const box = (type: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + body.length)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, body])
}

type Row = {
  readonly id: string
  readonly title: string
  readonly make: () => string
  /** The first error; absent: accepted. */
  readonly error?: string
  readonly warning?: string
  readonly facts?: object
}

const ROWS: readonly Row[] = [
  {
    id: 'D301',
    title: 'an MP4 with sound only',
    make: () => {
      const path = join(folder, 'voice.mp4')
      ffmpeg(...sound, path)
      return path
    },
    error: 'E-INPUT-TYPE',
  },
  {
    id: 'D301',
    title: 'a video without sound',
    make: () => {
      const path = join(folder, 'silent.mkv')
      ffmpeg(...picture, path)
      return path
    },
    facts: { hasAudio: false, format: 'mkv' },
  },
  { id: 'D302', title: 'an MP4 that was cut', make: () => cut(plain('cut.mp4'), 0.5), error: 'E-INPUT-CORRUPT' },
  {
    id: 'D303',
    title: 'a header that claims two hours',
    make: () => patched('claim.mp4', longClaim),
    facts: {
      durationSeconds: expect.closeTo(1, 1),
    },
  },
  {
    id: 'D304',
    title: '2,000 boxes in each other',
    make: () => {
      let deep: Buffer = Buffer.alloc(0)
      for (let depth = 0; depth < 2000; depth++) deep = box('moov', deep)
      const path = join(folder, 'deep.mp4')
      writeFileSync(path, Buffer.concat([box('ftyp', Buffer.from('isom\0\0\0\0isom')), deep]))
      return path
    },
    error: 'E-INPUT-CORRUPT',
  },
  {
    id: 'D305',
    title: 'an odd size',
    make: () => clip('odd.mp4', '-vf', 'scale=127:95', '-pix_fmt', 'yuv444p'),
    facts: {
      width: 127,
      height: 95,
    },
  },
  {
    id: 'D306',
    title: 'a file above four gibibytes',
    make: () => {
      const path = plain('huge.mp4')
      truncateSync(path, 4096 * 1_048_576 + 1)
      return path
    },
    error: 'E-INPUT-TOO-LARGE',
  },
  {
    id: 'D306',
    title: 'a file above what the upload surely takes',
    make: () => {
      const path = plain('large.mp4')
      writeFileSync(path, Buffer.concat([readFileSync(path), box('free', Buffer.alloc(26 * 1_048_576))]))
      return path
    },
    warning: 'upload-size',
  },
  ...['mov', 'avi', 'mkv', 'flv', 'mpeg'].map((format) => ({
    id: 'D308',
    title: `a ${format}`,
    make: () => {
      const path = join(folder, `clip.${format === 'mpeg' ? 'mpg' : format}`)
      ffmpeg(...picture, '-c:v', format === 'flv' ? 'flv' : 'mpeg2video', path)
      return path
    },
    facts: { format },
  })),
  {
    id: 'D308',
    title: 'a GIF',
    make: () => {
      const path = join(folder, 'clip.gif')
      ffmpeg(...picture, path)
      return path
    },
    error: 'E-INPUT-TYPE',
  },
]

describe('a clip for Segmind', () => {
  test.each(ROWS)('$id: $title', async ({ make, error, warning, facts }) => {
    const result = await media.checkDeeply(await media.check(make(), ENGINE_LIMITS.segmind))
    const first = result.findings.find(({ level }) => level === 'error')
    expect([first?.code, result.verdict]).toEqual(error === undefined ? [undefined, 'ok'] : [error, 'rejected'])
    if (warning !== undefined) expect(result.findings.map(({ params }) => params['reason'])).toContain(warning)
    if (facts !== undefined) expect(result.facts).toMatchObject(facts)
  })
})
