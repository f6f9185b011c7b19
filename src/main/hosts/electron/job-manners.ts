import type { App, BrowserWindow, Notification, PowerSaveBlocker } from 'electron'
import type { Core } from '../../core/create-core.ts'
import type { Ports } from '../../core/ports.ts'
import type { QueueSnapshot } from '../../../shared/api/jobs.ts'
import type { Translate } from '../../../shared/lib/error-sentence.ts'
import type { Job, JobState } from '../../../shared/model/job.ts'

type MannersDependencies = {
  readonly core: Pick<Core, 'handlers' | 'subscribe'>
  readonly app: Pick<App, 'setBadgeCount'>
  readonly powerSaveBlocker: Pick<PowerSaveBlocker, 'start' | 'stop'>
  readonly Notification: typeof Notification
  readonly windows: () => readonly BrowserWindow[]
  readonly t: Translate
  readonly logger: Ports['logger']
  /** A notification was clicked. */
  readonly showQueue: () => void
}

const OPEN: readonly JobState[] = ['queued', 'waiting', 'running']
const PAGE_ROWS = 500
/** Electron's number for "busy, no telling how long": any above 1. */
const INDETERMINATE = 2

/** What the system shows of the queue: progress and badge, one notification a batch, no sleep while a paid result is unsaved. */
export function followJobs(dependencies: MannersDependencies): () => void {
  const { core, logger } = dependencies
  const vigil = createPaidVigil(dependencies.powerSaveBlocker)
  const notices = createBatchNotices(dependencies)
  const end = core.subscribe((event) => {
    if (event.name === 'queue-changed') showProgress(dependencies, event.payload)
    if (event.name !== 'jobs-changed') return
    vigil.see(event.payload.rows, event.payload.removed)
    notices.see(event.payload.rows)
  })
  const seeOpenJobs = async () => {
    const jobs = await openJobs(core)
    vigil.see(jobs, [])
    notices.see(jobs)
  }
  seeOpenJobs().catch((cause: unknown) => logger.warn({ cause }, 'the open jobs could not be read'))
  return () => {
    end()
    vigil.see([], vigil.waiting())
  }
}

async function openJobs({ handlers }: Pick<Core, 'handlers'>): Promise<Job[]> {
  const jobs: Job[] = []
  for (;;) {
    const page = await handlers['jobs.list']({ offset: jobs.length, limit: PAGE_ROWS, states: [...OPEN] })
    jobs.push(...page.rows)
    if (page.rows.length === 0 || jobs.length >= page.total) return jobs
  }
}

function showProgress({ windows, app }: MannersDependencies, { counts, progress, paused }: QueueSnapshot): void {
  const isOpen = OPEN.some((state) => (counts[state] ?? 0) > 0)
  for (const window of windows()) {
    if (window.isDestroyed()) continue
    if (isOpen) window.setProgressBar(progress ?? INDETERMINATE, { mode: paused ? 'paused' : 'normal' })
    else window.setProgressBar(-1)
  }
  app.setBadgeCount(counts.needs_attention ?? 0)
}

/** From the paid request on until the video lies on the disk. */
const isUnsaved = ({ engine, state, step }: Job): boolean =>
  engine !== 'offline' &&
  (state === 'running' || state === 'waiting') &&
  ['submit', 'vendor_queue', 'render', 'download', 'finish'].includes(step)

function createPaidVigil(powerSaveBlocker: Pick<PowerSaveBlocker, 'start' | 'stop'>) {
  const unsaved = new Set<string>()
  let blocker: number | null = null
  return {
    waiting: () => [...unsaved],
    see: (rows: readonly Job[], removed: readonly string[]) => {
      for (const job of rows) {
        if (isUnsaved(job)) unsaved.add(job.jobId)
        else unsaved.delete(job.jobId)
      }
      for (const jobId of removed) unsaved.delete(jobId)
      if (unsaved.size > 0) blocker ??= powerSaveBlocker.start('prevent-app-suspension')
      else if (blocker !== null) {
        powerSaveBlocker.stop(blocker)
        blocker = null
      }
    },
  }
}

/** One notification when the last job of a batch has come to rest, unless the person is looking at the window anyway. */
function createBatchNotices({ core, Notification, windows, t, logger, showQueue }: MannersDependencies) {
  const openBatches = new Set<string>()
  const shown = new Set<Notification>()

  const countOf = async (batchId: string, states: readonly JobState[]) =>
    (await core.handlers['jobs.list']({ offset: 0, limit: 1, batchId, states: [...states] })).total

  async function look(batchId: string): Promise<void> {
    if ((await countOf(batchId, OPEN)) > 0 || !openBatches.delete(batchId)) return
    const [count, failed, asking] = await Promise.all([
      countOf(batchId, ['done']),
      countOf(batchId, ['failed', 'expired']),
      countOf(batchId, ['needs_attention']),
    ])
    if (count + failed + asking === 0 || windows().some((window) => !window.isDestroyed() && window.isFocused())) return
    const body = t(failed + asking === 0 ? 'notification.done' : 'notification.mixed', { count, failed, asking })
    const notification = new Notification({ title: t('notification.title'), body })
    // Held until it is gone: one that is collected as garbage cannot be clicked any more.
    shown.add(notification)
    notification.on('click', showQueue)
    notification.on('close', () => shown.delete(notification))
    notification.show()
  }

  return {
    see: (rows: readonly Job[]) => {
      const atRest = new Set<string>()
      for (const { batchId, state } of rows) {
        if (OPEN.includes(state)) openBatches.add(batchId)
        else if (openBatches.has(batchId)) atRest.add(batchId)
      }
      for (const batchId of atRest)
        look(batchId).catch((cause: unknown) => logger.warn({ cause }, 'a batch could not be counted'))
    },
  }
}
