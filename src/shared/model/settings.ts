import { z } from 'zod'
import { engineIdSchema, parametersSchema, type EngineId } from './engine.ts'
import { DEFAULT_PRICES, priceTableSchema } from './spend.ts'

/** How a vendor is reached: '' for its own addresses or no workspace. */
const endpointSchema = z.strictObject({
  baseUrl: z.string().max(300),
  workspaceId: z.string().max(100),
  uploadUrl: z.string().max(300).default(''),
  /** Of all calls with one key, where the vendor counts them by the minute; absent: the engine's own number. */
  callsPerMinute: z.number().int().min(1).max(1000).optional(),
})

type EndpointField = 'baseUrl' | 'uploadUrl' | 'workspaceId'
/** What of its endpoint can be set for each engine, in the order in which people see it. */
export const ENDPOINT_FIELDS: Readonly<Record<EngineId, readonly EndpointField[]>> = {
  offline: [],
  dashscope: ['baseUrl', 'workspaceId'],
  segmind: ['baseUrl', 'uploadUrl'],
}
/** Calls a minute with one key unless a person sets another number, where the vendor counts them so (contracts/segmind.md, section 8). */
export const CALLS_PER_MINUTE: Readonly<Partial<Record<EngineId, number>>> = { segmind: 30 }

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
  /** Whether a released app looks once a day for a newer one. */
  lookForUpdates: z.boolean(),
  /** Last parameters used per engine. */
  parameters: z.partialRecord(engineIdSchema, parametersSchema),
  /** Dated prices of the paid engines; what is not here has none. */
  prices: z.partialRecord(engineIdSchema, priceTableSchema),
  /** The most that may be spent in one day (local time), in the currency of the engine; absent: no cap. */
  dayCaps: z.partialRecord(engineIdSchema, z.number().min(0).max(1_000_000)),
  /** What a window proposes as the most for one batch; what holds is said at its start. */
  batchCaps: z.partialRecord(engineIdSchema, z.number().min(0).max(1_000_000)),
  endpoints: z.partialRecord(engineIdSchema, endpointSchema),
  /** A person knows that the vendor's own place for inputs is public and takes nothing back. */
  publicUploads: z.partialRecord(engineIdSchema, z.boolean()),
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
  lookForUpdates: fields.shape.lookForUpdates.default(true),
  parameters: fields.shape.parameters.default({}),
  prices: fields.shape.prices.default(DEFAULT_PRICES),
  dayCaps: fields.shape.dayCaps.default({}),
  batchCaps: fields.shape.batchCaps.default({}),
  endpoints: fields.shape.endpoints.default({}),
  publicUploads: fields.shape.publicUploads.default({}),
})
export type Settings = z.infer<typeof settingsSchema>

export const presetSchema = z.strictObject({
  presetId: z.string(),
  name: z.string().min(1).max(80),
  engine: engineIdSchema,
  parameters: parametersSchema,
})
export type Preset = z.infer<typeof presetSchema>
