import { z } from 'zod'
import { errorDataSchema } from '../model/error.ts'
import { engineIdSchema } from '../model/engine.ts'

const toolFact = z.strictObject({ path: z.string(), version: z.string(), released: z.string().optional() })

const updateSchema = z.strictObject({ version: z.string(), page: z.string() })

export const systemContract = {
  /** What this host can do, for the window to show only what works. */
  'system.info': {
    input: z.strictObject({}),
    output: z.strictObject({
      version: z.string(),
      host: z.enum(['electron', 'web', 'cli']),
      platform: z.string(),
      dataFolder: z.string(),
      defaultOutputFolder: z.string(),
      canShowInFolder: z.boolean(),
      canPickFolder: z.boolean(),
      canDragOut: z.boolean(),
      /** Whether this build looks for newer ones, where it may. */
      canLookForUpdates: z.boolean(),
      /** Engines that can run jobs here, in the order of choice. */
      engines: z.array(engineIdSchema).default(['offline']),
    }),
  },
  /** One row a part; an error where it is missing or broken. */
  'system.doctor': {
    input: z.strictObject({}),
    output: z.strictObject({
      rows: z.array(
        z.strictObject({
          part: z.enum(['ffmpeg', 'ffprobe', 'keychain', 'database', 'models', 'disk', 'node']),
          ok: z.boolean(),
          tool: toolFact.optional(),
          facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
          error: errorDataSchema.optional(),
        }),
      ),
    }),
  },
  /** Opens the file manager at a finished result (never at an input). */
  'system.showResult': { input: z.strictObject({ jobId: z.string() }), output: z.strictObject({}) },
  /** The licences of everything that ships, as text. */
  'system.licences': { input: z.strictObject({}), output: z.strictObject({ text: z.string() }) },
  /** Drags a finished result out of the window; to be called while the drag begins. */
  'system.dragResult': { input: z.strictObject({ jobId: z.string() }), output: z.strictObject({}) },
  /** What the system handed over since the last call (open with, a second start). Nothing is started with it. */
  'system.takeHandedFiles': { input: z.strictObject({}), output: z.strictObject({ paths: z.array(z.string()) }) },
  /** The newer release that was found last; null while there is none. */
  'system.update': { input: z.strictObject({}), output: z.strictObject({ update: updateSchema.nullable() }) },
  /** The system's folder dialog; null when it was closed. */
  'system.pickFolder': { input: z.strictObject({}), output: z.strictObject({ path: z.string().nullable() }) },
  /** The system's file dialog, for files and folders; empty when it was closed. */
  'system.pickInputs': { input: z.strictObject({}), output: z.strictObject({ paths: z.array(z.string()) }) },
} as const

/** What a menu of the system can ask of the window. */
const windowWishSchema = z.enum(['add-files', 'add-folder', 'desk', 'queue', 'settings', 'shortcuts', 'about'])
export type WindowWish = z.infer<typeof windowWishSchema>

export const systemEvents = {
  'window-asked': z.strictObject({ wish: windowWishSchema }),
  /** `system.takeHandedFiles` has something. */
  'files-handed': z.strictObject({}),
  /** A newer release is out. Told while nothing runs. */
  'update-found': updateSchema,
} as const
