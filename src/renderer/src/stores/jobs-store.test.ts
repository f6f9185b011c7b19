import { beforeEach, describe, expect, it } from 'vitest'
import type { Job, JobCounts, JobState } from '../../../shared/model/job.ts'
import {
  applyJobsChanged,
  applyQueueChanged,
  countOf,
  createJobsStore,
  invalidateJobs,
  putPage,
  putQueue,
  setFilter,
  setLeaving,
} from './jobs-store.ts'
import type { JobsStore } from './jobs-store.ts'

const job = (jobId: string, state: JobState = 'queued'): Job => ({
  jobId,
  batchId: 'batch',
  state,
  step: 'check',
  progress: null,
  engine: 'offline',
  source: `/in/${jobId}.jpg`,
  voice: `/in/${jobId}.wav`,
  findings: [],
  createdAt: 1,
})
const counts = (some: Partial<JobCounts>): JobCounts => ({
  queued: 0,
  waiting: 0,
  running: 0,
  needs_attention: 0,
  done: 0,
  failed: 0,
  cancelled: 0,
  expired: 0,
  ...some,
})

const first = { revision: 0, filter: 'all', offset: 0, told: 0 } as const

let store: JobsStore
beforeEach(() => {
  store = createJobsStore()
  putPage(store, first, { rows: [job('a'), job('b')], total: 3, counts: counts({ queued: 3 }) })
})

describe('the list of jobs', () => {
  it('holds the pages that were read, at their places', () => {
    putPage(store, { ...first, offset: 2 }, { rows: [job('c')], total: 3, counts: counts({ queued: 3 }) })
    expect([...store.getState().ids]).toEqual([
      [0, 'a'],
      [1, 'b'],
      [2, 'c'],
    ])
  })

  it('shows an answer that is a little old, but never in the place of a newer one', () => {
    const page = (jobId: string) => ({ rows: [job(jobId)], total: 1, counts: counts({ queued: 1 }) })
    invalidateJobs(store)
    invalidateJobs(store)
    putPage(store, { ...first, revision: 1 }, page('between'))
    expect(store.getState().ids.get(0)).toBe('between')
    putPage(store, { ...first, revision: 2 }, page('newest'))
    putPage(store, { ...first, revision: 1 }, page('late'))
    expect(store.getState().ids.get(0)).toBe('newest')
  })

  it('keeps what an event told while an older answer was on its way', () => {
    const asked = { ...store.getState(), offset: 0 }
    const over = counts({ queued: 2, failed: 1 })
    applyJobsChanged(store, { rows: [job('a', 'failed')], removed: [], counts: over })
    putPage(store, asked, {
      rows: [job('a'), job('b', 'running')],
      total: 3,
      counts: counts({ queued: 2, running: 1 }),
    })
    expect(store.getState().rows.get('a')?.state).toBe('failed')
    expect(store.getState().rows.get('b')?.state).toBe('running')
    expect(store.getState().counts).toEqual(over)

    const later = { ...store.getState(), offset: 0 }
    putPage(store, later, { rows: [job('a', 'queued'), job('b')], total: 3, counts: counts({ queued: 3 }) })
    expect(store.getState().rows.get('a')?.state).toBe('queued')
    expect(store.getState().counts).toEqual(counts({ queued: 3 }))
  })

  it('keeps the queue of an event that came while an older one was on its way', () => {
    const queue = (paused: boolean) => ({ paused, counts: counts({ queued: 3 }), progress: null, etaSeconds: null })
    const asked = store.getState()
    applyQueueChanged(store, queue(true))
    putQueue(store, asked, queue(false))
    expect(store.getState().queue?.paused).toBe(true)
    putQueue(store, store.getState(), queue(false))
    expect(store.getState().queue?.paused).toBe(false)
  })

  it('drops an answer for another filter', () => {
    setFilter(store, 'done')
    putPage(store, first, { rows: [job('x')], total: 1, counts: counts({ queued: 1 }) })
    expect(store.getState().ids.size).toBe(0)
  })

  it('changes a known row in its place, without reading anything anew', () => {
    const { revision } = store.getState()
    applyJobsChanged(store, { rows: [job('a', 'running')], removed: [], counts: counts({ queued: 2, running: 1 }) })
    expect(store.getState().rows.get('a')?.state).toBe('running')
    expect(store.getState().revision).toBe(revision)
  })

  it('does not read anew for a row out of sight that only moved on', () => {
    const { revision } = store.getState()
    applyJobsChanged(store, { rows: [job('z', 'running')], removed: [], counts: counts({ queued: 2, running: 1 }) })
    expect(store.getState().revision).toBe(revision)
  })

  it.each([
    ['rows came', { rows: [job('new')], removed: [], counts: counts({ queued: 4 }) }, 4],
    ['rows went', { rows: [], removed: ['a'], counts: counts({ queued: 2 }) }, 2],
  ])('reads anew when %s', (_, change, total) => {
    const { revision } = store.getState()
    applyJobsChanged(store, change)
    expect(store.getState().revision).toBe(revision + 1)
    expect(store.getState().total).toBe(total)
  })

  it('reads a filtered list anew when a row no longer fits, or fits now', () => {
    setFilter(store, 'open')
    const { revision } = store.getState()
    applyJobsChanged(store, { rows: [job('a', 'done')], removed: [], counts: counts({ queued: 2, done: 1 }) })
    expect(store.getState().revision).toBe(revision + 1)
    expect(store.getState().total).toBe(2)
    setFilter(store, 'failed')
    const later = store.getState().revision
    applyJobsChanged(store, {
      rows: [job('y', 'failed')],
      removed: [],
      counts: counts({ queued: 1, done: 1, failed: 1 }),
    })
    expect(store.getState().revision).toBe(later + 1)
  })

  it('counts every state in exactly one filter beside "all"', () => {
    const one = counts({
      queued: 1,
      waiting: 1,
      running: 1,
      needs_attention: 1,
      done: 1,
      failed: 1,
      cancelled: 1,
      expired: 1,
    })
    expect(countOf(one, 'open') + countOf(one, 'done') + countOf(one, 'failed')).toBe(countOf(one, 'all'))
  })

  it('forgets that a row is leaving once it is gone', () => {
    setLeaving(store, ['a', 'b'], true)
    applyJobsChanged(store, { rows: [], removed: ['a'], counts: counts({ queued: 2 }) })
    expect([...store.getState().leaving]).toEqual(['b'])
    setLeaving(store, ['b'], false)
    expect(store.getState().leaving.size).toBe(0)
  })
})
