import { mkdirSync, rmSync } from 'node:fs'
import { lstat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { imageSize } from 'image-size'
import type { Handlers, Output } from '../../shared/api/index.ts'
import type { MediaLimits } from '../../shared/model/media.ts'
import type { OfflineEngine } from './engines/offline/index.ts'
import type { JobStore } from './jobs/job-store.ts'
import { PRIVATE_FILE_MODE, PRIVATE_FOLDER_MODE } from './lib/private-files.ts'
import { contentTypeOf, type Media } from './media/media.ts'
import { requireNoError } from './pipeline/prepare-steps.ts'

type RouteDependencies = {
  readonly media: Media
  readonly store: JobStore
  readonly offline: OfflineEngine
  readonly newId: () => string
  /** Folders of our own. */
  readonly folders: { readonly thumbnails: string; readonly previews: string }
}

type MediaFile = { readonly path: string; readonly contentType: string }

/** Longest side of a thumbnail: sharp at twice the size in which it is shown. */
const THUMBNAIL_SIDE_PX = 384
/** The picture, or the first frame of a video, on which faces and crop are shown. */
export const FRAME_SIDE_PX = 1024
const MAX_PREVIEWS = 64

/** Files that windows may see, by id and never by path. */
export function createMediaRoutes({ media, store, offline, newId, folders }: RouteDependencies) {
  const previews = new Map<string, MediaFile>()

  async function resultFile(jobId: string): Promise<MediaFile | null> {
    const output = store.find(jobId)?.output ?? null
    if (output === null) return null
    const stats = await lstat(output).catch(() => null)
    // A link in the place of a result is not ours.
    return stats?.isFile() === true ? { path: output, contentType: 'video/mp4' } : null
  }

  async function thumbnailFile(mediaId: string, sidePx: number): Promise<MediaFile | null> {
    const source = await media.resolve(mediaId)
    if (source === null || !/^(image|video)\//.test(source.contentType)) return null
    const path = await media.thumbnail(source.path, sidePx, folders.thumbnails)
    return { path, contentType: 'image/jpeg' }
  }

  function offer(file: MediaFile, previewId = newId()): string {
    previews.set(previewId, file)
    for (const [old, { path }] of previews) {
      if (previews.size <= MAX_PREVIEWS) break
      previews.delete(old)
      rmSync(path, { force: true })
    }
    return previewId
  }

  const preview: Handlers['media.preview'] = async (request) => {
    const bytes = await offline.preview(request)
    const { width, height } = imageSize(bytes)
    const previewId = newId()
    const path = join(folders.previews, `${previewId}.jpg`)
    mkdirSync(folders.previews, { recursive: true, mode: PRIVATE_FOLDER_MODE })
    await writeFile(path, bytes, { mode: PRIVATE_FILE_MODE })
    return { previewId: offer({ path, contentType: 'image/jpeg' }, previewId), width, height }
  }

  const repairPreview = async (
    limits: MediaLimits,
    path: string,
    signal: AbortSignal,
  ): Promise<Output<'media.repairPreview'>> => {
    const result = await media.check(path, limits, signal)
    const { facts: before } = result
    if (result.verdict === 'ok') return { steps: [], before, after: before, findings: result.findings, previewId: null }
    const repaired = await media.repairAll(result, limits, folders.previews, signal)
    requireNoError(repaired.check.findings)
    const { facts: after, findings } = repaired.check
    const file = { path: repaired.path, contentType: contentTypeOf(after.format ?? '') }
    return { steps: [...repaired.steps], before, after, findings, previewId: offer(file) }
  }

  return {
    preview,
    repairPreview,
    resolve: async (route: string): Promise<MediaFile | null> => {
      const [kind, id, ...rest] = route.split('/')
      if (id === undefined || id === '' || rest.length > 0) return null
      switch (kind) {
        case 'thumbnail':
          return thumbnailFile(id, THUMBNAIL_SIDE_PX)
        case 'frame':
          return thumbnailFile(id, FRAME_SIDE_PX)
        case 'source':
          return media.resolve(id)
        case 'preview':
          return previews.get(id) ?? null
        case 'result':
          return resultFile(id)
        default:
          return null
      }
    },
  }
}
