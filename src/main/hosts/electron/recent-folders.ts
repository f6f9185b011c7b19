import { statSync } from 'node:fs'
import type { Core } from '../../core/create-core.ts'
import { contract } from '../../../shared/api/index.ts'

/** The same calls; `remember` is told of each folder that was laid on the desk, once a run. */
export function noticeFolders(dispatch: Core['dispatch'], remember: (path: string) => void): Core['dispatch'] {
  const seen = new Set<string>()
  return async (method, input) => {
    const answer = await dispatch(method, input)
    if (method !== 'batch.plan') return answer
    for (const path of contract['batch.plan'].input.parse(input).inputs) {
      if (seen.has(path)) continue
      seen.add(path)
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) remember(path)
    }
    return answer
  }
}
