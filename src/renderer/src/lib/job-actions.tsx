import { createContext, useContext } from 'react'
import type { Job, JobState } from '../../../shared/model/job.ts'
import { FILTER_STATES, invalidateJobs, putQueue, setLeaving } from '../stores/jobs-store.ts'
import { attempt } from './notice.ts'
import { copyText } from './copy-text.ts'
import { saveAllResults } from './save-results.ts'
import type { Studio } from './studio.tsx'

const PAGE_ROWS = 500

export type MoveTo = 'up' | 'down' | 'top' | 'bottom'

/** What a person does with jobs, from the list as from a job's own page. Failures are said by `notify`. */
export type JobActions = {
  readonly cancel: (jobIds: readonly string[]) => void
  readonly retry: (jobIds: readonly string[]) => void
  readonly retryAllFailed: () => void
  readonly cancelAllOpen: () => void
  /** Rows leave a little later, so that it can be undone. */
  readonly remove: (jobIds: readonly string[]) => void
  readonly removeAllFinished: () => void
  readonly undoRemoval: () => void
  readonly move: (jobId: string, to: MoveTo) => void
  readonly pause: () => void
  readonly resume: () => void
  readonly showInFolder: (jobId: string) => void
  readonly copy: (text: string) => void
  /** Binds a job whose paid request got no answer to an operation. */
  readonly adopt: (jobId: string, operation: string) => Promise<void>
  /** Pays once more. */
  readonly submitAgain: (jobId: string) => void
  readonly drop: (jobId: string) => void
  /** Yes to the price of the retry that was asked for. */
  readonly payAgain: () => void
  readonly raiseBatchCap: (batchId: string, cap: number) => void
  readonly downloadAgain: (jobId: string) => void
  /** Copies of all finished videos, to a folder of the user's choice. */
  readonly saveAll: () => void
}

export function createJobActions({ client, stores, notify }: Studio): JobActions {
  const { jobs } = stores
  const takeBack: Array<() => void> = []
  const go = (work: Promise<unknown>) => attempt(notify, work)

  const idsInStates = async (states: readonly JobState[]): Promise<string[]> => {
    const ids: string[] = []
    for (;;) {
      const page = await client.call('jobs.list', { offset: ids.length, limit: PAGE_ROWS, states: [...states] })
      ids.push(...page.rows.map(({ jobId }) => jobId))
      if (page.rows.length === 0 || ids.length >= page.total) return ids
    }
  }

  const cancelAll = async (): Promise<void> => {
    const jobIds = await idsInStates(FILTER_STATES.open ?? [])
    if (jobIds.length === 0) return
    const { changed } = await client.call('jobs.cancel', { jobIds })
    notify({ kind: 'info', key: 'cancelled', values: { count: changed.length } })
  }

  /** Null when its price has to be agreed to first. */
  const retry = async (asked: readonly string[]): Promise<readonly string[] | null> => {
    const jobIds = [...asked]
    const { jobs: count, prices } = await client.call('spend.again', { jobIds, by: 'retry' })
    if (count === 0) return (await client.call('jobs.retry', { jobIds })).changed
    stores.view.setState({ payAgain: { jobIds, count, prices } })
    return null
  }

  const setQueue = async (method: 'queue.pause' | 'queue.resume'): Promise<void> => {
    const asked = jobs.getState()
    putQueue(jobs, asked, await client.call(method, {}))
  }

  const retryAll = async (): Promise<void> => {
    const jobIds = await idsInStates(['failed', 'needs_attention'])
    const changed = jobIds.length === 0 ? null : await retry(jobIds)
    if (changed !== null) notify({ kind: 'info', key: 'retried', values: { count: changed.length } })
  }

  const remove = (jobIds: readonly string[]) => {
    if (jobIds.length === 0) return
    setLeaving(jobs, jobIds, true)
    let isSettled = false
    const undo = () => {
      if (isSettled) return
      isSettled = true
      setLeaving(jobs, jobIds, false)
      takeBack.splice(takeBack.indexOf(undo), 1)
      close()
    }
    const commit = () => {
      if (isSettled) return
      isSettled = true
      takeBack.splice(takeBack.indexOf(undo), 1)
      go(
        client
          .call('jobs.remove', { jobIds: [...jobIds] })
          .finally(() => setLeaving(jobs, jobIds, false))
          .then(() => invalidateJobs(jobs)),
      )
    }
    const close = notify({
      kind: 'info',
      key: 'removed',
      values: { count: jobIds.length },
      action: { key: 'undo', run: undo },
      onClose: commit,
    })
    takeBack.push(undo)
  }

  return {
    cancel: (jobIds) => go(client.call('jobs.cancel', { jobIds: [...jobIds] })),
    retry: (jobIds) => go(retry(jobIds)),
    retryAllFailed: () => go(retryAll()),
    cancelAllOpen: () => go(cancelAll()),
    payAgain: () => {
      const { payAgain } = stores.view.getState()
      stores.view.setState({ payAgain: null })
      if (payAgain === null) return
      const agreed = payAgain.prices.map(({ high: amount, currency }) => ({ amount, currency }))
      go(client.call('jobs.retry', { jobIds: [...payAgain.jobIds], agreed }))
    },
    raiseBatchCap: (batchId, cap) =>
      go(
        client
          .call('spend.raiseBatchCap', { batchId, cap })
          .then(({ changed }) => notify({ kind: 'info', key: 'retried', values: { count: changed.length } })),
      ),
    remove,
    removeAllFinished: () => go(idsInStates(['done', 'failed', 'cancelled', 'expired']).then(remove)),
    undoRemoval: () => takeBack.at(-1)?.(),
    move: (jobId, to) => go(move(jobId, to)),
    pause: () => go(setQueue('queue.pause')),
    resume: () => go(setQueue('queue.resume')),
    showInFolder: (jobId) => go(client.call('system.showResult', { jobId })),
    adopt: async (jobId, operation) => {
      const { changed } = await client.call('jobs.adopt', { jobId, operation })
      if (changed.length === 0) notify({ kind: 'info', key: 'nothingToDecide' })
    },
    submitAgain: (jobId) => go(decide(client.call('jobs.submitAgain', { jobId, confirmed: true }))),
    drop: (jobId) => go(decide(client.call('jobs.drop', { jobId }))),
    downloadAgain: (jobId) =>
      go(
        client
          .call('jobs.downloadAgain', { jobIds: [jobId] })
          .then(({ changed }) => notify({ kind: 'info', key: changed.length === 0 ? 'stillThere' : 'downloadAgain' })),
      ),
    saveAll: () => go(saveAll()),
    copy: (text) => go(copyText(text).then(() => notify({ kind: 'info', key: 'copied' }))),
  }

  async function saveAll(): Promise<void> {
    let close = () => {}
    try {
      const tellProgress = (saved: number, total: number) => {
        close()
        close = notify({ kind: 'info', key: 'savingAll', values: { saved, total } })
      }
      const outcome = client.filesHavePaths
        ? await client.call('jobs.saveCopies', {})
        : await saveAllResults(client, window, tellProgress)
      if (outcome === null) return
      close()
      const { saved, missing } = outcome
      notify(
        missing === 0
          ? { kind: 'info', key: 'savedAll', values: { count: saved } }
          : { kind: 'warning', key: 'savedSome', values: { count: saved, missing } },
      )
    } finally {
      close()
    }
  }

  /** It may have been decided, or found by itself, a moment before. */
  async function decide(asked: Promise<{ readonly changed: readonly string[] }>): Promise<void> {
    const { changed } = await asked
    if (changed.length === 0) notify({ kind: 'info', key: 'nothingToDecide' })
  }

  async function move(jobId: string, to: MoveTo): Promise<void> {
    const before = await placeBefore(jobId, to)
    if (before === null) return
    await client.call('jobs.move', before === 'end' ? { jobId } : { jobId, beforeJobId: before })
    invalidateJobs(jobs)
  }

  /** The queued job before which it goes; null when it is there already. */
  async function placeBefore(jobId: string, to: MoveTo): Promise<string | null> {
    if (to === 'bottom') return 'end'
    const queued = await idsInStates(['queued'])
    const index = queued.indexOf(jobId)
    if (index < 0) return null
    if (to === 'down') return index === queued.length - 1 ? null : (queued[index + 2] ?? 'end')
    return index === 0 ? null : ((to === 'top' ? queued[0] : queued[index - 1]) ?? null)
  }
}

const JobActionsContext = createContext<JobActions | null>(null)
export const JobActionsProvider = JobActionsContext

export function useJobActions(): JobActions {
  const actions = useContext(JobActionsContext)
  if (actions === null) throw new Error('useJobActions stands outside its provider')
  return actions
}

export const canRetry = ({ state }: Job): boolean =>
  state === 'failed' || state === 'cancelled' || state === 'needs_attention'
export const canCancel = ({ state }: Job): boolean =>
  state === 'queued' || state === 'waiting' || state === 'running' || state === 'needs_attention'
/** Whether only a person can say what became of the paid request. */
export const asksForDecision = ({ state, error }: Job): boolean =>
  state === 'needs_attention' && (error?.code === 'E-SUBMIT-UNKNOWN' || error?.code === 'E-TASK-VANISHED')
/** A running job is cancelled first. */
export const canRemove = ({ state }: Job): boolean => state !== 'running' && state !== 'waiting'
