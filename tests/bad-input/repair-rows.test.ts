import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, describe, expect, test } from 'vitest'
import { ENGINE_LIMITS } from '../../src/shared/model/limits.ts'
import type { CheckResult, MediaLimits, PixelBox, RepairKind } from '../../src/shared/model/media.ts'
import { makeHeic } from '../fixtures/make-heic.ts'
import { makerPath } from '../fixtures/media-tools.ts'
import { imageRows } from './image-rows.ts'
import { encodedVoice, ffmpeg, jpeg, noisyPng, wav } from './make-files.ts'
import { repairableRows } from './repairable-rows.ts'
import type { Row } from './rows.ts'
import { soundRows } from './sound-rows.ts'
import { createTestMedia } from './test-media.ts'

const folder = mkdtempSync(join(tmpdir(), 'repair-rows-'))
const limits = ENGINE_LIMITS.dashscope
let asked = 0
/** Stands for the face finder: the box that a test sets, in pixels of the picture that it is shown. */
let face: ((width: number, height: number) => PixelBox) | null = null
const media = createTestMedia({
  repairedDir: join(folder, 'repaired'),
  findKeep: async (path) => {
    asked += 1
    const { width, height } = await sharp(path).metadata()
    return face === null ? null : face(width, height)
  },
})
afterAll(() => {
  media.stop()
  rmSync(folder, { recursive: true, force: true })
})

let made = 0
const at = (name: string): string => {
  const own = join(folder, `case-${String(made++)}`)
  mkdirSync(own)
  return join(own, name)
}
const hashOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

/** Three minutes take seconds to encode: what does not hang on the true length has a tenth of it. */
const { audio: ofVoices } = limits
if (ofVoices === undefined) throw new Error('voices have no limits')
const brief: MediaLimits = {
  audio: { ...ofVoices, maxSeconds: 18, maxSizeBytes: ofVoices.maxSizeBytes / 10, noteSizeBytes: 1_500_000 },
}

/** As a job that may repair does it. */
async function look(path: string, within = limits): Promise<CheckResult> {
  const quick = await media.check(path, within)
  return quick.verdict === 'repairable' && quick.kind === 'image' ? quick : media.checkDeeply(quick)
}

async function repair(path: string, tempDir = at('job'), within = limits) {
  const before = hashOf(path)
  const result = await look(path, within)
  expect(result.verdict).toBe('repairable')
  const repaired = await media.repairAll(result, within, tempDir)
  expect(hashOf(path), 'the source is byte-identical').toBe(before)
  return repaired
}

function expectWithinLimits({ verdict, kind, facts, findings }: CheckResult, within = limits): void {
  expect({ verdict, errors: findings.filter(({ level }) => level === 'error') }).toEqual({ verdict: 'ok', errors: [] })
  const { image, audio } = within
  if (kind === 'image' && image !== undefined) {
    const { width = 0, height = 0, sizeBytes = Infinity, format = '' } = facts
    expect(image.formats).toContain(format)
    expect(Math.max(width, height)).toBeLessThanOrEqual(image.maxSide)
    expect(Math.max(width, height)).toBeLessThanOrEqual(2 * Math.min(width, height))
    expect(sizeBytes).toBeLessThanOrEqual(image.noteSizeBytes ?? 0)
  } else {
    expect(kind).toBe('audio')
    const { durationSeconds = Infinity, sizeBytes = Infinity, format = '' } = facts
    expect(audio?.formats).toContain(format)
    expect(durationSeconds).toBeLessThanOrEqual(audio?.maxSeconds ?? 0)
    expect(sizeBytes).toBeLessThanOrEqual(audio?.noteSizeBytes ?? 0)
  }
}

/** Looks as if it could be repaired until its contents are read. */
const NOT_AFTER_ALL: readonly string[] = ['D108g']
const rows: readonly Row[] = [...imageRows, ...soundRows]
const isRepairable = ({ id }: Row) => repairableRows.some((row) => row.id === id)

describe('rows of the catalogue for a vendor', () => {
  test.each(repairableRows)('$id: $title passes after repair', async (row) => {
    const own = join(folder, row.id)
    mkdirSync(own)
    const { check, steps, notes } = await repair(await row.make(own))
    expectWithinLimits(check)
    expect(steps.length).toBeGreaterThan(0)
    expect(notes.map(({ code, level }) => `${code} ${level}`)).toEqual(steps.map(() => 'W-NOTE note'))
  })

  test('no other row can be repaired', () => {
    const others = rows.filter((row) => !isRepairable(row) && !NOT_AFTER_ALL.includes(row.id))
    const promised = others.filter(({ dashscope }) => dashscope.repair !== undefined)
    expect(promised.map(({ id }) => id)).toEqual([])
  })

  test.each(rows.filter(({ id }) => NOT_AFTER_ALL.includes(id)))('$id: $title stays an error', async (row) => {
    const own = join(folder, row.id)
    mkdirSync(own)
    const result = await look(await row.make(own))
    const { path, check, steps } = await media.repairAll(result, limits, at('job'))
    expect({ path, verdict: check.verdict, steps }).toEqual({ path: result.path, verdict: 'rejected', steps: [] })
    expect(check.findings.every(({ repair: kind }) => kind === undefined)).toBe(true)
    expect(check.findings.map(({ code }) => code)).toContain('E-INPUT-TYPE')
  })
})

const kindsOf = (steps: readonly { readonly kind: RepairKind }[]) => steps.map(({ kind }) => kind)

describe('pictures', () => {
  test('a turned HEIC becomes an upright JPEG', async () => {
    const png = await noisyPng(at('p.png'), 640, 320)
    const path = at('p.heic')
    makeHeic(makerPath, { path: png, width: 640, height: 320 }, path, true)
    const { check, steps } = await repair(path)
    expectWithinLimits(check)
    expect(check.facts).toMatchObject({ format: 'jpeg', width: 320, height: 640 })
    expect(kindsOf(steps)).toEqual(['convert'])
  })

  test('a PNG of many megabytes fits and stays as sharp as it can', async () => {
    const { check, steps } = await repair(await noisyPng(at('p.png'), 2400, 2000))
    expectWithinLimits(check)
    expect(check.facts).toMatchObject({ format: 'jpeg', width: 2400, height: 2000 })
    expect(kindsOf(steps)).toEqual(['shrink'])
    expect(steps[0]?.before.sizeBytes).toBeGreaterThan(steps[0]?.after.sizeBytes ?? Infinity)
    // Most of what may be used is used.
    expect(check.facts.sizeBytes).toBeGreaterThan(0.7 * (limits.image?.noteSizeBytes ?? 0))
  })

  test('a picture beyond every decoder of the check is shrunk', async () => {
    const { check, steps } = await repair(await jpeg(at('p.jpg'), 9600, 7200))
    expectWithinLimits(check)
    expect(check.facts).toMatchObject({ width: 4096, height: 3072 })
    expect(kindsOf(steps)).toEqual(['shrink'])
  })

  test('a crop keeps the face and its room, wherever it is', async () => {
    for (const place of [0, 0.3, 0.62, 0.9]) {
      // A white face on black: all of it must be in the copy.
      const path = at('p.png')
      const [width, height, side] = [600, 2400, 180]
      const top = Math.round(place * (height - side))
      const input = { create: { width: side, height: side, channels: 3 as const, background: '#ffffff' } }
      await sharp({ create: { width, height, channels: 3, background: '#000000' } })
        .composite([{ input, left: 210, top }])
        .png()
        .toFile(path)
      face = (shown) => {
        const scale = shown / width
        return { x: 210 * scale, y: top * scale, width: side * scale, height: side * scale }
      }
      const { path: copy, check, steps } = await repair(path)
      expectWithinLimits(check)
      expect(kindsOf(steps)).toEqual(['crop'])
      expect(check.facts).toMatchObject({ width: 600, height: 1200 })
      const { data, info } = await sharp(copy).greyscale().raw().toBuffer({ resolveWithObject: true })
      let white = 0
      for (const value of data) if (value > 128) white += 1
      expect(white / info.channels).toBe(side * side)
    }
    face = null
  })

  test('without a face nothing is cut off: the rest of the canvas continues the edges out of focus', async () => {
    const path = at('p.png')
    await sharp({ create: { width: 900, height: 300, channels: 3, background: '#c04020' } })
      .png()
      .toFile(path)
    const { path: copy, check, steps } = await repair(path)
    expectWithinLimits(check)
    expect(kindsOf(steps)).toEqual(['pad'])
    expect(check.facts).toMatchObject({ width: 900, height: 450 })
    const { data } = await sharp(copy).removeAlpha().raw().toBuffer({ resolveWithObject: true })
    for (const at of [0, data.length / 2, data.length - 3]) {
      const [red = 0, green = 0, blue = 0] = data.subarray(at - (at % 3), at - (at % 3) + 3)
      expect([Math.abs(red - 0xc0), Math.abs(green - 0x40), Math.abs(blue - 0x20)].every((off) => off < 8)).toBe(true)
    }
  })

  test('a face that fills more than the ratio allows is not cut: the picture is padded', async () => {
    face = (width, height) => ({ x: 0, y: 0, width, height: height * 0.9 })
    const { steps } = await repair(await jpeg(at('p.jpg'), 500, 1100))
    expect(kindsOf(steps)).toEqual(['pad'])
    face = null
  })

  test('too long for its side and for its ratio', async () => {
    face = (width, height) => ({ x: width * 0.7, y: height * 0.3, width: height * 0.4, height: height * 0.4 })
    const { check, steps } = await repair(await jpeg(at('p.jpg'), 5500, 2200))
    expectWithinLimits(check)
    expect(kindsOf(steps)).toEqual(['crop', 'shrink'])
    expect(steps.map(({ after }) => [after.width, after.height])).toEqual([
      [4400, 2200],
      [4096, 2048],
    ])
    face = null
  })

  test('a cut-off picture that would have to be shrunk stays an error that says so', async () => {
    const path = await jpeg(at('p.jpg'), 4200, 3000)
    writeFileSync(path, readFileSync(path).subarray(0, 30_000))
    const before = hashOf(path)
    const { check, path: unchanged } = await media.repairAll(await look(path), limits, at('job'))
    expect(unchanged).toBe(path)
    expect(check).toMatchObject({ verdict: 'rejected' })
    expect(check.findings[0]).toMatchObject({ code: 'E-INPUT-CORRUPT', params: { file: 'p.jpg' } })
    expect(hashOf(path)).toBe(before)
  })
})

describe('voices', () => {
  test('a long stereo recording becomes an MP3 that fits, cut at the limit with a fade', async () => {
    const path = wav(at('v.wav'), { seconds: 18.1, sampleRate: 22_050, channels: 2 })
    const { check, steps } = await repair(path, at('job'), brief)
    expectWithinLimits(check, brief)
    expect(check.facts.format).toBe('mp3')
    expect(check.facts.durationSeconds).toBeGreaterThan(17.8)
    expect(kindsOf(steps)).toEqual(['trim', 'transcode'])
  })

  test('a trimmed WAV is a WAV of exactly the limit, silent at its end and as it was before', async () => {
    const path = wav(at('v.wav'), { seconds: 181, sampleRate: 8000, shape: 'noise' })
    const { path: copy, check } = await repair(path)
    expect(check.facts).toMatchObject({ format: 'wav', codec: 'pcm_s16le', durationSeconds: 180 })
    const [source, cut] = [readFileSync(path).subarray(44), readFileSync(copy).subarray(44)]
    expect(cut.length).toBe(180 * 16_000)
    const fadeBytes = 0.02 * 16_000
    expect(cut.subarray(0, -fadeBytes - 2).equals(source.subarray(0, cut.length - fadeBytes - 2))).toBe(true)
    expect(Math.abs(cut.readInt16LE(cut.length - 2))).toBeLessThan(300)
  })

  test('a voice of several channels and a high rate becomes a plain WAV of the same length', async () => {
    const path = at('v.flac')
    ffmpeg('-f', 'lavfi', '-i', 'aevalsrc=0.3*sin(440*t)|0.2|0.1|0|0|0:s=96000:d=3', path)
    const { check } = await repair(path)
    expectWithinLimits(check)
    expect(check.facts).toMatchObject({ format: 'wav', codec: 'pcm_s16le', durationSeconds: 3 })
  })

  test('an MP3 just below the longest length would grow beyond it when encoded again: it is cut a little', async () => {
    const path = at('v.m4a')
    ffmpeg('-f', 'lavfi', '-i', 'sine=frequency=200:sample_rate=44100:duration=17.95', '-c:a', 'alac', path)
    const { check } = await repair(path, at('job'), brief)
    expectWithinLimits(check, brief)
  })

  test('what is too short stays too short, whatever its format', async () => {
    const path = encodedVoice(at('v.m4a'), 0.6)
    const { check } = await media.repairAll(await look(path), limits, at('job'))
    expect(check).toMatchObject({
      verdict: 'rejected',
      findings: [{ code: 'E-INPUT-TOO-SHORT' }, { code: 'E-INPUT-TYPE' }],
    })
    expect(check.findings[0]?.params['file']).toBe('v.m4a')
  })
})

describe('copies', () => {
  test('the same contents and limits are repaired once, under any name; the copy of a job is its own', async () => {
    const one = await noisyPng(at('anna.png'), 350, 750)
    const two = at('bea.png')
    writeFileSync(two, readFileSync(one))
    asked = 0
    const tempDir = at('job')
    const [first, second] = [await repair(one, tempDir), await repair(two, tempDir)]
    expect(asked).toBe(1)
    expect(second.path).not.toBe(first.path)
    expect(hashOf(second.path)).toBe(hashOf(first.path))
    expect(second.notes[0]?.params['file']).toBe('bea.png')
    rmSync(tempDir, { recursive: true })
    expectWithinLimits((await repair(one)).check)
    expect(asked).toBe(1)
  })

  test('a copy that is gone or was changed is made again', async () => {
    const path = await noisyPng(at('p.png'), 350, 750)
    const { path: copy } = await repair(path)
    for (const name of readdirSync(join(folder, 'repaired')))
      rmSync(join(folder, 'repaired', name), { recursive: true })
    expect(hashOf((await repair(path)).path)).toBe(hashOf(copy))
  })

  test('a cancelled repair leaves nothing behind', async () => {
    const path = encodedVoice(at('v.flac'), 5)
    const result = await look(path)
    const kept = readdirSync(join(folder, 'repaired'))
    const stop = new AbortController()
    const repairing = media.repairAll(result, limits, at('job'), stop.signal)
    stop.abort(new Error('cancelled'))
    await expect(repairing).rejects.toThrow('cancelled')
    expect(readdirSync(join(folder, 'repaired'))).toEqual(kept)
  })
})
