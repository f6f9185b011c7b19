import { createHash } from 'node:crypto'
import { z } from 'zod'
import { json } from '../http-server.ts'
import type { Route, SimulatedAnswer, SimulatedRequest } from '../http-server.ts'
import type { Ledger } from '../ledger.ts'
import { ranged } from '../ranged.ts'
import type { ClipRenderer, SimulatorClock } from '../simulator-ports.ts'

const MODEL = 'live-portrait-video-to-video'
const RECORD_LIFE_MS = 3600_000
const FILE_LIFE_MS = 7 * 24 * 3600_000
const AVERAGE_COST = 0.279
/** The frames of the average run. */
const AVERAGE_FRAMES = 120
const MINUTE_MS = 60_000

const submitBody = z.object({
  input_video: z.string(),
  driving_video: z.string(),
  dsize: z.number().int().min(64).max(2048),
  scale: z.number().min(1).max(4),
  vx_ratio: z.number().min(-1).max(1).default(0),
  vy_ratio: z.number().min(-1).max(1).default(-0.125),
  input_face_index: z.number().int().min(0).max(5),
  drive_face_index: z.number().int().min(0).max(5),
  crop_drive_face: z.boolean().default(false),
  lip_zero: z.boolean().default(true),
  lip_zero_threshold: z.number().min(0).max(5).default(0.03),
  eye_retargeting: z.boolean().default(false),
  eyes_retargeting_multiplier: z.number().min(0.01).max(10).default(1),
  lip_retargeting: z.boolean().default(false),
  lip_retargeting_multiplier: z.number().min(0.01).max(10).default(1),
  stitching: z.boolean().default(true),
  relative: z.boolean().default(true),
  mismatch_method: z.enum(['cut', 'circle', 'none']),
  video_frame_load_cap: z.number().int().min(0),
  driving_audio: z.boolean().default(false),
  base64: z.boolean().default(false),
})
type Submit = z.infer<typeof submitBody>

/** How the simulated vendor behaves; every number has the contract's own as its default. */
export type SegmindOptions = {
  /** Keys that are accepted; empty: any key that is not empty. */
  readonly keys?: readonly string[]
  readonly queueMs?: number
  /** Work time for a result of so many frames; the average run takes 74 s. */
  readonly workMs?: (frames: number) => number
  readonly callsPerMinute?: number
  /** US dollars on the account at the start. */
  readonly credits?: number
  /** Runs at the same time. */
  readonly workers?: number
}

type Run = {
  readonly id: string
  readonly submittedAt: number
  status: 'QUEUED' | 'PROCESSING' | 'COMPLETED' | 'FAILED'
  startedAt?: number
  endedAt?: number
  fileName?: string
  inline?: Buffer
  error?: string
  cost?: number
}

class Refusal extends Error {
  readonly answer: SimulatedAnswer
  constructor(status: number, error: string, more: object = {}, headers: Readonly<Record<string, string>> = {}) {
    super(error)
    this.answer = json(status, { error, ...more }, headers)
  }
}

/** The routes of Segmind as far as the clip model uses them. Written from the contract page, apart from our client. */
export function segmindRoutes(
  ports: { readonly clock: SimulatorClock; readonly newId: () => string; readonly renderClip: ClipRenderer },
  ledger: Ledger,
  origin: () => string,
  options: SegmindOptions,
): readonly Route[] {
  const { clock, newId, renderClip } = ports
  const { keys = [], queueMs = 2000, workMs = (frames) => frames * 620, callsPerMinute = 60, workers = 2 } = options
  const runs = new Map<string, Run>()
  const waiting: { readonly run: Run; readonly body: Submit }[] = []
  const assets = new Map<string, { readonly bytes: Buffer; readonly type: string }>()
  const files = new Map<string, { readonly bytes: Buffer; readonly expiresAt: number }>()
  let credits = options.credits ?? 10
  let busy = 0
  let calls: number[] = []

  function authorise({ headers }: SimulatedRequest): void {
    const key = headers['x-api-key']
    if (typeof key !== 'string' || key === '') throw new Refusal(401, 'Missing Authorization or x-api-key in header')
    if (keys.length > 0 && !keys.includes(key)) {
      const more = { error_description: 'API key is invalid or may have expired', status_code: 401 }
      throw new Refusal(401, 'invalid_api_key', more)
    }
    const now = clock.now()
    calls = calls.filter((at) => now - at < MINUTE_MS)
    if (calls.length >= callsPerMinute) {
      const resetAt = new Date((calls[0] ?? now) + MINUTE_MS).toISOString()
      throw new Refusal(429, 'Rate limit exceeded', {}, { 'x-rate-limit-reset-at-utc': resetAt })
    }
    calls.push(now)
  }

  function parse<T>(schema: z.ZodType<T>, request: SimulatedRequest): T {
    if (!(request.headers['content-type'] ?? '').startsWith('application/json')) {
      throw new Refusal(406, 'Invalid content type')
    }
    let value: unknown
    try {
      value = JSON.parse(request.body.toString('utf8'))
    } catch {
      throw new Refusal(400, 'The request body is not valid JSON')
    }
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    const [issue] = parsed.error.issues
    throw new Refusal(400, `${issue?.path.join('.') ?? ''} ${issue?.message ?? 'invalid'}`.trim())
  }

  async function fetchInput(name: string, address: string): Promise<Buffer> {
    const [, asset] = /\/assets\/([\w.-]+)$/.exec(address) ?? []
    const known = address.startsWith(`${origin()}/`) && asset !== undefined ? assets.get(asset) : undefined
    if (known !== undefined) return known.bytes
    const response = /^https?:\/\//.test(address) ? await fetch(address).catch(() => null) : null
    if (response?.ok !== true) throw new Error(`Failed to download ${name}`)
    return Buffer.from(await response.arrayBuffer())
  }

  /** What a run ends with; the error texts are the model's own. */
  async function make(run: Run, body: Submit): Promise<{ frames: number; error?: string }> {
    try {
      const { input_video: input, driving_video: driving, ...parameters } = body
      const source = await fetchInput('input_video', input)
      const driver = await fetchInput('driving_video', driving)
      const made = await renderClip({ source, driver, parameters })
      if ('error' in made) return { frames: 0, error: made.error }
      if (parameters.base64) run.inline = made.bytes
      else {
        run.fileName = `${newId()}.mp4`
        files.set(run.fileName, { bytes: made.bytes, expiresAt: clock.now() + FILE_LIFE_MS })
      }
      return { frames: made.frames }
    } catch (error) {
      return { frames: 0, error: error instanceof Error ? error.message : String(error) }
    }
  }

  function startNext(): void {
    const next = busy < workers ? waiting.shift() : undefined
    if (next === undefined) return
    busy += 1
    const { run, body } = next
    run.status = 'PROCESSING'
    run.startedAt = clock.now()
    void work(run, body)
    startNext()
  }

  async function work(run: Run, body: Submit): Promise<void> {
    const { frames, error } = await make(run, body)
    const leftMs = error === undefined ? workMs(frames) - (clock.now() - (run.startedAt ?? 0)) : 0
    clock.setTimer(Math.max(0, leftMs), () => {
      run.endedAt = clock.now()
      run.status = error === undefined ? 'COMPLETED' : 'FAILED'
      if (error !== undefined) run.error = error
      else {
        run.cost = Math.round((AVERAGE_COST * frames * 1e4) / AVERAGE_FRAMES) / 1e4
        credits = Math.round((credits - run.cost) * 1e4) / 1e4
      }
      busy -= 1
      startNext()
    })
  }

  function submit(request: SimulatedRequest): SimulatedAnswer {
    const body = parse(submitBody, request)
    if (credits < AVERAGE_COST) {
      throw new Refusal(406, `Insufficient credits: your balance is ${credits}, ${AVERAGE_COST} is needed`)
    }
    const run: Run = { id: newId(), submittedAt: clock.now(), status: 'QUEUED' }
    runs.set(run.id, run)
    const bodySha256 = createHash('sha256').update(request.body).digest('hex')
    const inputs = [body.input_video, body.driving_video]
    ledger.add({ at: clock.now(), vendor: 'segmind', kind: 'generation', id: run.id, bodySha256, inputs })
    clock.setTimer(queueMs, () => {
      waiting.push({ run, body })
      startNext()
    })
    return json(200, { request_id: run.id, status: run.status, ...urls(run.id) })
  }

  const urls = (id: string) => ({
    poll_url: `${origin()}/v1/requests/${id}`,
    status_url: `${origin()}/v2/requests/${id}/status`,
    response_url: `${origin()}/v2/requests/${id}`,
  })

  function metricsOf({ submittedAt, startedAt, endedAt, cost }: Run): object {
    const seconds = (from: number | undefined, to: number | undefined) =>
      from === undefined || to === undefined ? {} : Math.round((to - from) / 100) / 10
    if (endedAt === undefined) return {}
    return {
      inference_time: seconds(startedAt, endedAt),
      queue_time: seconds(submittedAt, startedAt),
      total_time: seconds(submittedAt, endedAt),
      ...(cost === undefined ? {} : { cost, remaining_credits: credits, retry_count: 0 }),
    }
  }

  function find(id: string): Run {
    const run = runs.get(id)
    if (run === undefined || clock.now() - run.submittedAt >= RECORD_LIFE_MS) {
      throw new Refusal(404, `Request ${id} not found`)
    }
    return run
  }

  function statusOf(id: string): SimulatedAnswer {
    const run = find(id)
    if (run.status === 'FAILED') return failed(run)
    const { status } = run
    const { poll_url: _, ...own } = urls(id)
    return json(200, { status, request_id: id, ...own, metrics: metricsOf(run) })
  }

  const failed = (run: Run) => json(422, { status: 'FAILED', error: run.error, metrics: metricsOf(run) })

  function resultOf(id: string): SimulatedAnswer {
    const run = find(id)
    if (run.status === 'FAILED') return failed(run)
    if (run.status !== 'COMPLETED') return statusOf(id)
    const head = { request_id: id, status: run.status }
    if (run.inline !== undefined) {
      return json(200, { ...head, output: run.inline.toString('base64'), metrics: metricsOf(run) })
    }
    const name = run.fileName ?? ''
    const url = `${origin()}/files/${name}`
    const size = String(files.get(name)?.bytes.length ?? 0)
    const video = { url, content_type: 'video/mp4', file_name: name, file_size: size }
    return json(200, { ...head, output: url, video, metrics: metricsOf(run) })
  }

  const uploadBody = z.object({ data_urls: z.array(z.string()).min(1).max(20) })
  function upload(request: SimulatedRequest): SimulatedAnswer {
    const stored = parse(uploadBody, request).data_urls.map((text) => {
      const [, type, data] = /^data:([\w./+-]+);base64,([A-Za-z0-9+/]*={0,2})$/.exec(text) ?? []
      if (type === undefined || data === undefined) throw new Refusal(400, 'data_urls must be base64 data URLs')
      return { type, bytes: Buffer.from(data, 'base64') }
    })
    const addresses = stored.map((asset) => {
      const name = `${newId()}.${asset.type.split('/')[1]?.replace('quicktime', 'mov') ?? 'bin'}`
      assets.set(name, asset)
      return `${origin()}/assets/${name}`
    })
    return json(200, { file_urls: addresses, message: 'Files uploaded successfully' })
  }

  /** Wraps an effect with the key check and the vendor's error body. */
  const guarded =
    (
      effect: (request: SimulatedRequest, parts: Readonly<Record<string, string>>) => SimulatedAnswer,
    ): Route['answer'] =>
    async (request, parts) => {
      const date = { date: new Date(clock.now()).toUTCString() }
      try {
        authorise(request)
        const answer = effect(request, parts)
        return { ...answer, headers: { ...answer.headers, ...date } }
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        return { ...error.answer, headers: { ...error.answer.headers, ...date } }
      }
    }

  const at =
    (method: string, pattern: RegExp): Route['match'] =>
    (request) => {
      const found = request.method === method ? pattern.exec(request.url.pathname) : null
      return found === null ? null : { id: decodeURIComponent(found[1] ?? '') }
    }
  const open = (name: string, pattern: RegExp, find: (id: string) => Buffer | undefined): Route => ({
    name,
    match: at('GET', pattern),
    answer: async (request, { id = '' }) => {
      // A key that is shown here went to the wrong place.
      if (request.headers['x-api-key'] !== undefined) return { status: 400, body: 'x-api-key is not for this host' }
      const bytes = find(id)
      return bytes === undefined ? { status: 404, body: 'Not Found' } : ranged(request, bytes)
    },
  })
  const answers: readonly (readonly [name: string, method: string, pattern: RegExp, answer: Route['answer']])[] = [
    ['segmind.submit', 'POST', new RegExp(`^/v2/${MODEL}$`), guarded(submit)],
    ['segmind.query', 'GET', /^\/v2\/requests\/([^/]+)\/status$/, guarded((_, { id = '' }) => statusOf(id))],
    ['segmind.outcome', 'GET', /^\/v2\/requests\/([^/]+)$/, guarded((_, { id = '' }) => resultOf(id))],
    ['segmind.old-query', 'GET', /^\/v1\/requests\/([^/]+)$/, guarded((_, { id = '' }) => statusOf(id))],
    ['segmind.credits', 'GET', /^\/v1\/get-user-credits$/, guarded(() => json(200, { credits, 'free-credits': 0 }))],
    ['segmind.upload', 'POST', /^\/upload-asset$/, guarded(upload)],
    [
      // In maintenance mode at the vendor, and a second job beside any other: nothing may ever call it.
      'segmind.blocking',
      'POST',
      new RegExp(`^/v1/${MODEL}$`),
      guarded(() => json(503, { error: 'The blocking endpoint is not for use: submit to v2' })),
    ],
    [
      'segmind.wrong-verb',
      '*',
      /^\/(v2\/|upload-asset$|v1\/get-user-credits$)/,
      async () => ({
        status: 405,
        headers: { 'content-type': 'text/html' },
        body: '<!doctype html><title>405 Method Not Allowed</title>',
      }),
    ],
  ]
  return [
    ...answers.map(([name, method, pattern, answer]) => ({
      name,
      match: (request: Parameters<Route['match']>[0]) => at(method === '*' ? request.method : method, pattern)(request),
      answer,
    })),
    open('segmind.result', /^\/files\/([\w.-]+)$/, (name) => {
      const file = files.get(name)
      return file !== undefined && file.expiresAt > clock.now() ? file.bytes : undefined
    }),
    open('segmind.asset', /^\/assets\/([\w.-]+)$/, (name) => assets.get(name)?.bytes),
  ]
}
