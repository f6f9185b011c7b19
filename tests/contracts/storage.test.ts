import { CreateBucketCommand, ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { StudioError } from '../../src/shared/errors.ts'
import { createHttpClient } from '../../src/main/core/lib/http-client.ts'
import { dashscopeTemp } from '../../src/main/core/storage/dashscope-temp/dashscope-temp.ts'
import { segmindAssets } from '../../src/main/core/storage/segmind-assets/segmind-assets.ts'
import { SINGLE_PUT_BYTES, createS3Client, createS3Storage } from '../../src/main/core/storage/s3/s3.ts'
import type { S3Config } from '../../src/main/core/storage/s3/s3.ts'
import { startSimulator } from '../../src/main/simulator/simulator.ts'
import { noRadosgw } from '../fixtures/radosgw.ts'
import type { Radosgw } from '../fixtures/radosgw.ts'
import { sharedRadosgw } from '../fixtures/shared-radosgw.ts'
import { describeStorage } from './storage.ts'

type Server = Omit<Radosgw, 'stop'>

const read = async (url: string) => {
  const response = await fetch(url)
  return response.ok ? Buffer.from(await response.arrayBuffer()) : null
}

describeStorage('S3', noRadosgw, async () => {
  const server = await sharedRadosgw()
  const { config, client, keys } = await bucket(server)
  return {
    backend: createS3Storage(config, server, randomUUID),
    readBack: read,
    leftovers: keys,
    stop: async () => client.destroy(),
  }
})

describeStorage('DashScope temporary', null, async () => {
  const simulator = await startSimulator({
    clock: { now: () => Date.now(), setTimer: () => ({ cancel: () => {} }) },
    newId: randomUUID,
    inspect: { countFaces: async () => 1, audioSeconds: async () => 2 },
    renderPortrait: async () => Buffer.from('video'),
  })
  const http = createHttpClient({ resolveProxy: async () => null })
  return {
    backend: dashscopeTemp.create({
      http,
      baseUrl: new URL(simulator.dashscopeUrl),
      uploadUrl: new URL(simulator.dashscopeUrl),
      allowance: 'loopback',
      loopbackOrigins: [simulator.origin],
      credential: async () => 'sk-test',
      monotonic: () => performance.now(),
      newId: randomUUID,
    }),
    // The consumer is the vendor: what it reads is seen by what it says of the picture behind the address.
    readBack: (url, model) => simulator.readTemporary(url, model),
    leftovers: null,
    async stop() {
      await http.close()
      await simulator.stop()
    },
  }
})

describeStorage('Segmind assets', null, async () => {
  const simulator = await startSimulator({
    clock: { now: () => Date.now(), setTimer: () => ({ cancel: () => {} }) },
    newId: randomUUID,
    inspect: { countFaces: async () => 1, audioSeconds: async () => 2 },
    renderPortrait: async () => Buffer.from('video'),
    renderClip: async () => ({ error: 'not asked for' }),
  })
  const http = createHttpClient({ resolveProxy: async () => null })
  const url = new URL(simulator.segmindUrl)
  return {
    backend: segmindAssets.create({
      http,
      baseUrl: url,
      uploadUrl: url,
      allowance: 'loopback',
      loopbackOrigins: [simulator.origin],
      credential: async () => 'SG_0123456789abcdef',
      monotonic: () => performance.now(),
      newId: randomUUID,
    }),
    readBack: read,
    leftovers: null,
    async stop() {
      await http.close()
      await simulator.stop()
    },
  }
})

async function bucket(server: Server) {
  const config: S3Config = {
    endpoint: server.endpoint,
    region: server.region,
    bucket: `b${randomUUID()}`,
    prefix: 'inputs',
    pathStyle: true,
  }
  const client = createS3Client(config, server)
  await client.send(new CreateBucketCommand({ Bucket: config.bucket }))
  const keys = async () => {
    const objects = await client.send(new ListObjectsV2Command({ Bucket: config.bucket }))
    const parts = await client.send(new ListMultipartUploadsCommand({ Bucket: config.bucket }))
    return [...(objects.Contents ?? []), ...(parts.Uploads ?? [])].map((entry) => entry.Key ?? '')
  }
  return { config, client, keys }
}

describe.skipIf(noRadosgw !== null)(`an S3 bucket${noRadosgw === null ? '' : ` (skipped: ${noRadosgw})`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'studio-s3-'))
  let server: Server
  let made: Awaited<ReturnType<typeof bucket>>
  const signal = new AbortController().signal

  beforeAll(async () => {
    server = await sharedRadosgw()
    made = await bucket(server)
  })
  afterAll(async () => {
    made.client.destroy()
    rmSync(folder, { recursive: true, force: true })
  })

  function file(sizeBytes: number) {
    const path = join(folder, 'file.mp4')
    const bytes = randomBytes(sizeBytes)
    writeFileSync(path, bytes)
    return { path, sizeBytes, contentType: 'video/mp4', extension: '.mp4', bytes }
  }
  const context = { model: '', signal, onProgress: () => {} }
  const failure = async (config: Partial<S3Config>, secretAccessKey = server.secretAccessKey) => {
    const storage = createS3Storage(
      { ...made.config, ...config },
      { accessKeyId: server.accessKeyId, secretAccessKey },
      randomUUID,
    )
    const error: unknown = await storage.put('inputs/x.mp4', file(10), context).catch((thrown: unknown) => thrown)
    return error instanceof StudioError ? error.code : error
  }

  it('takes a file above the single-request size in parts', async () => {
    const storage = createS3Storage(made.config, server, randomUUID)
    const wanted = file(SINGLE_PUT_BYTES + 5_000_000)
    const key = await storage.put(storage.newKey(wanted), wanted, context)
    expect((await read(await storage.signedUrl(key, 60)))?.equals(wanted.bytes)).toBe(true)
    await storage.delete?.(key, signal)
  })

  it.each([10, SINGLE_PUT_BYTES + 20_000_000])(
    'keeps nothing of a file of %i bytes that is not what was checked',
    async (sizeBytes) => {
      const storage = createS3Storage(made.config, server, randomUUID)
      const wanted = { ...file(sizeBytes), sha256: '0'.repeat(64) }
      await expect(storage.put(storage.newKey(wanted), wanted, context)).rejects.toMatchObject({
        code: 'E-INPUT-CHANGED',
      })
      expect(await made.keys()).toEqual([])
    },
  )

  it('keeps no part of a file whose upload was stopped on the way', async () => {
    const storage = createS3Storage(made.config, server, randomUUID)
    const wanted = file(SINGLE_PUT_BYTES + 20_000_000)
    const controller = new AbortController()
    const put = storage.put(storage.newKey(wanted), wanted, {
      model: '',
      signal: controller.signal,
      onProgress: () => controller.abort(),
    })
    await expect(put).rejects.toThrow(/abort/i)
    expect(await made.keys()).toEqual([])
  })

  it('refuses its objects to anyone without the link', async () => {
    const storage = createS3Storage(made.config, server, randomUUID)
    const wanted = file(1000)
    const key = await storage.put(storage.newKey(wanted), wanted, context)
    const link = new URL(await storage.signedUrl(key, 60))
    expect(link.search).not.toContain('checksum')
    link.search = ''
    expect((await fetch(link)).status).toBe(403)
    await storage.delete?.(key, signal)
  })

  it('names a wrong secret, a missing bucket and a dead endpoint', async () => {
    expect(await failure({}, 'wrong')).toBe('E-BUCKET-AUTH')
    expect(await failure({ bucket: 'not-there' })).toBe('E-BUCKET-MISSING')
    expect(await failure({ endpoint: 'http://127.0.0.1:9' })).toBe('E-NET-OFFLINE')
  })

  it.each([0, -1, 691_200, 1.5])('makes no link that lives for %d seconds', async (lifetime) => {
    const storage = createS3Storage(made.config, server, randomUUID)
    await expect(storage.signedUrl('x', lifetime)).rejects.toThrow('E-CONFIG-INVALID')
  })
})
