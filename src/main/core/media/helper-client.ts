import { StudioError } from '../../../shared/errors.ts'
import { errorCodeSchema, errorParamsSchema } from '../../../shared/model/error.ts'
import type { HelperChannel, StartHelper } from '../lib/helper-channel.ts'
import { createPlaces } from './places.ts'
import { probeAnswerSchema } from './probe-messages.ts'
import type { ProbeAnswer, ProbeRequest } from './probe-messages.ts'

type Task = ProbeRequest extends infer Request ? (Request extends ProbeRequest ? Omit<Request, 'id'> : never) : never

export type HelperClient = {
  /** Waits for a free place, asks, and waits for the answer. Throws what the task threw, or E-TOOL-FAILED when the process died on it. */
  readonly ask: (task: Task, signal?: AbortSignal) => Promise<ProbeAnswer>
  readonly stop: () => void
}

type Waiting = { readonly settle: (answer: ProbeAnswer | null) => void }

/** Asks one small process at most `atOnce` things at a time; starts it on first use and again after it died. */
export function createHelperClient(start: StartHelper, entry: URL, atOnce: number): HelperClient {
  const places = createPlaces(atOnce)
  const waiting = new Map<number, Waiting>()
  let channel: HelperChannel | null = null
  let lastId = 0
  let isStopped = false

  const onLine = (line: string) => {
    const answer = probeAnswerSchema.safeParse(parseJson(line))
    if (answer.success) waiting.get(answer.data.id)?.settle(answer.data)
  }
  const connect = (): HelperChannel => {
    if (channel !== null) return channel
    const fresh = start(entry)
    fresh.onLine(onLine)
    fresh.onExit(() => {
      if (channel === fresh) channel = null
      for (const { settle } of waiting.values()) settle(null)
    })
    channel = fresh
    return fresh
  }
  const question = (task: Task, signal?: AbortSignal) =>
    new Promise<ProbeAnswer | null>((resolve) => {
      const id = ++lastId
      const cancel = () => channel?.send(JSON.stringify({ id, task: 'cancel' }))
      signal?.addEventListener('abort', cancel, { once: true })
      waiting.set(id, {
        settle: (given) => {
          waiting.delete(id)
          signal?.removeEventListener('abort', cancel)
          resolve(given)
        },
      })
      connect().send(JSON.stringify({ ...task, id }))
    })

  return {
    ask: (task, signal) =>
      places.take(async () => {
        if (isStopped) throw new StudioError('E-TOOL-FAILED', { params: { tool: 'probe', reason: 'stopped' } })
        const answer = await question(task, signal)
        signal?.throwIfAborted()
        if (answer === null) {
          throw new StudioError('E-TOOL-FAILED', { params: { tool: 'probe', reason: 'died' }, retryable: true })
        }
        if (answer.outcome === 'failed') throw asThrown(answer)
        return answer
      }, signal),
    stop: () => {
      isStopped = true
      channel?.stop()
      channel = null
    },
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}

function asThrown(answer: Extract<ProbeAnswer, { outcome: 'failed' }>): StudioError {
  const code = errorCodeSchema.safeParse(answer.code)
  const params = errorParamsSchema.safeParse(answer.params)
  return new StudioError(code.success ? code.data : 'E-INTERNAL', { params: params.success ? params.data : {} })
}
