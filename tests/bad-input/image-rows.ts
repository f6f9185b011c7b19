import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { blankPng, cut, ffmpeg, jpeg, noisyJpeg, noisyPng, padTo, pngChunk, pngHeader, text } from './make-files.ts'
import { OK, same } from './rows.ts'
import type { Expectation, Row } from './rows.ts'

const at = (name: string, make: (path: string) => unknown) => async (folder: string) => {
  const path = join(folder, name)
  await make(path)
  return path
}
const still = (format: 'gif' | 'tiff' | 'avif', name: string) =>
  at(name, (path) =>
    sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
      .toFormat(format)
      .toFile(path),
  )

const corrupt: Expectation = { errors: ['E-INPUT-CORRUPT'] }
const isType = (value: string, rest: Expectation = {}): Expectation => ({ errors: ['E-INPUT-TYPE'], value, ...rest })
const vendorOnly = (row: Omit<Row, 'offline'>): Row => ({ ...row, offline: OK })
const sized = (id: string, width: number, height: number, dashscope: Expectation): Row =>
  vendorOnly({ id, title: `${width}x${height}`, make: at('p.jpg', (path) => jpeg(path, width, height)), dashscope })
const padded = (id: string, sizeBytes: number, dashscope: Expectation): Row =>
  vendorOnly({
    id,
    title: `${sizeBytes} bytes`,
    make: at('p.jpg', async (path) => padTo(await jpeg(path, 640, 640), sizeBytes)),
    dashscope,
  })

/** An MPO is a JPEG with another one behind it, which the first one's APP2 tells of. */
async function twoPictures(path: string): Promise<void> {
  const first = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer()
  writeFileSync(path, Buffer.concat([first, first]))
}

/** A colour profile of megabytes, in as many APP2 segments as it takes. */
async function hugeProfile(path: string): Promise<void> {
  const plain = await sharp({ create: { width: 300, height: 300, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer()
  const segment = Buffer.concat([
    Buffer.from([0xff, 0xe2, 0xff, 0xff]),
    Buffer.from('ICC_PROFILE\0'),
    Buffer.alloc(65_521),
  ])
  writeFileSync(
    path,
    Buffer.concat([plain.subarray(0, 2), ...Array.from({ length: 80 }, () => segment), plain.subarray(2)]),
  )
}

async function animatedWebp(path: string): Promise<void> {
  const frame = (background: string) =>
    sharp({ create: { width: 64, height: 64, channels: 3, background } })
      .png()
      .toBuffer()
  const frames = [await frame('red'), await frame('blue')]
  await sharp(frames, { join: { animated: true } })
    .webp()
    .toFile(path)
}

const isoBox = (name: string, body: Buffer) => {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + body.length)
  head.write(name, 4, 'latin1')
  return Buffer.concat([head, body])
}
/** A HEIC as far as its header goes: brand and size, no picture. */
function heicHeader(): Buffer {
  const sides = Buffer.alloc(12)
  sides.writeUInt32BE(640, 4)
  sides.writeUInt32BE(480, 8)
  const properties = isoBox('iprp', isoBox('ipco', isoBox('ispe', sides)))
  return Buffer.concat([
    isoBox('ftyp', Buffer.from('heic\0\0\0\0mif1heic', 'latin1')),
    isoBox('meta', Buffer.concat([Buffer.alloc(4), properties])),
  ])
}

export const imageRows: readonly Row[] = [
  same('D101', 'an empty file', (folder) => text(folder, 'p.png', ''), { ...corrupt, reason: 'empty' }),
  same('D102', 'a PNG of a header only', (folder) => text(folder, 'p.png', pngHeader(640, 640)), corrupt),
  same(
    'D103',
    'a header that claims 60000x60000',
    (folder) => text(folder, 'p.png', Buffer.concat([pngHeader(60_000, 60_000), Buffer.alloc(3000)])),
    { errors: ['E-INPUT-DIMENSIONS'], value: 60_000 },
  ),
  same(
    'D104',
    'a real bomb of 20000x20000',
    at('p.png', (path) => blankPng(path, 20_000, 20_000)),
    {
      errors: ['E-INPUT-DIMENSIONS'],
      value: 20_000,
    },
  ),
  same(
    'D105',
    'an SVG with a script',
    (folder) => text(folder, 'p.png', '<svg xmlns="http://www.w3.org/2000/svg"><script>x()</script></svg>'),
    isType('svg'),
  ),
  same('D106a', 'HTML', (folder) => text(folder, 'p.jpg', '<!doctype html><p>hi'), isType('html')),
  same('D106b', 'text', (folder) => text(folder, 'p.jpg', 'a portrait, they said'), isType('text')),
  same(
    'D106c',
    'PDF',
    (folder) => text(folder, 'p.jpg', Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj', 'latin1')),
    isType('pdf'),
  ),
  same(
    'D106d',
    'zip',
    (folder) =>
      text(folder, 'p.jpg', Buffer.concat([Buffer.from('PK\x03\x04\x14\0\0\0\0\0', 'latin1'), Buffer.alloc(200)])),
    isType('zip'),
  ),
  same(
    'D106e',
    'a program',
    (folder) => text(folder, 'p.jpg', Buffer.concat([Buffer.from('MZ\x90\0\x03\0\0\0', 'latin1'), Buffer.alloc(200)])),
    isType('exe'),
  ),
  same(
    'D107',
    'a JPEG named .png',
    at('p.png', (path) =>
      sharp({ create: { width: 640, height: 640, channels: 3, background: 'red' } })
        .jpeg()
        .toFile(path),
    ),
    {
      notes: ['W-NOTE:extension'],
      format: 'jpeg',
    },
  ),
  vendorOnly({
    id: 'D108a',
    title: 'a GIF',
    make: still('gif', 'p.gif'),
    dashscope: isType('gif', { repair: 'convert' }),
  }),
  vendorOnly({
    id: 'D108b',
    title: 'a TIFF',
    make: still('tiff', 'p.tif'),
    dashscope: isType('tiff', { repair: 'convert' }),
  }),
  vendorOnly({
    id: 'D108c',
    title: 'an AVIF',
    make: still('avif', 'p.avif'),
    dashscope: isType('avif', { repair: 'convert' }),
  }),
  same(
    'D108d',
    'an animated WebP',
    at('p.webp', animatedWebp),
    isType('webp', { reason: 'animated', repair: 'convert' }),
  ),
  same(
    'D108e',
    'an animated PNG',
    at('p.png', (path) => ffmpeg('-f', 'lavfi', '-i', 'testsrc=size=64x64:rate=2:duration=1', '-f', 'apng', path)),
    isType('png', { reason: 'animated', repair: 'convert' }),
  ),
  {
    id: 'D108f',
    title: 'an animated GIF',
    make: at('p.gif', (path) => ffmpeg('-f', 'lavfi', '-i', 'testsrc=size=64x64:rate=2:duration=1', path)),
    offline: isType('gif', { reason: 'animated', repair: 'convert' }),
    dashscope: isType('gif', { repair: 'convert' }),
  },
  {
    id: 'D108g',
    title: 'a HEIC (a header only)',
    make: (folder) => text(folder, 'p.heic', heicHeader()),
    offline: corrupt,
    dashscope: { errors: ['E-INPUT-TYPE', 'E-INPUT-CORRUPT'], value: 'heic', repair: 'convert' },
  },
  sized('D109a', 4096, 4096, OK),
  {
    ...sized('D109b', 4097, 100, {
      errors: ['E-INPUT-DIMENSIONS', 'E-INPUT-ASPECT'],
      value: 4097,
      limit: 4096,
      repair: 'shrink',
    }),
  },
  sized('D109c', 4096, 2048, OK),
  sized('D109d', 4096, 2047, { errors: ['E-INPUT-ASPECT'], value: '4096x2047', limit: 2, repair: 'crop' }),
  sized('D110a', 1000, 2000, OK),
  sized('D110b', 1000, 2001, { errors: ['E-INPUT-ASPECT'], value: '1000x2001' }),
  sized('D110c', 2001, 1000, { errors: ['E-INPUT-ASPECT'], value: '2001x1000' }),
  {
    id: 'D111',
    title: 'orientation 6 on 3000x1600',
    make: at('p.jpg', (path) => jpeg(path, 3000, 1600, 6)),
    offline: { notes: ['W-NOTE:orientation'], size: [1600, 3000] },
    dashscope: { notes: ['W-NOTE:orientation'], size: [1600, 3000] },
  },
  padded('D112a', 10_000_000, OK),
  padded('D112b', 10_000_001, { notes: ['W-NOTE:size'] }),
  padded('D112c', 10_485_760, { notes: ['W-NOTE:size'] }),
  padded('D112d', 10_485_761, { errors: ['E-INPUT-TOO-LARGE'], value: 10_485_761, limit: 10_485_760 }),
  same(
    'D113a',
    'a JPEG cut in half',
    at('p.jpg', async (path) => cut(await noisyJpeg(path, 640, 640), 0.5)),
    corrupt,
  ),
  same(
    'D113b',
    'a PNG cut in half',
    at('p.png', async (path) => cut(await noisyPng(path, 640, 640), 0.5)),
    corrupt,
  ),
  same(
    'D113c',
    'a BMP cut in half',
    at('p.bmp', (path) => {
      ffmpeg('-f', 'lavfi', '-i', 'testsrc=size=320x320:rate=1:duration=1', '-frames:v', '1', path)
      cut(path, 0.5)
    }),
    corrupt,
  ),
  same(
    'D114a',
    'a CMYK JPEG',
    at('p.jpg', (path) =>
      sharp({ create: { width: 640, height: 640, channels: 3, background: 'red' } })
        .toColourspace('cmyk')
        .jpeg()
        .toFile(path),
    ),
    OK,
  ),
  same(
    'D114b',
    'a 16-bit PNG',
    at('p.png', (path) =>
      ffmpeg(
        '-f',
        'lavfi',
        '-i',
        'testsrc=size=320x320:rate=1:duration=1',
        '-frames:v',
        '1',
        '-pix_fmt',
        'rgb48be',
        path,
      ),
    ),
    OK,
  ),
  same(
    'D114c',
    'a PNG with transparency',
    at('p.png', (path) =>
      sharp({ create: { width: 64, height: 64, channels: 4, background: '#ff000080' } })
        .png()
        .toFile(path),
    ),
    OK,
  ),
  same(
    'D114d',
    'a grey JPEG',
    at('p.jpg', (path) =>
      sharp({ create: { width: 64, height: 64, channels: 3, background: 'grey' } })
        .greyscale()
        .jpeg()
        .toFile(path),
    ),
    OK,
  ),
  same(
    'D115',
    'one pixel',
    at('p.png', (path) => blankPng(path, 1, 1)),
    { errors: ['E-INPUT-DIMENSIONS'], reason: 'small', value: 1 },
  ),
  same(
    'D116',
    'a JPEG with a zip and a script behind it',
    at('p.jpg', async (path) => {
      await jpeg(path, 640, 640)
      writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from('PK\x03\x04<script>alert(1)</script>')]))
    }),
    OK,
  ),
  same('D117a', 'several pictures in one JPEG', at('p.mpo', twoPictures), OK),
  same('D117b', 'a colour profile of 5 MB', at('p.jpg', hugeProfile), OK),
  same(
    'D113d',
    'a PNG with broken pixels behind a good header',
    (folder) =>
      text(
        folder,
        'p.png',
        Buffer.concat([pngHeader(64, 64), pngChunk('IDAT', Buffer.alloc(100, 7)), pngChunk('IEND', Buffer.alloc(0))]),
      ),
    corrupt,
  ),
]
