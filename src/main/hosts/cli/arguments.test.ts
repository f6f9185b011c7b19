import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { StudioError } from '../../../shared/errors.ts'
import type { ErrorData } from '../../../shared/errors.ts'
import { createTexts } from '../../../shared/lib/create-texts.ts'
import { readRunRequest, requireLocal } from './arguments.ts'
import type { RunRequest } from './arguments.ts'
import { parseArguments } from './program.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'studio-arguments-'))
  writeFileSync(join(folder, 'p.json'), '\ufeff{"video_fps": 30, "paste_back": false}')
  writeFileSync(join(folder, 'text.json'), '{"video_fps": "24"}')
  writeFileSync(join(folder, 'infinite.json'), '{"video_fps": 1e999}')
  writeFileSync(join(folder, 'proto.json'), '{"__proto__": {"polluted": true}}')
  writeFileSync(join(folder, 'list.json'), '[1]')
  writeFileSync(join(folder, 'broken.json'), '{"video_fps": ')
  writeFileSync(join(folder, 'null.json'), '{"seed": null}')
  writeFileSync(join(folder, 'large.json'), `{"x": "${'x'.repeat(1_100_000)}"}`)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The command line as typed, to the request or the error's code and params. */
function read(line: string): RunRequest | { code: string; params: Record<string, unknown> } {
  try {
    const command = parseArguments(line.split(' ').filter(Boolean), createTexts('en'), '1.2.3')
    if (command.name !== 'run' && command.name !== 'check') throw new Error(command.name)
    return readRunRequest(command.inputs, command.options, folder)
  } catch (error) {
    if (error instanceof StudioError) return { code: error.code, params: error.data.params }
    throw error
  }
}

/** What a command line that must not start is refused with. */
function refusalOf(line: string): ErrorData {
  try {
    const command = parseArguments(line.split(' ').filter(Boolean), createTexts('en'), '1.2.3')
    if (command.name === 'run') readRunRequest(command.inputs, command.options, folder)
    if (command.name === 'check') requireLocal(readRunRequest(command.inputs, command.options, folder))
  } catch (error) {
    if (error instanceof StudioError) return error.data
    throw error
  }
  throw new Error(`${line} was not refused`)
}

describe('parameters', () => {
  it.each([
    ['run a --set video_fps=24', { video_fps: 24 }],
    ['run a --set paste_back=false --set seed=0', { paste_back: false, seed: 0 }],
    ['run a --set template_id=calm --set mouth_move_strength=1.5', { template_id: 'calm', mouth_move_strength: 1.5 }],
    ['run a --set head_move_strength=-0', { head_move_strength: 0 }],
    ['run a --params p.json', { video_fps: 30, paste_back: false }],
    ['run a --params p.json --set seed=7', { video_fps: 30, paste_back: false, seed: 7 }],
    ['run a', {}],
  ])('%s', (line, parameters) => {
    expect(read(line)).toMatchObject({ parameters })
    expect(Object.keys((read(line) as RunRequest).parameters)).toHaveLength(Object.keys(parameters).length)
  })

  it.each([
    ['run a --set video_fps=14', 'E-PARAM-RANGE', 'video_fps'],
    ['run a --set video_fps=31', 'E-PARAM-RANGE', 'video_fps'],
    ['run a --set video_fps=24.5', 'E-PARAM-TYPE', 'video_fps'],
    ['run a --set video_fps=', 'E-PARAM-TYPE', 'video_fps'],
    ['run a --set video_fps=NaN', 'E-PARAM-TYPE', 'video_fps'],
    ['run a --set video_fps=0x18', 'E-PARAM-TYPE', 'video_fps'],
    ['run a --set eye_move_freq=0,5', 'E-PARAM-TYPE', 'eye_move_freq'],
    ['run a --set eye_move_freq=1.0001', 'E-PARAM-RANGE', 'eye_move_freq'],
    ['run a --set seed=1,000', 'E-PARAM-TYPE', 'seed'],
    ['run a --set video_fps=٢٤', 'E-PARAM-TYPE', 'video_fps'],
    ['run a --set video_fps=２４', 'E-PARAM-TYPE', 'video_fps'],
    ['run a --set template_id=Normal', 'E-PARAM-RANGE', 'template_id'],
    ['run a --set paste_back=0', 'E-PARAM-TYPE', 'paste_back'],
    ['run a --set paste_back=False', 'E-PARAM-TYPE', 'paste_back'],
    ['run a --set stitchng=1', 'E-PARAM-UNKNOWN', 'stitchng'],
    ['run a --set __proto__=1', 'E-PARAM-UNKNOWN', '__proto__'],
    ['run a --set constructor=1', 'E-PARAM-UNKNOWN', 'constructor'],
    ['run a --engine dashscope --set seed=1', 'E-PARAM-UNKNOWN', 'seed'],
    ['check a --set video_fps=14', 'E-PARAM-RANGE', 'video_fps'],
    ['run a --params text.json', 'E-PARAM-TYPE', 'video_fps'],
    ['run a --params infinite.json', 'E-PARAM-RANGE', 'video_fps'],
    ['run a --params proto.json', 'E-PARAM-UNKNOWN', '__proto__'],
    ['run a --params null.json', 'E-PARAM-TYPE', 'seed'],
  ])('%s is %s', (line, code, name) => {
    expect(read(line)).toMatchObject({ code, params: { name } })
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('the command line', () => {
  it.each([
    ['run', 'Name at least one'],
    ['run a --frobnicate', "unknown option '--frobnicate'"],
    ['run a --out', 'argument missing'],
    ['run a --out --json', 'value is missing'],
    ['run a --set --json', 'value is missing'],
    ['run a --driver --json', 'value is missing'],
    ['run a --engine', 'argument missing'],
    ['run a --engine voodoo', 'one of: offline, dashscope, segmind'],
    ['run a --pair closest', 'one of: name, order, all'],
    ['run a --out x --out y', 'given twice'],
    ['run a --engine offline --engine dashscope', 'given twice'],
    ['run a --set seed=1 --set seed=2', 'two sources: --set, twice'],
    ['run a --params p.json --set video_fps=24', 'two sources: --params and --set'],
    ['run a --set seed', 'key=value'],
    ['run a --set =1', 'key=value'],
    ['check https://example.com/a.png', 'Addresses'],
    ['check a --driver http://example.com/a.mp4', 'Addresses'],
    ['run a --poll-interval 0', '0.1 to 3600'],
    ['run a --poll-interval soon', '0.1 to 3600'],
    ['run a --max-cost -1', 'such as 2.5'],
    ['run a --max-cost 1e9', 'such as 2.5'],
    ['run a --url-via pigeon', 'one of: vendor, bucket'],
    ['jobs adopt 1', 'missing required argument'],
    ['jobs adopt 1 ../../etc', '8 to 128'],
    ['storage set', 'bucket'],
    ['simulate --port x', '0 to 65535'],
    ['serve --port 65536', '0 to 65535'],
    ['serve --port x', '0 to 65535'],
    ['serve extra', 'too many arguments'],
    ['jobs', 'Name a command after "jobs"'],
    ['jobs show', 'missing required argument'],
    ['jobs explode 1', "unknown command 'explode'"],
    ['explode', "unknown command 'explode'"],
    ['keys set offline', 'one of: dashscope, segmind'],
    ['keys', 'Name a command after "keys"'],
    ['doctor --json --verbose', "unknown option '--verbose'"],
  ])('"%s" is refused before anything starts', (line, sentence) => {
    const refusal = refusalOf(line)
    expect(refusal).toMatchObject({ code: 'E-CONFIG-INVALID', params: { reason: 'usage' } })
    expect(refusal.params['value']).toContain(sentence)
  })

  it.each(['missing.json', 'list.json', 'broken.json', 'large.json', '.'])('--params %s cannot be used', (file) => {
    expect(read(`run a --params ${file}`)).toMatchObject({ code: 'E-CONFIG-INVALID', params: { reason: 'params' } })
  })

  it.each([
    'run a --api-key sk-CANARYds0123456789abcdef',
    'run a --api-key=sk-CANARYds0123456789abcdef',
    'run a --dashscope-key sk-CANARYds0123456789abcdef',
    'run a --secret CANARY',
    'run a --set api_key=sk-CANARYds0123456789abcdef',
    'run sk-CANARYds0123456789abcdef',
    'keys set segmind SG_CANARY0123456789',
    'serve --token CANARY',
  ])('"%s" is refused, and the key is not repeated', (line) => {
    const answer = refusalOf(line)
    expect(answer).toMatchObject({ code: 'E-CONFIG-INVALID', params: { reason: 'usage' } })
    expect(JSON.stringify(answer)).not.toContain('CANARY')
  })

  it('file names that look odd are taken as they are', () => {
    for (const name of ['sk-portrait.png', '=HYPERLINK(1).wav', '%2e%2e%2fx.png', 'http:x.wav', 'frame%03d.png']) {
      expect(read(`run ${name}`)).toMatchObject({ inputs: [join(folder, name)] })
    }
    expect(read('run -- -version.wav')).toMatchObject({ inputs: [join(folder, '-version.wav')] })
  })

  it('has the defaults of the contract', () => {
    expect(read('run a b --driver c d')).toEqual({
      engine: 'offline',
      inputs: [join(folder, 'a'), join(folder, 'b')],
      drivers: [join(folder, 'c'), join(folder, 'd')],
      pairBy: 'name',
      recursive: false,
      parameters: {},
      repair: false,
      outputFolder: join(folder, 'liveportrait-output'),
      again: false,
      yes: false,
    })
  })

  it('help and version are told in either language', () => {
    const help = parseArguments(['run', '--help'], createTexts('zh'), '1.2.3')
    expect(help).toMatchObject({ name: 'help', text: expect.stringContaining('配对') as string })
    expect(parseArguments(['--version'], createTexts('en'), '1.2.3')).toEqual({ name: 'help', text: '1.2.3' })
  })
})
