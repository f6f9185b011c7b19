import { z } from 'zod'
import type { Cache } from './db/cache.ts'
import type { MediaCache } from './media/inspection.ts'

const mediaRowSchema = z.strictObject({
  mediaId: z.string(),
  path: z.string(),
  dev: z.string(),
  ino: z.string(),
  sizeBytes: z.number(),
  mtimeNs: z.string(),
  inspection: z.string(),
  deep: z.string().nullable(),
  sha256: z.string().nullable(),
})

/** The media room's memory, in the cache of the data folder: a row that cannot be read is looked up anew. */
export function createMediaCache(cache: Cache): MediaCache {
  const parse = (text: string | null) => {
    if (text === null) return null
    try {
      return mediaRowSchema.safeParse(JSON.parse(text)).data ?? null
    } catch {
      return null
    }
  }
  return {
    find: (path) => parse(cache.find(path)),
    findById: (mediaId) => parse(cache.findByAlias(mediaId)),
    save: (row) => cache.save(row.path, row.mediaId, JSON.stringify(row)),
  }
}
