import { useCallback, useEffect, useRef, useState } from 'react'
import { attempt } from '../../lib/notice.ts'
import { useJobs, useStudio } from '../../lib/studio.tsx'
import { FILTER_STATES, putPage } from '../../stores/jobs-store.ts'

const PAGE_ROWS = 100
/** Scrolling through thousands of rows asks only for the pages where it rests. */
const REST_MS = 60

/** Reads those pages of the list that are in sight, each once per revision. Returns what the list tells its range to. */
export function usePages(): (first: number, last: number) => void {
  const { client, stores, notify } = useStudio()
  const revision = useJobs((state) => state.revision)
  const filter = useJobs((state) => state.filter)
  const [range, setRange] = useState({ first: 0, last: 0 })
  const asked = useRef({ revision: -1, pages: new Set<number>() })

  useEffect(() => {
    const timer = setTimeout(() => {
      if (asked.current.revision !== revision) asked.current = { revision, pages: new Set() }
      const { pages } = asked.current
      const states = FILTER_STATES[filter]
      for (let page = Math.floor(range.first / PAGE_ROWS); page <= Math.floor(range.last / PAGE_ROWS); page++) {
        if (pages.has(page)) continue
        pages.add(page)
        const offset = page * PAGE_ROWS
        const { told } = stores.jobs.getState()
        const reading = client
          .call('jobs.list', { offset, limit: PAGE_ROWS, ...(states === undefined ? {} : { states: [...states] }) })
          .then((answer) => putPage(stores.jobs, { revision, filter, offset, told }, answer))
          .catch((thrown: unknown) => {
            pages.delete(page)
            throw thrown
          })
        attempt(notify, reading)
      }
    }, REST_MS)
    return () => clearTimeout(timer)
  }, [client, stores, notify, revision, filter, range])

  return useCallback(
    (first: number, last: number) =>
      setRange((before) => (before.first === first && before.last === last ? before : { first, last })),
    [],
  )
}
