import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job } from '../../src/shared/model/job.ts'
import { generations, paidWorld, type PaidWorld } from '../fixtures/paid-core.ts'
import { scaledClock } from '../fixtures/scaled-clock.ts'

/** Ten minutes of the contract pass in six seconds. */
const FACTOR = 100

type Faults = Parameters<PaidWorld['simulator']['faults']['set']>[0]
type Fault = Omit<Faults[number], 'route'>
type Row = {
  readonly name: string
  readonly faults: Faults
  readonly state: Job['state']
  readonly code?: string
  readonly chargeState?: string
  /** By the vendor's ledger. */
  readonly charged: number
}

const always = 100_000
const on = (route: string, fault: Fault): Faults => [{ route: `dashscope.${route}`, ...fault }]
const query = (body: unknown, times = always): Faults =>
  on('query', { phase: 'after', body: JSON.stringify(body), times })
const status = (task_status: string, more: object = {}) => ({ output: { task_status, ...more } })
const submit = (phase: 'before' | 'after', fault: Fault): Faults => on('submit', { phase, ...fault })
const result = (fault: Fault, times = always): Faults => on('result', { phase: 'after', times, ...fault })
const video = (video_url: unknown) => query(status('SUCCEEDED', { results: { video_url } }))

const ROWS: readonly Row[] = [
  { name: 'V01 UNKNOWN once', faults: query(status('UNKNOWN'), 1), state: 'done', charged: 1 },
  { name: 'V01 UNKNOWN thrice', faults: query(status('UNKNOWN'), 3), state: 'done', charged: 1 },
  {
    name: 'V01 UNKNOWN for ever',
    faults: query(status('UNKNOWN')),
    state: 'needs_attention',
    code: 'E-TASK-VANISHED',
    chargeState: 'possible',
    charged: 1,
  },
  ...['SUSPENDED', 'THROTTLED', 'running', ''].map((seen) => ({
    name: `V03 the unseen state "${seen}"`,
    faults: query(status(seen), 2),
    state: 'done' as const,
    charged: 1,
  })),
  { name: 'V03 CANCELED', faults: query(status('CANCELED')), state: 'cancelled', charged: 1 },
  { name: 'V03 CANCELLED', faults: query(status('CANCELLED')), state: 'cancelled', charged: 1 },
  {
    name: 'V04 FAILED without a reason',
    faults: query(status('FAILED')),
    state: 'failed',
    code: 'E-VENDOR-FAILED',
    charged: 1,
  },
  {
    name: 'V04 FAILED with markup and a megabyte',
    faults: query(status('FAILED', { code: '<b>x</b>', message: '<script>'.repeat(20_000) })),
    state: 'failed',
    code: 'E-VENDOR-REJECTED',
    charged: 1,
  },
  {
    name: 'V04 FAILED by a fault of the vendor',
    faults: query(status('FAILED', { code: 'InternalError.Algo', message: 'oops' })),
    state: 'failed',
    code: 'E-VENDOR-FAILED',
    charged: 1,
  },
  {
    name: 'V06 an overdue account',
    faults: submit('before', { status: 400, body: '{"code":"Arrearage","message":"overdue"}', times: always }),
    state: 'needs_attention',
    code: 'E-CREDITS',
    chargeState: 'none',
    charged: 0,
  },
  {
    name: 'V07 a key that is refused at the submit',
    faults: submit('before', { status: 401, body: '{"code":"InvalidApiKey","message":"no"}', times: always }),
    state: 'needs_attention',
    code: 'E-KEY-REJECTED',
    chargeState: 'none',
    charged: 0,
  },
  { name: 'V08 success without an address, twice', faults: query(status('SUCCEEDED'), 2), state: 'done', charged: 1 },
  {
    name: 'V08 success with an empty answer, for ever',
    faults: query(status('SUCCEEDED', { results: {} })),
    state: 'needs_attention',
    code: 'E-VENDOR-PROTOCOL',
    chargeState: 'possible',
    charged: 1,
  },
  { name: 'V09 the result is refused once', faults: result({ status: 403, body: 'no' }, 1), state: 'done', charged: 1 },
  {
    name: 'V09 the result is refused for ever',
    faults: result({ status: 404, body: 'no' }),
    state: 'expired',
    code: 'E-RESULT-EXPIRED',
    chargeState: 'charged',
    charged: 1,
  },
  { name: 'V10 an empty result, once', faults: result({ body: '' }, 1), state: 'done', charged: 1 },
  {
    name: 'V10 a result that is no video, for ever',
    faults: result({ body: 'x'.repeat(1024) }),
    state: 'failed',
    code: 'E-RESULT-BAD',
    chargeState: 'charged',
    charged: 1,
  },
  {
    name: 'V10 a result cut short',
    faults: result({ truncateAtBytes: 500, noLength: true }, 2),
    state: 'done',
    charged: 1,
  },
  {
    name: 'N12 a result that stops in the middle',
    faults: result({ resetAfterBytes: 900 }, 2),
    state: 'done',
    charged: 1,
  },
  {
    name: 'T16 a result with a flipped byte',
    faults: result({ corrupt: true, headers: { 'x-oss-hash-crc64ecma': '1' } }, 1),
    state: 'done',
    charged: 1,
  },
  {
    name: 'V12 the portrait does not pass',
    faults: on('detect', {
      phase: 'after',
      body: '{"output":{"pass":false,"message":"No human face detected."}}',
    }),
    state: 'failed',
    code: 'E-VENDOR-REJECTED',
    charged: 0,
  },
  ...['{"output":{}}', '{"output":{"pass":"true"}}', '[]', 'null'].map((body) => ({
    name: `V12 a check that answers ${body}`,
    faults: on('detect', { phase: 'after', body, times: always }),
    state: 'failed' as const,
    code: 'E-VENDOR-PROTOCOL',
    charged: 0,
  })),
  {
    name: 'V13 the vendor could not fetch an input',
    faults: query(status('FAILED', { code: 'InvalidFile.DownloadFailed', message: 'timeout' })),
    state: 'failed',
    code: 'E-VENDOR-FETCH',
    charged: 1,
  },
  {
    name: 'V13 the submit says that an input could not be fetched, once',
    faults: submit('before', { status: 400, body: '{"code":"InvalidURL.Timeout","message":"timeout"}' }),
    state: 'done',
    charged: 1,
  },
  {
    name: 'V14 the model is retired',
    faults: submit('before', { status: 410, body: '{"code":"Gone","message":"retired"}', times: always }),
    state: 'needs_attention',
    code: 'E-VENDOR-GONE',
    chargeState: 'none',
    charged: 0,
  },
  ...['"2.79"', '-1', '1e12', 'null'].map((duration) => ({
    name: `D806 a length of ${duration} beside an address that is refused`,
    faults: on('query', {
      phase: 'after',
      body: `{"output":{"task_status":"SUCCEEDED","results":{"video_url":"http://10.0.0.1/x.mp4"}},"usage":{"video_duration":${duration}}}`,
      times: always,
    }),
    state: 'needs_attention' as const,
    code: 'E-URL-BLOCKED',
    chargeState: 'charged',
    charged: 1,
  })),
  ...['', 'null', '[]', '"ok"', '{}', '{"output":{"task_id":"', '{"output":{"task_id":""}}', '<html>hello</html>'].map(
    (body) => ({
      name: `D801 a taken submit that answers ${JSON.stringify(body)} is found in the list`,
      faults: submit('after', { body }),
      state: 'done' as const,
      charged: 1,
    }),
  ),
  ...['../x', 'a\nb', '<script>', 'a/b?c#d', 'x'.repeat(10_000)].map((id) => ({
    name: `D803 a taken submit with the id ${JSON.stringify(id.slice(0, 12))} is found in the list`,
    faults: submit('after', { body: JSON.stringify({ output: { task_id: id } }) }),
    state: 'done' as const,
    charged: 1,
  })),
  {
    name: 'N04 a taken submit whose connection is reset',
    faults: submit('after', { resetAfterBytes: 0 }),
    state: 'done',
    charged: 1,
  },
  { name: 'N07 a taken submit that answers 502', faults: submit('after', { status: 502 }), state: 'done', charged: 1 },
  {
    name: 'N16 a taken submit that is redirected',
    faults: submit('after', { status: 307, headers: { location: '/elsewhere' } }),
    state: 'done',
    charged: 1,
  },
  ...[500, 503, 408].map((code) => ({
    name: `N07 a submit that is not taken and answers ${code} is never sent again by itself`,
    faults: submit('before', { status: code, body: '{"code":"ServiceUnavailable","message":"busy"}' }),
    state: 'needs_attention' as const,
    code: 'E-SUBMIT-UNKNOWN',
    chargeState: 'possible',
    charged: 0,
  })),
  {
    name: 'N04 a submit whose connection is reset before it is taken',
    faults: submit('before', { resetAfterBytes: 0 }),
    state: 'needs_attention',
    code: 'E-SUBMIT-UNKNOWN',
    chargeState: 'possible',
    charged: 0,
  },
  ...[
    'javascript:alert(1)',
    'file:///etc/passwd',
    'data:video/mp4,x',
    'ftp://h/x',
    '//h/p',
    'http://127.1/x',
    'http://100.100.100.200/',
    'https://u:p@example.org/x',
    'https://example.org:22/x',
    `https://example.org/${'x'.repeat(9000)}`,
  ].map((address) => ({
    name: `D804 the address ${address.slice(0, 30)}`,
    faults: video(address),
    state: 'needs_attention' as const,
    code: 'E-URL-BLOCKED',
    chargeState: 'charged',
    charged: 1,
  })),
  {
    name: 'D807 queries that answer XML',
    faults: on('query', { status: 503, body: '<Error><Code>Busy</Code></Error>', times: 2 }),
    state: 'done',
    charged: 1,
  },
  {
    name: 'D807 queries that answer nothing',
    faults: on('query', { status: 500, body: '', times: 2 }),
    state: 'done',
    charged: 1,
  },
  {
    name: 'D802 a query of ten megabytes',
    faults: on('query', { body: `{"output":{"task_status":"RUNNING","x":"${'y'.repeat(10_000_000)}"}}` }),
    state: 'done',
    charged: 1,
  },
  {
    name: 'D808 a submit with an error in a 200',
    faults: submit('before', { status: 200, body: '{"code":"Throttling.RateQuota","message":"slow"}', times: 2 }),
    state: 'done',
    charged: 1,
  },
  {
    name: 'N08 a lost answer while the list is refused',
    faults: [
      ...submit('after', { resetAfterBytes: 0 }),
      ...on('list', { status: 400, body: '{"code":"InvalidParameter","message":"no"}', times: always }),
    ],
    state: 'needs_attention',
    code: 'E-SUBMIT-UNKNOWN',
    chargeState: 'possible',
    charged: 1,
  },
  ...[400, 404, 408, 425].map((code) => ({
    name: `N08 queries that answer ${code} say nothing of the operation`,
    faults: on('query', { status: code, body: '{"code":"InvalidParameter","message":"no"}', times: 3 }),
    state: 'done' as const,
    charged: 1,
  })),
  {
    name: 'V02 a task that is never to be seen',
    faults: on('query', { status: 404, body: '{"code":"NotFound","message":"no such task"}', times: always }),
    state: 'needs_attention',
    code: 'E-TASK-VANISHED',
    chargeState: 'possible',
    charged: 1,
  },
  {
    name: 'N08 a check that answers 408',
    faults: on('detect', { status: 408, body: '', times: 2 }),
    state: 'done',
    charged: 1,
  },
  {
    name: 'N15 a portal in place of the upload policy',
    faults: on('policy', { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>hi</html>', times: 2 }),
    state: 'done',
    charged: 1,
  },
  {
    name: 'N06 a 429 with its time',
    faults: submit('before', {
      status: 429,
      headers: { 'retry-after': '7' },
      body: '{"code":"Throttling","message":"slow"}',
    }),
    state: 'done',
    charged: 1,
  },
  {
    name: 'N15 a portal in place of a query',
    faults: on('query', {
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: '<html>sign in</html>',
      times: 3,
    }),
    state: 'done',
    charged: 1,
  },
]

describe('faults of the vendor', () => {
  let world: PaidWorld
  let end: () => Promise<void>
  beforeAll(async () => {
    world = await paidWorld({ jobs: ROWS.length, clock: scaledClock(FACTOR) }, (close) => (end = close))
  })
  afterAll(() => end())

  it.each(ROWS.map((row, index) => ({ ...row, index })))('$name', async (row) => {
    const before = generations(world.simulator)
    world.simulator.faults.set(row.faults)
    const { batchId } = await world.begin({ pairs: world.pairs.slice(row.index, row.index + 1) })
    const [job] = await world.settled(undefined, batchId)
    expect([job?.state, job?.error?.code]).toEqual([row.state, row.code])
    if (row.chargeState !== undefined) expect(job?.error?.chargeState).toBe(row.chargeState)
    expect(generations(world.simulator) - before).toBe(row.charged)
    if (row.state === 'done') expect(existsSync(job?.output ?? '')).toBe(true)
    if (job?.state === 'needs_attention') await world.core().handlers['jobs.cancel']({ jobIds: [job.jobId] })
  })
})
