import { createHash } from 'node:crypto'
import { z } from 'zod'
import { json } from '../http-server.ts'
import type { Route, SimulatedAnswer, SimulatedRequest } from '../http-server.ts'
import type { Ledger } from '../ledger.ts'
import { ranged } from '../ranged.ts'
import type { SimulatorPorts } from '../simulator-ports.ts'
import { createRateGate } from './rate-gate.ts'
import { createTaskQueue } from './task-queue.ts'
import type { Task, TaskOutcome } from './task-queue.ts'
import { createTemporaryStorage } from './temporary-storage.ts'
import type { TemporaryStorage } from './temporary-storage.ts'

const API = '/api/v1'
const RESULT_LIFE_MS = 24 * 3600_000

const detectBody = z.object({
  model: z.literal('liveportrait-detect'),
  input: z.object({ image_url: z.string() }),
})
const submitBody = z.object({
  model: z.literal('liveportrait'),
  input: z.object({ image_url: z.string(), audio_url: z.string() }),
  parameters: z
    .object({
      template_id: z.enum(['normal', 'calm', 'active']).default('normal'),
      eye_move_freq: z.number().min(0).max(1).default(0.5),
      video_fps: z.number().int().min(15).max(30).default(24),
      mouth_move_strength: z.number().min(0).max(1.5).default(1),
      paste_back: z.boolean().default(true),
      head_move_strength: z.number().min(0).max(1).default(0.7),
    })
    .prefault({}),
})

/** How the simulated vendor behaves; every number has the contract's own as its default. */
export type DashscopeOptions = {
  /** Keys that are accepted; empty: any key that is not empty. */
  readonly keys?: readonly string[]
  /** Time a task waits before it runs. */
  readonly queueMs?: number
  /** Work time for a video of so many seconds (contract section 6: about 3 s a second). */
  readonly workMs?: (videoSeconds: number) => number
  readonly submitsPerSecond?: number
  readonly queriesPerSecond?: number
}

class Refusal extends Error {
  readonly answer: { readonly status: number; readonly code: string; readonly message: string }
  constructor(status: number, code: string, message: string) {
    super(code)
    this.answer = { status, code, message }
  }
}

const localTime = (at: number) => new Date(at + 8 * 3600_000).toISOString().replace('T', ' ').replace('Z', '')

/** The routes of DashScope as far as LivePortrait uses it. Written from the contract page, apart from our client. */
export function dashscopeRoutes(
  ports: SimulatorPorts,
  ledger: Ledger,
  origin: () => string,
  options: DashscopeOptions,
): { readonly routes: readonly Route[]; readonly storage: TemporaryStorage } {
  const { clock, newId } = ports
  const storage = createTemporaryStorage(clock, newId, () => `${origin()}/oss-upload`)
  const queue = createTaskQueue(clock, options.queueMs ?? 2000)
  const results = new Map<string, { readonly bytes: Buffer; readonly expiresAt: number }>()
  const gates = {
    detect: createRateGate(clock, 5),
    submit: createRateGate(clock, options.submitsPerSecond ?? 5),
    query: createRateGate(clock, options.queriesPerSecond ?? 20),
    policy: createRateGate(clock, 100),
  }

  function authorise(request: SimulatedRequest): void {
    const [, key = ''] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? []
    const known = options.keys ?? []
    if (key === '' || (known.length > 0 && !known.includes(key)))
      throw new Refusal(401, 'InvalidApiKey', 'Invalid API-key provided.')
  }

  function allow(gate: () => boolean): void {
    if (!gate()) throw new Refusal(429, 'Throttling.RateQuota', 'Requests rate limit exceeded, please try again later.')
  }

  function parse<T>(schema: z.ZodType<T>, request: SimulatedRequest): T {
    const text = request.body.toString('utf8')
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      throw new Refusal(400, 'BadRequest.IllegalInput', 'The request body is not valid JSON.')
    }
    const parsed = schema.safeParse(value)
    if (!parsed.success) throw new Refusal(400, 'InvalidParameter', parsed.error.issues[0]?.message ?? 'invalid')
    return parsed.data
  }

  async function fetchInput(address: string, model: string, request: SimulatedRequest): Promise<Buffer> {
    if (address.startsWith('oss://')) {
      if (request.headers['x-dashscope-ossresourceresolve'] !== 'enable') {
        throw new Refusal(
          400,
          'InvalidParameter',
          'The oss url is not supported without X-DashScope-OssResourceResolve.',
        )
      }
      const found = storage.read(address.slice('oss://'.length), model)
      if (typeof found === 'string')
        throw new Refusal(400, 'InvalidFile.DownloadFailed', `The file cannot be read: ${found}.`)
      return found
    }
    if (!/^https?:\/\//.test(address))
      throw new Refusal(400, 'InvalidURL', 'The provided URL does not appear to be valid.')
    const response = await fetch(address, { redirect: 'follow' }).catch(() => null)
    if (response === null)
      throw new Refusal(400, 'InvalidURL.ConnectionRefused', 'Connection to the provided URL was refused.')
    if (!response.ok)
      throw new Refusal(400, 'InvalidFile.DownloadFailed', `The file could not be downloaded (${response.status}).`)
    return Buffer.from(await response.arrayBuffer())
  }

  async function detect(request: SimulatedRequest, requestId: string): Promise<SimulatedAnswer> {
    if (request.headers['x-dashscope-async'] !== undefined) {
      throw new Refusal(403, 'AccessDenied', 'current user api does not support asynchronous calls.')
    }
    allow(gates.detect)
    const body = parse(detectBody, request)
    const image = await fetchInput(body.input.image_url, body.model, request)
    const faces = await ports.inspect.countFaces(image)
    if (faces === null) throw new Refusal(400, 'InvalidImageFormat', 'The image format is illegal or cannot be opened.')
    ledger.add({ at: clock.now(), vendor: 'dashscope', kind: 'detect', id: requestId, bodySha256: sha256(image) })
    const output = faces > 0 ? { pass: true, message: 'success' } : { pass: false, message: 'No human face detected.' }
    return json(200, { request_id: requestId, output, usage: { image_count: 1 } })
  }

  async function makeVideo(body: z.infer<typeof submitBody>, request: SimulatedRequest): Promise<TaskOutcome> {
    try {
      const image = await fetchInput(body.input.image_url, body.model, request)
      const audio = await fetchInput(body.input.audio_url, body.model, request)
      if ((await ports.inspect.countFaces(image)) === 0)
        return { ok: false, code: 'InvalidImage.NoHumanFace', message: 'No human face detected.' }
      const seconds = await ports.inspect.audioSeconds(audio)
      if (seconds === null) return { ok: false, code: 'InvalidURL', message: 'Allowed types are: .wav, .mp3' }
      if (seconds < 1 || seconds > 180)
        return { ok: false, code: 'InvalidFile.AudioLengthError', message: 'The audio length must be in [1,180] s.' }
      const bytes = await ports.renderPortrait({ image, audio, parameters: body.parameters })
      const resultName = `${newId()}.mp4`
      results.set(resultName, { bytes, expiresAt: clock.now() + RESULT_LIFE_MS })
      return { ok: true, resultName, videoSeconds: Math.round(seconds * 100) / 100 }
    } catch (error) {
      if (error instanceof Refusal) return { ok: false, code: error.answer.code, message: error.answer.message }
      throw error
    }
  }

  async function submit(request: SimulatedRequest, requestId: string): Promise<SimulatedAnswer> {
    if (request.headers['x-dashscope-async'] !== 'enable') {
      throw new Refusal(403, 'AccessDenied', 'current user api does not support synchronous calls.')
    }
    allow(gates.submit)
    const body = parse(submitBody, request)
    const taskId = newId()
    ledger.add({
      at: clock.now(),
      vendor: 'dashscope',
      kind: 'generation',
      id: taskId,
      bodySha256: sha256(request.body),
      inputs: [body.input.image_url, body.input.audio_url],
    })
    const workMs = options.workMs ?? ((seconds: number) => seconds * 3000)
    queue.submit(taskId, requestId, async () => {
      const outcome = await makeVideo(body, request)
      return { outcome, workMs: outcome.ok ? workMs(outcome.videoSeconds) : 0 }
    })
    return json(200, { output: { task_id: taskId, task_status: 'PENDING' }, request_id: requestId })
  }

  function describe(task: Task): Record<string, unknown> {
    const times = {
      submit_time: localTime(task.createdAt),
      ...(task.scheduledAt === undefined ? {} : { scheduled_time: localTime(task.scheduledAt) }),
      ...(task.endedAt === undefined ? {} : { end_time: localTime(task.endedAt) }),
    }
    const base = { task_id: task.taskId, task_status: task.status, ...times }
    if (task.outcome === undefined) return { output: base }
    if (!task.outcome.ok) return { output: { ...base, code: task.outcome.code, message: task.outcome.message } }
    const expires = Math.floor(((task.endedAt ?? 0) + RESULT_LIFE_MS) / 1000)
    // Anyone who has the address has the video: it must be written down nowhere.
    const signature = createHash('sha256').update(task.outcome.resultName).digest('base64url')
    const query = `Expires=${expires}&OSSAccessKeyId=SIMULATED&Signature=${signature}`
    return {
      output: { ...base, results: { video_url: `${origin()}/results/${task.outcome.resultName}?${query}` } },
      usage: { video_duration: task.outcome.videoSeconds, video_ratio: 'standard' },
    }
  }

  function list(request: SimulatedRequest, requestId: string): SimulatedAnswer {
    const query = request.url.searchParams
    const size = Math.min(100, Number(query.get('page_size') ?? 10))
    const page = Number(query.get('page_no') ?? 1)
    const status = query.get('status')
    const rows = queue.recent().filter((task) => status === null || task.status === status)
    return json(200, {
      request_id: requestId,
      total: rows.length,
      total_page: Math.ceil(rows.length / size),
      page_no: page,
      page_size: size,
      data: rows.slice((page - 1) * size, page * size).map((task) => ({
        task_id: task.taskId,
        status: task.status,
        model_name: 'liveportrait',
        request_id: task.requestId,
        gmt_create: task.createdAt,
        ...(task.scheduledAt === undefined ? {} : { start_time: task.scheduledAt }),
        ...(task.endedAt === undefined ? {} : { end_time: task.endedAt }),
        region: 'cn-beijing',
        user_api_unique_key: 'apikey:v1:aigc:image2video:video-synthesis:liveportrait',
      })),
    })
  }

  function cancel(taskId: string, requestId: string): SimulatedAnswer {
    if (queue.cancel(taskId)) return json(200, { request_id: requestId })
    throw new Refusal(
      400,
      'UnsupportedOperation',
      'Failed to cancel the task, please confirm if the task is in PENDING status.',
    )
  }

  /** Wraps an effect with the key check and the vendor's flat error body. */
  function guarded(
    effect: (
      request: SimulatedRequest,
      requestId: string,
      parts: Readonly<Record<string, string>>,
    ) => Promise<SimulatedAnswer> | SimulatedAnswer,
  ): Route['answer'] {
    return async (request, parts) => {
      const requestId = newId()
      const date = { date: new Date(clock.now()).toUTCString() }
      try {
        authorise(request)
        const answer = await effect(request, requestId, parts)
        return { ...answer, headers: { ...answer.headers, ...date } }
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        const { status, code, message } = error.answer
        return json(status, { code, message, request_id: requestId }, date)
      }
    }
  }

  const at =
    (method: string, path: string): Route['match'] =>
    (request) =>
      request.method === method && request.url.pathname === path ? {} : null
  const taskAt =
    (method: string, tail: string): Route['match'] =>
    (request) => {
      const [, taskId] = new RegExp(`^${API}/tasks/([^/]+)${tail}$`).exec(request.url.pathname) ?? []
      return request.method === method && taskId !== undefined ? { taskId: decodeURIComponent(taskId) } : null
    }

  const routes: readonly Route[] = [
    {
      name: 'dashscope.detect',
      match: at('POST', `${API}/services/aigc/image2video/face-detect`),
      answer: guarded(detect),
    },
    {
      name: 'dashscope.submit',
      match: at('POST', `${API}/services/aigc/image2video/video-synthesis/`),
      answer: guarded(submit),
    },
    {
      name: 'dashscope.policy',
      match: at('GET', `${API}/uploads`),
      answer: guarded((request, requestId) => {
        allow(gates.policy)
        const model = request.url.searchParams.get('model') ?? ''
        if (request.url.searchParams.get('action') !== 'getPolicy' || model === '')
          throw new Refusal(400, 'InvalidParameter', 'action')
        return storage.policy(model, requestId)
      }),
    },
    { name: 'dashscope.upload', match: at('POST', '/oss-upload'), answer: (request) => storage.upload(request) },
    {
      name: 'dashscope.list',
      match: at('GET', `${API}/tasks/`),
      answer: guarded((request, requestId) => {
        allow(gates.query)
        return list(request, requestId)
      }),
    },
    {
      name: 'dashscope.query',
      match: taskAt('GET', ''),
      answer: guarded((_request, requestId, parts) => {
        allow(gates.query)
        const taskId = parts['taskId'] ?? ''
        const task = queue.find(taskId)
        const body = task === undefined ? { output: { task_id: taskId, task_status: 'UNKNOWN' } } : describe(task)
        return json(200, { request_id: requestId, ...body })
      }),
    },
    {
      name: 'dashscope.cancel',
      match: taskAt('POST', '/cancel'),
      answer: guarded((_request, requestId, parts) => {
        allow(gates.query)
        return cancel(parts['taskId'] ?? '', requestId)
      }),
    },
    {
      name: 'dashscope.result',
      match: ({ method, url }) => {
        const [, name] = /^\/results\/([\w.-]+)$/.exec(url.pathname) ?? []
        return method === 'GET' && name !== undefined ? { name } : null
      },
      answer: async (request, parts) => {
        const found = results.get(parts['name'] ?? '')
        if (request.headers.authorization !== undefined)
          return { status: 400, body: 'Authorization is not for this host' }
        if (found === undefined) return { status: 404, body: '<Error><Code>NoSuchKey</Code></Error>' }
        if (found.expiresAt <= clock.now())
          return {
            status: 403,
            body: '<Error><Code>AccessDenied</Code><Message>Request has expired.</Message></Error>',
          }
        return ranged(request, found.bytes)
      },
    },
  ]
  return { routes, storage }
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
