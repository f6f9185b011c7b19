import { z } from 'zod'

export const ENGINE_IDS = ['offline', 'dashscope', 'segmind'] as const
export const engineIdSchema = z.enum(ENGINE_IDS)
export type EngineId = z.infer<typeof engineIdSchema>

/** How one parameter of an engine is entered and checked. Label, unit and hint stand in the text catalogues under `parameter.<key>`. */
export type ParameterSpec = {
  readonly key: string
  /** Set where an engine takes voices and drivers: the parameter acts with this one alone. */
  readonly drivenBy?: 'voice' | 'driver'
} & (
  | {
      readonly kind: 'integer' | 'number'
      readonly min: number
      readonly max: number
      readonly step: number
      readonly default: number
    }
  | { readonly kind: 'boolean'; readonly default: boolean }
  | { readonly kind: 'choice'; readonly choices: readonly string[]; readonly default: string }
)

export const parameterValueSchema = z.union([z.string(), z.number(), z.boolean()])
export type ParameterValue = z.infer<typeof parameterValueSchema>
/** Complete or partial parameters of one engine by key; parsed against the engine's specs by `parseParameters`. */
export const parametersSchema = z.record(z.string(), parameterValueSchema)
export type Parameters = z.infer<typeof parametersSchema>
