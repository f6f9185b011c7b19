import { createStore } from 'zustand/vanilla'
import type { StoreApi } from 'zustand/vanilla'
import type { EventPayload, Output } from '../../../shared/api/index.ts'
import type { Job, JobCounts, JobState } from '../../../shared/model/job.ts'
import { JOB_STATES } from '../../../shared/model/job.ts'

export type QueueSnapshot = Output<'queue.snapshot'>
export type JobFilter = 'all' | 'open' | 'done' | 'failed'

/** Which states a filter shows; absent means all. */
export const FILTER_STATES: Readonly<Record<JobFilter, readonly JobState[] | undefined>> = {
  all: undefined,
  open: ['queued', 'waiting', 'running', 'needs_attention'],
  done: ['done'],
  failed: ['failed', 'cancelled', 'expired'],
}

/**
 * A window onto the core's list: only the pages that were looked at are here. Rows change in place; when the order or
 * the membership may have changed, `revision` grows and the pages in sight are read anew.
 */
export type JobsState = {
  readonly filter: JobFilter
  readonly total: number
  /** Ids by their index in the filtered list; absent where not read yet. */
  readonly ids: ReadonlyMap<number, string>
  readonly rows: ReadonlyMap<string, Job>
  readonly revision: number
  /** The revision under which each page (by its offset) was last read. */
  readonly readUnder: ReadonlyMap<number, number>
  readonly counts: JobCounts
  readonly queue: QueueSnapshot | null
  /** Events so far, and with which of them each part was last told: an answer asked for before it may be older. */
  readonly told: number
  readonly rowsTold: ReadonlyMap<string, number>
  readonly countsTold: number
  readonly queueTold: number
  /** Rows that will leave the list unless the removal is undone. */
  readonly leaving: ReadonlySet<string>
}
export type JobsStore = StoreApi<JobsState>

const NO_JOBS: JobCounts = {
  queued: 0,
  waiting: 0,
  running: 0,
  needs_attention: 0,
  done: 0,
  failed: 0,
  cancelled: 0,
  expired: 0,
}

export function createJobsStore(): JobsStore {
  return createStore<JobsState>(() => ({
    filter: 'all',
    total: 0,
    ids: new Map(),
    rows: new Map(),
    revision: 0,
    readUnder: new Map(),
    counts: NO_JOBS,
    queue: null,
    told: 0,
    rowsTold: new Map(),
    countsTold: 0,
    queueTold: 0,
    leaving: new Set(),
  }))
}

export function countOf(counts: JobCounts, filter: JobFilter): number {
  return (FILTER_STATES[filter] ?? JOB_STATES).reduce((sum, state) => sum + counts[state], 0)
}

/** How things stood when something was asked for. */
export type Asked = Pick<JobsState, 'revision' | 'filter' | 'told'>

/**
 * Takes in a page of the list. An answer that is a little old is better than none while the list keeps changing, for the
 * present revision is being read already; but it never replaces a newer one, nor what an event told since it was asked for.
 */
export function putPage(
  store: JobsStore,
  asked: Asked & { readonly offset: number },
  page: { readonly rows: readonly Job[]; readonly total: number; readonly counts: JobCounts },
): void {
  store.setState((state) => {
    const { revision, filter, offset, told } = asked
    if (filter !== state.filter || revision < (state.readUnder.get(offset) ?? 0)) return state
    const ids = new Map(state.ids)
    const rows = new Map(state.rows)
    page.rows.forEach((row, index) => {
      ids.set(offset + index, row.jobId)
      if ((state.rowsTold.get(row.jobId) ?? 0) <= told) rows.set(row.jobId, row)
    })
    return {
      ids,
      rows,
      ...(state.countsTold <= told ? { total: page.total, counts: page.counts } : {}),
      readUnder: new Map(state.readUnder).set(offset, revision),
    }
  })
}

/** Takes in an answer about the queue as a whole, unless an event has told of it since. */
export function putQueue(store: JobsStore, asked: Asked, queue: QueueSnapshot): void {
  store.setState(({ queueTold, countsTold }) => ({
    ...(queueTold <= asked.told ? { queue } : {}),
    ...(countsTold <= asked.told ? { counts: queue.counts } : {}),
  }))
}

export function applyQueueChanged(store: JobsStore, queue: QueueSnapshot): void {
  store.setState(({ told }) => ({ queue, told: told + 1, queueTold: told + 1 }))
}

export function setFilter(store: JobsStore, filter: JobFilter): void {
  store.setState((state) => ({
    filter,
    ids: new Map(),
    total: countOf(state.counts, filter),
    revision: state.revision + 1,
  }))
}

/** Everything may be different: after a lost connection, or when rows came or went. Known rows stay in sight meanwhile. */
export function invalidateJobs(store: JobsStore): void {
  store.setState((state) => ({ revision: state.revision + 1 }))
}

/** Takes in an event: known rows in place, and a new revision when rows came, went or no longer fit the filter. */
export function applyJobsChanged(store: JobsStore, change: EventPayload<'jobs-changed'>): void {
  store.setState((state) => {
    const rows = new Map(state.rows)
    const rowsTold = new Map(state.rowsTold)
    const told = state.told + 1
    const leaving = new Set(state.leaving)
    const states = FILTER_STATES[state.filter]
    let isStale = change.removed.length > 0
    for (const row of change.rows) {
      const before = rows.get(row.jobId)
      const fits = states === undefined || states.includes(row.state)
      const fitted = before !== undefined && (states === undefined || states.includes(before.state))
      // A row that is not in sight matters only where it may have come into the list.
      if (before === undefined ? fits && states !== undefined : fits !== fitted) isStale = true
      rows.set(row.jobId, row)
      rowsTold.set(row.jobId, told)
    }
    for (const jobId of change.removed) {
      rows.delete(jobId)
      rowsTold.delete(jobId)
      leaving.delete(jobId)
    }
    const total = countOf(change.counts, state.filter)
    // A filtered list counts for itself: its total is right before its pages are.
    if (total !== state.total) isStale = true
    const revision = state.revision + (isStale ? 1 : 0)
    return { rows, rowsTold, leaving, counts: change.counts, total, revision, told, countsTold: told }
  })
}

export function setLeaving(store: JobsStore, jobIds: readonly string[], isLeaving: boolean): void {
  store.setState((state) => {
    const leaving = new Set(state.leaving)
    for (const jobId of jobIds) {
      if (isLeaving) leaving.add(jobId)
      else leaving.delete(jobId)
    }
    return { leaving }
  })
}
