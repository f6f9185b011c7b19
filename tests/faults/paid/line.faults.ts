import dns from 'node:dns'
import { readFileSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import tls from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Job } from '../../../src/shared/model/job.ts'
import { generations, paidWorld, type PaidWorld } from '../../fixtures/paid-core.ts'
import { PAID_VENDORS } from '../../fixtures/paid-vendors.ts'
import { scaledClock } from '../../fixtures/scaled-clock.ts'
import { noOpenssl, startTlsProxy } from '../../fixtures/tls-proxy.ts'
import { makeVideo } from '../../fixtures/vendor-media.ts'
import { watchConnects } from './connect-watch.ts'
import { violations } from './invariants.ts'
import { openVendorLine, type Spoil } from './vendor-line.ts'

/** Waits of the contract pass so many times faster; the HTTP client's own time limits are real. */
const FACTOR = 100
/** Two minutes, in which a lost operation is looked for, must outlast a stall of a busy machine. */
const ROW_FACTOR = 30
process.stdout.write(`rows of the line: time x${ROW_FACTOR}; outages: time x${FACTOR}\n`)

type World = Parameters<typeof paidWorld>[0]
type Line = Parameters<typeof openVendorLine>[1]

async function worldOnLine(wanted: NonNullable<World>, line: Line = {}) {
  const engine = wanted.engine ?? 'dashscope'
  const world = await paidWorld({ clock: scaledClock(FACTOR), ...wanted })
  const opened = await openVendorLine(world.simulator.origin, line)
  onTestFinished(opened.stop)
  await world.stop()
  await world.start({ baseUrls: { [engine]: PAID_VENDORS[engine].urlOf(opened) } })
  return { world, line: opened }
}

/** All made, each paid once, and nothing left over. */
async function expectAllMade(world: PaidWorld, jobs: readonly Job[]): Promise<void> {
  const { simulator, dataDir, outputFolder, folder, pairs } = world
  const states = jobs.map(({ state, error }) => error?.code ?? state)
  expect([states, generations(simulator)]).toEqual([pairs.map(() => 'done'), pairs.length])
  await world.stop()
  const video = readFileSync(join(folder, 'made.mp4'))
  expect(violations({ simulator, video, dataDir, output: outputFolder, jobs })).toEqual([])
}

/** A cut may take the one answer along that is on its way; at a vendor without a list a person looks there for it. */
async function settledByHand(world: PaidWorld): Promise<Job[]> {
  const jobs = await world.settled()
  const asked = jobs.filter(({ error }) => error?.code === 'E-SUBMIT-UNKNOWN')
  expect(asked.length).toBeLessThanOrEqual(1)
  const known = new Set(jobs.map(({ operation }) => operation))
  const lost = world.simulator.charges().find(({ kind, id }) => kind === 'generation' && !known.has(id))
  const { handlers } = world.core()
  for (const { jobId } of asked) {
    if (lost === undefined) await handlers['jobs.submitAgain']({ jobId, confirmed: true })
    else await handlers['jobs.adopt']({ jobId, operation: lost.id })
  }
  return world.settled()
}

describe.each(['dashscope', 'segmind'] as const)('an outage of the line to %s', (engine) => {
  test('N01 nobody listens for ten minutes: fifty jobs wait as one, knock at most 40 times, and are all made', async () => {
    const { world, line } = await worldOnLine({ engine, jobs: 50 })
    const connects = watchConnects(line.port)
    await world.begin()
    await world.settled(({ state }) => state !== 'queued' || generations(world.simulator) > 5)
    await line.refuse()
    const before = connects.begun()
    await delay(600_000 / FACTOR)
    const during = connects.begun() - before
    await line.restore()
    const jobs = await settledByHand(world)
    process.stdout.write(`N01, ${engine}: ${during} connections in the outage\n`)
    expect(before).toBeGreaterThan(0)
    expect(during).toBeLessThanOrEqual(40)
    await expectAllMade(world, jobs)
  })

  test('N05 200 submits to a vendor that closes each connection as soon as it has answered', async () => {
    const { world } = await worldOnLine({ engine, jobs: 200, voiceSeconds: 1 }, { idleMs: 1 })
    await world.begin()
    await expectAllMade(world, await world.settled())
  })
})

describe('another way to the vendor', () => {
  /** The name has one address after the other, as when a computer changes its network. */
  function nameAt(name: string, address: () => { address: string; family: number }): void {
    const { lookup } = dns
    const answering = (host: string, options: object, done: (error: null, found: object[]) => void): void => {
      if (host === name) done(null, [address()])
      else Reflect.apply(lookup, dns, [host, options, done])
    }
    Object.assign(dns, { lookup: answering })
    syncBuiltinESMExports()
    onTestFinished(() => {
      Object.assign(dns, { lookup })
      syncBuiltinESMExports()
    })
  }

  test('N20 a network that has IPv6 only from now on', async () => {
    let host: '127.0.0.1' | '::1' = '127.0.0.1'
    nameAt('localhost', () => ({ address: host, family: host === '::1' ? 6 : 4 }))
    const { world, line } = await worldOnLine({ jobs: 10 }, { knownAs: (port) => `http://localhost:${port}` })
    await world.begin()
    await world.settled(() => generations(world.simulator) > 2)
    await line.refuse()
    host = '::1'
    await line.restore(host)
    await expectAllMade(world, await world.settled())
  })

  test.skipIf(noOpenssl !== null)('N20 a proxy that goes away, and another that takes its place', async () => {
    const vendor = 'dashscope.aliyuncs.com'
    const authorities = tls.getCACertificates()
    onTestFinished(() => tls.setDefaultCACertificates(authorities))
    let proxy: string | null = null
    const { world, line } = await worldOnLine(
      { jobs: 10, ports: { resolveProxy: async () => proxy } },
      { knownAs: () => `https://${vendor}` },
    )
    const through = async () => {
      const made = await startTlsProxy([vendor], new URL(`http://127.0.0.1:${line.port}`))
      tls.setDefaultCACertificates([...authorities, readFileSync(made.certificate, 'utf8')])
      proxy = made.url
      return made
    }
    const first = await through()
    await world.begin()
    await world.settled(() => generations(world.simulator) > 2)
    await first.stop()
    const second = await through()
    onTestFinished(second.stop)
    const jobs = await world.settled()
    expect([new Set(first.hosts), new Set(second.hosts)]).toEqual([new Set([vendor]), new Set([vendor])])
    await expectAllMade(world, jobs)
  })
})

describe('answers that no well-behaved server gives', () => {
  const CALLS: Readonly<Record<string, RegExp>> = {
    'a result': /^GET \/(?!api\/)/,
    'a query': /^GET \/api\/v1\/tasks\/./,
    'a check': /face-detect/,
    'a taken submit': /video-synthesis/,
  }
  const rows = Object.entries({
    'N13 two lengths in': 'two-lengths',
    'N13 bad chunks in': 'bad-chunking',
    'N14 half of a gzip in': 'cut-gzip',
  } as const satisfies Record<string, Spoil['how']>).flatMap(([what, how]) =>
    Object.entries(CALLS).map(([name, call]) => ({ name: `${what} ${name}`, call, how })),
  )

  test.each(rows)('$name', async ({ call, how }) => {
    const clock = scaledClock(ROW_FACTOR)
    const { world } = await worldOnLine({ clock }, { spoil: { call, how, times: 1 } })
    await world.begin()
    await expectAllMade(world, await world.settled())
  })
})

test('N10 a result that comes at 20 KB a second for half an hour is fetched in one go', async () => {
  const bytesPerSecond = 20_000
  // A box of the MP4 format that holds nothing makes it as long as it has to be.
  const makeLong = (path: string, seconds: number): Buffer => {
    const video = makeVideo(path, seconds)
    const free = Buffer.alloc(1800 * bytesPerSecond)
    free.writeUInt32BE(free.length, 0)
    free.write('free', 4, 'latin1')
    const long = Buffer.concat([video, free])
    writeFileSync(path, long)
    return long
  }
  const world = await paidWorld({ clock: scaledClock(ROW_FACTOR), makeResult: makeLong })
  const fault = { route: 'dashscope.result', phase: 'after', dripBytesPerSecond: bytesPerSecond } as const
  world.simulator.faults.set([{ ...fault, times: 100 }])
  await world.begin()
  const jobs = await world.settled()
  const fetches = world.simulator.calls().filter(({ route }) => route === 'dashscope.result').length
  expect(fetches).toBe(1)
  await expectAllMade(world, jobs)
})
