import { z } from 'zod'
import { engineIdSchema, parametersSchema } from './engine.ts'

const fields = z.strictObject({
  language: z.enum(['system', 'en', 'zh']),
  theme: z.enum(['system', 'light', 'dark']),
  engine: engineIdSchema,
  /** '' until chosen: hosts then use their own default folder. */
  outputFolder: z.string(),
  pairBy: z.enum(['name', 'order', 'all']),
  recursive: z.boolean(),
  /** `AI-generated` in the MP4's metadata. */
  aiLabel: z.boolean(),
  /** Last parameters used per engine. */
  parameters: z.partialRecord(engineIdSchema, parametersSchema),
})

/** Some of the settings. Not `settingsSchema.partial()`: that would fill in the defaults of those not named. */
export const settingsChangeSchema = fields.partial()
export type SettingsChange = z.infer<typeof settingsChangeSchema>

/** Everything a person can set, with its default; stored in the database, never a secret. */
export const settingsSchema = z.strictObject({
  language: fields.shape.language.default('system'),
  theme: fields.shape.theme.default('system'),
  engine: fields.shape.engine.default('offline'),
  outputFolder: fields.shape.outputFolder.default(''),
  pairBy: fields.shape.pairBy.default('name'),
  recursive: fields.shape.recursive.default(true),
  aiLabel: fields.shape.aiLabel.default(true),
  parameters: fields.shape.parameters.default({}),
})
export type Settings = z.infer<typeof settingsSchema>

export const presetSchema = z.strictObject({
  presetId: z.string(),
  name: z.string().min(1).max(80),
  engine: engineIdSchema,
  parameters: parametersSchema,
})
export type Preset = z.infer<typeof presetSchema>
