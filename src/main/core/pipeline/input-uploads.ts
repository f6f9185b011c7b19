import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { StudioError } from '../../../shared/errors.ts'
import type { CheckResult } from '../../../shared/model/media.ts'
import type { RemoteEngine } from '../engines/engine.ts'
import type { HttpClient } from '../lib/http-client.ts'
import { PRIVATE_FOLDER_MODE } from '../lib/private-files.ts'
import type { Media } from '../media/media.ts'
import type { JobInput, RemoteWork } from './job-work.ts'
import type { ChosenStorage, RemoteAccess } from './remote-access.ts'
import type { StoredObjects } from './stored-objects.ts'
import type { VendorGate, Waiter } from './vendor-gate.ts'

/** By true format: type and extension as vendors expect them. */
const TYPES: Readonly<Record<string, readonly [contentType: string, extension: string]>> = {
  jpeg: ['image/jpeg', '.jpg'],
  png: ['image/png', '.png'],
  bmp: ['image/bmp', '.bmp'],
  webp: ['image/webp', '.webp'],
  wav: ['audio/wav', '.wav'],
  mp3: ['audio/mpeg', '.mp3'],
  mp4: ['video/mp4', '.mp4'],
  mov: ['video/quicktime', '.mov'],
  avi: ['video/x-msvideo', '.avi'],
  mkv: ['video/x-matroska', '.mkv'],
  webm: ['video/webm', '.webm'],
  flv: ['video/x-flv', '.flv'],
  wmv: ['video/x-ms-wmv', '.wmv'],
  mpeg: ['video/mpeg', '.mpg'],
}

/** A link lives as long as the longest wait and run that a vendor allows, with room for a slow queue. */
const LINK_SECONDS = 24 * 3600
const UPLOAD_TRIES = 5

type RemoteFile = RemoteWork['files'][number]

/**
 * Takes a private copy of one input as it was checked, so that what is sent is what was looked at, whatever happens to
 * the user's file meanwhile. Throws E-INPUT-CHANGED when it is no longer the same.
 */
export async function takeCopy(
  media: Media,
  check: CheckResult,
  from: { readonly role: JobInput['role']; readonly path: string; readonly original: JobInput },
  folder: string,
  signal: AbortSignal,
): Promise<RemoteFile> {
  const format =
    from.path === from.original.path ? (check.facts.format ?? '') : await formatOf(media, from.path, signal)
  const [contentType, extension] = TYPES[format] ?? ['application/octet-stream', '.bin']
  await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER_MODE })
  const path = join(folder, `${from.role}-as-checked${extension}`)
  await copyFile(from.path, path)
  const sha256 = await media.contentHash(path, signal)
  if (from.path === from.original.path && sha256 !== from.original.sha256) {
    throw new StudioError('E-INPUT-CHANGED', { params: { file: from.original.path } })
  }
  const { sizeBytes } = await media.fingerprint(path)
  return { role: from.role, path, sha256, sizeBytes, contentType, extension }
}

async function formatOf(media: Media, path: string, signal: AbortSignal): Promise<string> {
  return (await media.check(path, {}, signal)).facts.format ?? ''
}

type UploadDependencies = {
  readonly engine: RemoteEngine
  readonly access: RemoteAccess
  readonly objects: StoredObjects
  readonly gateOf: (storageId: string) => VendorGate
  readonly http: HttpClient
  readonly newId: () => string
}

/** Puts inputs where the vendor can fetch them, and makes their addresses. */
export function createInputUploads({ engine, access, objects, gateOf, http, newId }: UploadDependencies) {
  async function put(
    jobId: string,
    file: RemoteFile,
    model: string,
    chosen: ChosenStorage,
    waiter: Waiter,
    onProgress: (doneBytes: number) => void,
  ): Promise<string> {
    const { storageId, backend } = chosen
    const { boundToModel, objectLifeSeconds } = backend.capabilities
    const wanted = {
      storageId,
      sha256: file.sha256,
      model: boundToModel ? model : '',
      keyFingerprint: boundToModel ? (await access.credential(engine.id)).fingerprint : '',
    }
    const known = objects.reuse(wanted, jobId)
    if (known !== null) {
      onProgress(file.sizeBytes)
      return known.objectId
    }
    if (backend.capabilities.isPublic && (await access.asksPublicUpload(engine))) throw publicUpload(engine)
    const objectId = newId()
    const announced = backend.newKey(file)
    objects.announce(objectId, wanted, announced, jobId)
    const key = await gateOf(storageId).run(
      'query',
      waiter,
      () => backend.put(announced, file, { model, signal: waiter.signal, onProgress }),
      UPLOAD_TRIES,
    )
    objects.arrived(objectId, key, objectLifeSeconds)
    return objectId
  }

  return {
    /** `checked`: the source is already known to pass the vendor's check. */
    putAll: async (
      jobId: string,
      work: RemoteWork,
      isChecked: boolean,
      waiter: Waiter,
      report: (progress: number) => void,
    ): Promise<NonNullable<RemoteWork['objects']>> => {
      const chosen = await access.storage(engine)
      const { boundToModel } = chosen.backend.capabilities
      const source = work.files.find(({ role }) => role === 'source')
      if (source === undefined) throw new Error('A job without a source')
      const checkToo = boundToModel && !isChecked && engine.checkSource !== undefined
      const wanted = [
        ...(checkToo ? [{ use: 'check' as const, file: source, model: engine.models.check }] : []),
        ...work.files.map((file) => ({ use: file.role, file, model: engine.models.make })),
      ]
      const total = wanted.reduce((sum, { file }) => sum + file.sizeBytes, 0)
      const made: Partial<Record<'check' | JobInput['role'], string>> = {}
      let done = 0
      for (const { use, file, model } of wanted) {
        made[use] = await put(jobId, file, model, chosen, waiter, (bytes) => report((done + bytes) / total))
        done += file.sizeBytes
      }
      const { check, voice, driver } = made
      return {
        storageId: chosen.storageId,
        source: made.source ?? '',
        ...(check === undefined ? {} : { check }),
        ...(voice === undefined ? {} : { voice }),
        ...(driver === undefined ? {} : { driver }),
      }
    },

    /** The address of an object for the vendor; null when it is no longer there to be signed. */
    addressOf: async (objectId: string, storageId: string): Promise<string | null> => {
      const chosen = await access.storage(engine)
      const key = objects.keyOf(objectId)
      if (chosen.storageId !== storageId || key === null) return null
      return chosen.backend.signedUrl(key, LINK_SECONDS)
    },

    /**
     * Fetches the first byte behind a link as a stranger would, before anything is paid. Throws E-VENDOR-FETCH when the
     * vendor would not get it.
     */
    tryLink: async (address: string, storageId: string, file: string, waiter: Waiter): Promise<void> => {
      const { preflight, storageId: now } = await access.storage(engine)
      if (preflight === null || now !== storageId) return
      const reply = await gateOf(storageId).run('query', waiter, () =>
        http.call({
          method: 'GET',
          url: new URL(address),
          allowance: preflight,
          headers: { range: 'bytes=0-0' },
          signal: waiter.signal,
        }),
      )
      if (reply.status === 206 || reply.status === 200) return
      throw new StudioError('E-VENDOR-FETCH', {
        params: { vendor: engine.vendorName, file, value: `HTTP ${reply.status}`, reason: 'link' },
        retryable: true,
      })
    },
  }
}
export type InputUploads = ReturnType<typeof createInputUploads>

/** Nothing is put in a public place for good before a person agreed to that. */
export const publicUpload = ({ vendorName }: Pick<RemoteEngine, 'vendorName'>): StudioError =>
  new StudioError('E-CONFIG-INSECURE', { params: { name: 'upload', value: vendorName, reason: 'public-upload' } })
