import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startSimulator } from '../simulator.ts'
import type { Simulator } from '../simulator.ts'

/** A clock that the test moves: timers fire in order when their time is reached. */
function steppedClock(start: number) {
  let now = start
  let timers: { at: number; action: () => void }[] = []
  return {
    now: () => now,
    setTimer: (delayMs: number, action: () => void) => {
      const timer = { at: now + delayMs, action }
      timers.push(timer)
      return { cancel: () => (timers = timers.filter((other) => other !== timer)) }
    },
    /** Moves time on from timer to timer and lets the work that each starts settle. */
    async advance(byMs: number) {
      const end = now + byMs
      for (;;) {
        for (let turn = 0; turn < 5; turn++) await new Promise((settle) => setImmediate(settle))
        const [next] = timers.filter((timer) => timer.at <= end).toSorted((a, b) => a.at - b.at)
        if (next === undefined) break
        timers = timers.filter((timer) => timer !== next)
        now = Math.max(now, next.at)
        next.action()
      }
      now = end
    },
  }
}

const FACE = Buffer.from('a picture with a face')
const NO_FACE = Buffer.from('a picture without a face')
const VOICE = Buffer.from('a voice of 2.79 seconds')
const VIDEO = Buffer.from('the video')
const START = Date.UTC(2026, 0, 31, 3, 33, 3)

let clock: ReturnType<typeof steppedClock>
let simulator: Simulator
let renders: number

beforeEach(async () => {
  clock = steppedClock(START)
  renders = 0
  let ids = 0
  simulator = await startSimulator(
    {
      clock,
      newId: () => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`,
      inspect: {
        countFaces: async (image) => (image.equals(NO_FACE) ? 0 : image.length > 0 ? 1 : null),
        audioSeconds: async (audio) => (audio.equals(VOICE) ? 2.79 : null),
      },
      renderPortrait: async () => {
        renders += 1
        return VIDEO
      },
    },
    { dashscope: { keys: ['sk-good'], queueMs: 10_000 } },
  )
})
afterEach(() => simulator.stop())

type Json = Record<string, unknown>
const api = async (
  method: string,
  path: string,
  options: { body?: unknown; headers?: Record<string, string>; key?: string } = {},
) => {
  const response = await fetch(`${simulator.dashscopeUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${options.key ?? 'sk-good'}`,
      'content-type': 'application/json',
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    redirect: 'manual',
  })
  return { status: response.status, body: (await response.json()) as Json }
}

/** Puts a file into the temporary storage as the contract describes it. */
async function upload(model: string, bytes: Buffer, change: (form: FormData) => void | Promise<void> = () => {}) {
  const { body } = await api('GET', `/uploads?action=getPolicy&model=${model}`)
  const data = body['data'] as Record<string, string>
  const form = new FormData()
  const key = `${data['upload_dir']}/${Math.random().toString(36).slice(2)}.bin`
  form.set('OSSAccessKeyId', data['oss_access_key_id'] ?? '')
  form.set('policy', data['policy'] ?? '')
  form.set('Signature', data['signature'] ?? '')
  form.set('key', key)
  form.set('x-oss-object-acl', data['x_oss_object_acl'] ?? '')
  form.set('x-oss-forbid-overwrite', data['x_oss_forbid_overwrite'] ?? '')
  form.set('success_action_status', '200')
  form.set('file', new Blob([new Uint8Array(bytes)]), 'file.bin')
  await change(form)
  const response = await fetch(data['upload_host'] ?? '', { method: 'POST', body: form })
  return { status: response.status, text: await response.text(), url: `oss://${key}`, data }
}

const resolveOss = { 'x-dashscope-ossresourceresolve': 'enable' }
const asynchronous = { 'x-dashscope-async': 'enable', ...resolveOss }
const SUBMIT = '/services/aigc/image2video/video-synthesis/'
const DETECT = '/services/aigc/image2video/face-detect'

async function submit(image = FACE) {
  const picture = await upload('liveportrait', image)
  const voice = await upload('liveportrait', VOICE)
  const body = { model: 'liveportrait', input: { image_url: picture.url, audio_url: voice.url } }
  return api('POST', SUBMIT, { body, headers: asynchronous })
}

const output = (reply: { body: Json }) => reply.body['output'] as Json

describe('the simulated DashScope answers as the contract shows', () => {
  it('gives an upload credential of the documented shape', async () => {
    const { body } = await api('GET', '/uploads?action=getPolicy&model=liveportrait')
    expect(Object.keys(body['data'] as Json).toSorted()).toEqual([
      'capacity_limit_mb',
      'expire_in_seconds',
      'max_file_size_mb',
      'oss_access_key_id',
      'policy',
      'signature',
      'upload_dir',
      'upload_host',
      'x_oss_forbid_overwrite',
      'x_oss_object_acl',
    ])
  })

  it('takes a file once, as the last field of the form, while the credential lives', async () => {
    expect(await upload('liveportrait', VOICE)).toMatchObject({ status: 200, text: '' })
    expect(await upload('liveportrait', VOICE, (form) => form.set('after', 'x'))).toMatchObject({ status: 400 })
    const late = await upload('liveportrait', VOICE, () => clock.advance(301_000))
    expect(late).toMatchObject({ status: 403, text: expect.stringContaining('Policy expired') as string })
  })

  it('refuses a wrong key with the flat error body', async () => {
    const reply = await api('GET', '/tasks/', { key: 'sk-wrong' })
    expect(reply).toMatchObject({ status: 401, body: { code: 'InvalidApiKey', message: 'Invalid API-key provided.' } })
    expect(reply.body['request_id']).toEqual(expect.any(String))
  })

  it('detects a face synchronously and bills each look', async () => {
    const face = await upload('liveportrait-detect', FACE)
    const none = await upload('liveportrait-detect', NO_FACE)
    const detect = (url: string) =>
      api('POST', DETECT, { body: { model: 'liveportrait-detect', input: { image_url: url } }, headers: resolveOss })
    expect((await detect(face.url)).body).toMatchObject({ output: { pass: true }, usage: { image_count: 1 } })
    expect(output(await detect(none.url))).toEqual({ pass: false, message: 'No human face detected.' })
    expect(simulator.charges().map((charge) => charge.kind)).toEqual(['detect', 'detect'])
  })

  it('keeps a file to the model it was uploaded for, and wants the resolve header', async () => {
    const other = await upload('liveportrait', FACE)
    const body = { model: 'liveportrait-detect', input: { image_url: other.url } }
    expect(await api('POST', DETECT, { body, headers: resolveOss })).toMatchObject({
      status: 400,
      body: { code: 'InvalidFile.DownloadFailed' },
    })
    expect(await api('POST', DETECT, { body })).toMatchObject({ status: 400, body: { code: 'InvalidParameter' } })
  })

  it('wants the asynchronous header on a submit and refuses it on a detect', async () => {
    const body = {
      model: 'liveportrait',
      input: { image_url: 'https://a.example/a.png', audio_url: 'https://a.example/a.wav' },
    }
    expect(await api('POST', SUBMIT, { body })).toMatchObject({ status: 403, body: { code: 'AccessDenied' } })
    const detect = { model: 'liveportrait-detect', input: { image_url: 'https://a.example/a.png' } }
    expect(await api('POST', DETECT, { body: detect, headers: asynchronous })).toMatchObject({
      status: 403,
      body: { code: 'AccessDenied' },
    })
    expect(simulator.charges()).toEqual([])
  })

  it('charges once for an accepted submit, runs it after its wait and serves the result for a day', async () => {
    const accepted = await submit()
    expect(accepted).toMatchObject({ status: 200, body: { output: { task_status: 'PENDING' } } })
    const taskId = String(output(accepted)['task_id'])
    expect(simulator.charges()).toHaveLength(1)
    await clock.advance(10_500)
    expect(output(await api('GET', `/tasks/${taskId}`))).toMatchObject({ task_status: 'RUNNING' })
    await clock.advance(10_000)
    const done = await api('GET', `/tasks/${taskId}`)
    expect(done.body).toMatchObject({
      output: { task_id: taskId, task_status: 'SUCCEEDED', submit_time: '2026-01-31 11:33:03.000' },
      usage: { video_duration: 2.79, video_ratio: 'standard' },
    })
    const url = String((output(done)['results'] as Json)['video_url'])
    expect(url).toMatch(/\?Expires=\d{10}&OSSAccessKeyId=SIMULATED&Signature=/)
    expect(Buffer.from(await (await fetch(url)).arrayBuffer())).toEqual(VIDEO)
    await clock.advance(24 * 3600_000)
    expect((await fetch(url)).status).toBe(403)
    expect(output(await api('GET', `/tasks/${taskId}`))).toEqual({ task_id: taskId, task_status: 'UNKNOWN' })
    expect(simulator.charges()).toHaveLength(1)
  }, 120_000)

  it('runs one task at a time', async () => {
    const first = String(output(await submit())['task_id'])
    const second = String(output(await submit())['task_id'])
    await clock.advance(12_000)
    const states = [first, second].map(async (taskId) => output(await api('GET', `/tasks/${taskId}`))['task_status'])
    expect(await Promise.all(states)).toEqual(['RUNNING', 'PENDING'])
  })

  it('fails a task whose picture shows no face, as a 200', async () => {
    const taskId = String(output(await submit(NO_FACE))['task_id'])
    await clock.advance(11_000)
    const reply = await api('GET', `/tasks/${taskId}`)
    expect(reply).toMatchObject({
      status: 200,
      body: { output: { task_status: 'FAILED', code: 'InvalidImage.NoHumanFace' } },
    })
    expect(renders).toBe(0)
  })

  it('cancels only what is pending', async () => {
    const first = String(output(await submit())['task_id'])
    const second = String(output(await submit())['task_id'])
    await clock.advance(12_000)
    expect(await api('POST', `/tasks/${first}/cancel`)).toMatchObject({
      status: 400,
      body: {
        code: 'UnsupportedOperation',
        message: 'Failed to cancel the task, please confirm if the task is in PENDING status.',
      },
    })
    expect(await api('POST', `/tasks/${second}/cancel`)).toMatchObject({ status: 200 })
    expect(output(await api('GET', `/tasks/${second}`))).toMatchObject({ task_status: 'CANCELED' })
  })

  it('lists tasks newest first, without inputs or results', async () => {
    const first = String(output(await submit())['task_id'])
    await clock.advance(1000)
    const second = String(output(await submit())['task_id'])
    const { body } = await api('GET', '/tasks/?model_name=liveportrait&page_no=1&page_size=10')
    const rows = body['data'] as Json[]
    expect(rows.map((row) => row['task_id'])).toEqual([second, first])
    expect(rows[1]).toMatchObject({ status: 'PENDING', model_name: 'liveportrait', gmt_create: START })
    expect(body).toMatchObject({ total: 2, total_page: 1, page_no: 1, page_size: 10 })
  })

  it('slows down who submits too fast', async () => {
    const body = {
      model: 'liveportrait',
      input: { image_url: 'https://a.example/a.png', audio_url: 'https://a.example/a.wav' },
    }
    const replies = []
    for (let call = 0; call < 6; call++)
      replies.push((await api('POST', SUBMIT, { body, headers: asynchronous })).status)
    expect(replies).toEqual([200, 200, 200, 200, 200, 429])
    expect(simulator.charges()).toHaveLength(5)
  })

  it('is charged although its answer is lost, when the fault strikes after the effect', async () => {
    simulator.faults.set([{ route: 'dashscope.submit', phase: 'after', resetAfterBytes: 0 }])
    await expect(submit()).rejects.toThrow('fetch failed')
    expect(simulator.charges()).toHaveLength(1)
  })

  it('is not charged when the fault strikes before the effect', async () => {
    simulator.faults.set([{ route: 'dashscope.submit', status: 503, body: '{"code":"ServiceUnavailable"}' }])
    expect(await submit()).toMatchObject({ status: 503, body: { code: 'ServiceUnavailable' } })
    expect(simulator.charges()).toHaveLength(0)
  })
})
