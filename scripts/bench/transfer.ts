import { execFile, fork } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { download } from '../../src/main/core/lib/download.ts'
import { createHttpClient } from '../../src/main/core/lib/http-client.ts'
import { createS3Client, createS3Storage } from '../../src/main/core/storage/s3/s3.ts'
import { noRadosgw, startRadosgw } from '../../tests/fixtures/radosgw.ts'

/**
 * How fast a large file goes to and from a real S3 server, beside curl: alternating, the median of three each. Ours counts
 * the hash of the file both ways, and fsync on its way down.
 */
const BYTES = 200 * 1_000_000
const ROUNDS = 3
const LINE_BYTES_PER_SECOND = 40_000_000
const BUCKET = 'bench'
const LINK_SECONDS = 3600

type TransferFigures = {
  /** `throttled`: over a line of 40 MB/s; `free`: as fast as this machine can. */
  readonly line: 'throttled' | 'free'
  readonly way: 'up' | 'down'
  readonly curlSeconds: number
  readonly ourSeconds: number
  /** Our speed in percent of curl's: at least 90 over the throttled line. */
  readonly percentOfCurl: number
  /** Growth of this process' memory in our transfers; at most 64. */
  readonly growthMb: number
}

export async function benchTransfer(): Promise<TransferFigures[]> {
  if (noRadosgw !== null) throw new Error(noRadosgw)
  const folder = mkdtempSync(join(tmpdir(), 'studio-bench-'))
  const server = await startRadosgw()
  try {
    const source = join(folder, 'source.bin')
    await writeNoise(source)
    const port = Number(new URL(server.endpoint).port)
    return [
      ...(await overLine('throttled', LINE_BYTES_PER_SECOND, { folder, source, port, server })),
      ...(await overLine('free', 0, { folder, source, port, server })),
    ]
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

type Place = {
  readonly folder: string
  readonly source: string
  readonly port: number
  readonly server: Awaited<ReturnType<typeof startRadosgw>>
}

async function overLine(name: TransferFigures['line'], speed: number, place: Place): Promise<TransferFigures[]> {
  const { folder, source, port, server } = place
  const line = fork(new URL('throttled-line.ts', import.meta.url), [String(port), String(speed)])
  const [linePort] = await once(line, 'message')
  const endpoint = `http://127.0.0.1:${String(linePort)}`
  const config = { endpoint, region: server.region, bucket: BUCKET, prefix: '', pathStyle: true }
  const client = createS3Client(config, server)
  const storage = createS3Storage(config, server, randomUUID)
  const http = createHttpClient({ resolveProxy: async () => null })
  const { signal } = new AbortController()
  try {
    if (name === 'throttled') await client.send(new CreateBucketCommand({ Bucket: BUCKET }))
    const sha256 = await hashOf(source)
    const file = { path: source, sha256, sizeBytes: BYTES, contentType: 'application/octet-stream', extension: '.bin' }
    const key = 'from-curl'
    const putLink = await getSignedUrl(client, new PutObjectCommand({ Bucket: BUCKET, Key: key }), {
      expiresIn: LINK_SECONDS,
    })
    const getLink = await storage.signedUrl(key, LINK_SECONDS)
    const ours = {
      up: async () => {
        const put = await storage.put(storage.newKey(file), file, { model: '', signal, onProgress: () => undefined })
        return () => storage.delete?.(put, signal)
      },
      down: async () => {
        const toPath = join(folder, 'ours.bin')
        const got = await download(http, {
          url: getLink,
          rules: { vendorSuffixes: [], loopbackOrigin: endpoint },
          toPath,
          maxBytes: BYTES,
          signal,
          monotonic: () => performance.now(),
          onProgress: () => undefined,
          onValidator: () => undefined,
        })
        if (got.sha256 !== sha256) throw new Error('other bytes came back')
        return () => rmSync(toPath)
      },
    }
    const theirs = {
      up: () => curl(['--upload-file', source, putLink]),
      down: async () => {
        await curl(['--output', join(folder, 'curl.bin'), getLink])
        if ((await stat(join(folder, 'curl.bin'))).size !== BYTES) throw new Error('curl got other bytes')
      },
    }
    // The first of each opens files and loads code.
    await theirs.up()
    const figures: TransferFigures[] = []
    for (const way of ['up', 'down'] as const) {
      const seconds = { ours: [] as number[], curl: [] as number[] }
      await (
        await ours[way]()
      )()
      const memory = watchMemory()
      for (let round = 0; round < ROUNDS; round++) {
        seconds.curl.push((await timed(theirs[way])).seconds)
        memory.resume()
        const { seconds: took, value: tidy } = await timed(ours[way])
        memory.pause()
        seconds.ours.push(took)
        await tidy()
      }
      const [curlSeconds, ourSeconds] = [median(seconds.curl), median(seconds.ours)]
      const percentOfCurl = Math.round((curlSeconds / ourSeconds) * 1000) / 10
      figures.push({ line: name, way, curlSeconds, ourSeconds, percentOfCurl, growthMb: memory.growthMb() })
    }
    return figures
  } finally {
    await http.close()
    client.destroy()
    line.kill()
  }
}

const run = promisify(execFile)
const curl = async (args: readonly string[]): Promise<void> => {
  await run('curl', ['--silent', '--show-error', '--fail', '--noproxy', '*', ...args])
}

async function timed<T>(work: () => Promise<T>): Promise<{ seconds: number; value: T }> {
  const startedMs = performance.now()
  const value = await work()
  return { seconds: Math.round(performance.now() - startedMs) / 1000, value }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

/** The highest memory while it is watched, above what was there before. */
function watchMemory() {
  const before = process.memoryUsage().rss
  let highest = before
  let timer: NodeJS.Timeout | undefined
  const look = () => (highest = Math.max(highest, process.memoryUsage().rss))
  return {
    resume: () => (timer = setInterval(look, 20)),
    pause: () => {
      look()
      clearInterval(timer)
    },
    growthMb: () => Math.round((highest - before) / 1e5) / 10,
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1_048_576 })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

async function writeNoise(path: string): Promise<void> {
  const file = await open(path, 'w')
  const block = Buffer.alloc(1_000_000)
  for (let index = 0; index < BYTES / block.length; index++) {
    const seed = createHash('sha256').update(String(index)).digest()
    for (let at = 0; at < block.length; at += seed.length) seed.copy(block, at)
    block.writeUInt32BE(index, 0)
    await file.write(block)
  }
  await file.sync()
  await file.close()
}
