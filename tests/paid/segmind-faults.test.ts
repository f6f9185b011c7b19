import { describe, expect, it } from 'vitest'
import { paidWorld } from '../fixtures/paid-core.ts'
import { scaledClock } from '../fixtures/scaled-clock.ts'
import { always, FACTOR, itSettles, type Fault, type FaultRow, type Faults } from './fault-rows.ts'

const on = (route: string, fault: Fault): Faults => [{ route: `segmind.${route}`, ...fault }]
const query = (body: unknown, times = always, status?: number): Faults =>
  on('query', { phase: 'after', body: JSON.stringify(body), times, ...(status === undefined ? {} : { status }) })
const outcome = (body: unknown, times = always, more: Fault = {}): Faults =>
  on('outcome', { phase: 'after', body: JSON.stringify(body), times, ...more })
const submit = (phase: 'before' | 'after', fault: Fault): Faults => on('submit', { phase, ...fault })
const refused = (status: number, error: string, headers: Record<string, string> = {}): Faults =>
  submit('before', { status, headers, body: JSON.stringify({ error }), times: always })
const video = (output: unknown) => outcome({ status: 'COMPLETED', output })
const failed = (error: string) => query({ status: 'FAILED', error }, always, 422)

const attention = 'needs_attention' as const

const ROWS: readonly FaultRow[] = [
  {
    name: 'V02 a record that is never to be seen',
    faults: query({ error: 'Request x not found' }, always, 404),
    state: attention,
    code: 'E-TASK-VANISHED',
    chargeState: 'possible',
    charged: 1,
  },
  {
    name: 'V02 a record that is not to be seen yet',
    faults: query({ error: 'Request x not found' }, 2, 404),
    state: 'done',
    charged: 1,
  },
  {
    name: 'V02 a gateway’s own 404, however often',
    faults: on('query', { status: 404, body: '<html>404</html>', times: 5 }),
    state: 'done',
    charged: 1,
  },
  ...['THROTTLED', 'processing', ''].map((status) => ({
    name: `V03 the unseen state "${status}"`,
    faults: query({ status }, 2),
    state: 'done' as const,
    charged: 1,
  })),
  { name: 'V03 CANCELED', faults: query({ status: 'CANCELED' }), state: 'cancelled', charged: 1 },
  {
    name: 'V04 FAILED without a reason',
    faults: query({ status: 'FAILED' }),
    state: 'failed',
    code: 'E-VENDOR-FAILED',
    chargeState: 'none',
    charged: 1,
  },
  {
    name: 'V04 FAILED with markup and a megabyte',
    faults: query({ status: 'FAILED', error: '<script>'.repeat(100_000) }),
    state: 'failed',
    code: 'E-VENDOR-FAILED',
    charged: 1,
  },
  {
    name: 'V05 a 422 with its reason',
    faults: failed('No face detected in frame 0'),
    state: 'failed',
    code: 'E-VENDOR-REJECTED',
    chargeState: 'none',
    charged: 1,
  },
  {
    name: 'V05 a 422 that cannot be read',
    faults: on('query', { phase: 'after', status: 422, body: '<html>oops</html>', times: always }),
    state: 'failed',
    code: 'E-VENDOR-FAILED',
    charged: 1,
  },
  {
    name: 'V05 a 422 on the result alone',
    faults: outcome({ status: 'FAILED', error: 'CUDA out of memory' }, always, { status: 422 }),
    state: 'failed',
    code: 'E-VENDOR-FAILED',
    charged: 1,
  },
  {
    name: 'V05 a 422 to the request itself',
    faults: refused(422, 'scale must be a number'),
    state: 'failed',
    code: 'E-VENDOR-REJECTED',
    chargeState: 'none',
    charged: 0,
  },
  {
    name: 'V04 a content block is no more than a failed run',
    faults: failed('Your request was flagged as sensitive by our safety system'),
    state: 'failed',
    code: 'E-VENDOR-CONTENT',
    charged: 1,
  },
  {
    name: 'V13 the vendor could not download an input',
    faults: failed('Failed to download input_video'),
    state: 'failed',
    code: 'E-VENDOR-FETCH',
    charged: 1,
  },
  {
    name: 'V06 a 406 about the content type',
    faults: refused(406, 'Invalid content type'),
    state: 'failed',
    code: 'E-INTERNAL',
    chargeState: 'none',
    charged: 0,
  },
  {
    name: 'V06 a 406 about money',
    faults: refused(406, 'Insufficient credits. You have 0.12, 0.28 needed'),
    state: attention,
    code: 'E-CREDITS',
    chargeState: 'none',
    charged: 0,
  },
  {
    name: 'V06 a 406 about the limit of a team',
    faults: refused(406, 'Team spend limit reached'),
    state: attention,
    code: 'E-CREDITS',
    charged: 0,
  },
  {
    name: 'V07 a key that is refused',
    faults: refused(401, 'API key is invalid or may have expired'),
    state: attention,
    code: 'E-KEY-REJECTED',
    chargeState: 'none',
    charged: 0,
  },
  {
    name: 'V14 the model is retired',
    faults: refused(410, 'gone'),
    state: attention,
    code: 'E-VENDOR-GONE',
    charged: 0,
  },
  {
    name: 'V08 completed without an address, twice',
    faults: outcome({ status: 'COMPLETED', output: null }, 2),
    state: 'done',
    charged: 1,
  },
  {
    name: 'V08 completed with an empty answer, for ever',
    faults: outcome({ status: 'COMPLETED' }),
    state: attention,
    code: 'E-VENDOR-PROTOCOL',
    chargeState: 'possible',
    charged: 1,
  },
  {
    name: 'V09 the result is refused once',
    faults: on('result', { phase: 'after', status: 403, body: 'no' }),
    state: 'done',
    charged: 1,
  },
  {
    name: 'V09 the result is refused for ever',
    faults: on('result', { phase: 'after', status: 404, body: 'no', times: always }),
    state: 'expired',
    code: 'E-RESULT-EXPIRED',
    chargeState: 'charged',
    charged: 1,
  },
  {
    name: 'V10 a result that is no video, for ever',
    faults: on('result', { phase: 'after', body: 'x'.repeat(1024), times: always }),
    state: 'failed',
    code: 'E-RESULT-BAD',
    chargeState: 'charged',
    charged: 1,
  },
  {
    name: 'N12 a result cut short',
    faults: on('result', { phase: 'after', truncateAtBytes: 500, noLength: true, times: 2 }),
    state: 'done',
    charged: 1,
  },
  ...['"9.72"', '-1', '1e12', 'null'].map((cost) => ({
    name: `V15 a cost of ${cost} beside an address that is refused`,
    faults: on('outcome', {
      phase: 'after',
      body: `{"status":"COMPLETED","output":"http://10.0.0.1/x.mp4","metrics":{"cost":${cost}}}`,
      times: always,
    }),
    state: attention,
    code: 'E-URL-BLOCKED',
    chargeState: 'charged',
    charged: 1,
  })),
  ...[
    'javascript:alert(1)',
    'file:///etc/passwd',
    '//h/p',
    'https://u:p@example.org/x',
    'https://example.org:22/x',
  ].map((address) => ({
    name: `D804 the address ${address}`,
    faults: video(address),
    state: attention,
    code: 'E-URL-BLOCKED',
    chargeState: 'charged',
    charged: 1,
  })),
  ...['', 'null', '[]', '"ok"', '{}', '{"request_id":""}', '{"request_id":"../x"}', '<html>hello</html>'].map(
    (body) => ({
      name: `D801 D803 a taken request that answers ${JSON.stringify(body)}`,
      faults: submit('after', { body }),
      state: attention,
      code: 'E-SUBMIT-UNKNOWN',
      chargeState: 'possible',
      charged: 1,
    }),
  ),
  ...[500, 502, 504, 307].map((status) => ({
    name: `N07 N16 a taken request that answers ${status} is never sent again by itself`,
    faults: submit('after', { status, headers: { location: '/elsewhere' } }),
    state: attention,
    code: 'E-SUBMIT-UNKNOWN',
    chargeState: 'possible',
    charged: 1,
  })),
  {
    name: 'N04 a taken request whose connection is reset',
    faults: submit('after', { resetAfterBytes: 0 }),
    state: attention,
    code: 'E-SUBMIT-UNKNOWN',
    charged: 1,
  },
  {
    name: 'N06 a 429 with the time of its reset',
    faults: submit('before', {
      status: 429,
      headers: { 'x-rate-limit-reset-at-utc': new Date(Date.now() + 7000).toISOString() },
      body: '{"error":"Rate limit exceeded"}',
    }),
    state: 'done',
    charged: 1,
  },
  {
    name: 'N06 queries that are too many',
    faults: on('query', { status: 429, body: '{"error":"Rate limit exceeded"}', times: 2 }),
    state: 'done',
    charged: 1,
  },
  ...[400, 405, 408, 500, 503].map((status) => ({
    name: `N08 D807 queries that answer ${status} with a page say nothing of the run`,
    faults: on('query', { status, body: '<html>no</html>', times: 2 }),
    state: 'done' as const,
    charged: 1,
  })),
  {
    name: 'D802 a query of ten megabytes',
    faults: on('query', { body: `{"status":"PROCESSING","x":"${'y'.repeat(10_000_000)}"}` }),
    state: 'done',
    charged: 1,
  },
  {
    name: 'D808 a FAILED run in a 200',
    faults: query({ status: 'FAILED', error: 'boom' }),
    state: 'failed',
    code: 'E-VENDOR-FAILED',
    charged: 1,
  },
  {
    name: 'N15 a portal in place of a query',
    faults: on('query', {
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: '<html>sign in</html>',
      times: 2,
    }),
    state: 'done',
    charged: 1,
  },
  {
    name: 'N15 a portal in place of an upload',
    faults: on('upload', { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>hi</html>' }),
    state: 'done',
    charged: 1,
  },
  {
    name: 'N06 uploads that are too many, seven times',
    faults: on('upload', { status: 429, body: '{"error":"Rate limit exceeded"}', times: 7 }),
    state: 'done',
    charged: 1,
  },
  {
    name: 'an upload that is refused as too large',
    faults: on('upload', { status: 413, body: '<html>413</html>' }),
    state: 'failed',
    code: 'E-INPUT-TOO-LARGE',
    charged: 0,
  },
  {
    name: 'an upload that leads to a private address',
    faults: on('upload', { phase: 'after', body: '{"file_urls":["http://10.0.0.1/x.mp4"]}' }),
    state: attention,
    code: 'E-URL-BLOCKED',
    charged: 0,
  },
  {
    name: 'the other name of an upload’s addresses',
    faults: on('upload', { phase: 'after', body: '{"urls":["https://storage.segmind.com/a/x.mp4"]}', times: 2 }),
    state: 'failed',
    code: 'E-VENDOR-FETCH',
    charged: 1,
  },
]

describe('faults of Segmind', () => {
  const world = itSettles('segmind', 1, ROWS)

  it('never once led to the blocking endpoint', () => {
    expect(
      world()
        .simulator.calls()
        .filter(({ route }) => route === 'segmind.blocking'),
    ).toEqual([])
  })

  it.each([
    ['an array', (url: string) => [url]],
    ['an object', (url: string) => ({ clip: { url } })],
  ])('D810 finds an address in %s', async (_name, wrap) => {
    const probe = await paidWorld({ engine: 'segmind', voiceSeconds: 1, clock: scaledClock(FACTOR) })
    let url = ''
    const look = probe.simulator.calls
    await probe.begin()
    const [first] = await probe.settled()
    url = look().findLast(({ route }) => route === 'segmind.result')?.path ?? ''
    expect(first?.state).toBe('done')
    const body = JSON.stringify({ status: 'COMPLETED', output: wrap(`${probe.simulator.origin}${url}`) })
    probe.simulator.faults.set([{ route: 'segmind.outcome', phase: 'after', body }])
    await probe.begin({ again: true })
    expect((await probe.settled()).map(({ state }) => state)).toEqual(['done', 'done'])
  })
})
