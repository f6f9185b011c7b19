import { z } from 'zod'
import { engineIdSchema, parametersSchema } from '../model/engine.ts'
import {
  checkResultSchema,
  findingSchema,
  mediaFactsSchema,
  pixelBoxSchema,
  repairStepSchema,
  videoFixSchema,
} from '../model/media.ts'

export const mediaContract = {
  /**
   * Header checks and probe against the engine's limits; no network, no key, no job. At most 200 paths a call. `deep`
   * also decodes each file to its end: files that are cut off, and sound without a voice. That takes many times longer.
   */
  'media.check': {
    input: z.strictObject({
      engine: engineIdSchema,
      paths: z.array(z.string()).max(200),
      deep: z.boolean().default(false),
    }),
    output: z.strictObject({ results: z.array(checkResultSchema) }),
  },
  /**
   * Fetches an input that is given as a public https address, to be checked and used like a file; a paid engine is handed
   * the address itself. Throws E-URL-BLOCKED, E-INPUT-MISSING, -TOO-LARGE, -UNAVAILABLE, E-NET-*.
   */
  'media.fetch': {
    input: z.strictObject({ url: z.string().max(100_000) }),
    output: z.strictObject({ path: z.string() }),
  },
  /**
   * Faces of a picture, or of a video's first frame, largest first (index = `face_index`), boxes in pixels of the upright
   * picture of `width` by `height`. `crop`: the square of a cut of size 1, turned by `angle` (radians) round its middle.
   */
  'media.faces': {
    input: z.strictObject({ path: z.string() }),
    output: z.strictObject({
      width: z.number().int(),
      height: z.number().int(),
      faces: z.array(
        z.strictObject({
          box: pixelBoxSchema,
          score: z.number(),
          crop: z.strictObject({ x: z.number(), y: z.number(), side: z.number(), angle: z.number() }),
        }),
      ),
    }),
  },
  /**
   * Makes a copy of a video with a constant rate, whole, trimmed or repeated, and gives its place: a job takes it in the
   * place of the file, which stays as it is. Throws E-INPUT-*, E-TOOL-*, E-DISK-FULL.
   */
  'media.fitVideo': {
    input: z.strictObject({ path: z.string(), fix: videoFixSchema }),
    output: z.strictObject({ path: z.string() }),
  },
  /** Renders one frame of an offline job; the picture is at the media route `preview/<previewId>`. */
  'media.preview': {
    input: z.strictObject({
      source: z.string(),
      voice: z.string().optional(),
      parameters: parametersSchema,
      timeSeconds: z.number().min(0),
    }),
    output: z.strictObject({ previewId: z.string(), width: z.number().int(), height: z.number().int() }),
  },
  /**
   * Makes the copy that a job with repairs would use; the file itself stays as it is. The copy is at the media route
   * `preview/<previewId>`, and a job that needs the same one takes it. Throws the error that still stands when no
   * repair settles it. No steps and no id: nothing was to be repaired.
   */
  'media.repairPreview': {
    input: z.strictObject({ engine: engineIdSchema, path: z.string() }),
    output: z.strictObject({
      steps: z.array(repairStepSchema),
      before: mediaFactsSchema,
      after: mediaFactsSchema,
      /** What is still to be said of the copy: warnings and notes. */
      findings: z.array(findingSchema),
      previewId: z.string().nullable(),
    }),
  },
} as const
