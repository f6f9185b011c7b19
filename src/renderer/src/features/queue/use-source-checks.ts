import { useEffect } from 'react'
import { z } from 'zod'
import { engineIdSchema } from '../../../../shared/model/engine.ts'
import type { EngineId } from '../../../../shared/model/engine.ts'
import { attempt } from '../../lib/notice.ts'
import { useStudio } from '../../lib/studio.tsx'
import { markPending, putChecks, unknownPaths } from '../../stores/media-store.ts'

const REST_MS = 120
const CHECKS_AT_ONCE = 24

type Wanted = ReadonlyArray<{ readonly engine: EngineId; readonly path: string }>
const wantedSchema = z.array(z.object({ engine: engineIdSchema, path: z.string() }))

/** Rows show their portrait, which is known by its check. Only rows that stay in sight for a moment are asked for. */
export function useSourceChecks(rows: Wanted): void {
  const { client, stores, notify } = useStudio()
  // Compared by value: the rows are gathered anew at each render.
  const key = JSON.stringify(rows)
  useEffect(() => {
    const timer = setTimeout(() => {
      const wanted = wantedSchema.parse(JSON.parse(key))
      for (const engine of new Set(wanted.map((row) => row.engine))) {
        const sources = wanted.filter((row) => row.engine === engine).map(({ path }) => path)
        const paths = unknownPaths(stores.media.getState(), engine, sources).slice(0, CHECKS_AT_ONCE)
        if (paths.length === 0) continue
        markPending(stores.media, engine, paths)
        const check = client
          .call('media.check', { engine, paths })
          .then(({ results }) => putChecks(stores.media, engine, paths, results))
        attempt(notify, check)
      }
    }, REST_MS)
    return () => clearTimeout(timer)
  }, [client, stores, notify, key])
}
