import type { ErrorData } from '../../../shared/errors.ts'
import type { JobStep, Wait } from '../../../shared/model/job.ts'
import type { Finding } from '../../../shared/model/media.ts'
import type { JobRecord, RemoteFacts } from './job-record.ts'

/** How a step ended by itself. A thrown error is `failed`; an aborted signal is the queue's own business. */
export type StepResult =
  | {
      readonly kind: 'next'
      readonly step: JobStep
      readonly work?: unknown
      readonly findings?: readonly Finding[]
      /** When what the next step fetches stops being there, epoch milliseconds; null: it does not. */
      readonly dueAt?: number | null
    }
  | {
      readonly kind: 'done'
      readonly output: { readonly path: string; readonly sha256: string; readonly sizeBytes: number }
      readonly work: unknown
      readonly findings?: readonly Finding[]
    }
  /** Nothing can move without the user. */
  | { readonly kind: 'needs_attention'; readonly error: ErrorData }
  /** Ended as the user wished while it ran. */
  | { readonly kind: 'cancelled' }
  /** Paid for, and no longer to be had. */
  | { readonly kind: 'expired'; readonly error: ErrorData }

export type StepContext = {
  /** Aborted on cancel, on stop, and on pause where `onPause` is `stop`. */
  readonly signal: AbortSignal
  /** 0..1 within the step. */
  readonly report: (progress: number) => void
  /** Tells that the step stands still, and why; null: it moves again. A reason for which nothing can move makes it `waiting`. */
  readonly wait: (why: Wait | null) => void
  /** Stores what must survive a crash in the middle of the step. */
  readonly remember: (change: { readonly work?: unknown; readonly remote?: RemoteFacts }) => void
}

/** One stage of a job. Its result is stored before the next one starts. */
export type Step = {
  readonly step: JobStep
  /** The limit of which a running step takes one slot. */
  readonly lane: string
  /** Where the job goes on after this step was cut off: by a crash, a stop or a pause. */
  readonly afterInterruption: JobStep
  /** Where `retry` goes on after this step failed. */
  readonly afterFailure: JobStep
  /** What a pause does to it while it runs. */
  readonly onPause: 'stop' | 'finish'
  /** True for a step behind a paid request: a paused queue still starts it. */
  readonly evenPaused?: boolean
  /** A lane whose queued jobs come before this step. */
  readonly yieldsTo?: string
  readonly run: (job: JobRecord, context: StepContext) => Promise<StepResult>
}

/** How the jobs of one engine are made. */
export type Workflow = {
  /** In order; the first one is where new jobs begin. */
  readonly steps: readonly [Step, ...Step[]]
  /** Slots a lane. */
  readonly lanes: Readonly<Record<string, number>>
  /** Jobs that may stand between their first step and their end at the same time. */
  readonly maxStarted: number
  /** Takes away what a job left behind in our own folders; called when it rests for any reason but the next step. */
  readonly release: (jobId: string, rest: 'interrupted' | 'ended') => Promise<void>
  /** Asked before a job is cancelled, wherever it stands: `keep` when it cannot be stopped any more. Absent: always `stop`. */
  readonly beforeCancel?: (job: JobRecord) => Promise<'stop' | 'keep'>
  /** False for a job that may not be taken off the list as it stands. Absent: any queued or ended one may. */
  readonly mayRemove?: (job: JobRecord) => boolean
  /** Told after a job came to rest or its row was removed. */
  readonly settled?: (jobId: string) => void
}
