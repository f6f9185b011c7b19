import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { dashscopeEngine } from '../../src/main/core/engines/dashscope/index.ts'
import { segmindEngine } from '../../src/main/core/engines/segmind/index.ts'
import { createHttpClient } from '../../src/main/core/lib/http-client.ts'
import { dashscopeTemp } from '../../src/main/core/storage/dashscope-temp/dashscope-temp.ts'
import { segmindAssets } from '../../src/main/core/storage/segmind-assets/segmind-assets.ts'
import { startSimulator, type Simulator } from '../../src/main/simulator/simulator.ts'
import { defaultParameters } from '../../src/shared/model/parameters.ts'
import { openOfflineEngine } from '../fixtures/offline-engine.ts'
import { generations } from '../fixtures/paid-core.ts'
import { scaledClock } from '../fixtures/scaled-clock.ts'
import { makeClips, makePairs, wavSeconds } from '../fixtures/vendor-media.ts'
import { describeLocalEngine, describeRemoteEngine, type RemoteSubject } from './engine.ts'

const folder = mkdtempSync(join(tmpdir(), 'studio-engines-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const KEY = 'sk-contract-0123456789'

/** What a vendor is asked and told, whoever it is: `routes` are its own names of the calls. */
const vendorOf = (
  simulator: Simulator,
  routes: Readonly<Record<Parameters<RemoteSubject['answerNext']>[0], string>>,
): Pick<RemoteSubject, 'charges' | 'loseNextAnswer' | 'answerNext'> => ({
  charges: () => generations(simulator),
  loseNextAnswer: () => simulator.faults.set([{ route: routes.submit, phase: 'after', resetAfterBytes: 0 }]),
  answerNext: (call, { status, body, taken }) =>
    simulator.faults.set([{ route: routes[call], phase: taken === true ? 'after' : 'before', status, body }]),
})

async function startDashscope(): Promise<RemoteSubject> {
  // Nothing is made while the suite runs: what was submitted stays where it is, the first one running.
  const clock = scaledClock(1)
  const simulator = await startSimulator(
    {
      clock,
      newId: randomUUID,
      inspect: { countFaces: async () => 1, audioSeconds: async (audio) => wavSeconds(audio) },
      renderPortrait: async () => Buffer.from('a video'),
    },
    { dashscope: { keys: [KEY], queueMs: 60_000, submitsPerSecond: 1000, queriesPerSecond: 1000 } },
  )
  const [pair] = makePairs(join(folder, 'in'), 1, 2)
  if (pair === undefined) throw new Error('no pair')
  const http = createHttpClient({ resolveProxy: async () => null })
  const storage = dashscopeTemp.create({
    http,
    baseUrl: new URL(simulator.dashscopeUrl),
    uploadUrl: new URL(simulator.dashscopeUrl),
    allowance: 'loopback',
    loopbackOrigins: [simulator.origin],
    credential: async () => KEY,
    monotonic: clock.monotonic,
    newId: randomUUID,
  })
  const put = async (path: string, extension: string, contentType: string) => {
    const file = { path, sizeBytes: 1, contentType, extension }
    const upload = { model: 'liveportrait', signal: new AbortController().signal, onProgress: () => undefined }
    return storage.signedUrl(await storage.put(storage.newKey(file), file, upload), 3600)
  }
  const request = {
    source: await put(pair.source, '.png', 'image/png'),
    voice: await put(pair.voice, '.wav', 'audio/wav'),
    parameters: defaultParameters(dashscopeEngine.parameters),
  }
  return {
    baseUrl: simulator.dashscopeUrl,
    credential: KEY,
    request,
    ...vendorOf(simulator, { submit: 'dashscope.submit', query: 'dashscope.query', check: 'dashscope.detect' }),
    stop: async () => {
      await http.close()
      await simulator.stop()
    },
  }
}

describeRemoteEngine('dashscope', dashscopeEngine, startDashscope, {
  badKey: '{"code":"InvalidApiKey","message":"Invalid API-key provided.","request_id":"1"}',
  tooFast: '{"code":"Throttling.RateQuota","message":"Requests rate limit exceeded.","request_id":"2"}',
  badInput: '{"code":"InvalidFile.Format","message":"The format is not supported.","request_id":"3"}',
})

async function startSegmind(): Promise<RemoteSubject> {
  const clock = scaledClock(1)
  const key = 'SG_0123456789abcdef'
  const simulator = await startSimulator(
    {
      clock,
      newId: randomUUID,
      inspect: { countFaces: async () => 1, audioSeconds: async () => 2 },
      renderPortrait: async () => Buffer.from('a video'),
      renderClip: async () => ({ bytes: Buffer.from('a video'), frames: 30 }),
    },
    { segmind: { keys: [key], queueMs: 60_000, callsPerMinute: 1000, credits: 1000 } },
  )
  const [clips] = makeClips(join(folder, 'clips'), 1, 1)
  if (clips === undefined) throw new Error('no clips')
  const http = createHttpClient({ resolveProxy: async () => null })
  const url = new URL(simulator.segmindUrl)
  const storage = segmindAssets.create({
    http,
    baseUrl: url,
    uploadUrl: url,
    allowance: 'loopback',
    loopbackOrigins: [simulator.origin],
    credential: async () => key,
    monotonic: clock.monotonic,
    newId: randomUUID,
  })
  const put = async (path: string) => {
    const file = { path, sizeBytes: statSync(path).size, contentType: 'video/mp4', extension: '.mp4' }
    const upload = { model: '', signal: new AbortController().signal, onProgress: () => undefined }
    return storage.signedUrl(await storage.put(storage.newKey(file), file, upload), 3600)
  }
  const request = {
    source: await put(clips.source),
    driver: await put(clips.driver),
    parameters: defaultParameters(segmindEngine.parameters),
  }
  return {
    baseUrl: simulator.segmindUrl,
    credential: key,
    request,
    ...vendorOf(simulator, { submit: 'segmind.submit', query: 'segmind.query', check: 'segmind.query' }),
    stop: async () => {
      expect(simulator.calls().filter(({ route }) => route === 'segmind.blocking')).toEqual([])
      await http.close()
      await simulator.stop()
    },
  }
}

describeRemoteEngine('segmind', segmindEngine, startSegmind, {
  badKey: '{"error":"API key is invalid or may have expired"}',
  tooFast: '{"error":"Rate limit exceeded"}',
  badInput: '{"error":"input_video must be a valid URL"}',
})

const offline = openOfflineEngine()

describeLocalEngine(
  'offline',
  async () => {
    const [pair] = makePairs(join(folder, 'local'), 1, 1)
    if (pair === undefined) throw new Error('no pair')
    return {
      engine: offline,
      subject: {
        inputs: { source: pair.source, voice: pair.voice, sourceName: 'face.png' },
        outputPath: join(folder, 'made.mp4'),
        exists: existsSync,
      },
    }
  },
  offline,
)
