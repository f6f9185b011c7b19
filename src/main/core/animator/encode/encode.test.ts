import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeVoice } from './decode-voice.ts'
import { AI_TAG, openFrameEncoder } from './frame-encoder.ts'
import type { VideoSettings } from './frame-encoder.ts'
import { ffmpegBuilds as builds, ffprobePath } from '../../../../../tests/fixtures/media-tools.ts'

let folder = ''
const at = (name: string): string => join(folder, name)

const writeTone = (path: string, seconds: number, rate = 44_100): void => {
  const samples = Math.round(seconds * rate)
  const wav = Buffer.alloc(44 + samples * 2)
  wav.write('RIFF', 0)
  wav.writeUInt32LE(36 + samples * 2, 4)
  wav.write('WAVEfmt ', 8)
  wav.writeUInt32LE(16, 16)
  wav.writeUInt16LE(1, 20)
  wav.writeUInt16LE(1, 22)
  wav.writeUInt32LE(rate, 24)
  wav.writeUInt32LE(rate * 2, 28)
  wav.writeUInt16LE(2, 32)
  wav.writeUInt16LE(16, 34)
  wav.write('data', 36)
  wav.writeUInt32LE(samples * 2, 40)
  for (let i = 0; i < samples; i++)
    wav.writeInt16LE(Math.round(12_000 * Math.sin((i * 2 * Math.PI * 440) / rate)), 44 + i * 2)
  writeFileSync(path, wav)
}

type Probe = {
  format: { tags?: Record<string, string>; duration: string }
  streams: { codec_name: string; pix_fmt?: string; nb_read_frames: string; sample_rate?: string; duration: string }[]
}
const probe = (path: string): Probe =>
  JSON.parse(
    execFileSync(ffprobePath, ['-v', 'error', '-count_frames', '-show_format', '-show_streams', '-of', 'json', path], {
      encoding: 'utf8',
    }),
  ) as Probe

const settings = (ffmpegPath: string, extra: Partial<VideoSettings> = {}): VideoSettings => ({
  ffmpegPath,
  voicePath: at('odd %03d name.wav'),
  outputPath: at('out.mp4.part'),
  width: 64,
  height: 48,
  fps: 25,
  durationSeconds: 1.371,
  aiTag: true,
  ...extra,
})

const encode = async (s: VideoSettings): Promise<void> => {
  const encoder = openFrameEncoder(s)
  const frame = new Uint8Array(s.width * s.height * 4).fill(200)
  for (let i = 0; i < Math.round(s.durationSeconds * Number(s.fps)); i++) await encoder.write(frame)
  await encoder.finish()
}

const codeOf = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'none',
    (thrown: unknown) => (thrown as { code?: unknown }).code,
  )

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'animator-encode-'))
  writeTone(at('odd %03d name.wav'), 1.371)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(builds)('the encoder with %s', (ffmpegPath) => {
  it.each([15, 24, 25, 30])('makes a video at %i fps as long as the voice, within one frame', async (fps) => {
    await encode(settings(ffmpegPath, { fps }))
    const { streams } = probe(at('out.mp4.part'))
    const [video, audio] = streams
    expect(video).toMatchObject({ codec_name: 'h264', pix_fmt: 'yuv420p' })
    expect(audio).toMatchObject({ codec_name: 'aac', sample_rate: '48000' })
    expect(Math.abs(Number(video?.nb_read_frames) / fps - 1.371)).toBeLessThanOrEqual(1 / fps)
    expect(Math.abs(Number(audio?.duration) - 1.371)).toBeLessThan(0.03)
  })

  it('marks the file as made by a machine, unless asked not to', async () => {
    await encode(settings(ffmpegPath))
    expect(probe(at('out.mp4.part')).format.tags?.['comment']).toBe(AI_TAG)
    await encode(settings(ffmpegPath, { aiTag: false }))
    expect(probe(at('out.mp4.part')).format.tags?.['comment']).toBeUndefined()
  })

  it('says by code and with its own words why it failed, and leaves no file', async () => {
    const encoder = openFrameEncoder(settings(ffmpegPath, { width: 63 }))
    const attempt = encoder.write(new Uint8Array(63 * 48 * 4)).then(() => encoder.finish())
    const thrown = await attempt.catch((error: unknown) => error)
    expect(thrown).toMatchObject({
      code: 'E-TOOL-FAILED',
      data: { params: { value: expect.stringMatching(/width/i) } },
    })
    await encoder.discard()
    expect(existsSync(at('out.mp4.part'))).toBe(false)
  })

  it('stops at once when cancelled and leaves no file', async () => {
    const cancel = new AbortController()
    const encoder = openFrameEncoder(settings(ffmpegPath), cancel.signal)
    await encoder.write(new Uint8Array(64 * 48 * 4))
    cancel.abort(new Error('cancelled'))
    await expect(encoder.finish()).rejects.toThrow('cancelled')
    await encoder.discard()
    expect(existsSync(at('out.mp4.part'))).toBe(false)
  })

  it('decodes a voice to 16 kHz and measures its true length', async () => {
    const voice = await decodeVoice(ffmpegPath, at('odd %03d name.wav'))
    expect(Math.abs(voice.durationSeconds - 1.371)).toBeLessThan(0.002)
    const loudest = voice.samples.reduce((peak, v) => Math.max(peak, Math.abs(v)), 0)
    expect(loudest).toBeGreaterThan(0.3)
    expect(loudest).toBeLessThan(0.45)
  })

  it('refuses what is not sound', async () => {
    writeFileSync(at('list.wav'), "ffconcat version 1.0\nfile 'odd %03d name.wav'\n")
    writeFileSync(at('noise.wav'), Buffer.alloc(5000, 7))
    expect(await codeOf(decodeVoice(ffmpegPath, at('list.wav')))).toBe('E-INPUT-CORRUPT')
    expect(await codeOf(decodeVoice(ffmpegPath, at('noise.wav')))).toBe('E-INPUT-CORRUPT')
  })
})

it('names a missing ffmpeg by code', async () => {
  expect(await codeOf(decodeVoice(at('no-ffmpeg'), at('odd %03d name.wav')))).toBe('E-TOOL-MISSING')
})
