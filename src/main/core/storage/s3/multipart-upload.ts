import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { CompletedPart, S3Client } from '@aws-sdk/client-s3'
import { StudioError } from '../../../../shared/errors.ts'
import type { StorageFile } from '../storage-backend.ts'

const PART_BYTES = 8 * 1_048_576
const MAX_PARTS = 10_000
const PARTS_AT_ONCE = 3
const NO_LIST = new Set([403, 405, 501])

type Target = { readonly Bucket: string; readonly Key: string }

/**
 * Uploads a file in parts. Nothing is left over when it ends early: the upload is aborted only after the parts under way
 * have ended, since a part that arrives later would stay (and be charged for) at most services.
 */
export async function uploadInParts(
  client: S3Client,
  target: Target,
  file: StorageFile,
  context: { readonly signal: AbortSignal; readonly onProgress: (doneBytes: number) => void },
): Promise<void> {
  const { signal } = context
  const options = { abortSignal: signal }
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({ ...target, ContentType: file.contentType }),
    options,
  )
  const upload = { ...target, UploadId }
  const partBytes = Math.max(PART_BYTES, Math.ceil(file.sizeBytes / MAX_PARTS))
  const count = Math.ceil(file.sizeBytes / partBytes)
  const parts: CompletedPart[] = []
  const source = await open(file.path, 'r')
  const hash = createHash('sha256')
  let next = 0
  let doneBytes = 0
  let failed = false

  // One part is read after the other, so that what is sent can be vouched for as a whole.
  let reading: Promise<unknown> = Promise.resolve()
  const takePart = (memory: Buffer): Promise<{ index: number; body: Buffer } | null> => {
    const part = reading.then(async () => {
      if (failed || next >= count) return null
      const index = next++
      const body = memory.subarray(0, Math.min(partBytes, file.sizeBytes - index * partBytes))
      const { bytesRead } = await source.read(body, 0, body.length, index * partBytes)
      if (bytesRead < body.length) throw inputChanged(file)
      hash.update(body)
      return { index, body }
    })
    reading = part.catch(() => null)
    return part
  }

  async function sendParts(): Promise<void> {
    // One for all parts of this sender: fresh ones cost more time than sending them.
    const memory = Buffer.allocUnsafeSlow(partBytes)
    for (;;) {
      const part = await takePart(memory)
      if (part === null) return
      const { index, body } = part
      const command = new UploadPartCommand({
        ...upload,
        PartNumber: index + 1,
        Body: body,
        ContentLength: body.length,
      })
      const { ETag } = await client.send(command, options)
      parts[index] = { PartNumber: index + 1, ETag }
      doneBytes += body.length
      context.onProgress(doneBytes)
      signal.throwIfAborted()
    }
  }

  try {
    const senders = Array.from({ length: PARTS_AT_ONCE }, () =>
      sendParts().catch((error: unknown) => {
        failed = true
        throw error
      }),
    )
    const ended = await Promise.allSettled(senders)
    for (const sender of ended) if (sender.status === 'rejected') throw sender.reason
    if (file.sha256 !== undefined && hash.digest('hex') !== file.sha256) throw inputChanged(file)
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } }), options)
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => {
      // The janitor finds it by its recorded key: the first fault is the one to tell.
    })
    throw error
  } finally {
    await source.close()
  }
}

/** What was checked is not what lies there now. */
export const inputChanged = (file: StorageFile): StudioError =>
  new StudioError('E-INPUT-CHANGED', { params: { file: basename(file.path) } })

/** Ends every upload in parts that was begun under this very key, such as one that a crash cut off. */
export async function abortUploadsOf(client: S3Client, target: Target, signal: AbortSignal): Promise<void> {
  const options = { abortSignal: signal }
  const { Uploads } = await client
    .send(new ListMultipartUploadsCommand({ Bucket: target.Bucket, Prefix: target.Key }), options)
    .catch((error: unknown) => {
      // A key that may only put, get and delete sees no list; the service's own lifecycle rule takes such parts away.
      if (error instanceof S3ServiceException && NO_LIST.has(error.$metadata.httpStatusCode ?? 0))
        return { Uploads: [] }
      throw error
    })
  for (const { Key, UploadId } of Uploads ?? []) {
    if (Key === target.Key) await client.send(new AbortMultipartUploadCommand({ ...target, UploadId }), options)
  }
}
