import { z } from 'zod'
import { pixelBoxSchema, videoFixSchema } from '../../../shared/model/media.ts'

const sizeSchema = z.strictObject({ width: z.number().int(), height: z.number().int() })

const fileWork = {
  path: z.string(),
  cwd: z.string(),
  format: z.string(),
  ffmpegPath: z.string(),
  target: z.string(),
}

/** What the small process is asked to do. `id` ties an answer to its question. */
export const probeRequestSchema = z.discriminatedUnion('task', [
  /** Runs ffprobe with these arguments. */
  z.strictObject({
    id: z.number(),
    task: z.literal('run'),
    path: z.string(),
    args: z.array(z.string()),
    cwd: z.string(),
    timeoutMs: z.number(),
    maxOutputBytes: z.number(),
  }),
  /** Decodes a whole picture, keeping nothing. */
  z.strictObject({ id: z.number(), task: z.literal('decode'), path: z.string(), ffmpegPath: z.string() }),
  /** Decodes a whole recording and sums up its levels. */
  z.strictObject({
    id: z.number(),
    task: z.literal('listen'),
    path: z.string(),
    cwd: z.string(),
    format: z.string(),
    ffmpegPath: z.string(),
  }),
  /** Copies the sound of a recording under a true header. */
  z.strictObject({ id: z.number(), task: z.literal('rewrite'), ...fileWork }),
  /** Writes an upright copy of a picture in its own format, with even sides when asked. */
  z.strictObject({
    id: z.number(),
    task: z.literal('redraw'),
    path: z.string(),
    format: z.string(),
    hasEvenSides: z.boolean(),
    target: z.string(),
  }),
  /** Draws a picture anew within limits; answers with the name of the file in `folder`. */
  z.strictObject({
    id: z.number(),
    task: z.literal('repaint'),
    path: z.string(),
    ffmpegPath: z.string(),
    folder: z.string(),
    region: pixelBoxSchema,
    content: sizeSchema,
    canvas: sizeSchema,
    formats: z.array(z.enum(['jpeg', 'png', 'webp'])).min(1),
    maxSizeBytes: z.number(),
  }),
  /** Encodes the sound of a file anew. */
  z.strictObject({
    id: z.number(),
    task: z.literal('transcode'),
    ...fileWork,
    encoding: z.discriminatedUnion('format', [
      z.strictObject({ format: z.literal('wav') }),
      z.strictObject({ format: z.literal('mp3'), bitrateKbps: z.number() }),
    ]),
    endSeconds: z.number().nullable(),
  }),
  /** Copies a video with a constant rate, whole, trimmed or repeated. */
  z.strictObject({ id: z.number(), task: z.literal('copy-video'), ...fileWork, fix: videoFixSchema }),
  /** Lays the sound of one file under the picture of another. */
  z.strictObject({
    id: z.number(),
    task: z.literal('swap-sound'),
    ...fileWork,
    sound: z.strictObject({ path: z.string(), format: z.string() }),
    endSeconds: z.number(),
  }),
  /** Writes the first frame of a video as a small upright JPEG. */
  z.strictObject({ id: z.number(), task: z.literal('first-frame'), ...fileWork, sidePx: z.number() }),
  /** Writes a small upright JPEG. */
  z.strictObject({
    id: z.number(),
    task: z.literal('thumbnail'),
    path: z.string(),
    ffmpegPath: z.string(),
    sidePx: z.number(),
    target: z.string(),
  }),
  /** Kills what question `id` started. */
  z.strictObject({ id: z.number(), task: z.literal('cancel') }),
])
export type ProbeRequest = z.infer<typeof probeRequestSchema>

export const probeAnswerSchema = z.discriminatedUnion('outcome', [
  z.strictObject({ id: z.number(), outcome: z.literal('ran'), exitCode: z.number().nullable(), stdout: z.string() }),
  z.strictObject({ id: z.number(), outcome: z.literal('done') }),
  z.strictObject({ id: z.number(), outcome: z.literal('painted'), path: z.string() }),
  z.strictObject({
    id: z.number(),
    outcome: z.literal('heard'),
    seconds: z.number(),
    peak: z.number(),
    spreadDb: z.number(),
  }),
  /** The code of a StudioError, or E-INTERNAL, with its params. */
  z.strictObject({
    id: z.number(),
    outcome: z.literal('failed'),
    code: z.string(),
    params: z.record(z.string(), z.unknown()),
  }),
])
export type ProbeAnswer = z.infer<typeof probeAnswerSchema>
