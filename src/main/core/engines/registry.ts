import { StudioError } from '../../../shared/errors.ts'
import type { EngineId } from '../../../shared/model/engine.ts'
import { dashscopeEngine } from './dashscope/index.ts'
import type { Engine, RemoteEngine } from './engine.ts'
import { segmindEngine } from './segmind/index.ts'

/** The paid engines, in the order of choice. */
export const REMOTE_ENGINES: readonly RemoteEngine[] = [dashscopeEngine, segmindEngine]

export type EngineRegistry = {
  readonly all: readonly Engine[]
  /** Throws E-PARAM-RANGE for an engine that this build cannot run. */
  readonly get: (id: EngineId) => Engine
}

export function createEngineRegistry(engines: readonly Engine[]): EngineRegistry {
  return {
    all: engines,
    get: (id) => {
      const engine = engines.find((candidate) => candidate.id === id)
      if (engine !== undefined) return engine
      const choices = engines.map((candidate) => candidate.id).join(', ')
      throw new StudioError('E-PARAM-RANGE', { params: { name: 'engine', value: id, choices, reason: 'choice' } })
    },
  }
}
