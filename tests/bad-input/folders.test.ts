import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { planBatch } from '../../src/main/core/batch/plan.ts'
import { ENGINE_LIMITS } from '../../src/shared/model/limits.ts'
import { fifo, wav } from './make-files.ts'
import { createTestMedia } from './test-media.ts'

const root = mkdtempSync(join(tmpdir(), 'folders-'))
const media = createTestMedia()
afterAll(() => {
  media.stop()
  rmSync(root, { recursive: true, force: true })
})

let made = 0
/** A fresh folder with these (empty) files; planning goes by names. */
function folderOf(...names: string[]): string {
  const folder = join(root, String(made++))
  mkdirSync(folder)
  for (const name of names) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), '')
  }
  return folder
}
type Plan = Awaited<ReturnType<typeof planBatch>>
const left = (plan: Plan) => Object.fromEntries(plan.leftOver.map(({ path, reason }) => [basename(path), reason]))
const pairsOf = (plan: Plan) =>
  plan.pairs.map(
    ({ source, voice, driver, folder }) => `${folder}:${basename(source)}+${basename(voice ?? driver ?? '')}`,
  )

const isRoot = process.getuid?.() === 0
if (isRoot)
  console.warn(
    'Skipped: a file that may not be read (root reads everything; the closed files of the fault suites are).',
  )

describe('folders and drops', () => {
  test('D601: an empty folder makes nothing', async () => {
    expect(await planBatch({ inputs: [folderOf()] })).toEqual({ pairs: [], files: [], leftOver: [], findings: [] })
  })

  test('D601: what cannot be used is listed with its reason', async () => {
    const plan = await planBatch({ inputs: [folderOf('a.txt', 'b.docx', 'Thumbs.db', '.DS_Store', '._x.mp3')] })
    expect(plan.files).toEqual([])
    expect(left(plan)).toEqual({
      'a.txt': 'unsupported',
      'b.docx': 'unsupported',
      'Thumbs.db': 'hidden',
      '.DS_Store': 'hidden',
      '._x.mp3': 'hidden',
    })
  })

  test('D602: a folder that is gone is told, the others are planned', async () => {
    const plan = await planBatch({ inputs: [join(root, 'gone'), folderOf('a.png', 'a.wav')] })
    expect(plan.findings).toMatchObject([{ code: 'E-INPUT-MISSING' }])
    expect(plan.pairs).toHaveLength(1)
  })

  test.skipIf(process.platform === 'win32')('D603: links of every kind are skipped and listed', async () => {
    const folder = folderOf('a.png', 'a.wav')
    symlinkSync(folder, join(folder, 'loop'))
    symlinkSync('/etc', join(folder, 'escape'))
    symlinkSync('/proc/self/environ', join(folder, 'environ.png'))
    symlinkSync(join(folder, 'none'), join(folder, 'broken.wav'))
    const plan = await planBatch({ inputs: [folder], recursive: true })
    expect(pairsOf(plan)).toEqual([':a.png+a.wav'])
    expect(left(plan)).toEqual({
      loop: 'symlink',
      escape: 'symlink',
      'environ.png': 'symlink',
      'broken.wav': 'symlink',
    })
  })

  test.skipIf(process.platform === 'win32')('D604: a FIFO and a socket are no files', { timeout: 2000 }, async () => {
    const folder = folderOf('a.png', 'a.wav')
    fifo(join(folder, 'fifo.mp3'))
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(join(folder, 'socket.mp3'), resolve))
    const plan = await planBatch({ inputs: [folder] })
    expect(left(plan)).toEqual({ 'fifo.mp3': 'special', 'socket.mp3': 'special' })
    for (const name of ['fifo.mp3', 'socket.mp3']) {
      const { findings } = await media.check(join(folder, name), ENGINE_LIMITS.offline)
      expect(findings[0]?.code).toBe('E-INPUT-NOT-FILE')
    }
    await new Promise((resolve) => server.close(resolve))
  })

  test('D605: three pictures and five sounds: what has no partner is listed', async () => {
    const plan = await planBatch({
      inputs: [folderOf('1.png', '2.png', '3.png', '2.wav', '3.mp3', '4.wav', '5.wav', '6.wav')],
    })
    expect(pairsOf(plan)).toEqual([':2.png+2.wav', ':3.png+3.mp3'])
    expect(left(plan)).toEqual({ '1.png': 'unpaired', '4.wav': 'unpaired', '5.wav': 'unpaired', '6.wav': 'unpaired' })
  })

  test('D605: two pictures of one stem are never guessed between', async () => {
    const plan = await planBatch({ inputs: [folderOf('a.png', 'a.jpg', 'a.mp3', 'b.png', 'b.wav')] })
    expect(pairsOf(plan)).toEqual([':b.png+b.wav'])
    expect(left(plan)).toEqual({ 'a.png': 'ambiguous', 'a.jpg': 'ambiguous', 'a.mp3': 'ambiguous' })
  })

  test('D606: results in an output folder inside the inputs are not taken up again', async () => {
    const folder = folderOf('a.png', 'a.wav', 'out/a__a.mp4', 'out/named.mp4')
    const plan = await planBatch({ inputs: [folder], recursive: true, outputFolder: join(folder, 'out') })
    expect(pairsOf(plan)).toEqual([':a.png+a.wav'])
    expect(left(plan)).toEqual({ 'a__a.mp4': 'output', 'named.mp4': 'output' })
  })

  test('D606: nor when results lie beside the inputs', async () => {
    const folder = folderOf('x.source.mp4', 'x.driver.mp4', 'x__x.mp4', 'x__x (2).mp4')
    const plan = await planBatch({ inputs: [folder], outputFolder: folder })
    expect(pairsOf(plan)).toEqual([':x.source.mp4+x.driver.mp4'])
    expect(left(plan)).toEqual({ 'x__x.mp4': 'output', 'x__x (2).mp4': 'output' })
  })

  test('D607: a URL or a text among the drop is told; files and folders are taken', async () => {
    const folder = folderOf('a.png', 'sub/a.wav')
    const plan = await planBatch({
      inputs: [join(folder, 'a.png'), join(folder, 'sub'), 'https://example.com/a.png', 'some text'],
    })
    expect(pairsOf(plan)).toEqual([':a.png+a.wav'])
    expect(plan.findings.map(({ code }) => code)).toEqual(['E-INPUT-NOT-FILE', 'E-INPUT-NOT-FILE'])
  })

  test('D608: a file that is another one by the time it is read is told as changed', async () => {
    const path = wav(join(folderOf(), 'v.wav'), { seconds: 1 })
    const before = await media.contentHash(path)
    await media.check(path, ENGINE_LIMITS.offline)
    wav(path, { seconds: 2 })
    expect(await media.contentHash(path)).not.toBe(before)
    expect((await media.check(path, ENGINE_LIMITS.offline)).facts.durationSeconds).toBe(2)
  })

  test.skipIf(isRoot)('a file that may not be read is told alone', async () => {
    const path = wav(join(folderOf(), 'v.wav'), { seconds: 1 })
    chmodSync(path, 0)
    expect((await media.check(path, ENGINE_LIMITS.offline)).findings[0]?.code).toBe('E-INPUT-PERMISSION')
  })
})

describe('pairing', () => {
  test('one portrait with several voices makes a pair with each', async () => {
    expect(pairsOf(await planBatch({ inputs: [folderOf('anna.png', 'hello.wav', 'bye.mp3')] }))).toEqual([
      ':anna.png+bye.mp3',
      ':anna.png+hello.wav',
    ])
    expect(pairsOf(await planBatch({ inputs: [folderOf('anna.png', 'anna.wav', 'anna.mp3', 'b.png')] }))).toEqual([
      ':anna.png+anna.mp3',
      ':anna.png+anna.wav',
    ])
  })

  test('one voice with several portraits makes a pair with each', async () => {
    expect(pairsOf(await planBatch({ inputs: [folderOf('a.png', 'b.png', 'hello.wav')] }))).toEqual([
      ':a.png+hello.wav',
      ':b.png+hello.wav',
    ])
  })

  test('names match whatever their case and composition', async () => {
    expect(pairsOf(await planBatch({ inputs: [folderOf('Ame\u0301lie.PNG', 'am\u00c9lie.wav', 'z.png')] }))).toEqual([
      `:Ame\u0301lie.PNG+am\u00c9lie.wav`,
    ])
  })

  test('by order, in natural order', async () => {
    const plan = await planBatch({
      inputs: [folderOf('p10.png', 'p2.png', 'a1.wav', 'a2.wav', 'a3.wav')],
      pairBy: 'order',
    })
    expect(pairsOf(plan)).toEqual([':p2.png+a1.wav', ':p10.png+a2.wav'])
    expect(left(plan)).toEqual({ 'a3.wav': 'unpaired' })
  })

  test('all with all', async () => {
    expect(
      (await planBatch({ inputs: [folderOf('1.png', '2.png', '1.wav', '2.wav', '3.wav')], pairBy: 'all' })).pairs,
    ).toHaveLength(6)
  })

  test('subfolders are looked into when asked, pair within themselves and are mirrored', async () => {
    const folder = folderOf('a.png', 'a.wav', 'x/a.png', 'x/a.wav', 'x/y/b.png', 'x/z/b.wav')
    expect(pairsOf(await planBatch({ inputs: [folder] }))).toEqual([':a.png+a.wav'])
    const plan = await planBatch({ inputs: [folder], recursive: true })
    expect(pairsOf(plan)).toEqual([':a.png+a.wav', 'x:a.png+a.wav'])
    expect(left(plan)).toEqual({ 'b.png': 'unpaired', 'b.wav': 'unpaired' })
  })

  test('videos are sources and drivers by their subfolder', async () => {
    const plan = await planBatch({
      inputs: [folderOf('sources/a.mp4', 'sources/b.mp4', 'drivers/a.mov', 'drivers/b.webm')],
    })
    expect(pairsOf(plan)).toEqual([':a.mp4+a.mov', ':b.mp4+b.webm'])
    expect(plan.pairs[0]).toHaveProperty('driver')
  })

  test('explicit drivers make everything else a source', async () => {
    const [sources, drivers] = [folderOf('a.mp4', 'b.png'), folderOf('nod.mp4')]
    const plan = await planBatch({ inputs: [sources], drivers: [drivers] })
    expect(pairsOf(plan)).toEqual([':a.mp4+nod.mp4', ':b.png+nod.mp4'])
  })

  test('a driver that lies among the sources is only a driver', async () => {
    const folder = folderOf('a.mp4', 'nod.mp4')
    const plan = await planBatch({ inputs: [folder], drivers: [join(folder, 'nod.mp4')] })
    expect(pairsOf(plan)).toEqual([':a.mp4+nod.mp4'])
  })

  test('a plain video is not guessed to be either', async () => {
    expect(left(await planBatch({ inputs: [folderOf('a.png', 'a.wav', 'clip.mp4')] }))).toEqual({
      'clip.mp4': 'unpaired',
    })
  })

  test('the same file twice is taken once', async () => {
    const folder = folderOf('a.png', 'a.wav')
    const plan = await planBatch({ inputs: [folder, join(folder, 'a.png')] })
    expect(pairsOf(plan)).toEqual([':a.png+a.wav'])
    expect(left(plan)).toEqual({ 'a.png': 'duplicate' })
  })
})

describe('large folders', () => {
  test('D511: ten thousand names are planned', async () => {
    const folder = folderOf()
    for (let i = 0; i < 5000; i++) {
      writeFileSync(join(folder, `${i}.png`), '')
      writeFileSync(join(folder, `${i}.wav`), '')
    }
    const before = process.memoryUsage().rss
    const plan = await planBatch({ inputs: [folder] })
    expect(plan.pairs).toHaveLength(5000)
    expect(plan.pairs[4999]?.source).toBe(join(folder, '4999.png'))
    expect((process.memoryUsage().rss - before) / 1_048_576).toBeLessThan(600)
  })

  test('D511: deeper than 64 folders is listed and left alone', async () => {
    const folder = folderOf('a.png', 'a.wav')
    let deep = folder
    for (let i = 0; i < 200; i++) deep = join(deep, 'd')
    mkdirSync(deep, { recursive: true })
    writeFileSync(join(deep, 'b.png'), '')
    const plan = await planBatch({ inputs: [folder], recursive: true })
    expect(plan.leftOver).toMatchObject([{ reason: 'too-deep' }])
    expect(plan.pairs).toHaveLength(1)
  })
})
