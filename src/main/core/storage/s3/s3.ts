import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { StudioError } from '../../../../shared/errors.ts'
import type { StorageBackend } from '../storage-backend.ts'
import { abortUploadsOf, inputChanged, uploadInParts } from './multipart-upload.ts'
import { s3Error } from './s3-errors.ts'

export type S3Config = {
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  /** '' or a path without slashes at its ends. */
  readonly prefix: string
  readonly pathStyle: boolean
}
export type S3Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string }

/** Up to this size a file goes in one request; larger ones in parts. */
export const SINGLE_PUT_BYTES = 16 * 1_048_576
/** SigV4 allows a week at most. */
const MAX_LINK_SECONDS = 604_800

/** `proxyEnv`: the environment whose HTTPS_PROXY and NO_PROXY hold; absent: no proxy. */
export function createS3Client(
  config: S3Config,
  credentials: S3Credentials,
  proxyEnv?: Readonly<Record<string, string | undefined>>,
): S3Client {
  return new S3Client({
    ...(proxyEnv === undefined ? {} : { requestHandler: { httpsAgent: new Agent({ keepAlive: true, proxyEnv }) } }),
    endpoint: config.endpoint,
    region: config.region,
    forcePathStyle: config.pathStyle,
    credentials,
    // Other services than AWS refuse the checksums that the SDK adds by default, and a link would carry them.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
}

/** The user's own bucket at any S3-compatible service. Objects are private, with random names. */
export function createS3Storage(
  config: S3Config,
  credentials: S3Credentials,
  newId: () => string,
  proxyEnv?: Readonly<Record<string, string | undefined>>,
): StorageBackend {
  const client = createS3Client(config, credentials, proxyEnv)
  const endpoint = new URL(config.endpoint)
  const facts = { endpoint, bucket: config.bucket }
  const coded = (error: unknown) => s3Error(error, facts)

  return {
    id: 's3',
    capabilities: { canDelete: true, boundToModel: false, objectLifeSeconds: null, isPublic: false },
    newKey: (file) => `${config.prefix === '' ? '' : `${config.prefix}/`}${newId()}${file.extension}`,

    async put(key, file, context) {
      const target = { Bucket: config.bucket, Key: key, ContentType: file.contentType }
      try {
        if (file.sizeBytes <= SINGLE_PUT_BYTES) {
          const body = await readFile(file.path, { signal: context.signal })
          if (file.sha256 !== undefined && createHash('sha256').update(body).digest('hex') !== file.sha256)
            throw inputChanged(file)
          await client.send(new PutObjectCommand({ ...target, Body: body, ContentLength: body.length }), {
            abortSignal: context.signal,
          })
          context.onProgress(body.length)
          return key
        }
        await uploadInParts(client, { Bucket: config.bucket, Key: key }, file, context)
        return key
      } catch (error) {
        context.signal.throwIfAborted()
        throw coded(error)
      }
    },

    async signedUrl(key, lifetimeSeconds) {
      if (!Number.isInteger(lifetimeSeconds) || lifetimeSeconds < 1 || lifetimeSeconds > MAX_LINK_SECONDS) {
        throw new StudioError('E-CONFIG-INVALID', { params: { name: 'lifetime', value: String(lifetimeSeconds) } })
      }
      return getSignedUrl(client, new GetObjectCommand({ Bucket: config.bucket, Key: key }), {
        expiresIn: lifetimeSeconds,
      })
    },

    async delete(key, signal) {
      try {
        await client.send(new DeleteObjectCommand({ Bucket: config.bucket, Key: key }), { abortSignal: signal })
        await abortUploadsOf(client, { Bucket: config.bucket, Key: key }, signal)
      } catch (error) {
        signal.throwIfAborted()
        throw coded(error)
      }
    },
  }
}
