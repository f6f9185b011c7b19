import { CreateBucketCommand, ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createS3Client } from '../../src/main/core/storage/s3/s3.ts'
import type { Simulator } from '../../src/main/simulator/simulator.ts'
import { runCli, startCli } from '../fixtures/cli.ts'
import { createLeakscan } from '../fixtures/leakscan.ts'
import { startQuickVendor } from '../fixtures/quick-vendor.ts'
import { noRadosgw } from '../fixtures/radosgw.ts'
import type { Radosgw } from '../fixtures/radosgw.ts'
import { sharedRadosgw } from '../fixtures/shared-radosgw.ts'
import { tempFolder } from '../fixtures/temp-folder.ts'
import { noOpenssl, startTlsProxy } from '../fixtures/tls-proxy.ts'
import { makePairs } from '../fixtures/vendor-media.ts'

const KEY = 'sk-CANARYds0123456789abcdef'
const BUCKET = 'studio-inputs'

describe.skipIf(noRadosgw !== null)(
  `a paid run through the user's own bucket${noRadosgw === null ? '' : ` (skipped: ${noRadosgw})`}`,
  () => {
    let server: Omit<Radosgw, 'stop'>
    let vendor: Simulator
    let client: S3Client
    beforeAll(async () => {
      server = await sharedRadosgw()
      vendor = await startQuickVendor({ dashscope: { keys: [KEY] } })
      const config = { endpoint: server.endpoint, region: server.region, bucket: BUCKET, prefix: '', pathStyle: true }
      client = createS3Client(config, server)
      await client.send(new CreateBucketCommand({ Bucket: BUCKET }))
    })
    afterAll(async () => {
      client.destroy()
      await vendor.stop()
    })
    const leftInBucket = async () => {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET }))
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }))
      return [...Contents, ...Uploads].map(({ Key }) => Key)
    }

    it('makes each video once, leaves nothing in the bucket, and writes no secret and no link down', async () => {
      const leakscan = createLeakscan([
        { name: 'the key', secret: KEY },
        { name: 'the secret of the bucket', secret: server.secretAccessKey },
      ])
      const folder = tempFolder()
      mkdirSync(join(folder, 'tmp'))
      const env = {
        DASHSCOPE_API_KEY: KEY,
        STUDIO_S3_ACCESS_KEY_ID: server.accessKeyId,
        STUDIO_S3_SECRET_ACCESS_KEY: server.secretAccessKey,
        TMPDIR: join(folder, 'tmp'),
      }
      const data = ['--data-dir', join(folder, 'data'), '--json']
      const where = ['--preset', 'custom', '--endpoint', server.endpoint, '--region', server.region, '--bucket', BUCKET]
      const set = await runCli(['storage', 'set', ...where, '--path-style', ...data], { env })
      expect(set.code, set.stdout).toBe(0)
      expect(set.events[0]).toMatchObject({ ok: true, secret: { state: 'environment' } })

      const pairs = makePairs(join(folder, 'in'), 2, 2)
      const inputs = pairs.flatMap(({ source, voice }) => [source, voice])
      const paid = ['--engine', 'dashscope', '--yes', '--url-via', 'bucket', '--poll-interval', '0.5']
      const address = ['--dashscope-url', vendor.origin, '--allow-insecure-endpoints']
      const run = ['run', ...inputs, ...paid, ...address, '--out', join(folder, 'out'), ...data]
      const started = startCli(run, { env })
      const watch = leakscan.watchProcesses(started.process.pid ?? 0)
      const outcome = await started.ended
      const seen = watch.stop()
      expect(outcome.code, outcome.stdout).toBe(0)
      expect(outcome.events.at(-1)).toMatchObject({ event: 'summary', done: 2, cost: [{ currency: 'CNY' }] })
      expect(readdirSync(join(folder, 'out'))).toHaveLength(2)
      expect(vendor.charges().filter(({ kind }) => kind === 'generation')).toHaveLength(2)
      expect(vendor.calls().some(({ route }) => route === 'dashscope.upload')).toBe(false)

      const again = await runCli(run, { env })
      expect(again.events.at(-1)).toMatchObject({ done: 2, alreadyMade: 2 })
      expect(vendor.charges().filter(({ kind }) => kind === 'generation')).toHaveLength(2)
      expect(await leftInBucket()).toEqual([])

      expect(seen.leaks).toEqual([])
      expect(leakscan.inFolder(folder)).toEqual([])
      const said = [set, outcome, again].map(({ stdout, stderr }) => stdout + stderr).join('\n')
      expect(leakscan.inText('what was printed', said)).toEqual([])
    })

    it.skipIf(noOpenssl !== null)('is reached through the proxy that the environment names', async () => {
      const host = 's3.media.example'
      const proxy = await startTlsProxy([host], new URL(server.endpoint))
      try {
        const env = {
          HTTPS_PROXY: proxy.url,
          NODE_EXTRA_CA_CERTS: proxy.certificate,
          STUDIO_S3_ACCESS_KEY_ID: server.accessKeyId,
          STUDIO_S3_SECRET_ACCESS_KEY: server.secretAccessKey,
        }
        const where = ['--endpoint', host, '--region', server.region, '--bucket', BUCKET, '--path-style']
        const set = await runCli(['storage', 'set', ...where, '--json', '--data-dir', join(tempFolder(), 'data')], {
          env,
        })
        expect(set.code, set.stdout).toBe(0)
        expect(set.events[0]).toMatchObject({ ok: true, config: { endpoint: `https://${host}` } })
        expect(new Set(proxy.hosts)).toEqual(new Set([host]))
      } finally {
        await proxy.stop()
      }
    })

    it('ends with what is wrong with the bucket, and pays nothing', async () => {
      const folder = tempFolder()
      const data = ['--data-dir', join(folder, 'data'), '--json']
      const before = vendor.charges().length
      const env = {
        DASHSCOPE_API_KEY: KEY,
        STUDIO_S3_ACCESS_KEY_ID: server.accessKeyId,
        STUDIO_S3_SECRET_ACCESS_KEY: server.secretAccessKey,
      }
      const wrong = { ...env, STUDIO_S3_SECRET_ACCESS_KEY: 'wrong' }
      const where = ['--endpoint', server.endpoint, '--region', server.region, '--bucket', BUCKET, '--path-style']
      const set = ['storage', 'set', ...where, ...data]
      const refused = await runCli(set, { env: wrong })
      expect([refused.code, refused.events[0]]).toMatchObject([
        5,
        { config: null, ok: false, error: { code: 'E-BUCKET-AUTH' } },
      ])
      expect((await runCli(set, { env })).code).toBe(0)
      const [pair] = makePairs(join(folder, 'in'), 1, 1)
      const address = ['--dashscope-url', vendor.origin, '--allow-insecure-endpoints']
      const inputs = [pair?.source ?? '', pair?.voice ?? '']
      const run = [
        'run',
        ...inputs,
        '--engine',
        'dashscope',
        '--yes',
        ...address,
        '--out',
        join(folder, 'out'),
        ...data,
      ]
      const outcome = await runCli(run, { env: wrong })
      expect(outcome.code, outcome.stdout).toBe(5)
      expect(outcome.events.at(-1)).toMatchObject({ needsAttention: 1, done: 0 })
      expect(vendor.charges().length).toBe(before)
    })
  },
)
