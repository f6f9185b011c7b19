import { z } from 'zod'
import { errorCodeSchema, errorParamsSchema } from './error.ts'

export const mediaKindSchema = z.enum(['image', 'audio', 'video', 'other'])
export type MediaKind = z.infer<typeof mediaKindSchema>

/** What was measured in a file; a field is absent when it does not apply or was not looked for. */
export const mediaFactsSchema = z.strictObject({
  durationSeconds: z.number().optional(),
  /** Upright size in pixels (EXIF orientation applied). */
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  sizeBytes: z.number().int().optional(),
  /** Container in lower case by content, not by extension: jpeg, png, bmp, webp, gif, tiff, heic, avif, svg, wav, mp3, flac, mp4... */
  format: z.string().optional(),
  codec: z.string().optional(),
  fps: z.number().optional(),
  frames: z.number().int().optional(),
  /** Frames of a video do not all last as long; `fps` is then their mean. Absent: they do. */
  variableRate: z.literal(true).optional(),
  hasAudio: z.boolean().optional(),
  /** Of the sound of a video; `durationSeconds` is that of its picture. */
  soundSeconds: z.number().optional(),
  /** Number of faces; only after the face pass. */
  faces: z.number().int().optional(),
})
export type MediaFacts = z.infer<typeof mediaFactsSchema>

/**
 * Ways to make a file meet a limit, always on a copy. Lossless ones are made without asking and noted; the others wait
 * for `--repair`.
 */
export const repairKindSchema = z.enum([
  'orientation',
  'extension',
  'header',
  'even-sides',
  'convert',
  'shrink',
  'crop',
  'pad',
  'trim',
  'transcode',
  'constant-rate',
  'loop',
])
export type RepairKind = z.infer<typeof repairKindSchema>
export const LOSSLESS_REPAIRS: readonly RepairKind[] = ['orientation', 'extension', 'header', 'even-sides']

/** One change on a copy: those facts that it changes, before and after. `sizeBytes` of a plan is an upper bound. */
export const repairStepSchema = z.strictObject({
  kind: repairKindSchema,
  before: mediaFactsSchema,
  after: mediaFactsSchema,
})
export type RepairStep = z.infer<typeof repairStepSchema>

/**
 * What a copy of a video is to be, always with a constant rate: `constant-rate` the whole of it, `trim` its first
 * `frames`, `loop` itself again and again until there are so many.
 */
export const videoFixSchema = z.strictObject({
  kind: z.enum(['constant-rate', 'trim', 'loop']),
  fps: z.number().min(1).max(120),
  frames: z.number().int().min(1).max(1_000_000).optional(),
})
export type VideoFix = z.infer<typeof videoFixSchema>

/** Part of a picture, in pixels of the upright picture. */
export const pixelBoxSchema = z.strictObject({ x: z.number(), y: z.number(), width: z.number(), height: z.number() })
export type PixelBox = z.infer<typeof pixelBoxSchema>

/** One reason for a verdict. The sentence is made from code and params by the host. */
export const findingSchema = z.strictObject({
  code: errorCodeSchema,
  level: z.enum(['error', 'warning', 'note']),
  params: errorParamsSchema,
  value: z.union([z.string(), z.number()]).optional(),
  limit: z.union([z.string(), z.number()]).optional(),
  repair: repairKindSchema.optional(),
})
export type Finding = z.infer<typeof findingSchema>

/** ok: may run as it is. repairable: an error stands, and every error has a repair. rejected: an error without a repair. */
export const verdictSchema = z.enum(['ok', 'repairable', 'rejected'])
export type Verdict = z.infer<typeof verdictSchema>

export const checkResultSchema = z.strictObject({
  /** Stable for path + size + mtime within one data folder; media routes take it instead of a path. */
  mediaId: z.string(),
  path: z.string(),
  kind: mediaKindSchema,
  verdict: verdictSchema,
  facts: mediaFactsSchema,
  findings: z.array(findingSchema),
})
export type CheckResult = z.infer<typeof checkResultSchema>

/** Limits of one engine for one kind of input. Absent means: no limit. Sizes in bytes, sides in pixels. */
export type ImageLimits = {
  readonly formats: readonly string[]
  /** Refused above this. */
  readonly maxSizeBytes: number
  /** A note from above this size on ("the vendor may read 10 MB as 10,000,000"). */
  readonly noteSizeBytes?: number
  readonly maxSide: number
  /** Longest side divided by shortest, compared in integers: long <= maxRatio * short. */
  readonly maxRatio?: number
  /** True for an engine that may ignore the orientation tag: it gets pixels that stand upright. */
  readonly uprightPixels?: boolean
  /** True for an engine that cannot take odd sides: a row or column is cut off on a copy. */
  readonly evenSides?: boolean
}
export type AudioLimits = {
  readonly formats: readonly string[]
  /** Codecs taken in a plain little-endian WAV and nothing else; absent: any codec, RF64 and RIFX too. */
  readonly wavCodecs?: readonly string[]
  readonly maxSizeBytes: number
  readonly noteSizeBytes?: number
  readonly minSeconds: number
  readonly maxSeconds: number
}
export type VideoLimits = {
  readonly formats: readonly string[]
  readonly maxSizeBytes: number
  /** From this size on the vendor's own upload may refuse it. */
  readonly warnUploadBytes?: number
  readonly warnSide?: number
  readonly warnSeconds?: number
}
export type MediaLimits = {
  /** True for an engine that trusts the extension: a copy with the true one is made. */
  readonly goesByName?: boolean
  readonly image?: ImageLimits
  readonly audio?: AudioLimits
  readonly video?: VideoLimits
}
