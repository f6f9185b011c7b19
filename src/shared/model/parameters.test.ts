import { describe, expect, it } from 'vitest'
import { StudioError } from '../errors.ts'
import type { EngineId } from './engine.ts'
import { ENGINE_PARAMETERS, parseParameters, readParameterText } from './parameters.ts'

const codeOf = (action: () => unknown): string => {
  try {
    action()
    return 'ok'
  } catch (error) {
    if (error instanceof StudioError) return error.code
    throw error
  }
}

const fromJson = (engine: EngineId, json: string) =>
  codeOf(() => parseParameters(ENGINE_PARAMETERS[engine], JSON.parse(json) as Record<string, unknown>))

const fromText = (key: string, text: string) =>
  codeOf(() => {
    const specs = ENGINE_PARAMETERS.offline
    return parseParameters(specs, { [key]: readParameterText(specs, key, text) })
  })

describe('parameters given as JSON', () => {
  it.each([
    ['D401', '{"video_fps":14}', 'E-PARAM-RANGE'],
    ['D401', '{"video_fps":31}', 'E-PARAM-RANGE'],
    ['D401', '{"video_fps":24.5}', 'E-PARAM-TYPE'],
    ['D401', '{"video_fps":"24"}', 'E-PARAM-TYPE'],
    ['D401', '{"video_fps":null}', 'E-PARAM-TYPE'],
    ['D401', '{"video_fps":1e999}', 'E-PARAM-RANGE'],
    ['D401', '{"video_fps":-0}', 'E-PARAM-RANGE'],
    ['D402', '{"eye_move_freq":-0.0001}', 'E-PARAM-RANGE'],
    ['D402', '{"eye_move_freq":1.0001}', 'E-PARAM-RANGE'],
    ['D402', '{"eye_move_freq":0}', 'ok'],
    ['D402', '{"eye_move_freq":1}', 'ok'],
    ['D403', '{"mouth_move_strength":1.5}', 'ok'],
    ['D403', '{"mouth_move_strength":1.51}', 'E-PARAM-RANGE'],
    ['D403', '{"head_move_strength":1}', 'ok'],
    ['D403', '{"head_move_strength":1.01}', 'E-PARAM-RANGE'],
    ['D404', '{"template_id":"Normal"}', 'E-PARAM-RANGE'],
    ['D404', '{"template_id":"normal "}', 'E-PARAM-RANGE'],
    ['D404', '{"template_id":"angry"}', 'E-PARAM-RANGE'],
    ['D404', '{"template_id":""}', 'E-PARAM-RANGE'],
    ['D404', '{"template_id":0}', 'E-PARAM-TYPE'],
    ['D405', '{"paste_back":"false"}', 'E-PARAM-TYPE'],
    ['D405', '{"paste_back":0}', 'E-PARAM-TYPE'],
    ['D405', '{"paste_back":null}', 'E-PARAM-TYPE'],
    ['D413', '{"template_di":"calm"}', 'E-PARAM-UNKNOWN'],
    ['D413', '{"__proto__":{"video_fps":24}}', 'E-PARAM-UNKNOWN'],
    ['D413', '{"constructor":1}', 'E-PARAM-UNKNOWN'],
  ])('%s: %s is %s', (_row, json, expected) => {
    expect(fromJson('offline', json)).toBe(expected)
    expect(fromJson('dashscope', json)).toBe(expected)
  })

  it('D413: ten thousand unknown fields are refused at the first one, and nothing is polluted', () => {
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`field_${i}`, i]))
    expect(codeOf(() => parseParameters(ENGINE_PARAMETERS.offline, many))).toBe('E-PARAM-UNKNOWN')
    expect(({} as Record<string, unknown>)['video_fps']).toBeUndefined()
  })

  it('names the nearest parameter of an unknown one', () => {
    try {
      parseParameters(ENGINE_PARAMETERS.offline, { vidoe_fps: 24 })
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(StudioError)
      expect(error).toHaveProperty('data.params.nearest', 'video_fps')
    }
  })

  it('lists the choices when one is not known', () => {
    try {
      parseParameters(ENGINE_PARAMETERS.offline, { template_id: 'angry' })
      expect.unreachable()
    } catch (error) {
      expect(error).toHaveProperty('data.params.choices', 'normal, calm, active')
    }
  })

  it('keeps false and 0 and fills in the defaults of the rest', () => {
    expect(parseParameters(ENGINE_PARAMETERS.dashscope, { paste_back: false, mouth_move_strength: 0 })).toEqual({
      template_id: 'normal',
      eye_move_freq: 0.5,
      video_fps: 24,
      mouth_move_strength: 0,
      paste_back: false,
      head_move_strength: 0.7,
    })
  })
})

describe('parameters given as text', () => {
  it.each([
    ['D401', 'video_fps', '24', 'ok'],
    ['D405', 'paste_back', 'false', 'ok'],
    ['D405', 'paste_back', '0', 'E-PARAM-TYPE'],
    ['D414', 'mouth_move_strength', '0,5', 'E-PARAM-TYPE'],
    ['D414', 'mouth_move_strength', '1,000', 'E-PARAM-TYPE'],
    ['D414', 'video_fps', '２４', 'E-PARAM-TYPE'],
    ['D414', 'video_fps', '٢٤', 'E-PARAM-TYPE'],
    ['D414', 'video_fps', '0x18', 'E-PARAM-TYPE'],
    ['D414', 'video_fps', '', 'E-PARAM-TYPE'],
    ['D414', 'video_fps', ' 24', 'E-PARAM-TYPE'],
    ['D413', 'vidoe_fps', '24', 'E-PARAM-UNKNOWN'],
  ])('%s: %s=%s is %s', (_row, key, text, expected) => {
    expect(fromText(key, text)).toBe(expected)
  })
})
