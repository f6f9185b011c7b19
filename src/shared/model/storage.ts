import { z } from 'zod'

/** The user's own bucket, without its secrets: an S3-compatible service, reached at `endpoint`. */
export const bucketConfigSchema = z.strictObject({
  /** Id of the service preset it was set up from. */
  preset: z.string(),
  /** An origin: scheme, host and port. */
  endpoint: z.string(),
  region: z.string(),
  bucket: z.string(),
  /** '' or a path without slashes at its ends. */
  prefix: z.string(),
  pathStyle: z.boolean(),
})
export type BucketConfig = z.infer<typeof bucketConfigSchema>

/** An S3-compatible service as data: what is known of it before anyone fills in a form. */
export const bucketPresetSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** With `{region}` and `{account}` to fill in; '' where only the user knows it. */
  endpoint: z.string(),
  /** '' where the user must say it. */
  region: z.string(),
  /** Regions to choose from, the usual ones; others may be typed. */
  regions: z.array(z.string()),
  pathStyle: z.boolean(),
  /** Whether bucket names may hold an underscore there. */
  underscores: z.boolean(),
})
export type BucketPreset = z.infer<typeof bucketPresetSchema>

/** What one test of a bucket did, in its order. */
export const BUCKET_CHECKS = ['put', 'fetch', 'private', 'unlisted', 'delete'] as const
export const bucketCheckSchema = z.enum(BUCKET_CHECKS)
export type BucketCheck = z.infer<typeof bucketCheckSchema>
