import { z } from 'zod'
import { findingSchema, mediaFactsSchema, mediaKindSchema } from '../../../shared/model/media.ts'

/** A JPEG or PNG and the like, as its own header describes it. */
const pictureSchema = z.strictObject({
  /** As stored, before the orientation tag. */
  width: z.number(),
  height: z.number(),
  /** EXIF orientation 1..8. */
  orientation: z.number(),
  animated: z.boolean(),
})
export type Picture = z.infer<typeof pictureSchema>

const soundSchema = z.strictObject({
  /** riff, rifx, rf64 for WAV; else the format. */
  container: z.string(),
  /** What the header claims, seconds, when that differs from what the file holds. */
  claimedSeconds: z.number().optional(),
})

/**
 * All that was learned from one state of a file, whatever the engine: kept in the cache. `problems` hold for every
 * engine; a verdict is made from this and the limits that are handed in.
 */
export const inspectionSchema = z.strictObject({
  version: z.literal(2),
  kind: mediaKindSchema,
  /** By content. */
  format: z.string(),
  facts: mediaFactsSchema,
  problems: z.array(findingSchema),
  picture: pictureSchema.optional(),
  sound: soundSchema.optional(),
})
export type Inspection = z.infer<typeof inspectionSchema>
export const INSPECTION_VERSION = 2

/** One state of one file: a change of any of these means a new look. */
export type Fingerprint = {
  readonly dev: string
  readonly ino: string
  readonly sizeBytes: number
  /** Nanoseconds since the epoch, decimal. */
  readonly mtimeNs: string
}

/** One cached file. Strings of JSON are this room's own; the store keeps them as they are. */
export type MediaRow = Fingerprint & {
  readonly mediaId: string
  readonly path: string
  /** JSON of an `Inspection`. */
  readonly inspection: string
  /** JSON of the findings of the deep pass; null before it. */
  readonly deep: string | null
  /** SHA-256 of the contents, hexadecimal; null before it was asked for. */
  readonly sha256: string | null
}

/** Where rows are kept, one for each path; `create-core` backs it with the database. Reads and writes are synchronous. */
export type MediaCache = {
  readonly find: (path: string) => MediaRow | null
  readonly findById: (mediaId: string) => MediaRow | null
  /** Inserts or replaces the row of its path. */
  readonly save: (row: MediaRow) => void
}
