import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import { connect, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Job } from '../../../src/shared/model/job.ts'
import type { Clock } from '../../../src/main/core/ports.ts'
import { generations, paidWorld, type PaidWorld } from '../../fixtures/paid-core.ts'
import { PAID_VENDORS, QUICK_VENDORS, type PaidEngine } from '../../fixtures/paid-vendors.ts'
import { scaledClock } from '../../fixtures/scaled-clock.ts'
import { watchConnects } from './connect-watch.ts'
import { violations } from './invariants.ts'

/** Waits of the contract pass so many times faster; the HTTP client's own time limits are real. */
const FACTOR = 100
/** Two minutes, in which a lost operation is looked for, must outlast a stall of a busy machine. */
const ROW_FACTOR = 30
process.stdout.write(`network and vendor rows: time x${ROW_FACTOR}; sleeps and 500 jobs: time x${FACTOR}\n`)

type Faults = Parameters<PaidWorld['simulator']['faults']['set']>[0]
type Fault = Omit<Faults[number], 'route'>
type Row = {
  readonly name: string
  readonly faults: Faults
  /** Absent: done, and whole. */
  readonly state?: Job['state']
  readonly code?: string
  readonly voiceSeconds?: number
  readonly charged?: number
}

const PORTAL = { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Please sign in</html>' }

/** What differs in the words of the two. */
const WORDS = {
  dashscope: {
    gone: { status: 404, body: '{"code":"NotFound","message":"no such task"}' },
    running: '{"output":{"task_status":"RUNNING"}}',
  },
  segmind: {
    gone: { status: 404, body: '{"error":"Request x not found"}' },
    running: '{"status":"PROCESSING"}',
  },
} as const

function rowsOf(engine: PaidEngine): Row[] {
  const words = WORDS[engine]
  const { gone } = words
  const on = (route: string, fault: Fault): Faults => [{ route: `${engine}.${route}`, ...fault }]
  const all: readonly Row[] = [
    { name: 'N03 a taken submit that is never answered', faults: on('submit', { phase: 'after', hang: true }) },
    { name: 'N03 a query that is never answered', faults: on('query', { phase: 'after', hang: true }) },
    { name: 'N03 a check that is never answered', faults: on('detect', { phase: 'after', hang: true }) },
    { name: 'N03 a result that never comes, once', faults: on('result', { phase: 'after', hang: true }) },
    ...['upload', 'detect', 'submit', 'query'].map((route) => ({
      name: `N04 a reset in place of the answer of ${route}`,
      faults: on(route, { phase: 'after', resetAfterBytes: 0 }),
    })),
    { name: 'N04 a reset amid a result', faults: on('result', { phase: 'after', resetAfterBytes: 700 }) },
    ...[408, 425, 520, 524, 527, 599].flatMap((code) => [
      { name: `N08 queries that answer ${code}`, faults: on('query', { status: code, body: 'x', times: 3 }) },
      { name: `N08 checks that answer ${code}`, faults: on('detect', { status: code, body: 'x', times: 2 }) },
      { name: `N08 a result that answers ${code}`, faults: on('result', { status: code, body: 'x', times: 2 }) },
      { name: `N08 a taken submit that answers ${code}`, faults: on('submit', { phase: 'after', status: code }) },
    ]),
    ...[500, 502, 503, 504].flatMap((code) => [
      { name: `N07 queries that answer ${code}`, faults: on('query', { status: code, body: '<html>', times: 3 }) },
      { name: `N07 a result that answers ${code}`, faults: on('result', { status: code, body: '<html>', times: 2 }) },
      { name: `N07 an upload that answers ${code}`, faults: on('upload', { status: code, body: '<html>', times: 2 }) },
    ]),
    { name: 'N09 a result that crawls', faults: on('result', { phase: 'after', dripBytesPerSecond: 10 }) },
    { name: 'N09 a query that crawls', faults: on('query', { phase: 'after', dripBytesPerSecond: 10 }) },
    {
      name: 'N11 a result cut short of its length',
      faults: on('result', { phase: 'after', truncateAtBytes: 700, times: 2 }),
    },
    {
      name: 'N13 a result with a length that is too small',
      faults: on('result', { phase: 'after', noLength: true, headers: { 'content-length': '500' }, times: 1 }),
    },
    {
      name: 'N14 a result that lies of gzip',
      faults: on('result', { phase: 'after', headers: { 'content-encoding': 'gzip' }, times: 1 }),
    },
    {
      name: 'N14 a query that lies of gzip',
      faults: on('query', { phase: 'after', headers: { 'content-encoding': 'gzip' }, times: 1 }),
    },
    { name: 'N15 a portal in place of the upload policy', faults: on('policy', { ...PORTAL, times: 2 }) },
    { name: 'N15 a portal in place of an upload', faults: on('upload', { ...PORTAL, times: 2 }) },
    { name: 'N15 a portal in place of a check', faults: on('detect', { ...PORTAL, times: 2 }) },
    {
      name: 'N15 a portal in place of the answer to a taken submit',
      faults: on('submit', { phase: 'after', ...PORTAL }),
    },
    { name: 'N15 a portal in place of a result', faults: on('result', { phase: 'after', ...PORTAL, times: 2 }) },
    {
      name: 'N16 a query that is redirected',
      faults: on('query', { status: 302, headers: { location: 'http://127.0.0.1:9/x' }, body: '', times: 2 }),
    },
    {
      name: 'N21 a late RUNNING after SUCCEEDED',
      faults: [
        { route: `${engine}.result`, phase: 'after', status: 403, body: 'no' },
        { route: `${engine}.query`, nth: 2, phase: 'after', body: words.running, times: 2 },
      ],
    },
    { name: 'V02 a task that is not to be seen, twice', faults: on('query', { ...gone, times: 2 }) },
    {
      name: 'V02 a task that is never to be seen',
      faults: on('query', { ...gone, times: 100_000 }),
      state: 'needs_attention',
      code: 'E-TASK-VANISHED',
    },
  ]
  if (engine === 'dashscope') return [...all]
  // It has no check and no upload policy, and nobody but a person finds a lost answer.
  return all
    .filter(({ faults }) => !faults.some(({ route }) => /detect|policy/.test(route)))
    .map((row) => {
      const isLost = row.faults.some(({ route, phase }) => route === `${engine}.submit` && phase === 'after')
      return isLost ? { ...row, state: 'needs_attention' as const, code: 'E-SUBMIT-UNKNOWN' } : row
    })
}

async function expectSound(world: PaidWorld, jobs: readonly Job[]): Promise<void> {
  await world.stop()
  const { simulator, dataDir, outputFolder } = world
  const video = readFileSync(join(world.folder, 'made.mp4'))
  expect(violations({ simulator, video, dataDir, output: outputFolder, jobs })).toEqual([])
}

const own = (ends: (() => Promise<void>)[]) => (end: () => Promise<void>) => void ends.push(end)

describe.each(['dashscope', 'segmind'] as const)('rows of the network and of %s', (engine) => {
  const all = rowsOf(engine)
  const batches = Array.from({ length: Math.ceil(all.length / 6) }, (_, index) => all.slice(index * 6, index * 6 + 6))
  test.each(batches.map((rows) => ({ name: rows.map(({ name }) => name.slice(0, 3)).join(' '), rows })))(
    '$name',
    async ({ rows }) => {
      const ends: (() => Promise<void>)[] = []
      const results = await Promise.all(
        rows.map(async (row) => {
          const clock = scaledClock(ROW_FACTOR)
          const world = await paidWorld({ engine, clock, voiceSeconds: row.voiceSeconds ?? 2 }, own(ends))
          world.simulator.faults.set(row.faults)
          await world.begin()
          const limit = AbortSignal.timeout(240_000)
          const jobs = await Promise.race([
            world.settled(),
            delay(239_000, undefined, { signal: limit }).then(async () => {
              const { rows: now } = await world.core().handlers['jobs.list']({ offset: 0, limit: 10 })
              return now
            }),
          ])
          const [job] = jobs
          const found = [row.name, job?.state, job?.error?.code, generations(world.simulator)]
          if (job?.state === 'done') await expectSound(world, jobs)
          return { found, wanted: [row.name, row.state ?? 'done', row.code, row.charged ?? 1] }
        }),
      ).finally(() => Promise.all(ends.map((end) => end())))
      expect(results.map(({ found }) => found)).toEqual(results.map(({ wanted }) => wanted))
    },
  )
})

const OPENSSL = '/usr/bin/openssl'
const hasOpenssl = existsSync(OPENSSL)
if (!hasOpenssl) console.warn('Skipped: N17 (no openssl to make a certificate with).')

describe.each(['dashscope', 'segmind'] as const)('%s, when it is not to be had', (engine) => {
  const urlAt = (origin: string): string => PAID_VENDORS[engine].urlOf({ origin })

  test('N02 an address that swallows connections: the job waits, and goes on when it is gone', async () => {
    // A server that never takes what knocks, and so many knocks that the system takes no more for it.
    const hole = fork(new URL('black-hole.ts', import.meta.url))
    onTestFinished(() => void hole.kill('SIGKILL'))
    const [port] = await once(hole, 'message')
    const knocks = Array.from({ length: 4 }, () => connect({ port: Number(port), host: '127.0.0.1' }))
    for (const knock of knocks) knock.on('error', () => undefined)
    onTestFinished(() => {
      for (const knock of knocks) knock.destroy()
    })
    const world = await paidWorld({ engine, clock: scaledClock(FACTOR) })
    await world.stop()
    const core = await world.start({ baseUrls: { [engine]: urlAt(`http://127.0.0.1:${Number(port)}`) } })
    const { failedAfterSeconds } = watchConnects(Number(port))
    const waits: unknown[] = []
    const seen = Promise.withResolvers<void>()
    core.subscribe((event) => {
      if (event.name !== 'jobs-changed') return
      for (const { why } of event.payload.rows) {
        if (why?.reason === 'offline') seen.resolve(void waits.push(why.error?.code))
      }
    })
    await world.begin()
    await seen.promise
    process.stdout.write(`N02: given up after ${failedAfterSeconds.map((each) => each.toFixed(1)).join(', ')} s\n`)
    expect(waits[0]).toBe('E-NET-TIMEOUT')
    expect(Math.max(...failedAfterSeconds)).toBeLessThanOrEqual(11)
    await world.stop()
    await world.start()
    const jobs = await world.settled()
    expect([jobs[0]?.state, generations(world.simulator)]).toEqual(['done', 1])
    await expectSound(world, jobs)
  })

  test.skipIf(!hasOpenssl)('N17 a certificate that nobody vouches for: not a request is sent', async () => {
    const world = await paidWorld({ engine, clock: scaledClock(FACTOR) })
    const [key, certificate] = [join(world.folder, 'key.pem'), join(world.folder, 'cert.pem')]
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2', '-nodes']
    const made = ['req', '-x509', '-newkey', 'rsa:2048', ...subject, '-keyout', key, '-out', certificate]
    execFileSync(OPENSSL, made, { stdio: 'ignore' })
    let requests = 0
    const files = { key: readFileSync(key), cert: readFileSync(certificate) }
    const server = createTlsServer(files, (_, response) => {
      requests++
      response.end()
    })
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    onTestFinished(() => void server.close())
    await world.stop()
    const { port } = server.address() as AddressInfo
    const url = { [engine]: urlAt(`https://127.0.0.1:${port}`) }
    const core = await world.start({ baseUrls: url, uploadUrls: url })
    const codes = new Set<unknown>()
    const seen = Promise.withResolvers<void>()
    core.subscribe((event) => {
      if (event.name !== 'jobs-changed') return
      for (const { why, error } of event.payload.rows) {
        codes.add(why?.error?.code ?? error?.code)
        if (codes.has('E-NET-TLS')) seen.resolve()
      }
    })
    await world.begin()
    await seen.promise
    expect([requests, world.simulator.calls().length]).toEqual([0, 0])
  })
})

describe.each(['dashscope', 'segmind'] as const)('time at %s', (engine) => {
  test.each([
    ['1970', 0],
    ['2039', Date.UTC(2039, 0, 1)],
  ])('N18 our clock stands in %s', async (_, nowMs) => {
    const world = await paidWorld({ engine, ports: { clock: scaledClock(FACTOR, nowMs - Date.now()) } })
    await world.begin()
    const jobs = await world.settled()
    expect([jobs[0]?.state, generations(world.simulator)]).toEqual(['done', 1])
    await expectSound(world, jobs)
  })

  /** The computer sleeps: the wall clocks go on, timers and the monotonic clock stand still. */
  function sleepingClock(): Clock & { sleep: (ms: number) => void } {
    const base = scaledClock(FACTOR)
    let slept = 0
    return { ...base, now: () => base.now() + slept, sleep: (ms) => (slept += ms) }
  }

  const gone = ['expired', 'E-RESULT-EXPIRED'] as const
  test.each([
    ['ten minutes', 600_000, 'done', undefined],
    // A record of Segmind's lives for an hour, and with it goes the address of a file that nobody has asked for yet.
    ['two hours', 7_200_000, ...(engine === 'segmind' ? gone : (['done', undefined] as const))],
    ['26 hours', 93_600_000, ...gone],
  ] as const)('N19 a sleep of %s while the vendor works', async (_, ms, state, code) => {
    const clock = sleepingClock()
    const simulator = { [engine]: { ...QUICK_VENDORS[engine], workMs: () => 20_000 } }
    const world = await paidWorld({ engine, clock, simulator })
    // The operation ends while nothing is heard of it; then its result may be gone.
    world.simulator.faults.set([{ route: `${engine}.query`, times: 100_000, resetAfterBytes: 0 }])
    await world.begin()
    await world.settled(({ operation }) => operation !== undefined)
    const [task] = world.simulator.charges().filter(({ kind }) => kind === 'generation')
    // The simulator really makes the video, which takes longer on a busy machine than the time it says.
    await delay(25_000 / FACTOR + 2000)
    clock.sleep(ms)
    world.simulator.faults.set([])
    const [job] = await world.settled()
    expect([job?.state, job?.error?.code, generations(world.simulator)]).toEqual([state, code, 1])
    if (code !== undefined) expect([job?.error?.vendorId, job?.error?.chargeState]).toEqual([task?.id, 'possible'])
  })
})

test.each(['dashscope', 'segmind'] as const)(
  `N22 500 jobs through the two places of %s (time x${FACTOR})`,
  async (engine) => {
    const world = await paidWorld({
      engine,
      jobs: 500,
      voiceSeconds: 1,
      clock: scaledClock(FACTOR),
      simulator: { [engine]: { ...QUICK_VENDORS[engine], workMs: () => 6000 } },
    })
    await world.begin()
    const jobs = await world.settled()
    const calls = world.simulator.calls()
    const refused = calls.filter(({ status }) => status === 429).length
    const requests = calls.filter(({ route }) => !/\.(upload|asset|result)$/.test(route)).length
    process.stdout.write(
      `N22, ${engine}: ${jobs.filter(({ state }) => state === 'done').length} of 500 done, ${generations(world.simulator)} charged, ` +
        `${refused} x 429, ${(requests / 500).toFixed(1)} requests a job\n`,
    )
    expect([jobs.filter(({ state }) => state === 'done').length, generations(world.simulator), refused]).toEqual([
      500, 500, 0,
    ])
    await expectSound(world, jobs)
  },
)
