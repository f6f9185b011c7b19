import type { Core } from '../../core/create-core.ts'
import { TERMINAL_STATES } from '../../../shared/model/job.ts'
import type { Job } from '../../../shared/model/job.ts'
import { call } from './call.ts'
import type { CommandContext } from './context.ts'
import { createJobReporter } from './job-reporter.ts'
import { createProgressView } from './progress-view.ts'
import { jobLine } from './lines.ts'

/** True when a job cannot go on without the user. */
function isSettled(job: Job): boolean {
  return TERMINAL_STATES.includes(job.state) || job.state === 'needs_attention'
}

/**
 * Starts jobs and tells of them until none can move without the user, or the command is to end. `start` gives the rows of
 * the jobs to follow; the newest row of each is given back.
 */
export async function followJobs(
  context: CommandContext,
  core: Core,
  start: () => Promise<readonly Job[]>,
): Promise<Job[]> {
  const { output, ending } = context
  const newest = new Map<string, Job>()
  let followed: ReadonlySet<string> | null = null
  let finish: () => void = () => undefined
  const finished = new Promise<void>((resolve) => (finish = resolve))
  const view = createProgressView(context)
  const reporter = createJobReporter(context.clock, output.isBehind, (job) => {
    if (context.json) output.event(jobLine(context.english, job))
    else view.tell(job)
  })
  let unsettled = new Set<string>()
  const take = (job: Job) => {
    newest.set(job.jobId, job)
    if (followed === null || !followed.has(job.jobId)) return
    reporter.update(job)
    view.update(job)
    if (isSettled(job)) unsettled.delete(job.jobId)
    else unsettled.add(job.jobId)
    if (unsettled.size === 0) finish()
  }
  const unsubscribe = core.subscribe((event) => {
    if (event.name === 'jobs-changed') for (const job of event.payload.rows) take(job)
  })
  ending.addEventListener('abort', finish, { once: true })
  try {
    const started = await start()
    followed = new Set(started.map(({ jobId }) => jobId))
    unsettled = new Set(followed)
    // A row that an event brought while the jobs were being started is newer than the one that start gave.
    for (const job of started) take(newest.get(job.jobId) ?? job)
    const { paused } = await call(core, 'queue.snapshot', {})
    if (paused) await call(core, 'queue.resume', {})
    if (followed.size > 0 && !ending.aborted) await finished
  } finally {
    unsubscribe()
    ending.removeEventListener('abort', finish)
  }
  await reporter.settled()
  view.end()
  return [...followed].flatMap((jobId) => newest.get(jobId) ?? [])
}
