import { createHash } from 'node:crypto'
import type { SimulatedAnswer, SimulatedRequest } from './http-server.ts'

/** An object of the result store, with ETag and byte ranges as object stores give them. */
export function ranged(request: SimulatedRequest, bytes: Buffer): SimulatedAnswer {
  const headers = {
    'content-type': 'video/mp4',
    'accept-ranges': 'bytes',
    etag: `"${createHash('md5').update(bytes).digest('hex').toUpperCase()}"`,
  }
  const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? []
  if (from === undefined || Number(from) >= bytes.length) return { status: 200, headers, body: bytes }
  const start = Number(from)
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` },
    body: bytes.subarray(start),
  }
}
