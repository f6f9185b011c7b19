import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makePicture, makeVoice, testCore, testPorts } from '../../../tests/fixtures/test-core.ts'
import { tempFolder } from '../../../tests/fixtures/temp-folder.ts'
import { StudioError } from '../../shared/errors.ts'
import { contract, events, type Method, type StudioEvent } from '../../shared/api/index.ts'
import { createCore, openReadOnly } from './create-core.ts'

describe('dispatch', () => {
  test('refuses names that are no methods, also those that every object has', async () => {
    const { core } = await testCore(tempFolder())
    for (const name of ['nope', '', '__proto__', 'constructor', 'toString', 'jobs.list ', 'x'.repeat(100_000)]) {
      await expect(core.dispatch(name, {})).rejects.toMatchObject({ data: { code: 'E-PARAM-UNKNOWN' } })
    }
  })

  test(
    'answers 1,000 inputs of any shape with a coded error or with what the contract says',
    { timeout: 120_000 },
    async () => {
      const { core } = await testCore(tempFolder(), { startsQueue: false })
      const methods = Object.keys(contract) as Method[]
      const harmless = methods.filter((method) => !method.startsWith('system.') && method !== 'batch.plan')
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...harmless),
          fc.anything({ withNullPrototype: true }),
          async (method, input) => {
            try {
              const output: unknown = await core.dispatch(method, input)
              expect(contract[method].output.safeParse(output).success).toBe(true)
            } catch (thrown) {
              expect(thrown).toBeInstanceOf(StudioError)
              expect(thrown).not.toMatchObject({ data: { code: 'E-INTERNAL' } })
            }
          },
        ),
        { numRuns: 1000 },
      )
      expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('polluted')
    },
  )

  test('does not let parameters named like parts of objects through', async () => {
    const { core } = await testCore(tempFolder(), { startsQueue: false })
    const parameters: unknown = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}')
    const save = core.dispatch('presets.save', { name: 'x', engine: 'offline', parameters })
    await expect(save).rejects.toMatchObject({ data: { code: expect.stringMatching(/^E-PARAM-/) } })
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })
})

describe('settings and presets', () => {
  test('one changed setting leaves the others alone, is told, and is there after a restart', async () => {
    const root = tempFolder()
    const { core, call } = await testCore(root, { startsQueue: false })
    const told: StudioEvent[] = []
    core.subscribe((event) => told.push(event))
    await call('settings.update', { change: { theme: 'dark', parameters: { offline: { video_fps: 30 } } } })
    await call('settings.update', { change: { language: 'zh' } })
    expect(await call('settings.get', {})).toMatchObject({ theme: 'dark', language: 'zh', aiLabel: true })
    expect(told.map(({ name, payload }) => events[name].safeParse(payload).success)).toEqual([true, true])
    await core.stop()
    const next = await testCore(root, { startsQueue: false })
    expect(await next.call('settings.get', {})).toMatchObject({
      theme: 'dark',
      parameters: { offline: { video_fps: 30 } },
    })
  })

  test('a stored value that no version of ours wrote falls back to its default', async () => {
    const root = tempFolder()
    const { core, call } = await testCore(root, { startsQueue: false })
    await call('settings.update', { change: { theme: 'dark', language: 'zh' } })
    await core.stop()
    const { DatabaseSync } = await import('node:sqlite')
    const database = new DatabaseSync(join(root, 'data', 'studio.sqlite'))
    database.exec(
      `UPDATE settings SET value = '"neon"' WHERE key = 'theme'; INSERT INTO settings VALUES ('later', '1')`,
    )
    database.close()
    const next = await testCore(root, { startsQueue: false })
    expect(await next.call('settings.get', {})).toMatchObject({ theme: 'system', language: 'zh' })
  })

  test('an address of a vendor that is no https address is refused, and nothing else is changed with it', async () => {
    const { call } = await testCore(tempFolder(), { startsQueue: false })
    for (const [address, code] of [
      ['http://api.example.com', 'E-CONFIG-INSECURE'],
      ['http://127.0.0.1:9', 'E-CONFIG-INSECURE'],
      ['not an address', 'E-CONFIG-INVALID'],
      ['https://user:secret@api.example.com', 'E-CONFIG-INVALID'],
    ] as const) {
      const given = { workspaceId: '', baseUrl: '', uploadUrl: '' }
      for (const field of ['baseUrl', 'uploadUrl'] as const) {
        const change = { theme: 'light' as const, endpoints: { segmind: { ...given, [field]: address } } }
        await expect(call('settings.update', { change })).rejects.toMatchObject({ data: { code } })
      }
    }
    expect(await call('settings.get', {})).toMatchObject({ theme: 'system', endpoints: {} })
  })

  test('a preset is complete, replaced under its name, and removed', async () => {
    const { call } = await testCore(tempFolder(), { startsQueue: false })
    const first = await call('presets.save', { name: 'Lively', engine: 'offline', parameters: { eye_move_freq: 1 } })
    expect(first.parameters).toMatchObject({ eye_move_freq: 1, video_fps: 24 })
    const second = await call('presets.save', { name: 'Lively', engine: 'offline', parameters: { video_fps: 30 } })
    expect(second.presetId).toBe(first.presetId)
    expect((await call('presets.list', {})).presets).toEqual([second])
    await call('presets.remove', { presetId: second.presetId })
    expect((await call('presets.list', {})).presets).toEqual([])
    await expect(call('presets.remove', { presetId: second.presetId })).rejects.toThrow('E-PARAM-RANGE')
  })
})

describe('one data folder', () => {
  test('has one live core; beside it jobs, checks and the doctor can still be read', async () => {
    const root = tempFolder()
    const live = await testCore(root)
    const source = join(live.inputs, 'a.png')
    const voice = join(live.inputs, 'a.wav')
    makePicture(source, 'red')
    makeVoice(voice, 400)
    const { jobs } = await live.start([{ source, voice, folder: '' }])
    await live.rest(jobs)
    const ports = testPorts(live.dataDir, live.output)
    await expect(createCore(ports)).rejects.toMatchObject({
      data: { code: 'E-INSTANCE', params: { pid: process.pid } },
    })
    const reader = await openReadOnly(ports)
    onTestFinished(() => reader.stop())
    const { rows } = await reader.handlers['jobs.list']({ offset: 0, limit: 10 })
    expect(rows.map(({ state }) => state)).toEqual(['done'])
    const { results } = await reader.handlers['media.check'](
      contract['media.check'].input.parse({ engine: 'dashscope', paths: [source, voice] }),
    )
    expect(results.map(({ path, kind }) => [path, kind])).toEqual([
      [source, 'image'],
      [voice, 'audio'],
    ])
    const doctor = contract['system.doctor'].output.parse(await reader.handlers['system.doctor']({}))
    expect(doctor.rows.map(({ part }) => part)).toEqual([
      'ffmpeg',
      'ffprobe',
      'keychain',
      'database',
      'models',
      'disk',
      'node',
    ])
  })

  test('that a core could not open is free again', async () => {
    const root = tempFolder()
    const ports = testPorts(root, root)
    writeFileSync(join(root, 'backups'), 'a file where a folder is needed')
    await expect(createCore(ports)).rejects.toMatchObject({ data: { code: 'E-OUT-PERMISSION' } })
    const { rm } = await import('node:fs/promises')
    await rm(join(root, 'backups'))
    await (await createCore(ports, { startsQueue: false })).stop()
  })
})

test('media are reached by id only, and only what they were', async () => {
  const live = await testCore(tempFolder())
  const source = join(live.inputs, 'a.png')
  const voice = join(live.inputs, 'a.wav')
  makePicture(source, 'red')
  makeVoice(voice, 400)
  const { results } = await live.call('media.check', { engine: 'offline', paths: [source, voice] })
  const [picture, sound] = results.map(({ mediaId }) => mediaId)
  const { jobs } = await live.start([{ source, voice, folder: '' }])
  const [job] = await live.rest(jobs)
  const { resolveMedia } = live.core
  expect(await resolveMedia(`source/${picture}`)).toEqual({ path: source, contentType: 'image/png' })
  expect(await resolveMedia(`thumbnail/${picture}`)).toMatchObject({ contentType: 'image/jpeg' })
  expect(await resolveMedia(`thumbnail/${sound}`)).toBeNull()
  expect(await resolveMedia(`result/${job?.jobId}`)).toEqual({ path: job?.output, contentType: 'video/mp4' })
  for (const route of [
    '',
    'source',
    'source/',
    `source/${source}`,
    'source/../../etc/passwd',
    'result/..%2f..%2fetc%2fpasswd',
    'preview/none',
    'other/x',
    `result/${job?.jobId}/more`,
  ]) {
    expect(await resolveMedia(route), route).toBeNull()
  }
  makePicture(source, 'blue')
  expect(await resolveMedia(`source/${picture}`)).toBeNull()
})
