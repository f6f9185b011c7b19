import { useEffect, useState } from 'react'
import { toErrorData } from '../../../../shared/errors.ts'
import type { ErrorData } from '../../../../shared/errors.ts'
import type { Output } from '../../../../shared/api/index.ts'
import type { EngineId } from '../../../../shared/model/engine.ts'
import { useStudio } from '../../lib/studio.tsx'

type RepairPreview = {
  readonly preview: Output<'media.repairPreview'> | null
  /** Why nothing repairs it. */
  readonly error: ErrorData | null
}

/** The repaired copy of a file, made when it is first looked at. */
export function useRepairPreview(engine: EngineId, path: string): RepairPreview {
  const { client } = useStudio()
  const [state, setState] = useState<RepairPreview>({ preview: null, error: null })
  useEffect(() => {
    let isWanted = true
    client.call('media.repairPreview', { engine, path }).then(
      (preview) => isWanted && setState({ preview, error: null }),
      (thrown: unknown) => isWanted && setState({ preview: null, error: toErrorData(thrown) }),
    )
    return () => {
      isWanted = false
    }
  }, [client, engine, path])
  return state
}
