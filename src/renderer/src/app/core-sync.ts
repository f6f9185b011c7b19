import { toErrorData } from '../../../shared/errors.ts'
import { defaultParameters, ENGINE_PARAMETERS } from '../../../shared/model/parameters.ts'
import type { Studio } from '../lib/studio.tsx'
import {
  applyJobsChanged,
  applyQueueChanged,
  countOf,
  invalidateJobs,
  putPage,
  putQueue,
} from '../stores/jobs-store.ts'

const FIRST_ROWS = 100

/** Keeps the stores in step with the core: a snapshot at every (re)connection, then events. Returns its end. */
export function followCore({ client, stores, notify }: Studio): () => void {
  const { session, jobs, desk, view, rehearsal } = stores
  let isFirst = true
  /** Settings told by an event are newer than those that a read begun before it brings. */
  let settingsEvents = 0

  const readAll = async () => {
    const before = settingsEvents
    const askedBefore = jobs.getState()
    const parts = await Promise.allSettled([
      client.call('system.info', {}),
      client.call('settings.get', {}),
      client.call('presets.list', {}),
      client.call('keys.describe', {}),
      client.call('queue.snapshot', {}),
    ])
    const [info, settings, presets, keys, queue] = parts
    // What is refused keeps nothing else away.
    session.setState({
      ...(info.status === 'fulfilled' ? { info: info.value } : {}),
      ...(settings.status === 'fulfilled' && before === settingsEvents ? { settings: settings.value } : {}),
      ...(presets.status === 'fulfilled' ? presets.value : {}),
      ...(keys.status === 'fulfilled' ? keys.value : {}),
    })
    if (queue.status === 'fulfilled') putQueue(jobs, askedBefore, queue.value)
    invalidateJobs(jobs)
    const asked = jobs.getState()
    if (asked.filter === 'all')
      putPage(jobs, { ...asked, offset: 0 }, await client.call('jobs.list', { offset: 0, limit: FIRST_ROWS }))
    const refused = parts.find((part) => part.status === 'rejected')
    if (refused !== undefined) throw refused.reason
    if (!isFirst) return
    isFirst = false
    const { engine, parameters } = session.getState().settings
    const specs = ENGINE_PARAMETERS[engine]
    const known = new Set(specs.map(({ key }) => key))
    const saved = Object.entries(parameters[engine] ?? {}).filter(([key]) => known.has(key))
    desk.setState({ parameters: { ...defaultParameters(specs), ...Object.fromEntries(saved) } })
    // Work that goes on is what a returning person looks for first.
    if (countOf(jobs.getState().counts, 'open') > 0) view.setState({ view: 'queue' })
  }

  const endEvents = client.onEvent((event) => {
    if (event.name === 'jobs-changed') applyJobsChanged(jobs, event.payload)
    else if (event.name === 'queue-changed') applyQueueChanged(jobs, event.payload)
    else if (event.name === 'settings-changed') {
      settingsEvents++
      session.setState({ settings: event.payload })
    } else if (event.name === 'rehearsal-changed') rehearsal.setState({ progress: event.payload })
  })
  const endConnection = client.onConnection((connection) => {
    session.setState({ connection })
    if (connection === 'connected')
      readAll().catch((thrown: unknown) => notify({ kind: 'error', error: toErrorData(thrown) }))
  })
  return () => {
    endEvents()
    endConnection()
  }
}

/** Says once when the last open job has ended, with what became of those that ran since the queue last was empty. */
export function announceEnd({ stores, notify }: Studio): () => void {
  const { jobs, view } = stores
  let before = jobs.getState().counts
  let base = before
  return jobs.subscribe(({ counts }) => {
    if (counts === before) return
    const wasOpen = countOf(before, 'open') > 0
    const isOpen = countOf(counts, 'open') > 0
    if (!wasOpen && isOpen) base = before
    before = counts
    if (!wasOpen || isOpen) return
    const done = Math.max(0, counts.done - base.done)
    const failed = Math.max(0, counts.failed + counts.expired - base.failed - base.expired)
    if (done + failed === 0) return
    notify({
      kind: failed > 0 ? 'warning' : 'info',
      key: failed > 0 ? 'allEndedFailed' : 'allEnded',
      values: { count: done, failed },
      ...(view.getState().view === 'queue'
        ? {}
        : { action: { key: 'showQueue', run: () => view.setState({ view: 'queue' }) } }),
    })
  })
}

/** Says when jobs begin to need a person, wherever in the window that person is. */
export function announceAttention({ stores, notify }: Studio): () => void {
  const { jobs, view } = stores
  let before = jobs.getState().counts
  return jobs.subscribe(({ counts }) => {
    if (counts === before) return
    const more = counts.needs_attention - before.needs_attention
    const isFirstLook = countOf(before, 'all') === 0
    before = counts
    if (more <= 0 || isFirstLook) return
    notify({
      kind: 'warning',
      key: 'needsYou',
      values: { count: counts.needs_attention },
      ...(view.getState().view === 'queue'
        ? {}
        : { action: { key: 'showQueue', run: () => view.setState({ view: 'queue' }) } }),
    })
  })
}
