import { useEffect, useState } from 'react'
import type { Output } from '../../../../shared/api/index.ts'
import { toErrorData } from '../../../../shared/errors.ts'
import type { ErrorData } from '../../../../shared/errors.ts'
import { useStudio } from '../../lib/studio.tsx'

type Faces = { readonly found: Output<'media.faces'> | null; readonly error: ErrorData | null }

/** The faces of a picture, once it is wanted. */
export function useFaces(path: string, isWanted: boolean): Faces {
  const { client } = useStudio()
  const [state, setState] = useState<Faces>({ found: null, error: null })
  useEffect(() => {
    if (!isWanted) return undefined
    let isGone = false
    const take = (next: Faces) => {
      if (!isGone) setState(next)
    }
    client.call('media.faces', { path }).then(
      (found) => take({ found, error: null }),
      (thrown: unknown) => take({ found: null, error: toErrorData(thrown) }),
    )
    return () => {
      isGone = true
    }
  }, [client, path, isWanted])
  return state
}
