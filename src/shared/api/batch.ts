import { z } from 'zod'
import { leftOverSchema, pairBySchema, pairSchema } from '../model/batch.ts'
import { engineIdSchema, parametersSchema } from '../model/engine.ts'
import { checkResultSchema, findingSchema } from '../model/media.ts'
import { jobSchema } from '../model/job.ts'

export const batchContract = {
  /**
   * Looks at files and folders and pairs them; reads names only, not contents. `drivers` are driving videos (then
   * `inputs` are sources). A manifest overrides pairing. Nothing is guessed: what stays over is listed with its reason.
   */
  'batch.plan': {
    input: z.strictObject({
      inputs: z.array(z.string()).max(10_000),
      drivers: z.array(z.string()).max(10_000).default([]),
      manifest: z.string().optional(),
      pairBy: pairBySchema.default('name'),
      recursive: z.boolean().default(false),
      /** Results made earlier in this folder are not taken for inputs. */
      outputFolder: z.string().optional(),
    }),
    output: z.strictObject({
      pairs: z.array(pairSchema),
      /** Every usable file seen, paired or not. */
      files: z.array(
        z.strictObject({ path: z.string(), kind: z.enum(['image', 'audio', 'video']), folder: z.string() }),
      ),
      leftOver: z.array(leftOverSchema),
      /** Errors of the plan itself, such as a manifest row that names a missing file. */
      findings: z.array(findingSchema),
    }),
  },
  /**
   * Makes one job a pair, all in one transaction. A pair already done is reused, one already queued goes on. A paid
   * engine needs `spend`: without it, or when the price is now higher than the confirmed one, E-SPEND-CAP is thrown and
   * nothing is made.
   */
  'batch.start': {
    input: z.strictObject({
      engine: engineIdSchema,
      pairs: z.array(pairSchema).min(1).max(10_000),
      parameters: parametersSchema.default({}),
      outputFolder: z.string().min(1),
      /** Make everything anew. */
      again: z.boolean().default(false),
      /** Also make repairs that lose something (shrink, crop, trim, transcode), on a copy. */
      repair: z.boolean().default(false),
      spend: z
        .strictObject({
          /** The high price of the quote that a person agreed to. */
          confirmed: z.number().min(0),
          currency: z.enum(['CNY', 'USD']),
          /** Jobs that no longer fit below this stay unsent. */
          maxCost: z.number().min(0).optional(),
          /** A person agreed that the inputs go to a public place that nothing can be deleted from; asked once for an engine. */
          acceptPublicUpload: z.boolean().optional(),
        })
        .optional(),
    }),
    output: z.strictObject({ batchId: z.string(), jobs: z.array(jobSchema) }),
  },
  /** Whether results could be written there; creates nothing. Throws E-OUT-PERMISSION, E-OUT-NAME, E-CONFIG-INVALID. */
  'batch.checkOutput': {
    input: z.strictObject({ outputFolder: z.string(), inputs: z.array(z.string()).default([]) }),
    output: z.strictObject({ outputFolder: z.string(), freeBytes: z.number().nullable() }),
  },
  /** The bundled samples: two portraits and two voices, as inputs for `batch.plan`. */
  'batch.samples': {
    input: z.strictObject({}),
    output: z.strictObject({
      inputs: z.array(z.string()),
      pairs: z.array(pairSchema),
      checks: z.array(checkResultSchema),
    }),
  },
} as const
