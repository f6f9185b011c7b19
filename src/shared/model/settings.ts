import { z } from 'zod'
import { engineIdSchema, parametersSchema } from './engine.ts'

/** Everything a person can set, with its default; stored in the database, never a secret. */
export const settingsSchema = z.strictObject({
  language: z.enum(['system', 'en', 'zh']).default('system'),
  theme: z.enum(['system', 'light', 'dark']).default('system'),
  engine: engineIdSchema.default('offline'),
  /** '' until chosen: hosts then use their own default folder. */
  outputFolder: z.string().default(''),
  pairBy: z.enum(['name', 'order', 'all']).default('name'),
  recursive: z.boolean().default(true),
  /** `AI-generated` in the MP4's metadata. */
  aiLabel: z.boolean().default(true),
  /** Last parameters used per engine. */
  parameters: z.partialRecord(engineIdSchema, parametersSchema).default({}),
})
export type Settings = z.infer<typeof settingsSchema>

export const presetSchema = z.strictObject({
  presetId: z.string(),
  name: z.string().min(1).max(80),
  engine: engineIdSchema,
  parameters: parametersSchema,
})
export type Preset = z.infer<typeof presetSchema>
