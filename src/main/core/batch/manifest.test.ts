import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ENGINE_PARAMETERS } from '../../../shared/model/parameters.ts'
import { readManifest } from './manifest.ts'

const root = mkdtempSync(join(tmpdir(), 'manifest-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const folder = join(root, 'job')
mkdirSync(join(folder, 'sub'), { recursive: true })
for (const name of ['a.png', 'b.png', 'a.wav', 'nod.mp4', 'sub/c.png', '../outside.png', 'comma, quote".png']) {
  writeFileSync(join(folder, name), '')
}
symlinkSync(join(root, 'outside.png'), join(folder, 'link.png'))

let made = 0
async function read(name: string, contents: string | Buffer, roots: readonly string[] = []) {
  const path = join(folder, `${made++}-${name}`)
  writeFileSync(path, contents)
  return readManifest({ path, roots, specs: ENGINE_PARAMETERS.offline })
}
const at = (name: string) => join(folder, name)

describe('a manifest', () => {
  test('names pairs with places, names and parameters of their own', async () => {
    const csv =
      'source,voice,out,video_fps,paste_back,template_id\na.png,a.wav,first,30,false,calm\nsub/c.png,a.wav,,,,\n'
    expect(await read('m.csv', csv)).toEqual({
      pairs: [
        {
          source: at('a.png'),
          voice: at('a.wav'),
          folder: '',
          outName: 'first',
          parameters: { video_fps: 30, paste_back: false, template_id: 'calm' },
        },
        { source: at('sub/c.png'), voice: at('a.wav'), folder: '' },
      ],
      findings: [],
    })
  })

  test('is read whatever a spreadsheet made of it', async () => {
    const rows = 'Source;Driver\r\n"comma, quote"".png";nod.mp4\r\n\r\n'
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(rows.replaceAll(';', '\t'), 'utf16le')])
    for (const contents of [rows, `\ufeff${rows}`, utf16, Buffer.from(utf16).swap16()]) {
      const { pairs } = await read('m.csv', contents)
      expect(pairs).toEqual([{ source: at('comma, quote".png'), driver: at('nod.mp4'), folder: '' }])
    }
  })

  test('as JSON keeps the types of its values', async () => {
    const rows = [{ source: 'a.png', voice: 'a.wav', video_fps: 20, seed: 7 }]
    const expected = [{ source: at('a.png'), voice: at('a.wav'), folder: '', parameters: { video_fps: 20, seed: 7 } }]
    expect((await read('m.json', JSON.stringify(rows))).pairs).toEqual(expected)
    expect((await read('m.json', `\ufeff${JSON.stringify({ pairs: rows })}`)).pairs).toEqual(expected)
  })

  const BAD_ROWS: readonly (readonly [string, string, string])[] = [
    ['D501: a path above it', '../outside.png,a.wav,', 'E-INPUT-NOT-FILE'],
    ['D501: a path above it, with backslashes', '..\\..\\x.png,a.wav,', 'E-INPUT-NOT-FILE'],
    ['D501: an absolute path', '/etc/passwd,a.wav,', 'E-INPUT-NOT-FILE'],
    ['D501: a drive', 'C:\\x.png,a.wav,', 'E-INPUT-NOT-FILE'],
    ['a link that leads out', 'link.png,a.wav,', 'E-INPUT-NOT-FILE'],
    ['D504: NUL', 'a\0.png,a.wav,', 'E-INPUT-NOT-FILE'],
    ['a file that is not there', 'none.png,a.wav,', 'E-INPUT-MISSING'],
    ['no voice', 'a.png,,', 'E-CONFIG-INVALID'],
    ['no source', ',a.wav,', 'E-CONFIG-INVALID'],
    ['a frame rate out of range', 'a.png,a.wav,31', 'E-PARAM-RANGE'],
    ['D414: a decimal comma', 'a.png,a.wav,"24,5"', 'E-PARAM-TYPE'],
    ['D414: digits of another script', 'a.png,a.wav,٢٤', 'E-PARAM-TYPE'],
  ]
  test.each(BAD_ROWS)('%s is a finding of its row; the others stand', async (_title, row, code) => {
    const { pairs, findings } = await read('m.csv', `source,voice,video_fps\n${row}\nb.png,a.wav,\n`)
    expect(pairs).toMatchObject([{ source: at('b.png') }])
    expect(findings).toMatchObject([{ code, level: 'error', params: { row: 2 } }])
  })

  test('may name files in what was handed in beside it', async () => {
    const csv = 'source,voice\n../outside.png,a.wav\n'
    expect((await read('m.csv', csv, [join(root, 'outside.png')])).pairs).toHaveLength(1)
  })

  test('D413: a misspelt column is named with its neighbour, and pollutes nothing', async () => {
    const { findings } = await read('m.csv', 'source,voice,vidoe_fps\na.png,a.wav,24\n')
    expect(findings).toMatchObject([{ code: 'E-PARAM-UNKNOWN', params: { name: 'vidoe_fps', nearest: 'video_fps' } }])
    const json = '[{"source":"a.png","voice":"a.wav","__proto__":{"polluted":1},"constructor":1}]'
    expect((await read('m.json', json)).findings).toMatchObject([{ code: 'E-PARAM-UNKNOWN' }])
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })

  test.each([
    ['m.json', '{"source":'],
    ['m.json', '{"source":"a.png"}'],
    ['m.csv', 'portrait,voice\na.png,a.wav\n'],
    ['m.csv', 'source,voice,voice\na.png,a.wav,b.wav\n'],
    ['m.csv', 'source,voice\n"a.png,a.wav\n'],
    ['m.csv', Buffer.from([0x73, 0xff, 0x2c])],
  ])('%s of %j is refused whole', async (name, contents) => {
    await expect(read(name, contents)).rejects.toMatchObject({ code: 'E-CONFIG-INVALID' })
  })

  test('that is not there is missing', async () => {
    const reading = readManifest({ path: at('none.csv'), roots: [], specs: [] })
    await expect(reading).rejects.toMatchObject({ code: 'E-INPUT-MISSING' })
  })
})
