import { describe, expect, it } from 'vitest'
import { StudioError } from '../../../../shared/errors.ts'
import { readBucketConfig, type BucketRequest } from './bucket-config.ts'

const request: BucketRequest = { preset: 'custom', endpoint: 'https://s3.example.com', bucket: 'studio', prefix: '' }

function read(change: Partial<BucketRequest>): unknown {
  try {
    return readBucketConfig({ ...request, ...change })
  } catch (error) {
    if (!(error instanceof StudioError)) throw error
    expect(JSON.stringify(error.data)).not.toContain('CANARY')
    return [error.code, error.data.params['reason']].filter((part) => part !== undefined).join(' ')
  }
}

describe('the settings of a bucket', () => {
  it.each([
    [{ endpoint: 's3.example.com' }, { endpoint: 'https://s3.example.com' }],
    [{ endpoint: ' https://S3.Example.com/ ' }, { endpoint: 'https://s3.example.com' }],
    [{ endpoint: 'https://s3.example.com:9000' }, { endpoint: 'https://s3.example.com:9000' }],
    [{ endpoint: 'http://127.0.0.1:9000' }, { endpoint: 'http://127.0.0.1:9000', pathStyle: true }],
    [{ endpoint: 'http://localhost:9000/' }, { endpoint: 'http://localhost:9000' }],
    [{ endpoint: 'https://[::1]' }, { endpoint: 'https://[::1]', pathStyle: true }],
    [
      { preset: 'aws-s3', endpoint: '', region: 'eu-west-1' },
      { endpoint: 'https://s3.eu-west-1.amazonaws.com', pathStyle: false },
    ],
    [{ preset: 'aws-s3', endpoint: '', region: 'eu-west-1', bucket: 'a.dotted.name' }, { pathStyle: true }],
    [
      { preset: 'alibaba-oss', endpoint: '', region: 'cn-beijing' },
      { endpoint: 'https://s3.oss-cn-beijing.aliyuncs.com' },
    ],
    [
      { preset: 'tencent-cos', endpoint: '', region: 'ap-hongkong' },
      { endpoint: 'https://cos.ap-hongkong.myqcloud.com' },
    ],
    [
      { preset: 'google-cloud', endpoint: '', bucket: 'with_underscore' },
      { endpoint: 'https://storage.googleapis.com', region: 'auto' },
    ],
    [{ preset: 'cloudflare-r2', endpoint: 'https://abc.r2.cloudflarestorage.com' }, { region: 'auto' }],
    [{ prefix: '/a/b/' }, { prefix: 'a/b' }],
  ])('%j are taken', (change, expected) => {
    expect(read(change)).toMatchObject(expected)
  })

  it.each([
    [{ endpoint: 'http://s3.example.com' }, 'E-CONFIG-INSECURE'],
    [{ endpoint: 'http://127.0.0.1.evil.example' }, 'E-CONFIG-INSECURE'],
    [{ endpoint: 'http://192.168.1.5:9000' }, 'E-CONFIG-INSECURE'],
    [{ endpoint: 'ftp://s3.example.com' }, 'E-CONFIG-INVALID endpoint'],
    [{ endpoint: 'javascript:alert(1)' }, 'E-CONFIG-INVALID endpoint'],
    [{ endpoint: 'https://s3 .example.com' }, 'E-CONFIG-INVALID endpoint'],
    [{ endpoint: 'https://user:CANARY@s3.example.com' }, 'E-CONFIG-INVALID endpoint-user'],
    [{ endpoint: 'https://s3.example.com/studio' }, 'E-CONFIG-INVALID endpoint-path'],
    [{ endpoint: 'https://s3.example.com?x=1' }, 'E-CONFIG-INVALID endpoint-path'],
    [{ endpoint: 'https://93.184.216.34' }, 'E-CONFIG-INVALID endpoint-address'],
    [{ endpoint: 'https://10.0.0.1' }, 'E-CONFIG-INVALID endpoint-address'],
    [{ endpoint: '' }, 'E-CONFIG-INVALID endpoint-missing'],
    [{ preset: 'cloudflare-r2', endpoint: '' }, 'E-CONFIG-INVALID endpoint-missing'],
    [{ preset: 'aws-s3', endpoint: '' }, 'E-CONFIG-INVALID region'],
    [{ region: 'eu west' }, 'E-CONFIG-INVALID region'],
    [{ region: '../x' }, 'E-CONFIG-INVALID region'],
    [{ preset: 'dropbox' }, 'E-PARAM-RANGE choice'],
    ...['My_Bucket', 'MyBucket', 'a/b', '..', 'a..b', 'ab', 'x'.repeat(64), '192.168.5.4', '-ab', 'ab-', 'büc', ''].map(
      (bucket) => [{ bucket }, 'E-CONFIG-INVALID bucket'] as const,
    ),
    [{ prefix: '../up' }, 'E-CONFIG-INVALID prefix'],
    [{ prefix: 'a//b' }, 'E-CONFIG-INVALID prefix'],
    [{ prefix: 'with blank' }, 'E-CONFIG-INVALID prefix'],
  ] as readonly (readonly [Partial<BucketRequest>, string])[])('%j are refused: %s', (change, expected) => {
    expect(read(change)).toBe(expected)
  })
})
