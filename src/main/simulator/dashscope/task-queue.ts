import type { SimulatorClock } from '../simulator-ports.ts'

export type TaskStatus = 'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED'

/** What a task ends with: the length of its video and the name under which its bytes are served, or a failure. */
export type TaskOutcome =
  | { readonly ok: true; readonly resultName: string; readonly videoSeconds: number }
  | { readonly ok: false; readonly code: string; readonly message: string }

export type Task = {
  readonly taskId: string
  readonly requestId: string
  readonly createdAt: number
  status: TaskStatus
  scheduledAt?: number
  endedAt?: number
  outcome?: TaskOutcome
}

/** Does the work of one task; the time it is said to take comes beside what it yields. */
export type TaskWork = () => Promise<{ readonly outcome: TaskOutcome; readonly workMs: number }>

const RECORD_LIFE_MS = 24 * 3600_000

export type TaskQueue = {
  readonly submit: (taskId: string, requestId: string, work: TaskWork) => Task
  /** Undefined once the record has expired (24 h after the end) or when it never was. */
  readonly find: (taskId: string) => Task | undefined
  /** Newest first, of the last 24 hours. */
  readonly recent: () => readonly Task[]
  /** True when the task was still pending and is now cancelled. */
  readonly cancel: (taskId: string) => boolean
}

/** Tasks in the order of their submission, one running at a time (contract section 8: tasks in process 1). */
export function createTaskQueue(clock: SimulatorClock, queueMs: number): TaskQueue {
  const tasks = new Map<string, Task>()
  const pending: { readonly task: Task; readonly work: TaskWork; readonly readyAt: number }[] = []
  let running = false

  const startNext = () => {
    if (running) return
    const next = pending.shift()
    if (next === undefined) return
    running = true
    clock.setTimer(Math.max(0, next.readyAt - clock.now()), () => {
      if (next.task.status !== 'PENDING') {
        running = false
        startNext()
        return
      }
      next.task.status = 'RUNNING'
      next.task.scheduledAt = clock.now()
      void work(next.task, next.work)
    })
  }

  const work = async (task: Task, job: TaskWork) => {
    const startedAt = clock.now()
    const done = await job().catch((error: unknown) => ({
      outcome: { ok: false, code: 'InternalError', message: String(error) } as const,
      workMs: 0,
    }))
    clock.setTimer(Math.max(0, startedAt + done.workMs - clock.now()), () => {
      task.outcome = done.outcome
      task.status = done.outcome.ok ? 'SUCCEEDED' : 'FAILED'
      task.endedAt = clock.now()
      running = false
      startNext()
    })
  }

  const alive = (task: Task) => task.endedAt === undefined || clock.now() - task.endedAt < RECORD_LIFE_MS

  return {
    submit(taskId, requestId, job) {
      const task: Task = { taskId, requestId, createdAt: clock.now(), status: 'PENDING' }
      tasks.set(taskId, task)
      pending.push({ task, work: job, readyAt: clock.now() + queueMs })
      startNext()
      return task
    },
    find(taskId) {
      const task = tasks.get(taskId)
      return task !== undefined && alive(task) ? task : undefined
    },
    recent: () =>
      [...tasks.values()].filter((task) => clock.now() - task.createdAt < RECORD_LIFE_MS && alive(task)).toReversed(),
    cancel(taskId) {
      const task = tasks.get(taskId)
      if (task?.status !== 'PENDING') return false
      task.status = 'CANCELED'
      task.endedAt = clock.now()
      return true
    },
  }
}
