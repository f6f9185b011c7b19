import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { StudioError } from '../../../shared/errors.ts'
import { download } from './download.ts'
import type { DownloadRequest } from './download.ts'
import { createHttpClient } from './http-client.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

let answer: Answer = (_request, response) => response.end()
let seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = []
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  seen.push({
    method: request.method ?? '',
    url: request.url ?? '',
    headers: request.headers,
    body: Buffer.concat(chunks).toString(),
  })
  answer(request, response)
})
let origin = ''
const http = createHttpClient({ resolveProxy: async () => null })
const folder = mkdtempSync(join(tmpdir(), 'studio-http-'))
const signal = new AbortController().signal

beforeAll(async () => {
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(() => {
  seen = []
})
afterAll(async () => {
  await http.close()
  server.close()
  server.closeAllConnections()
  rmSync(folder, { recursive: true, force: true })
})

const call = (path: string) => ({
  method: 'POST' as const,
  url: new URL(path, origin),
  allowance: 'loopback' as const,
  headers: { 'x-api-key': 'secret' },
  body: '{}',
  signal,
})

describe('a request that must not be sent twice', () => {
  it('is answered when the whole answer arrives', async () => {
    answer = (_request, response) => response.writeHead(200).end('{"a":1}')
    expect(await http.callOnce(call('/a'))).toMatchObject({ kind: 'answered', reply: { status: 200, text: '{"a":1}' } })
  })

  it('was not sent when the connection is refused', async () => {
    const closed = { ...call('/a'), url: new URL('http://127.0.0.1:9/') }
    expect(await http.callOnce(closed)).toMatchObject({ kind: 'not-sent', error: { code: 'E-NET-OFFLINE' } })
  })

  it('was not sent when the address is not allowed', async () => {
    const lookup = createHttpClient({
      resolveProxy: async () => null,
      lookup: (_host, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
    })
    const outcome = await lookup.callOnce({
      ...call('/a'),
      url: new URL('https://rebound.example/'),
      allowance: 'public',
    })
    expect(outcome).toMatchObject({ kind: 'not-sent', error: { code: 'E-URL-BLOCKED' } })
    expect(seen).toEqual([])
    await lookup.close()
  })

  it('is ambiguous when the connection is reset in place of an answer', async () => {
    answer = (request) => request.socket.resetAndDestroy()
    expect(await http.callOnce(call('/a'))).toMatchObject({ kind: 'ambiguous' })
    expect(seen).toHaveLength(1)
  })

  it('is ambiguous when the answer breaks off', async () => {
    answer = (request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{"task', () => request.socket.resetAndDestroy())
    }
    expect(await http.callOnce(call('/a'))).toMatchObject({ kind: 'ambiguous' })
    expect(seen).toHaveLength(1)
  })

  it('is ambiguous when no answer comes in time', async () => {
    answer = () => {}
    expect(await http.callOnce({ ...call('/a'), responseTimeoutMs: 300 })).toMatchObject({
      kind: 'ambiguous',
      error: { code: 'E-NET-TIMEOUT' },
    })
    expect(seen).toHaveLength(1)
  })

  it('uses a connection of its own', async () => {
    answer = (_request, response) => response.end('{}')
    await http.callOnce(call('/a'))
    expect(seen[0]?.headers.connection).toBe('close')
  })

  it.each([301, 302, 303, 307, 308])('does not follow a %i, nor hand the key on', async (status) => {
    answer = (_request, response) => response.writeHead(status, { location: `${origin}/elsewhere` }).end()
    expect(await http.callOnce(call('/a'))).toMatchObject({ kind: 'answered', reply: { status } })
    expect(seen.map((request) => request.url)).toEqual(['/a'])
  })
})

describe('a download', () => {
  const bytes = randomBytes(300_000)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const md5 = createHash('md5').update(bytes).digest('hex')

  const wanted = (name: string, change: Partial<DownloadRequest> = {}): DownloadRequest => ({
    url: `${origin}/${name}`,
    rules: { vendorSuffixes: [], loopbackOrigin: origin },
    toPath: join(folder, name),
    maxBytes: 10_000_000,
    signal,
    monotonic: () => performance.now(),
    onProgress: () => {},
    onValidator: () => {},
    ...change,
  })
  const codeOf = async (request: DownloadRequest) => {
    try {
      await download(http, request)
      return 'ok'
    } catch (error) {
      return error instanceof StudioError ? error.code : String(error)
    }
  }

  it('arrives whole, with its hash', async () => {
    answer = (_request, response) => response.writeHead(200, { 'content-length': bytes.length }).end(bytes)
    expect(await download(http, wanted('whole'))).toEqual({
      sizeBytes: bytes.length,
      sha256,
      verifiedBy: 'length',
      trusted: true,
    })
    expect(readFileSync(join(folder, 'whole')).equals(bytes)).toBe(true)
  })

  it('sends no header that could tell who asks', async () => {
    answer = (_request, response) => response.end(bytes)
    await download(http, wanted('plain'))
    expect(Object.keys(seen[0]?.headers ?? {}).toSorted()).toEqual(['accept-encoding', 'connection', 'host'])
  })

  it.each([
    ['a shorter body than announced', { 'content-length': '400000' }, 'E-NET-OFFLINE'],
    ['an encoding that was not asked for', { 'content-encoding': 'gzip' }, 'E-RESULT-BAD'],
    ['a web page', { 'content-type': 'text/html' }, 'E-NET-PORTAL'],
    ['a wrong CRC-64', { 'x-oss-hash-crc64ecma': '1' }, 'E-RESULT-BAD'],
  ])('is refused with %s', async (_name, headers, code) => {
    answer = (request, response) => {
      response.writeHead(200, headers)
      response.write(bytes, () => ('content-length' in headers ? request.socket.destroy() : response.end()))
    }
    expect(await codeOf(wanted('refused'))).toBe(code)
  })

  it('is refused when it grows over the cap', async () => {
    answer = (_request, response) => response.end(bytes)
    expect(await codeOf(wanted('large', { maxBytes: 1000 }))).toBe('E-RESULT-BAD')
  })

  it('is refused when it is empty', async () => {
    answer = (_request, response) => response.end()
    expect(await codeOf(wanted('empty'))).toBe('E-RESULT-BAD')
  })

  it('says that nothing vouches for a body without length and checksum', async () => {
    answer = (_request, response) => {
      response.useChunkedEncodingByDefault = false
      response.writeHead(200, { connection: 'close' })
      response.end(bytes)
    }
    expect(await download(http, wanted('unsure'))).toMatchObject({ verifiedBy: 'nothing' })
  })

  it('vouches by an ETag that is the MD5', async () => {
    answer = (_request, response) => response.writeHead(200, { etag: `"${md5.toUpperCase()}"` }).end(bytes)
    expect(await download(http, wanted('etag'))).toMatchObject({ verifiedBy: 'checksum' })
  })

  it('goes on where it stopped while the validator holds', async () => {
    writeFileSync(join(folder, 'part'), bytes.subarray(0, 100_000))
    answer = (_request, response) =>
      response
        .writeHead(206, { etag: '"v1"', 'content-range': `bytes 100000-299999/300000`, 'content-length': '200000' })
        .end(bytes.subarray(100_000))
    const done = await download(http, wanted('part', { resume: { etag: '"v1"', totalBytes: 300_000 } }))
    expect(seen[0]?.headers).toMatchObject({ range: 'bytes=100000-', 'if-range': '"v1"' })
    expect(done.sha256).toBe(sha256)
  })

  it('starts again when the server gives the whole in place of a part', async () => {
    writeFileSync(join(folder, 'anew'), randomBytes(100_000))
    answer = (_request, response) => response.writeHead(200, { 'content-length': bytes.length }).end(bytes)
    const done = await download(http, wanted('anew', { resume: { etag: '"v0"', totalBytes: 300_000 } }))
    expect(done.sha256).toBe(sha256)
  })

  it('does not take a part that nobody asked for', async () => {
    answer = (_request, response) =>
      response.writeHead(206, { 'content-range': 'bytes 100-200/300' }).end(bytes.subarray(100, 201))
    expect(await codeOf(wanted('unasked'))).toBe('E-RESULT-BAD')
  })

  it.each([
    ['file:///etc/passwd'],
    ['http://127.0.0.1:1/x'],
    ['http://[::ffff:127.0.0.1]/x'],
    ['https://2130706433/x'],
    ['data:video/mp4;base64,AAAA'],
    ['//127.0.0.1/x'],
  ])('does not follow a redirect to %s', async (location) => {
    answer = (_request, response) => response.writeHead(302, { location }).end()
    expect(await codeOf(wanted('redirect'))).toBe('E-URL-BLOCKED')
  })

  it('follows at most three redirects', async () => {
    answer = (_request, response) => response.writeHead(302, { location: `${origin}/again` }).end()
    expect(await codeOf(wanted('circle'))).toBe('E-URL-BLOCKED')
    expect(seen).toHaveLength(4)
  })

  it.each([
    [403, 'E-RESULT-EXPIRED'],
    [404, 'E-RESULT-EXPIRED'],
    [410, 'E-RESULT-EXPIRED'],
    [500, 'E-NET-OFFLINE'],
  ])('tells a %i as %s', async (status, code) => {
    answer = (_request, response) => response.writeHead(status).end('x')
    expect(await codeOf(wanted('status'))).toBe(code)
  })
})
