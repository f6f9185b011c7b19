import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, posix, win32 } from 'node:path'
import { array, assert, constantFrom, oneof, property, string } from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { outputPlace } from '../../src/main/core/batch/output-name.ts'
import { planBatch } from '../../src/main/core/batch/plan.ts'
import { numberedName, publishFile } from '../../src/main/core/lib/publish-file.ts'
import { safeStem } from '../../src/main/core/lib/safe-file-name.ts'
import { ENGINE_LIMITS } from '../../src/shared/model/limits.ts'
import { wav } from './make-files.ts'
import { createTestMedia } from './test-media.ts'

const folder = mkdtempSync(join(tmpdir(), 'names-'))
const media = createTestMedia()
afterAll(() => {
  media.stop()
  rmSync(folder, { recursive: true, force: true })
})

const nameOf = (source: string, voice: string) => {
  const place = outputPlace({ source: join('/in', source), voice: join('/in', voice), folder: '' })
  return numberedName(place, 1)
}

/** Input name, and the stem that results get from it. */
const STEMS: readonly (readonly [id: string, input: string, stem: string])[] = [
  ['D501', '..\\..\\etc\\x', '_.._etc_x'],
  ['D502', 'CON', '_CON'],
  ['D502', 'nul', '_nul'],
  ['D502', 'COM1 ', '_COM1'],
  ['D502', 'LPT9.tar', '_LPT9.tar'],
  ['D502', 'COM¹', '_COM¹'],
  ['D502', 'console', 'console'],
  ['D503', 'dots...', 'dots'],
  ['D503', ' spaces ', 'spaces'],
  ['D503', '-dash', '_-dash'],
  ['D503', '~', '_~'],
  ['D503', '...', 'untitled'],
  ['D503', '', 'untitled'],
  ['D504', 'new\nline\ttab\x1b[31m\x7f\x85', 'newlinetab[31m'],
  ['D505', 'gpj.\u202eexe\u200d\u2066', 'gpj.exe'],
  ['D506', 'e\u0301', 'é'],
  ['D509', '%2e%2e%2f', '%2e%2e%2f'],
  ['D509', 'http:x', 'http_x'],
  ['D509', 'frame%03d', 'frame%03d'],
  ['D510', '=HYPERLINK("http://x")', '=HYPERLINK(_http___x_)'],
  ['D510', '<img onerror=x>', '_img onerror=x_'],
  ['D510', "'; DROP TABLE jobs;--", "'; DROP TABLE jobs;--"],
  ['D510', '$(touch x) `id`', '$(touch x) `id`'],
]

describe('names of results', () => {
  test.each(STEMS)('%s: %j becomes %j', (_id, input, stem) => {
    expect(safeStem(input)).toBe(stem)
  })

  test('D502: a device name is safe on every system', () => {
    expect(nameOf('CON.png', 'nul.mp3')).toBe('_CON___nul.mp4')
  })

  test('D503: a file that is an extension only is untitled', () => {
    expect(nameOf('.png', '.mp3')).toBe('untitled__untitled.mp4')
  })

  test('D505: two hundred combining marks are cut, not refused', () => {
    expect(Buffer.byteLength(nameOf(`z${'\u0335'.repeat(200)}.png`, 'v.wav'))).toBeLessThanOrEqual(180)
  })

  test('D508: long names share 180 bytes and no emoji is cut in two', () => {
    const family = '👨‍👩‍👧‍👦'
    const name = nameOf(`${family.repeat(20)}.png`, `${'長'.repeat(90)}.wav`)
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(180)
    expect(name).toMatch(/^[\u{1F466}-\u{1F469}]+__長+\.mp4$/u)
    expect(nameOf(`${'a'.repeat(250)}.png`, 'v.wav').length).toBeGreaterThan(150)
  })

  test('D502: the name that a manifest gives is made safe too', () => {
    const pair = { source: '/in/a.png', voice: '/in/a.wav', folder: '../up/./CON', outName: '../../etc/passwd' }
    expect(outputPlace(pair)).toEqual({
      folder: 'untitled/up/untitled/_CON',
      stem: '_.._etc_passwd',
      extension: '.mp4',
    })
  })

  test('any name at all stays in its folder and can be created under the rules of every system', () => {
    const reserved = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i
    const text = oneof(
      string({ unit: 'binary', maxLength: 300 }),
      string({ unit: 'grapheme', maxLength: 300 }),
      constantFrom('..', '.', 'CON', 'nul.x', '/', '\\', 'a/../b', 'C:\\x', '\\\\host\\share', 'x:y', '\ud800', '\0'),
      array(constantFrom('..', '/', '\\', 'CON', ' ', '.', '\u202e', '-', '~', '\0', 'é'), { maxLength: 12 }).map(
        (parts) => parts.join(''),
      ),
    )
    assert(
      property(text, text, (source, voice) => {
        const place = outputPlace({ source, voice, folder: source })
        const name = numberedName(place, 2)
        for (const { resolve, dirname: parentOf, root } of [
          { ...posix, root: '/out' },
          { ...win32, root: 'C:\\out' },
        ]) {
          expect(parentOf(resolve(root, name))).toBe(root)
          const below = place.folder === '' ? root : resolve(root, ...place.folder.split('/'))
          expect(below === root || below.startsWith(root + (root === '/out' ? '/' : '\\'))).toBe(true)
        }
        expect(reserved.test(name)).toBe(false)
        expect(name).not.toMatch(/[<>:"/\\|?*\p{Cc}\p{Cf}\p{Cs}]|[. ]$|^[-~. ]/u)
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(180)
        expect(name).toBe(name.normalize('NFC'))
      }),
      { numRuns: 10_000 },
    )
  })
})

describe('names of inputs', () => {
  const plain = (name: string) => wav(join(folder, name), { seconds: 1 })

  test('D504: NUL in a path is refused, not looked up', async () => {
    const result = await media.check(join(folder, 'a\0b.wav'), ENGINE_LIMITS.offline)
    expect(result.findings[0]).toMatchObject({ code: 'E-INPUT-NOT-FILE', params: { file: 'a\\0b.wav' } })
  })

  test('D506: NFC and NFD twins and case twins are separate inputs with separate results', async () => {
    const own = join(folder, 'twins')
    mkdirSync(own)
    for (const stem of ['\u00e9', 'e\u0301']) wav(join(own, `${stem}.wav`), { seconds: 1 })
    writeFileSync(join(own, 'p.png'), '')
    const plan = await planBatch({ inputs: [own] })
    expect(plan.pairs).toHaveLength(2)
    const [first, second] = plan.pairs.map(outputPlace)
    const temp = (name: string) => {
      writeFileSync(join(own, name), name)
      return join(own, name)
    }
    const one = await publishFile(temp('one'), { ...first, folder: own, stem: first?.stem ?? '', extension: '.mp4' })
    const two = await publishFile(temp('two'), { ...second, folder: own, stem: second?.stem ?? '', extension: '.mp4' })
    expect(one).not.toBe(two)
    expect([readFileSync(one, 'utf8'), readFileSync(two, 'utf8')]).toEqual(['one', 'two'])
  })

  test('D506: a sharp s meets SS', async () => {
    const own = join(folder, 'sharp')
    mkdirSync(own)
    for (const name of ['Straße.png', 'STRASSE.wav', 'b.png', 'c.wav']) writeFileSync(join(own, name), '')
    expect((await planBatch({ inputs: [own] })).pairs).toMatchObject([
      { source: join(own, 'Straße.png'), voice: join(own, 'STRASSE.wav') },
    ])
  })

  test.runIf(process.platform === 'linux')('D507: a name that is not UTF-8 is told by its bytes', async () => {
    const own = join(folder, 'bytes')
    mkdirSync(own)
    writeFileSync(Buffer.concat([Buffer.from(`${own}/bad`), Buffer.from([0xff]), Buffer.from('.wav')]), 'x')
    const plan = await planBatch({ inputs: [own] })
    expect(plan.leftOver).toEqual([{ path: join(own, 'bad\\xff.wav'), reason: 'invalid-name' }])
    const result = await media.check(join(own, 'bad\ufffd.wav'), ENGINE_LIMITS.offline)
    expect(result.findings[0]).toMatchObject({ code: 'E-INPUT-NOT-FILE', params: { file: 'bad\\xff.wav' } })
  })

  test('D508: a name of 255 bytes is checked, a longer one is no file', async () => {
    const long = `${'n'.repeat(251)}.wav`
    expect(await media.check(plain(long), ENGINE_LIMITS.offline)).toMatchObject({ verdict: 'ok' })
    const result = await media.check(join(folder, `n${long}`), ENGINE_LIMITS.offline)
    expect(result.findings[0]?.code).toBe('E-INPUT-NOT-FILE')
  })
})

describe('publishing a result', () => {
  const target = (name: string) => {
    const own = join(folder, name)
    mkdirSync(own)
    const temp = join(own, '.job.part')
    writeFileSync(temp, 'result')
    return { temp, place: { folder: own, stem: 'a__b', extension: '.mp4' } }
  }

  test('a taken name gets a number and the other file stays as it was', async () => {
    const { temp, place } = target('taken')
    writeFileSync(join(place.folder, 'a__b.mp4'), 'mine')
    writeFileSync(join(place.folder, 'a__b (2).mp4'), 'mine too')
    expect(await publishFile(temp, place)).toBe(join(place.folder, 'a__b (3).mp4'))
    expect(readFileSync(join(place.folder, 'a__b.mp4'), 'utf8')).toBe('mine')
    expect(readdirSync(place.folder).toSorted()).toEqual(['a__b (2).mp4', 'a__b (3).mp4', 'a__b.mp4'])
  })

  test('a planted link under the name is not followed', async () => {
    const { temp, place } = target('planted')
    const victim = join(folder, 'victim')
    writeFileSync(victim, 'untouched')
    symlinkSync(victim, join(place.folder, 'a__b.mp4'))
    symlinkSync(join(folder, 'not-there'), join(place.folder, 'a__b (2).mp4'))
    expect(await publishFile(temp, place)).toBe(join(place.folder, 'a__b (3).mp4'))
    expect(readFileSync(victim, 'utf8')).toBe('untouched')
    expect(existsSync(join(folder, 'not-there'))).toBe(false)
  })

  const withoutLinks = () => Promise.reject(Object.assign(new Error('no links'), { code: 'EPERM' }))

  test('a file system without links publishes as well, and still replaces nothing', async () => {
    const { temp, place } = target('no-links')
    symlinkSync('/dev/null', join(place.folder, 'a__b.mp4'))
    const { rename } = await import('node:fs/promises')
    const path = await publishFile(temp, place, { link: withoutLinks, rename, wait: () => Promise.resolve() })
    expect([path, readFileSync(path, 'utf8')]).toEqual([join(place.folder, 'a__b (2).mp4'), 'result'])
    expect(lstatSync(join(place.folder, 'a__b.mp4')).isSymbolicLink()).toBe(true)
  })

  test('a file held by a scanner is tried again nine times', async () => {
    const { temp, place } = target('held')
    const { rename } = await import('node:fs/promises')
    let failures = 9
    const path = await publishFile(temp, place, {
      link: withoutLinks,
      rename: (from, to) =>
        failures-- > 0 ? Promise.reject(Object.assign(new Error('held'), { code: 'EBUSY' })) : rename(from, to),
      wait: () => Promise.resolve(),
    })
    expect(readFileSync(path, 'utf8')).toBe('result')
    expect(dirname(path)).toBe(place.folder)
  })

  test('a failure leaves the finished file under its temp name and nothing else', async () => {
    const { temp, place } = target('failing')
    const failing = () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }))
    const publishing = publishFile(temp, place, { link: withoutLinks, rename: failing, wait: () => Promise.resolve() })
    await expect(publishing).rejects.toMatchObject({ code: 'E-DISK-FULL' })
    expect(readdirSync(place.folder)).toEqual(['.job.part'])
  })
})
