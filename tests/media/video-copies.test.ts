import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { findTools } from '../../src/main/core/lib/find-tools.ts'
import type { Media } from '../../src/main/core/media/media.ts'
import type { VideoFix } from '../../src/shared/model/media.ts'
import { createTestMedia } from '../bad-input/test-media.ts'
import { ffmpegBuilds, makerPath } from '../fixtures/media-tools.ts'

const SECONDS = 3
const SIDE = 32
const SOUND_RATE = 48_000
/** A flash and a click begin together at these times. */
const MARKS = [0.5, 1.5, 2.5]
const NO_LIMITS = { video: { formats: ['mp4', 'mkv'], maxSizeBytes: 1e9 } }

const folder = mkdtempSync(join(tmpdir(), 'studio-copies-'))
const run = (args: readonly string[], path = makerPath) =>
  execFileSync(path, ['-v', 'error', '-nostdin', '-y', ...args], { maxBuffer: 1e8 })

const isMarked = (seconds: number) => MARKS.some((mark) => seconds >= mark - 1e-6 && seconds < mark + 0.1)

function clickTrack(): string {
  const path = join(folder, 'clicks.raw')
  const samples = new Int16Array(SECONDS * SOUND_RATE)
  for (let i = 0; i < samples.length; i++) {
    if (isMarked(i / SOUND_RATE)) samples[i] = Math.round(20_000 * Math.sin((i * 2 * Math.PI * 1000) / SOUND_RATE))
  }
  writeFileSync(path, Buffer.from(samples.buffer))
  return path
}
const clicks = clickTrack()

/** Frames at these times, each white while a mark lasts; sound beside them. */
function makeClip(name: string, times: readonly number[], rate: string): string {
  const path = join(folder, name)
  const frames = Buffer.concat(times.map((time) => Buffer.alloc(SIDE * SIDE, isMarked(time) ? 235 : 16)))
  writeFileSync(`${path}.gray`, frames)
  const raw = ['-f', 'rawvideo', '-pix_fmt', 'gray', '-s', `${SIDE}x${SIDE}`, '-r', rate, '-i', `${path}.gray`]
  const sound = ['-f', 's16le', '-ar', String(SOUND_RATE), '-ac', '1', '-i', clicks]
  run([...raw, ...sound, '-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-c:a', 'aac', path])
  return path
}

const steady = (fps: number) => Array.from({ length: Math.ceil(SECONDS * fps) }, (_, i) => i / fps)

/** Every other stretch of frames lasts twice as long, as a phone in dim light makes them. */
function makeVarying(name: string): string {
  const path = makeClip(`steady-${name}`, steady(60), '60')
  const target = join(folder, name)
  // Half of the frames of each second second are left out, and the others keep their times.
  const select = "select='not(eq(mod(floor(t),2),1)*mod(n,3))'"
  run(['-i', path, '-vf', select, '-vsync', 'vfr', '-c:v', 'libx264', '-c:a', 'copy', target])
  return target
}

/** When flashes and clicks begin, in seconds of the file. */
function marksOf(path: string): { flashes: number[]; clicks: number[]; frames: number } {
  const gray = run(['-i', path, '-map', '0:v:0', '-vsync', '0', '-f', 'rawvideo', '-pix_fmt', 'gray', 'pipe:1'])
  const probe = findTools({ env: process.env }).ffprobe?.path ?? ''
  const list = execFileSync(probe, [
    '-v',
    'error',
    '-select_streams',
    'v:0',
    '-show_entries',
    'packet=pts_time',
    '-of',
    'csv=p=0',
    path,
  ])
  const times = list
    .toString()
    .split('\n')
    .map((line) => Number.parseFloat(line))
    .filter(Number.isFinite)
    .toSorted((a, b) => a - b)
  const flashes: number[] = []
  let wasLight = false
  for (const [frame, time] of times.entries()) {
    const isLight = (gray[frame * SIDE * SIDE + (SIDE * SIDE) / 2] ?? 0) > 128
    if (isLight && !wasLight) flashes.push(time)
    wasLight = isLight
  }
  const sound = run(['-i', path, '-map', '0:a:0', '-f', 's16le', '-ac', '1', '-ar', String(SOUND_RATE), 'pipe:1'])
  const heard: number[] = []
  let quietSince = 0
  for (let i = 0; i + 1 < sound.length; i += 2) {
    if (Math.abs(sound.readInt16LE(i)) < 4000) continue
    const seconds = i / 2 / SOUND_RATE
    if (seconds - quietSince > 0.2) heard.push(seconds)
    quietSince = seconds
  }
  return { flashes, clicks: heard, frames: times.length }
}

const medias = new Map<string, Media>()
afterAll(() => {
  medias.forEach((media) => media.stop())
  rmSync(folder, { recursive: true, force: true })
})

function mediaWith(ffmpeg: string): Media {
  const known =
    medias.get(ffmpeg) ?? createTestMedia({ tools: findTools({ env: { ...process.env, FFMPEG_PATH: ffmpeg } }) })
  medias.set(ffmpeg, known)
  return known
}

const CLIPS: ReadonlyArray<readonly [string, () => string, number]> = [
  ['23.976 fps', () => makeClip('film.mp4', steady(24_000 / 1001), '24000/1001'), 25],
  ['25 fps', () => makeClip('pal.mp4', steady(25), '25'), 24_000 / 1001],
  ['29.97 fps', () => makeClip('ntsc.mp4', steady(30_000 / 1001), '30000/1001'), 25],
  ['30 fps', () => makeClip('thirty.mp4', steady(30), '30'), 30_000 / 1001],
  ['60 fps', () => makeClip('sixty.mp4', steady(60), '60'), 30],
  ['a varying rate', () => makeVarying('varying.mp4'), 30],
  ['a varying rate in Matroska', () => makeVarying('varying.mkv'), 60_000 / 1001],
]

describe.each(ffmpegBuilds)('a steady copy, with %s', (ffmpeg) => {
  const media = mediaWith(ffmpeg)

  it.each(CLIPS)('of %s keeps sound and picture within one frame', async (name, make, fps) => {
    const source = make()
    const target = join(
      folder,
      `steady-${String(CLIPS.findIndex(([one]) => one === name))}-${String(ffmpegBuilds.indexOf(ffmpeg))}.mp4`,
    )
    // Matroska tells its nominal rate only.
    expect((await media.check(source, NO_LIMITS)).facts.variableRate ?? false).toBe(name === 'a varying rate')
    await media.copyVideo(source, { kind: 'constant-rate', fps }, target)
    const { facts } = await media.check(target, NO_LIMITS)
    expect(facts.variableRate).toBeUndefined()
    expect(facts.fps).toBeCloseTo(fps, 3)
    expect(Math.abs((facts.soundSeconds ?? 0) - (facts.durationSeconds ?? 0))).toBeLessThan(1 / fps + 0.024)
    const { flashes, clicks: heard } = marksOf(target)
    expect([flashes.length, heard.length]).toEqual([MARKS.length, MARKS.length])
    for (const [index, flash] of flashes.entries()) {
      expect(Math.abs(flash - (heard[index] ?? 0)), `mark ${String(index)}`).toBeLessThanOrEqual(1 / fps)
    }
  })

  it('is trimmed or repeated to exactly as many frames as were asked for', async () => {
    const source = makeClip('short.mp4', steady(25), '25')
    const copy = async (fix: VideoFix) => {
      const target = join(folder, `${fix.kind}.mp4`)
      await media.copyVideo(source, fix, target)
      return marksOf(target)
    }
    expect((await copy({ kind: 'trim', fps: 25, frames: 40 })).frames).toBe(40)
    const looped = await copy({ kind: 'loop', fps: 25, frames: 180 })
    expect(looped.frames).toBe(180)
    expect(looped.flashes.length).toBe(7)
    expect(looped.clicks.length).toBe(7)
  })
})

describe('what else is made of a video', () => {
  const media = mediaWith(ffmpegBuilds[0] ?? makerPath)

  it('lays the sound of one clip under the picture of another, for as long as the picture lasts', async () => {
    const silent = join(folder, 'silent.mp4')
    run(['-f', 'lavfi', '-i', 'color=gray:s=64x64:r=25:d=1.8', '-pix_fmt', 'yuv420p', silent])
    const target = join(folder, 'with-sound.mp4')
    await media.swapSound(silent, makeClip('sounding.mp4', steady(25), '25'), target)
    const { facts } = await media.check(target, NO_LIMITS)
    expect(facts.hasAudio).toBe(true)
    expect(facts.durationSeconds).toBeCloseTo(1.8, 2)
    expect(Math.abs((facts.soundSeconds ?? 0) - 1.8)).toBeLessThan(0.024)
    expect(marksOf(target).clicks.map((time) => Math.round(time * 10) / 10)).toEqual([0.5, 1.5])
    await expect(media.swapSound(target, silent, join(folder, 'none.mp4'))).rejects.toMatchObject({
      code: 'E-INPUT-NO-STREAM',
    })
  })

  it('shows its first frame upright, no larger than asked for', async () => {
    const turned = join(folder, 'turned.mp4')
    run(['-f', 'lavfi', '-i', 'testsrc=s=640x360:r=25:d=0.4', '-pix_fmt', 'yuv420p', join(folder, 'flat.mp4')])
    run(['-i', join(folder, 'flat.mp4'), '-c', 'copy', '-metadata:s:v', 'rotate=90', turned])
    const { facts } = await media.check(turned, NO_LIMITS)
    const picture = await media.thumbnail(turned, 320, join(folder, 'thumbnails'))
    const { width, height, format } = await sharp(picture).metadata()
    expect({ width, height, format }).toEqual({ width: 180, height: 320, format: 'jpeg' })
    expect(facts).toMatchObject({ width: 360, height: 640 })
  })
})
