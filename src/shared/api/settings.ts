import { z } from 'zod'
import { engineIdSchema, parametersSchema } from '../model/engine.ts'
import { presetSchema, settingsChangeSchema, settingsSchema } from '../model/settings.ts'

export const settingsContract = {
  'settings.get': { input: z.strictObject({}), output: settingsSchema },
  /** Throws E-PARAM-* for parameters, and E-CONFIG-INVALID or E-CONFIG-INSECURE for the address of a vendor; then nothing is changed. */
  'settings.update': { input: z.strictObject({ change: settingsChangeSchema }), output: settingsSchema },
  'presets.list': { input: z.strictObject({}), output: z.strictObject({ presets: z.array(presetSchema) }) },
  /** Saves under a name; the same name of the same engine is replaced. */
  'presets.save': {
    input: z.strictObject({ name: z.string().min(1).max(80), engine: engineIdSchema, parameters: parametersSchema }),
    output: presetSchema,
  },
  'presets.remove': { input: z.strictObject({ presetId: z.string() }), output: z.strictObject({}) },
} as const

export const settingsEvents = { 'settings-changed': settingsSchema } as const
