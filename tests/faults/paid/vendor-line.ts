import { createServer, request as forward, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export type VendorLine = {
  /** Value for `--dashscope-url`, through the line. */
  readonly dashscopeUrl: string
  readonly connections: () => number
  /** Nobody listens at the address any more. */
  readonly refuse: () => Promise<void>
  readonly restore: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** A line of its own to a simulated vendor: it can be cut, and it may close what it just answered. */
export async function openVendorLine(origin: string, options: { readonly idleMs?: number } = {}): Promise<VendorLine> {
  let connections = 0
  let own = ''
  let server: Server = make()

  function make(): Server {
    const made = createServer((request, response) => {
      const { method, headers, url } = request
      const onward = forward(new URL(url ?? '/', origin), { method, headers: { ...headers, connection: 'close' } })
      onward.on('response', (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('end', () => {
          const isText = answer.headers['content-type']?.includes('json') === true
          const body = Buffer.concat(parts)
          // Addresses that the vendor gives lead through the line as well.
          const told = isText ? Buffer.from(body.toString().replaceAll(origin, own)) : body
          const { connection: _, ...rest } = answer.headers
          response.writeHead(answer.statusCode ?? 502, { ...rest, 'content-length': String(told.length) }).end(told)
        })
      })
      onward.on('error', () => response.destroy())
      request.pipe(onward)
    })
    made.on('connection', () => connections++)
    // No word of it to the client: it may well write into a connection that is being closed.
    made.keepAliveTimeout = options.idleMs ?? 5000
    made.keepAliveTimeoutBuffer = 0
    return made
  }
  const listen = (port: number): Promise<void> =>
    new Promise((ready, fail) => {
      server.once('error', fail)
      server.listen(port, '127.0.0.1', ready)
    })
  const close = (): Promise<void> =>
    new Promise((done) => {
      server.close(() => done())
      server.closeAllConnections()
    })
  await listen(0)
  const { port } = server.address() as AddressInfo
  own = `http://127.0.0.1:${port}`
  return {
    dashscopeUrl: `${own}/api/v1`,
    connections: () => connections,
    refuse: close,
    restore: () => {
      server = make()
      return listen(port)
    },
    stop: close,
  }
}
