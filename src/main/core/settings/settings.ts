import type { Logger } from 'pino'
import { z } from 'zod'
import { StudioError } from '../../../shared/errors.ts'
import { engineIdSchema, parametersSchema, type EngineId, type Parameters } from '../../../shared/model/engine.ts'
import { ENGINE_PARAMETERS, parseParameters } from '../../../shared/model/parameters.ts'
import { settingsSchema, type Preset, type Settings, type SettingsChange } from '../../../shared/model/settings.ts'
import type { Database, Row } from '../db/database.ts'

const presetRowSchema = z.object({
  preset_id: z.string(),
  name: z.string(),
  engine: engineIdSchema,
  parameters: z.string(),
})

type SettingsOptions = {
  readonly database: Database
  readonly logger: Logger
  readonly newId: () => string
  readonly changed: (settings: Settings) => void
}

/**
 * Settings and presets, in the database. Each setting is a row of its own: one that cannot be read, or that an older
 * version wrote differently, falls back to its default and leaves the others alone.
 */
export function createSettings({ database, logger, newId, changed }: SettingsOptions) {
  const defaults = settingsSchema.parse({})

  function read(): Settings {
    const stored: Record<string, unknown> = {}
    for (const { key, value } of database.all('SELECT key, value FROM settings')) {
      const name = String(key)
      if (!Object.hasOwn(defaults, name)) continue
      try {
        const candidate: unknown = JSON.parse(String(value))
        settingsSchema.parse({ [name]: candidate })
        stored[name] = candidate
      } catch (cause) {
        logger.warn({ setting: name, cause }, 'setting not readable; its default is used')
      }
    }
    return settingsSchema.parse(stored)
  }

  function parsePreset(row: Row): Preset[] {
    try {
      const found = presetRowSchema.parse(row)
      const parameters = parametersSchema.parse(JSON.parse(found.parameters))
      return [{ presetId: found.preset_id, name: found.name, engine: found.engine, parameters }]
    } catch (cause) {
      logger.warn({ presetId: row['preset_id'], cause }, 'preset not readable; left out')
      return []
    }
  }

  return {
    get: read,

    /** Strict: parameters are checked against their engine. Throws E-PARAM-*. */
    update: (change: SettingsChange): Settings => {
      for (const [engine, parameters] of Object.entries(change.parameters ?? {})) {
        parseParameters(ENGINE_PARAMETERS[engineIdSchema.parse(engine)], parameters)
      }
      database.transaction(() => {
        for (const [key, value] of Object.entries(change)) {
          if (value === undefined) continue
          database.run(
            'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
            key,
            JSON.stringify(value),
          )
        }
      })
      const settings = read()
      changed(settings)
      return settings
    },

    listPresets: (): Preset[] => database.all('SELECT * FROM presets ORDER BY engine, name').flatMap(parsePreset),

    savePreset: (name: string, engine: EngineId, parameters: Parameters): Preset => {
      const complete = parseParameters(ENGINE_PARAMETERS[engine], parameters)
      const known = database.get('SELECT preset_id FROM presets WHERE engine = ? AND name = ?', engine, name)?.[
        'preset_id'
      ]
      const preset: Preset = {
        presetId: typeof known === 'string' ? known : newId(),
        name,
        engine,
        parameters: complete,
      }
      database.run(
        'INSERT INTO presets (preset_id, name, engine, parameters) VALUES (?, ?, ?, ?) ON CONFLICT (preset_id) DO UPDATE SET parameters = excluded.parameters',
        preset.presetId,
        name,
        engine,
        JSON.stringify(complete),
      )
      return preset
    },

    /** Throws E-PARAM-RANGE when there is none. */
    removePreset: (presetId: string): void => {
      if (database.run('DELETE FROM presets WHERE preset_id = ?', presetId) === 0) {
        throw new StudioError('E-PARAM-RANGE', {
          params: { name: 'presetId', value: presetId.slice(0, 64), reason: 'preset' },
        })
      }
    },
  }
}
