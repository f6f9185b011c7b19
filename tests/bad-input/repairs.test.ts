import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, extname, join } from 'node:path'
import sharp from 'sharp'
import { afterAll, describe, expect, test } from 'vitest'
import type { MediaRow } from '../../src/main/core/media/inspection.ts'
import { ENGINE_LIMITS } from '../../src/shared/model/limits.ts'
import type { MediaLimits } from '../../src/shared/model/media.ts'
import { encodedVoice, jpeg, noisyPng, patch, wav } from './make-files.ts'
import { createTestMedia } from './test-media.ts'

const folder = mkdtempSync(join(tmpdir(), 'repairs-'))
const media = createTestMedia()
afterAll(() => {
  media.stop()
  rmSync(folder, { recursive: true, force: true })
})
let made = 0
const at = (name: string) => {
  const own = join(folder, String(made++))
  mkdirSync(own)
  return join(own, name)
}
const hashOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

async function repaired(path: string, limits: MediaLimits) {
  const before = hashOf(path)
  const result = await media.check(path, limits)
  const { path: copy, notes } = await media.repairLossless(result, limits, at('temp'))
  expect(hashOf(path)).toBe(before)
  return { copy, reasons: notes.map(({ params }) => params['reason']), again: await media.check(copy, limits) }
}

describe('lossless repairs', () => {
  test('nothing due means the source itself', async () => {
    const path = await jpeg(at('p.jpg'), 64, 64)
    expect(await repaired(path, ENGINE_LIMITS.dashscope)).toMatchObject({ copy: path, reasons: [] })
  })

  test('the offline engine turns pictures by itself and goes by contents: no copy is made', async () => {
    const path = await jpeg(at('p.png'), 64, 48, 6)
    expect(await repaired(path, ENGINE_LIMITS.offline)).toMatchObject({ copy: path, reasons: [] })
  })

  test('a turned portrait stands upright for an engine that needs it, with its colours', async () => {
    const path = at('p.jpg')
    const left = { width: 32, height: 48, channels: 3 as const, background: '#ff0000' }
    await sharp({ create: { ...left, width: 64, background: '#0000ff' } })
      .composite([{ input: { create: left }, left: 0, top: 0 }])
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 100 })
      .toFile(path)
    const { copy, reasons, again } = await repaired(path, ENGINE_LIMITS.dashscope)
    expect(reasons).toEqual(['orientation'])
    expect(again).toMatchObject({ verdict: 'ok', findings: [], facts: { width: 48, height: 64 } })
    const { data } = await sharp(copy).raw().toBuffer({ resolveWithObject: true })
    // Stored left is upright top.
    expect([data[0], data[2], data.at(-3), data.at(-1)].map((value = 0) => value > 128)).toEqual([
      true,
      false,
      false,
      true,
    ])
  })

  test('odd sides lose one row or column where an engine needs even ones', async () => {
    const image = { formats: ['png'], maxSizeBytes: 1e7, maxSide: 4096, evenSides: true }
    const { reasons, again } = await repaired(await noisyPng(at('p.png'), 641, 481), { image })
    expect(reasons).toEqual(['even-sides'])
    expect(again.facts).toMatchObject({ width: 640, height: 480 })
  })

  test('a wrong extension becomes the true one, byte for byte', async () => {
    const path = await jpeg(at('p.png'), 64, 64)
    const { copy, reasons, again } = await repaired(path, ENGINE_LIMITS.dashscope)
    expect(reasons).toEqual(['extension'])
    expect([extname(copy), hashOf(copy), again.findings]).toEqual(['.jpg', hashOf(path), []])
  })

  test('a WAV whose header lies gets a true one, sample for sample', async () => {
    const path = wav(at('v.wav'), { seconds: 2, claimedBytes: 0xffffffff })
    const { copy, reasons, again } = await repaired(path, ENGINE_LIMITS.dashscope)
    expect(reasons).toEqual(['header'])
    expect(again).toMatchObject({ verdict: 'ok', findings: [], facts: { durationSeconds: 2, codec: 'pcm_s16le' } })
    const [old, fresh] = [readFileSync(path), readFileSync(copy)]
    expect(fresh.subarray(-64_000).equals(old.subarray(-64_000))).toBe(true)
  })

  test('an MP3 with a wrong Xing header gets a true one', async () => {
    const path = encodedVoice(at('v.mp3'), 3)
    const bytes = readFileSync(path)
    patch(path, Math.max(bytes.indexOf('Xing'), bytes.indexOf('Info')) + 8, Buffer.from([0, 6, 0, 0]))
    const { reasons, again } = await repaired(path, ENGINE_LIMITS.dashscope)
    expect(reasons).toEqual(['header'])
    expect(again).toMatchObject({ verdict: 'ok', findings: [] })
    expect(again.facts.durationSeconds).toBeCloseTo(3.04, 1)
  })

  test('a cancelled repair leaves no file', async () => {
    const path = wav(at('v.wav'), { seconds: 2, claimedBytes: 0xffffffff })
    const result = await media.check(path, ENGINE_LIMITS.dashscope)
    const stop = new AbortController()
    stop.abort(new Error('cancelled'))
    const temp = at('temp')
    await expect(media.repairLossless(result, ENGINE_LIMITS.dashscope, temp, stop.signal)).rejects.toThrow('cancelled')
    expect(readdirSync(temp, { recursive: true }).filter((name) => String(name).endsWith('.wav'))).toEqual([])
  })
})

describe('what is remembered of a file', () => {
  test('an unchanged file is not probed again, not even without ffprobe', async () => {
    const rows = new Map<string, MediaRow>()
    const path = wav(at('v.wav'), { seconds: 1 })
    const first = createTestMedia({ rows })
    const result = await first.checkDeeply(await first.check(path, ENGINE_LIMITS.offline))
    first.stop()
    const second = createTestMedia({
      rows,
      tools: { ffmpeg: { path: '/nowhere/ffmpeg', source: 'path' }, ffprobe: null },
    })
    expect(await second.checkDeeply(await second.check(path, ENGINE_LIMITS.offline))).toEqual(result)
    second.stop()
  })

  test('the same probe serves the limits of every engine', async () => {
    const rows = new Map<string, MediaRow>()
    const path = wav(at('v.wav'), { seconds: 0.5 })
    const own = createTestMedia({ rows })
    expect((await own.check(path, ENGINE_LIMITS.offline)).verdict).toBe('ok')
    expect((await own.check(path, ENGINE_LIMITS.dashscope)).findings[0]?.code).toBe('E-INPUT-TOO-SHORT')
    expect(rows.size).toBe(1)
    own.stop()
  })

  test('a new time means a new look and a new id', async () => {
    const path = wav(at('v.wav'), { seconds: 1 })
    const before = await media.check(path, ENGINE_LIMITS.offline)
    expect(await media.resolve(before.mediaId)).toEqual({ path, contentType: 'audio/wav' })
    utimesSync(path, 1, 1)
    expect(await media.resolve(before.mediaId)).toBeNull()
    const after = await media.check(path, ENGINE_LIMITS.offline)
    expect(after.mediaId).not.toBe(before.mediaId)
    expect(await media.resolve('../../etc/passwd')).toBeNull()
  })

  test('a file that goes away between the two passes is missing', async () => {
    const path = wav(at('v.wav'), { seconds: 1 })
    const result = await media.check(path, ENGINE_LIMITS.offline)
    rmSync(path)
    const deep = await media.checkDeeply(result)
    expect(deep).toMatchObject({ verdict: 'rejected', findings: [{ code: 'E-INPUT-MISSING' }] })
  })

  test('a row that is damaged is looked up anew', async () => {
    const rows = new Map<string, MediaRow>()
    const path = wav(at('v.wav'), { seconds: 1 })
    const own = createTestMedia({ rows })
    const good = await own.check(path, ENGINE_LIMITS.offline)
    for (const row of rows.values()) rows.set(row.path, { ...row, inspection: '{"version":0}' })
    expect(await own.check(path, ENGINE_LIMITS.offline)).toEqual(good)
    own.stop()
  })

  test('an aborted check throws the reason and leaves the others alone', async () => {
    const stop = new AbortController()
    const checks = Array.from({ length: 20 }, async (_, i) =>
      media.check(wav(at(`${i}.wav`), { seconds: 1 }), ENGINE_LIMITS.offline, i % 2 === 0 ? stop.signal : undefined),
    )
    stop.abort(new Error('enough'))
    const settled = await Promise.allSettled(checks)
    for (const [i, outcome] of settled.entries()) expect(outcome.status).toBe(i % 2 === 0 ? 'rejected' : 'fulfilled')
  })
})

describe('thumbnails', () => {
  test('a picture of any accepted format becomes a small upright JPEG once', async () => {
    const cacheDir = at('thumbnails')
    const path = await jpeg(at('p.jpg'), 400, 200, 6)
    const thumbnail = await media.thumbnail(path, 100, cacheDir)
    expect(await sharp(thumbnail).metadata()).toMatchObject({ format: 'jpeg', width: 50, height: 100 })
    expect(await media.thumbnail(path, 100, cacheDir)).toBe(thumbnail)
    expect(readdirSync(cacheDir)).toEqual([basename(thumbnail)])
  })

  test('what is no picture has none', async () => {
    await expect(media.thumbnail(wav(at('v.wav'), { seconds: 1 }), 100, at('thumbnails'))).rejects.toMatchObject({
      code: 'E-INPUT-TYPE',
    })
  })
})
