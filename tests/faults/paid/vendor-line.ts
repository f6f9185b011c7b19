import { createServer, request as forward, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'

type Host = '127.0.0.1' | '::1'

export type VendorLine = {
  /** Of the vendor, through the line. */
  readonly origin: string
  readonly port: number
  /** Nobody listens at the address any more. */
  readonly refuse: () => Promise<void>
  /** At the same port, of this or another address. */
  readonly restore: (host?: Host) => Promise<void>
  readonly stop: () => Promise<void>
}

/** Answers that no well-behaved server can give, in the place of the true one. */
export type Spoil = {
  /** Which requests, by `METHOD /path`. */
  readonly call: RegExp
  readonly how: 'two-lengths' | 'bad-chunking' | 'cut-gzip'
  readonly times: number
}
type LineOptions = {
  /** Connections are closed so soon after an answer. */
  readonly idleMs?: number
  readonly spoil?: Spoil
  /** The origin under which the client knows this line, by its port; absent: 127.0.0.1. */
  readonly knownAs?: (port: number) => string
}

/** A line of its own to a simulated vendor: it can be cut, may close what it just answered, and may garble answers. */
export async function openVendorLine(origin: string, options: LineOptions = {}): Promise<VendorLine> {
  const { spoil } = options
  let spoiled = 0
  let own = ''
  let server: Server = make()

  function make(): Server {
    const made = createServer((request, response) => {
      const { method, headers, url } = request
      const { 'content-length': _length, ...passed } = headers
      const onward = forward(new URL(url ?? '/', origin), { method, headers: { ...passed, connection: 'close' } })
      onward.on('response', (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('end', () => {
          const isText = answer.headers['content-type']?.includes('json') === true
          const body = Buffer.concat(parts)
          // Addresses that the vendor gives lead through the line as well.
          const told = isText ? Buffer.from(body.toString().replaceAll(origin, own)) : body
          const { connection: _, ...rest } = answer.headers
          if (spoil?.call.test(`${method} ${url}`) === true && spoiled < spoil.times) {
            spoiled++
            return garble(response, spoil.how, String(answer.headers['content-type'] ?? ''), told)
          }
          response.writeHead(answer.statusCode ?? 502, { ...rest, 'content-length': String(told.length) }).end(told)
        })
      })
      onward.on('error', () => response.destroy())
      const sent: Buffer[] = []
      request.on('data', (part: Buffer) => sent.push(part))
      request.on('end', () => {
        // The vendor fetches what lies with itself by no line of ours.
        const isText = headers['content-type']?.includes('json') === true
        const body = Buffer.concat(sent)
        onward.end(isText ? body.toString().replaceAll(own, origin) : body)
      })
    })
    // No word of it to the client: it may well write into a connection that is being closed.
    made.keepAliveTimeout = options.idleMs ?? 5000
    made.keepAliveTimeoutBuffer = 0
    return made
  }
  const listen = (port: number, host: Host = '127.0.0.1'): Promise<void> =>
    new Promise((ready, fail) => {
      server.once('error', fail)
      server.listen(port, host, ready)
    })
  const close = (): Promise<void> =>
    new Promise((done) => {
      server.close(() => done())
      server.closeAllConnections()
    })
  await listen(0)
  const { port } = server.address() as AddressInfo
  own = options.knownAs?.(port) ?? `http://127.0.0.1:${port}`
  return {
    origin: own,
    port,
    refuse: close,
    restore: (host) => {
      server = make()
      return listen(port, host)
    },
    stop: close,
  }
}

function garble(response: ServerResponse, how: Spoil['how'], type: string, body: Buffer): void {
  if (how === 'cut-gzip') {
    const packed = gzipSync(body)
    const cut = packed.subarray(0, packed.length >> 1)
    const headers = { 'content-type': type, 'content-encoding': 'gzip', 'content-length': String(cut.length) }
    response.writeHead(200, headers).end(cut)
    return
  }
  const lengths = `content-length: ${body.length}\r\ncontent-length: ${body.length + 7}`
  const framing = how === 'two-lengths' ? lengths : 'transfer-encoding: chunked'
  const first = how === 'two-lengths' ? '' : 'what is this\r\n'
  response.socket?.end(
    Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\n${framing}\r\n\r\n${first}`), body]),
  )
}
