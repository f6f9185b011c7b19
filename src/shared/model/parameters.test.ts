import { describe, expect, it } from 'vitest'
import { StudioError } from '../errors.ts'
import type { EngineId } from './engine.ts'
import { defaultParameters, ENGINE_PARAMETERS, parseParameters, readParameterText } from './parameters.ts'

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

describe('parameters of clips', () => {
  it.each([
    ['D406', '{"dsize":63}', 'E-PARAM-RANGE'],
    ['D406', '{"dsize":64}', 'ok'],
    ['D406', '{"dsize":2048}', 'ok'],
    ['D406', '{"dsize":2049}', 'E-PARAM-RANGE'],
    ['D406', '{"dsize":512.0}', 'ok'],
    ['D406', '{"dsize":512.5}', 'E-PARAM-TYPE'],
    ['D406', '{"dsize":"0x200"}', 'E-PARAM-TYPE'],
    ['D407', '{"scale":0.99}', 'E-PARAM-RANGE'],
    ['D407', '{"scale":1}', 'ok'],
    ['D407', '{"scale":4}', 'ok'],
    ['D407', '{"scale":4.01}', 'E-PARAM-RANGE'],
    ['D407', '{"vx_ratio":1.0001}', 'E-PARAM-RANGE'],
    ['D407', '{"vx_ratio":-1.0001}', 'E-PARAM-RANGE'],
    ['D407', '{"vy_ratio":null}', 'E-PARAM-TYPE'],
    ['D408', '{"input_face_index":-1}', 'E-PARAM-RANGE'],
    ['D408', '{"input_face_index":6}', 'E-PARAM-RANGE'],
    ['D408', '{"input_face_index":1.5}', 'E-PARAM-TYPE'],
    ['D408', '{"drive_face_index":5}', 'ok'],
    ['D409', '{"mismatch_method":"CUT"}', 'E-PARAM-RANGE'],
    ['D409', '{"mismatch_method":"loop"}', 'E-PARAM-RANGE'],
    ['D410', '{"video_frame_load_cap":-1}', 'E-PARAM-RANGE'],
    ['D410', '{"video_frame_load_cap":0}', 'ok'],
    ['D410', '{"video_frame_load_cap":1000000000}', 'E-PARAM-RANGE'],
    ['D410', '{"video_frame_load_cap":9007199254740992}', 'E-PARAM-RANGE'],
    ['D411', '{"lip_zero_threshold":5}', 'ok'],
    ['D411', '{"lip_zero_threshold":5.01}', 'E-PARAM-RANGE'],
    ['D411', '{"eyes_retargeting_multiplier":0.009}', 'E-PARAM-RANGE'],
    ['D411', '{"eyes_retargeting_multiplier":10.01}', 'E-PARAM-RANGE'],
    ['D412', '{"base64":true}', 'ok'],
    ['D412', '{"base64":"true"}', 'E-PARAM-TYPE'],
    ['D413', '{"stitchng":true}', 'E-PARAM-UNKNOWN'],
    ['D413', '{"__proto__":{"dsize":64}}', 'E-PARAM-UNKNOWN'],
  ])('%s: %s is %s', (_row, json, expected) => {
    expect(fromJson('segmind', json)).toBe(expected)
  })

  it('are all those that the API has beside its two clips, none left out', () => {
    expect(Object.keys(defaultParameters(ENGINE_PARAMETERS.segmind)).length).toBe(19)
    expect(parseParameters(ENGINE_PARAMETERS.segmind, { vy_ratio: -0.5, stitching: false, vx_ratio: 0 })).toMatchObject(
      {
        vy_ratio: -0.5,
        stitching: false,
        vx_ratio: 0,
        dsize: 512,
      },
    )
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
