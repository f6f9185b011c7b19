import { CreateBucketCommand, ListObjectsV2Command, PutBucketPolicyCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { StudioError } from '../../src/shared/errors.ts'
import { createS3Client } from '../../src/main/core/storage/s3/s3.ts'
import type { BucketConfig } from '../../src/shared/model/storage.ts'
import { noRadosgw } from '../fixtures/radosgw.ts'
import type { Radosgw } from '../fixtures/radosgw.ts'
import { sharedRadosgw } from '../fixtures/shared-radosgw.ts'
import { tempFolder } from '../fixtures/temp-folder.ts'
import { testCore } from '../fixtures/test-core.ts'

type Statement = { readonly effect: 'Allow' | 'Deny'; readonly action: string; readonly on: 'objects' | 'bucket' }

describe.skipIf(noRadosgw !== null)(
  `the user's own bucket at a real S3 server${noRadosgw === null ? '' : ` (skipped: ${noRadosgw})`}`,
  () => {
    let server: Omit<Radosgw, 'stop'>
    let client: S3Client
    beforeAll(async () => {
      server = await sharedRadosgw()
      client = createS3Client({ ...configOf(''), endpoint: server.endpoint, region: server.region }, server)
    })
    afterAll(() => client.destroy())

    const configOf = (bucket: string): BucketConfig => ({
      preset: 'custom',
      endpoint: server.endpoint,
      region: server.region,
      bucket,
      prefix: 'inputs',
      pathStyle: true,
    })

    async function makeBucket(statements: readonly Statement[] = []): Promise<string> {
      const Bucket = `b${randomUUID()}`
      await client.send(new CreateBucketCommand({ Bucket }))
      if (statements.length > 0) {
        const Statement = statements.map(({ effect, action, on }) => ({
          Effect: effect,
          Principal: '*',
          Action: action,
          Resource: `arn:aws:s3:::${Bucket}${on === 'objects' ? '/*' : ''}`,
        }))
        const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
        await client.send(new PutBucketPolicyCommand({ Bucket, Policy }))
      }
      return Bucket
    }
    const keysIn = async (Bucket: string) =>
      ((await client.send(new ListObjectsV2Command({ Bucket }))).Contents ?? []).map(({ Key }) => Key ?? '')

    /** A core that was told of a bucket, with the verdict of its test. */
    async function set(bucket: string, more: { secret?: string; acceptPublic?: boolean } = {}) {
      const studio = await testCore(tempFolder())
      const state = await studio.call('storage.set', {
        preset: 'custom',
        endpoint: `${server.endpoint}/`,
        region: server.region,
        bucket,
        prefix: '/inputs/',
        accessKeyId: server.accessKeyId,
        secretAccessKey: `${more.secret ?? server.secretAccessKey}\n`,
        ...(more.acceptPublic === undefined ? {} : { acceptPublic: more.acceptPublic }),
      })
      return { ...studio, state }
    }

    it('puts, fetches through the link, is refused without it, deletes, and leaves nothing behind', async () => {
      const bucket = await makeBucket()
      const { call, state } = await set(bucket)
      expect(state.verdict).toEqual({ ok: true, passed: ['put', 'fetch', 'private', 'unlisted', 'delete'] })
      expect(state.config).toEqual(configOf(bucket))
      expect(state.blocked).toBe(false)
      expect(JSON.stringify(state)).not.toContain(server.secretAccessKey)
      expect(await keysIn(bucket)).toEqual([])
      expect((await call('storage.test', {})).verdict.ok).toBe(true)
      expect(JSON.stringify(await call('storage.get', {}))).not.toContain(server.secretAccessKey)
      expect(await call('storage.delete', {})).toMatchObject({ config: null, secret: { state: 'missing' } })
    })

    it.each([
      ['public-read', { effect: 'Allow', action: 's3:GetObject', on: 'objects' }],
      ['public-list', { effect: 'Allow', action: 's3:ListBucket', on: 'bucket' }],
    ] as const)('blocks a bucket that is %s until that is said to be meant', async (reason, statement) => {
      const bucket = await makeBucket([statement])
      const { state } = await set(bucket)
      expect(state.verdict).toMatchObject({ ok: false, error: { code: 'E-CONFIG-INSECURE', params: { reason } } })
      expect([state.config, state.secret.state]).toEqual([null, 'missing'])
      expect(await keysIn(bucket)).toEqual([])

      const meant = await set(bucket, { acceptPublic: true })
      expect(meant.state).toMatchObject({ blocked: false, verdict: { ok: true, warning: { params: { reason } } } })
    })

    it('warns of a key that may not delete, and uses the bucket', async () => {
      const bucket = await makeBucket([{ effect: 'Deny', action: 's3:DeleteObject', on: 'objects' }])
      const { state } = await set(bucket)
      expect(state.verdict).toMatchObject({
        ok: true,
        passed: ['put', 'fetch', 'private', 'unlisted'],
        warning: { code: 'E-BUCKET-REJECTED', params: { reason: 'delete' } },
      })
      expect(await keysIn(bucket)).toHaveLength(1)
    })

    it.each([
      ['put', 's3:PutObject', []],
      ['fetch', 's3:GetObject', ['put', 'delete']],
    ] as const)('names what a key may not do: %s', async (reason, action, passed) => {
      const bucket = await makeBucket([{ effect: 'Deny', action, on: 'objects' }])
      const { state } = await set(bucket)
      expect(state.verdict.error).toMatchObject({ code: 'E-BUCKET-REJECTED', params: { reason } })
      if (reason === 'fetch') expect(state.verdict.passed).toEqual(passed)
      expect(await keysIn(bucket)).toEqual([])
    })

    it('names a wrong secret and a bucket that is not there, and keeps what was set before', async () => {
      const bucket = await makeBucket()
      const wrong = await set(bucket, { secret: 'CANARYs3/secret+with=chars' })
      expect(wrong.state.verdict).toMatchObject({ ok: false, error: { code: 'E-BUCKET-AUTH' } })
      expect(JSON.stringify(wrong.state)).not.toContain('CANARY')
      expect(await wrong.call('storage.get', {})).toMatchObject({ config: null, secret: { state: 'missing' } })

      const { call } = await set(bucket)
      const secrets = { accessKeyId: server.accessKeyId, secretAccessKey: 'CANARYs3/secret+with=chars' }
      const other = { ...configOf('not-there'), ...secrets }
      expect((await call('storage.set', other)).verdict.error?.code).toBe('E-BUCKET-AUTH')
      const { bucket: _, ...missing } = configOf('')
      const { verdict, config } = await call('storage.set', { ...missing, bucket: 'not-there' })
      expect([verdict.error?.code, config]).toEqual(['E-BUCKET-MISSING', configOf(bucket)])
      expect((await call('storage.test', {})).verdict.ok).toBe(true)
    })

    it('touches nothing that others put under the same prefix', async () => {
      const bucket = await makeBucket()
      const planted = Array.from({ length: 20 }, (_, index) => `inputs/${index}.txt`)
      for (const Key of planted) await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'theirs' }))
      await set(bucket)
      expect((await keysIn(bucket)).toSorted()).toEqual(planted.toSorted())
    })
  },
)

describe('a bucket that is not set up', () => {
  it('says so when it is tested, and asks for both secrets', async () => {
    const { core } = await testCore(tempFolder())
    const refused = async (method: string, input: unknown) => {
      const thrown: unknown = await core.dispatch(method, input).catch((error: unknown) => error)
      return thrown instanceof StudioError ? [thrown.code, thrown.data.params['reason']] : thrown
    }
    expect(await refused('storage.test', {})).toEqual(['E-CONFIG-INVALID', 'no-bucket'])
    const bucket = { preset: 'aws-s3', region: 'eu-west-1', bucket: 'abc' }
    expect(await refused('storage.set', bucket)).toEqual(['E-KEY-MISSING', 'bucket'])
    expect(await refused('storage.set', { ...bucket, accessKeyId: 'AKIA' })).toEqual([
      'E-CONFIG-INVALID',
      'secret-empty',
    ])
    expect(await refused('storage.set', { ...bucket, accessKeyId: 'AK IA', secretAccessKey: 'x' })).toEqual([
      'E-CONFIG-INVALID',
      'secret-characters',
    ])
    expect(await refused('storage.set', { ...bucket, endpoint: 'http://s3.example.com' })).toEqual([
      'E-CONFIG-INSECURE',
      undefined,
    ])
  })

  it('knows the usual services', async () => {
    const { call } = await testCore(tempFolder())
    const { presets } = await call('storage.presets', {})
    expect(presets.map(({ id }) => id)).toEqual([
      'aws-s3',
      'alibaba-oss',
      'cloudflare-r2',
      'backblaze-b2',
      'minio',
      'wasabi',
      'tencent-cos',
      'google-cloud',
      'digitalocean',
      'custom',
    ])
  })
})
