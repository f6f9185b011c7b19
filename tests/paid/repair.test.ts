import { createHash } from 'node:crypto'
import { channel } from 'node:diagnostics_channel'
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { expect, it } from 'vitest'
import { encodedVoice, ffmpeg, jpeg, noisyPng, padTo, wav } from '../bad-input/make-files.ts'
import { repairableRows } from '../bad-input/repairable-rows.ts'
import { makeHeic } from '../fixtures/make-heic.ts'
import { makerPath } from '../fixtures/media-tools.ts'
import { generations, paidWorld } from '../fixtures/paid-core.ts'

const PORTRAIT = 'resources/samples/portrait-woman.jpg'

type Make = (folder: string) => string | Promise<string>

const drawn =
  (name: string, draw: (path: string) => unknown): Make =>
  async (folder) => {
    const path = join(folder, name)
    await draw(path)
    return path
  }

/** The portrait of the samples on a canvas of its own, scaled. */
const portrait = (name: string, width: number, height: number): Make =>
  drawn(name, (path) => sharp(PORTRAIT).resize({ width, height, fit: 'contain', background: '#707880' }).toFile(path))

// In a picture of 4097x100 a face is looked for at sixty places: a shorter one breaks the same two limits.
const isQuick = ({ id }: { readonly id: string }) => id.startsWith('D1') && id !== 'D109b'
const pictures: readonly Make[] = [
  ...repairableRows.filter(isQuick).map(({ make }): Make => make),
  drawn('long.jpg', (path) => jpeg(path, 4097, 1900)),
  portrait('tall.jpg', 250, 800),
  portrait('wide.png', 900, 300),
  portrait('large.jpg', 4100, 2100),
  portrait('still.tif', 300, 300),
  portrait('still.avif', 256, 192),
  portrait('still.gif', 300, 300),
  drawn('huge.jpg', (path) => jpeg(path, 4300, 1900)),
  drawn('heavy.jpg', (path) => {
    cpSync(PORTRAIT, path)
    padTo(path, 10_500_000)
  }),
  drawn('turned.heic', async (path) => {
    const png = await noisyPng(`${path}.png`, 640, 320)
    makeHeic(makerPath, { path: png, width: 640, height: 320 }, path, true)
  }),
]

const encoded = (name: string, ...args: string[]): Make => drawn(name, (path) => encodedVoice(path, 2, ...args))
// A vendor on loopback answers with two seconds of video: longer voices are looked at elsewhere.
const isShort = ({ id }: { readonly id: string }) => id.startsWith('D2') && !id.startsWith('D202')
const voices: readonly Make[] = [
  ...repairableRows.filter(isShort).map(({ make }): Make => make),
  encoded('v.aac'),
  encoded('v.aif'),
  encoded('mu.wav', '-c:a', 'pcm_mulaw'),
  encoded('f64.wav', '-c:a', 'pcm_f64le'),
  encoded('adpcm.wav', '-c:a', 'adpcm_ms'),
  encoded('stereo.m4a', '-ac', '2', '-ar', '48000'),
  encoded('v.mov', '-c:a', 'aac'),
  drawn('surround.flac', (path) =>
    ffmpeg('-f', 'lavfi', '-i', 'aevalsrc=0.3*sin(440*t)|0.2|0.1|0|0|0:s=96000:d=2', path),
  ),
  drawn('speech.mkv', (path) => {
    const plain = wav(`${path}.wav`, { seconds: 2 })
    ffmpeg('-f', 'lavfi', '-i', 'testsrc=size=64x64:rate=5:duration=2', '-i', plain, '-c:a', 'aac', path)
  }),
]

const hashOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

it('40 bad files: nothing is sent of them as they are, all pass on repaired copies, and none is changed', async () => {
  const world = await paidWorld()
  const make = async (makers: readonly Make[], name: string) => {
    const paths: string[] = []
    for (const [index, one] of makers.entries()) {
      const folder = join(world.folder, name, String(index))
      mkdirSync(folder, { recursive: true })
      paths.push(await one(folder))
    }
    return paths
  }
  const [sources, sounds] = [await make(pictures, 'pictures'), await make(voices, 'voices')]
  expect([sources.length, sounds.length]).toEqual([20, 20])
  const hashes = [...sources, ...sounds].map(hashOf)
  const pairs = sources.map((source, index) => ({ source, voice: sounds[index] ?? '', folder: String(index) }))

  const connected: unknown[] = []
  const listen = (message: unknown) => connected.push(message)
  channel('net.client.socket').subscribe(listen)
  await world.begin({ pairs })
  const refused = await world.settled()
  expect(refused.map(({ state, step }) => `${state} ${step}`)).toEqual(pairs.map(() => 'failed check'))
  expect(refused.every(({ error }) => typeof error?.params['repair'] === 'string')).toBe(true)
  expect([connected.length, world.simulator.calls().length]).toEqual([0, 0])

  await world.begin({ pairs: pairs.map((pair) => ({ ...pair, repair: true })) })
  const made = await world.settled()
  expect(made.map(({ state, error }) => [state, error?.code])).toEqual(pairs.map(() => ['done', undefined]))
  expect(generations(world.simulator)).toBe(20)
  channel('net.client.socket').unsubscribe(listen)
  expect(connected.length, 'connections are seen when there are any').toBeGreaterThan(0)
  for (const { findings } of made) {
    expect(findings.filter(({ level }) => level === 'error')).toEqual([])
    const repairs = findings
      .map(({ params }) => String(params['reason']))
      .filter((reason) => reason.startsWith('made-'))
    // At least one for the picture and one for the voice.
    expect(repairs.length).toBeGreaterThanOrEqual(2)
  }
  expect([...sources, ...sounds].map(hashOf)).toEqual(hashes)
}, 300_000)
