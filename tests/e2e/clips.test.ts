import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Simulator } from '../../src/main/simulator/simulator.ts'
import { runCli, writeVoice, type CliOutcome } from '../fixtures/cli.ts'
import { startPaidVendors } from '../fixtures/paid-vendors.ts'
import { scaledClock } from '../fixtures/scaled-clock.ts'
import { makeClips } from '../fixtures/vendor-media.ts'

const KEY = 'SG_0123456789abcdef'
let folder: string
let clips: ReturnType<typeof makeClips>
let vendor: Simulator
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'studio-clips-'))
  clips = makeClips(join(folder, 'made'), 3, 1)
  vendor = await startPaidVendors(folder, scaledClock(50), 1)
})
afterAll(async () => {
  await vendor.stop()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(() => vendor.faults.set([]))

const charged = (): number => vendor.charges().length
const uploads = (): number => vendor.calls().filter(({ route }) => route === 'segmind.upload').length
const of = (outcome: CliOutcome, event: string) => outcome.events.filter((line) => line.event === event)
/** The last line of each job. */
const ends = (outcome: CliOutcome) =>
  [...new Map(of(outcome, 'job').map((line) => [line['jobId'], line])).values()] as Record<string, unknown>[]
const errorOf = (line: Record<string, unknown> | undefined): unknown =>
  (line?.['error'] as { code?: unknown } | undefined)?.code

/** A fresh folder with copies of the made clips under names of its own. */
function inputs(name: string, files: Readonly<Record<string, string>>): string {
  const place = join(folder, name)
  for (const [path, from] of Object.entries(files)) {
    mkdirSync(join(place, path, '..'), { recursive: true })
    copyFileSync(from, join(place, path))
  }
  return place
}
const clip = (index: number, role: 'source' | 'driver'): string => clips[index]?.[role] ?? ''

function run(name: string, ...args: string[]): Promise<CliOutcome> {
  const url = vendor.segmindUrl
  const reach = ['--segmind-url', url, '--segmind-upload-url', url, '--allow-insecure-endpoints']
  const places = ['--out', join(folder, `${name}-out`), '--data-dir', join(folder, `${name}-data`)]
  return runCli(['run', '--engine', 'segmind', '--json', '--poll-interval', '0.2', ...reach, ...places, ...args], {
    env: { SEGMIND_API_KEY: KEY },
  })
}
const made = (name: string): string[] => readdirSync(join(folder, `${name}-out`)).toSorted()

describe('clips on the command line', () => {
  it('come in folders of sources and drivers, go to the vendor once each, and cost nothing the second time', async () => {
    const before = charged()
    const place = inputs('folders', {
      'sources/anna.mp4': clip(0, 'source'),
      'sources/ben.mp4': clip(1, 'source'),
      'drivers/anna.mp4': clip(0, 'driver'),
      'drivers/ben.mp4': clip(1, 'driver'),
    })
    const outcome = await run('folders', place, '--yes')
    expect(outcome.code, outcome.stdout + outcome.stderr).toBe(0)
    expect(outcome.stderr).toContain('nobody can delete them')
    expect(made('folders')).toEqual(['anna__anna.mp4', 'ben__ben.mp4'])
    expect(ends(outcome).map((line) => [line['state'], line['driver'] !== undefined, line['voice']])).toEqual([
      ['done', true, undefined],
      ['done', true, undefined],
    ])
    expect(of(outcome, 'summary')[0]).toMatchObject({ done: 2, failed: 0, cost: [{ currency: 'USD' }] })

    const again = await run('folders', place, '--yes')
    expect(again.code).toBe(0)
    expect(again.stderr).not.toContain('nobody can delete them')
    expect(ends(again).map((line) => line['reused'])).toEqual([true, true])
    expect(charged() - before).toBe(2)
  })

  it('are told by their stems; a pair with a voice fails alone', async () => {
    const place = inputs('stems', { 'anna.source.mp4': clip(0, 'source'), 'anna.driver.mp4': clip(1, 'driver') })
    writeVoice(join(place, 'portrait.wav'), 1)
    copyFileSync('resources/samples/portrait-woman.jpg', join(place, 'portrait.jpg'))
    const outcome = await run('stems', place, '--yes')
    expect(outcome.code).toBe(3)
    expect(made('stems')).toEqual(['anna.source__anna.driver.mp4'])
    expect(ends(outcome).map((line) => [line['state'], errorOf(line)])).toEqual(
      expect.arrayContaining([
        ['done', undefined],
        ['failed', 'E-INPUT-UNPAIRED'],
      ]),
    )
  })

  it('are driven by what --driver or a manifest names, with parameters of their own', async () => {
    const source = inputs('driver', { 'one.mp4': clip(0, 'source'), 'two.mp4': clip(2, 'source') })
    const driver = inputs('driving', { 'dance.mp4': clip(2, 'driver') })
    const driven = await run('driver', source, '--driver', driver, '--yes', '--set', 'mismatch_method=circle')
    expect(driven.code, driven.stdout + driven.stderr).toBe(0)
    expect(made('driver')).toEqual(['one__dance.mp4', 'two__dance.mp4'])

    const manifest = join(source, 'list.csv')
    writeFileSync(manifest, 'source,driver,out,driving_audio\none.mp4,../driving/dance.mp4,first,true\n')
    const listed = await run('manifest', '--manifest', manifest, source, driver, '--yes')
    expect(made('manifest')).toEqual(['first.mp4'])
    expect(ends(listed).map((line) => line['state'])).toEqual(['done'])
  })

  it('are not sent anywhere before somebody agreed, nor with a parameter out of range', async () => {
    const place = inputs('unasked', { 'a.source.mp4': clip(1, 'source'), 'a.driver.mp4': clip(0, 'driver') })
    const before = [charged(), uploads()]
    expect((await run('unasked', place)).code).toBe(2)
    expect((await run('unasked', place, '--yes', '--set', 'dsize=63')).code).toBe(2)
    const capped = await run('unasked', place, '--yes', '--max-cost', '0.01')
    expect([capped.code, errorOf(ends(capped)[0])]).toEqual([4, 'E-SPEND-CAP'])
    expect([charged(), uploads()]).toEqual(before)
  })

  it('whose answer was lost need a person, and are done by the request id that the console shows', async () => {
    const place = inputs('lost', { 'a.source.mp4': clip(2, 'source'), 'a.driver.mp4': clip(0, 'driver') })
    const before = charged()
    vendor.faults.set([{ route: 'segmind.submit', phase: 'after', resetAfterBytes: 0 }])
    const lost = await run('lost', place, '--yes')
    const [job] = ends(lost)
    expect([lost.code, job?.['state'], errorOf(job)]).toEqual([4, 'needs_attention', 'E-SUBMIT-UNKNOWN'])
    const url = vendor.segmindUrl
    const operation = vendor.charges().at(-1)?.id ?? ''
    const adopted = await runCli(
      [
        ...['jobs', 'adopt', String(job?.['jobId']), operation, '--json', '--poll-interval', '0.2'],
        ...['--segmind-url', url, '--segmind-upload-url', url, '--allow-insecure-endpoints'],
        ...['--data-dir', join(folder, 'lost-data')],
      ],
      { env: { SEGMIND_API_KEY: KEY } },
    )
    expect(adopted.code, adopted.stdout + adopted.stderr).toBe(0)
    expect(ends(adopted).at(-1)).toMatchObject({ state: 'done', operation })
    expect([made('lost').length, charged() - before]).toEqual([1, 1])
  })

  it('are uploaded anew to another vendor than the one that has them', async () => {
    const place = inputs('moved', { 'a.source.mp4': clip(0, 'source'), 'a.driver.mp4': clip(1, 'driver') })
    expect((await run('moved', place, '--yes')).code).toBe(0)
    const first = vendor
    vendor = await startPaidVendors(folder, scaledClock(50), 1)
    try {
      const again = await run('moved', place, '--yes', '--again')
      expect(again.code, again.stdout).toBe(0)
      expect(uploads()).toBe(2)
    } finally {
      await vendor.stop()
      vendor = first
    }
  })

  it('have a key that is tried for free, with what is left on its account', async () => {
    const reach = ['--segmind-url', vendor.segmindUrl, '--allow-insecure-endpoints']
    const { code, events } = await runCli(
      ['keys', 'test', 'segmind', '--json', ...reach, '--data-dir', join(folder, 'key-data')],
      { env: { SEGMIND_API_KEY: KEY } },
    )
    expect(code).toBe(0)
    expect(events[0]).toMatchObject({ event: 'key', engine: 'segmind', balance: { currency: 'USD' } })
  })
})
