import { createServer } from 'node:http'
import { mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { rawStatus } from '../../../../tests/fixtures/raw-http.ts'
import { NO_JOBS } from '../../../../tests/fixtures/recording-core.ts'
import { startTestWebHost } from '../../../../tests/fixtures/web-host.ts'
import type { TestWebHost } from '../../../../tests/fixtures/web-host.ts'
import { contract } from '../../../shared/api/index.ts'
import { startWebHost } from './server.ts'

let web: TestWebHost
beforeEach(async () => {
  web = await startTestWebHost()
})
afterEach(() => web.stop())

const JSON_HEADERS = 'Content-Type: application/json\r\nX-Studio: 1\r\nSec-Fetch-Site: same-origin\r\n'
/** A call that would have an effect, signed in, with the first lines as given. */
const signedCall = (lines: string, cookie: string, origin: string) =>
  `${lines}${JSON_HEADERS}Origin: ${origin}\r\nCookie: ${cookie}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`

describe('a name that leads here from another site reaches nothing', () => {
  type Row = [name: string, lines: (port: number) => string, passes: boolean]
  const rows: Row[] = [
    ['127.0.0.1', (p) => `POST /api/queue.pause HTTP/1.1\r\nHost: 127.0.0.1:${p}\r\n`, true],
    ['localhost', (p) => `POST /api/queue.pause HTTP/1.1\r\nHost: localhost:${p}\r\n`, true],
    ['[::1]', (p) => `POST /api/queue.pause HTTP/1.1\r\nHost: [::1]:${p}\r\n`, true],
    ['another name', (p) => `POST /api/queue.pause HTTP/1.1\r\nHost: evil.example:${p}\r\n`, false],
    ['another name without a port', () => 'POST /api/queue.pause HTTP/1.1\r\nHost: evil.example\r\n', false],
    ['our name without a port', () => 'POST /api/queue.pause HTTP/1.1\r\nHost: 127.0.0.1\r\n', false],
    ['our name with another port', () => 'POST /api/queue.pause HTTP/1.1\r\nHost: 127.0.0.1:1\r\n', false],
    ['localhost with a dot', (p) => `POST /api/queue.pause HTTP/1.1\r\nHost: localhost.:${p}\r\n`, false],
    ['localhost in capitals', (p) => `POST /api/queue.pause HTTP/1.1\r\nHost: LOCALHOST:${p}\r\n`, false],
    ['0.0.0.0', (p) => `POST /api/queue.pause HTTP/1.1\r\nHost: 0.0.0.0:${p}\r\n`, false],
    ['127.0.0.2', (p) => `POST /api/queue.pause HTTP/1.1\r\nHost: 127.0.0.2:${p}\r\n`, false],
    ['127.1', (p) => `POST /api/queue.pause HTTP/1.1\r\nHost: 127.1:${p}\r\n`, false],
    ['a user before our name', (p) => `POST /api/queue.pause HTTP/1.1\r\nHost: evil@127.0.0.1:${p}\r\n`, false],
    ['our name below another', (p) => `POST /api/queue.pause HTTP/1.1\r\nHost: 127.0.0.1.evil.example:${p}\r\n`, false],
    ['an empty Host', () => 'POST /api/queue.pause HTTP/1.1\r\nHost:\r\n', false],
    ['no Host', () => 'POST /api/queue.pause HTTP/1.1\r\n', false],
    [
      'ours, then another',
      (p) => `POST /api/queue.pause HTTP/1.1\r\nHost: 127.0.0.1:${p}\r\nHost: evil.example\r\n`,
      false,
    ],
    [
      'another, then ours',
      (p) => `POST /api/queue.pause HTTP/1.1\r\nHost: evil.example\r\nHost: 127.0.0.1:${p}\r\n`,
      false,
    ],
    ['HTTP/1.0', (p) => `POST /api/queue.pause HTTP/1.0\r\nHost: 127.0.0.1:${p}\r\n`, false],
    ['HTTP/1.0 without Host', () => 'POST /api/queue.pause HTTP/1.0\r\n', false],
    [
      'an absolute target',
      (p) => `POST http://evil.example/api/queue.pause HTTP/1.1\r\nHost: 127.0.0.1:${p}\r\n`,
      false,
    ],
    ['a target with two slashes', (p) => `POST //api/queue.pause HTTP/1.1\r\nHost: 127.0.0.1:${p}\r\n`, false],
  ]
  it.each(rows)('%s', async (_name, lines, passes) => {
    const { cookie } = await web.signIn()
    const text = lines(web.port)
    const host = /Host: ?(\S*)/.exec(text)?.[1] ?? ''
    const status = await rawStatus(web.port, signedCall(text, cookie, `http://${host}`))
    expect(status === 200).toBe(passes)
    expect(web.core.calls.some(({ method }) => method === 'queue.pause')).toBe(passes)
  })

  it('only three of them pass', () => {
    expect(rows.filter(([, , passes]) => passes)).toHaveLength(3)
    expect(rows.length).toBeGreaterThanOrEqual(20)
  })
})

describe('without a session', () => {
  it('every route but the page’s own files answers 401', async () => {
    const answers = await Promise.all(
      web.host.routes.map(async (route) => {
        const path = route.path.replace('*', 'queue.snapshot')
        const body = route.method === 'GET' ? {} : { body: '{}' }
        return { route, status: (await web.request(path, { method: route.method, ...body })).status }
      }),
    )
    const open = answers.filter(({ status }) => status !== 401).map(({ route }) => route.path)
    expect(open.toSorted()).toEqual(['/', '/assets/page.css', '/assets/page.js', '/index.html'])
    expect(answers.length).toBeGreaterThan(8)
    expect(web.core.calls.filter(({ method }) => method !== 'jobs.list')).toEqual([])
  })

  it('a token in the query or in a header opens nothing', async () => {
    expect((await web.request(`/events?token=${web.token}`)).status).toBe(401)
    expect((await web.request('/events', { headers: { authorization: `Bearer ${web.token}` } })).status).toBe(401)
    expect((await web.request('/events', { cookie: `studio-${web.port}=${web.token}` })).status).toBe(401)
  })

  it('a path that exists for no one is not told apart from one that does', async () => {
    expect((await web.request('/nothing/here')).status).toBe(401)
    const { cookie } = await web.signIn()
    expect((await web.request('/nothing/here', { cookie })).status).toBe(404)
  })
})

describe('the session', () => {
  it('is an HttpOnly, SameSite=Strict cookie whose name holds the port', async () => {
    const response = await web.request('/session', { method: 'POST', body: JSON.stringify({ token: web.token }) })
    const cookie = response.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(new RegExp(`^studio-${web.port}=[\\w-]{32}; HttpOnly; SameSite=Strict; Path=/$`))
    expect(cookie).not.toContain(web.token)
    expect(Buffer.from(web.token, 'base64url').length).toBeGreaterThanOrEqual(16)
  })

  it('of an earlier start is refused, and so is its token', async () => {
    const old = await web.signIn()
    const oldToken = web.token
    await web.stop()
    web = await startTestWebHost()
    expect((await web.signIn(oldToken)).status).toBe(401)
    const cookie = old.cookie.replace(/^studio-\d+/, `studio-${web.port}`)
    const answer = await web.request('/api/queue.snapshot', { method: 'POST', body: '{}', cookie })
    expect(answer.status).toBe(401)
    expect(await answer.json()).toMatchObject({ ok: false, error: { code: 'E-LOCAL-AUTH' } })
  })

  it('is slowed down by a second a try after ten bad tokens, and still opens for the right one', async () => {
    for (let i = 0; i < 10; i += 1) expect((await web.signIn('x'.repeat(32))).status).toBe(401)
    expect(web.delays).not.toContain(1000)
    expect((await web.signIn('y')).status).toBe(401)
    expect(web.delays).toContain(1000)
    expect((await web.signIn()).status).toBe(200)
  })

  it('serves two windows at once, each with everything that happens', async () => {
    const { cookie } = await web.signIn()
    const [first, second] = [await openStream(cookie), await openStream(cookie)]
    const changed = { rows: [], removed: ['job-1'], counts: NO_JOBS }
    web.core.emit({ name: 'jobs-changed', payload: changed })
    for (const tab of [first, second]) {
      const names = (await tab.untilEvents(3)).map(({ name }) => name)
      expect(names).toEqual(['queue-changed', 'settings-changed', 'jobs-changed'])
      tab.close()
    }
  })
})

async function openStream(cookie: string) {
  const controller = new AbortController()
  const response = await web.request('/events', { cookie, signal: controller.signal })
  const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader()
  let text = ''
  const events = () =>
    text
      .split('\n')
      .flatMap((line) => (line.startsWith('data: ') ? [JSON.parse(line.slice(6)) as { name: string }] : []))
  return {
    untilEvents: async (count: number) => {
      while (events().length < count) {
        const { value, done } = await reader.read()
        if (done) break
        text += Buffer.from(value).toString()
      }
      return events()
    },
    close: () => controller.abort(),
  }
}

describe('a signed-in browser that another site makes act', () => {
  const rows: [name: string, headers: Record<string, string>, status: number][] = [
    ['another origin', { origin: 'http://evil.example' }, 403],
    ['an opaque origin', { origin: 'null' }, 403],
    ['our host, another port', { origin: 'http://127.0.0.1:1' }, 403],
    ['another scheme', { origin: 'https://127.0.0.1' }, 403],
    ['a request of another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a request of the same site, another port', { 'sec-fetch-site': 'same-site' }, 403],
    ['no custom header', { 'x-studio': '' }, 403],
    ['a plain text body', { 'content-type': 'text/plain' }, 415],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['a multipart form', { 'content-type': 'multipart/form-data; boundary=x' }, 415],
  ]
  it.each(rows)('%s', async (_name, headers, status) => {
    const { cookie } = await web.signIn()
    const answer = await web.request('/api/queue.pause', { method: 'POST', body: '{}', cookie, headers })
    expect(answer.status).toBe(status)
    expect(web.core.calls.some(({ method }) => method === 'queue.pause')).toBe(false)
  })

  it('no answer carries a CORS header, and every one forbids embedding and sniffing', async () => {
    const { cookie } = await web.signIn()
    for (const path of ['/', '/assets/page.js', '/events', '/media/result/x', '/nothing']) {
      const controller = new AbortController()
      const { headers } = await web.request(path, { cookie, signal: controller.signal })
      controller.abort()
      expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    }
  })
})

describe('odd requests have no effect', () => {
  it.each([
    ['TRACE', 'TRACE / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n', [400, 405]],
    ['OPTIONS', 'OPTIONS /api/queue.pause HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n', [401]],
    ['DELETE', 'DELETE / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n', [405]],
    ['CONNECT', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n', [0]],
    [
      'an upgrade',
      'GET /events HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      [0],
    ],
    [
      'a header of a megabyte',
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nX: ${'x'.repeat(1_048_576)}\r\n\r\n`,
      [431, 0],
    ],
    ['no HTTP at all', '\u0016\u0003\u0001\r\n\r\n', [400]],
  ])('%s', async (_name, text, statuses) => {
    expect(statuses).toContain(await rawStatus(web.port, text.replaceAll('PORT', String(web.port))))
  })

  it('a body over the cap is refused as too large, and a body that is no JSON as such', async () => {
    const { cookie } = await web.signIn()
    const post = (body: string) => web.request('/api/jobs.list', { method: 'POST', body, cookie })
    const large = await post(JSON.stringify({ offset: 0, states: ['x'.repeat(17 * 1_048_576)] }))
    expect(large.status).toBe(413)
    const broken = await post('{"offset":')
    expect(await broken.json()).toMatchObject({ ok: false, error: { code: 'E-PARAM-TYPE' } })
  })

  it('an unknown method is an error as data', async () => {
    const { cookie } = await web.signIn()
    const answer = await web.request('/api/constructor', { method: 'POST', body: '{}', cookie })
    expect(await answer.json()).toMatchObject({ ok: false, error: { code: 'E-PARAM-UNKNOWN' } })
  })
})

describe('files', () => {
  it('outside the page’s folder do not exist, however they are spelled', async () => {
    symlinkSync('/etc/passwd', join(web.dataDir, 'link'))
    const { cookie } = await web.signIn()
    const targets = [
      '/../../etc/passwd',
      '/..%2f..%2fetc/passwd',
      '/assets/..%5c..%5cetc/passwd',
      '/%252e%252e/etc/passwd',
      '/assets/%00',
      '/assets/',
      '/assets',
      '/media/../assets/page.js',
      '/media/result/..%2f..%2fetc%2fpasswd',
      '/media/result/%2fetc%2fpasswd',
      '/media/%E0%A4%A',
    ]
    for (const target of targets) {
      const lines = `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${web.port}\r\nSec-Fetch-Site: same-origin\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`
      expect([target, await rawStatus(web.port, lines)]).toEqual([target, 404])
    }
  })

  it('by id come whole or in parts, as players ask for them', async () => {
    const path = join(web.dataDir, 'clip.mp4')
    writeFileSync(path, Buffer.from('0123456789'))
    web.core.media.set('result/job 1', { path, contentType: 'video/mp4' })
    const { cookie } = await web.signIn()
    const get = async (range?: string, method = 'GET') => {
      const answer = await web.request('/media/result/job%201', {
        cookie,
        method,
        ...(range === undefined ? {} : { headers: { range } }),
      })
      return [answer.status, await answer.text(), answer.headers.get('content-range')]
    }
    expect(await get()).toEqual([200, '0123456789', null])
    expect(await get(undefined, 'HEAD')).toEqual([200, '', null])
    expect(await get('bytes=2-4')).toEqual([206, '234', 'bytes 2-4/10'])
    expect(await get('bytes=7-')).toEqual([206, '789', 'bytes 7-9/10'])
    expect(await get('bytes=-3')).toEqual([206, '789', 'bytes 7-9/10'])
    expect(await get('bytes=3-999')).toEqual([206, '3456789', 'bytes 3-9/10'])
    expect(await get('bytes=10-')).toEqual([416, '', 'bytes */10'])
    expect(await get('bytes=4-2')).toEqual([200, '0123456789', null])
    expect(await get('lines=1-2')).toEqual([200, '0123456789', null])
  })
})

describe('a drop', () => {
  const begin = async (cookie: string) => {
    const answer = await web.request('/drop', { method: 'POST', body: '{}', cookie })
    return ((await answer.json()) as { value: { dropId: string } }).value.dropId
  }
  const put = (cookie: string, path: string, body: string) =>
    web.request(path, { method: 'PUT', body, cookie, headers: { 'content-type': 'application/octet-stream' } })
  const listed = () =>
    readdirSync(join(web.dataDir, 'drops'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)

  it('of a folder keeps its tree and is handed over as one path', async () => {
    const { cookie } = await web.signIn()
    const dropId = await begin(cookie)
    for (const path of ['faces/anna.png', 'faces/deep/a%20b%23.wav', 'solo.png', 'faces/anna.png']) {
      expect((await put(cookie, `/drop/${dropId}/${path}`, `bytes of ${path}`)).status).toBe(200)
    }
    const done = await web.request(`/drop/${dropId}/done`, { method: 'POST', body: '{}', cookie })
    const { value } = (await done.json()) as { value: { paths: string[] } }
    const root = join(web.dataDir, 'drops', dropId)
    expect(value.paths).toEqual([join(root, 'faces'), join(root, 'solo.png')])
    expect(readFileSync(join(root, 'faces/deep/a b#.wav'), 'utf8')).toBe('bytes of faces/deep/a%20b%23.wav')
    expect(readdirSync(join(root, 'faces')).toSorted()).toEqual(['anna (2).png', 'anna.png', 'deep'])
    expect(statSync(join(root, 'solo.png')).mode & 0o777).toBe(0o600)
    expect(statSync(join(root, 'faces')).mode & 0o777).toBe(0o700)
  })

  it('never leaves its folder', async () => {
    const { cookie } = await web.signIn()
    const dropId = await begin(cookie)
    const bad = [
      '..%2fx.png',
      '..%2f..%2fx.png',
      '%2e%2e/x.png',
      'a/%2e%2e/%2e%2e/x.png',
      '%2fetc%2fx.png',
      'a//x.png',
      'a%00.png',
      '%',
      '',
      `${'d/'.repeat(70)}x.png`,
      'n'.repeat(300),
    ]
    for (const path of bad) {
      // A client that keeps `..` as it is: fetch would resolve it away.
      const lines = `PUT /drop/${dropId}/${path} HTTP/1.1\r\nHost: 127.0.0.1:${web.port}\r\nOrigin: ${web.origin}\r\nX-Studio: 1\r\nSec-Fetch-Site: same-origin\r\nCookie: ${cookie}\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx`
      expect([path, await rawStatus(web.port, lines)]).toEqual([path, 400])
    }
    expect(listed()).toEqual([])
    expect((await put(cookie, `/drop/${dropId}/a%5C..%5Cb%3A.png`, 'x')).status).toBe(200)
    expect(listed()).toEqual(['a_.._b_.png'])
  })

  it('leaves nothing of a file whose sender goes away in the middle', async () => {
    const { cookie } = await web.signIn()
    const dropId = await begin(cookie)
    expect((await put(cookie, `/drop/${dropId}/whole.png`, 'x')).status).toBe(200)
    await new Promise<void>((resolve) => {
      const sender = httpRequest(`${web.origin}/drop/${dropId}/half.png`, {
        method: 'PUT',
        headers: {
          origin: web.origin,
          'x-studio': '1',
          'sec-fetch-site': 'same-origin',
          cookie,
          'content-length': 1000,
        },
      })
      sender.on('error', () => resolve())
      sender.write('only the beginning', () => setImmediate(() => sender.destroy()))
    })
    await expect.poll(listed).toEqual(['whole.png'])
  })

  it('of a file larger than any engine takes is refused before its bytes are read', async () => {
    const { cookie } = await web.signIn()
    const dropId = await begin(cookie)
    const lines = `PUT /drop/${dropId}/huge.wav HTTP/1.1\r\nHost: 127.0.0.1:${web.port}\r\nOrigin: ${web.origin}\r\nX-Studio: 1\r\nSec-Fetch-Site: same-origin\r\nCookie: ${cookie}\r\nContent-Length: 2147483648\r\nConnection: close\r\n\r\n`
    expect(await rawStatus(web.port, lines)).toBe(413)
    expect(listed()).toEqual([])
  })

  it('that was never finished is gone with its host, and one of an earlier start that no job needs too', async () => {
    const { cookie } = await web.signIn()
    const dropId = await begin(cookie)
    await put(cookie, `/drop/${dropId}/a.png`, 'x')
    await web.host.stop()
    expect(listed()).toEqual([])
    mkdirSync(join(web.dataDir, 'drops/old'), { recursive: true })
    writeFileSync(join(web.dataDir, 'drops/old/a.png'), 'x')
    truncateSync(join(web.dataDir, 'drops/old/a.png'), 10)
    const again = await startTestWebHost({ dataDir: web.dataDir })
    expect(listed()).toEqual([])
    await again.stop()
  })
})

describe('the port', () => {
  it('that is taken is an error when it was asked for, and passed over when not', async () => {
    const blocker = createServer()
    const port = await new Promise<number>((resolve) => {
      blocker.listen(0, '127.0.0.1', () => {
        const address = blocker.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
    const options = {
      clock: { now: Date.now, monotonic: () => performance.now(), setTimer: () => ({ cancel: () => undefined }) },
      newId: () => 'x',
      logger: { error: () => undefined } as never,
      dataDir: web.dataDir,
      rendererDir: join(web.dataDir, '../renderer'),
    }
    await expect(startWebHost(web.core, { ...options, port })).rejects.toMatchObject({
      data: { code: 'E-CONFIG-INVALID', params: { reason: 'port', value: port } },
    })
    const [first, second] = [
      await startWebHost(web.core, { ...options, port: undefined }),
      await startWebHost(web.core, { ...options, port: undefined }),
    ]
    expect(new URL(first.url).port).not.toBe(new URL(second.url).port)
    await first.stop()
    await second.stop()
    blocker.close()
  })
})

it('every method of the contract can be called, and only those', async () => {
  const { cookie } = await web.signIn()
  for (const method of Object.keys(contract)) {
    const answer = await web.request(`/api/${method}`, { method: 'POST', body: '{"unknown":1}', cookie })
    expect(await answer.json()).toMatchObject({ ok: false, error: { code: 'E-PARAM-TYPE' } })
  }
})
