import { z } from 'zod'
import { parametersSchema } from './engine.ts'

export const pairBySchema = z.enum(['name', 'order', 'all'])
export type PairBy = z.infer<typeof pairBySchema>

/** One job to be: a source with its voice or driver. */
export const pairSchema = z.strictObject({
  source: z.string(),
  voice: z.string().optional(),
  driver: z.string().optional(),
  /** Folder below the output folder ('' for none), '/'-separated: mirrors the source's place below the dropped folder. */
  folder: z.string(),
  /** Output stem when a manifest names one; else made from the two stems. */
  outName: z.string().optional(),
  /** Parameters for this job only, on top of the batch's. */
  parameters: parametersSchema.optional(),
  /** Also make repairs that lose something, for this job only. */
  repair: z.boolean().optional(),
})
export type Pair = z.infer<typeof pairSchema>

/** A file that became part of no pair, or was not looked at, and why. */
export const leftOverSchema = z.strictObject({
  path: z.string(),
  reason: z.enum([
    'unpaired',
    'unsupported',
    'hidden',
    'symlink',
    'special',
    'unreadable',
    'too-deep',
    'output',
    'vanished',
    'duplicate',
    'invalid-name',
    'ambiguous',
  ]),
})
export type LeftOver = z.infer<typeof leftOverSchema>
