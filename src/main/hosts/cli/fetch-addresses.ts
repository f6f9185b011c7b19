import { withoutQuery } from '../../core/lib/url-rules.ts'
import type { Core } from '../../core/create-core.ts'
import { StudioError } from '../../../shared/errors.ts'
import { isAddress } from './arguments.ts'
import type { RunRequest } from './arguments.ts'
import { call } from './call.ts'
import type { CommandContext } from './context.ts'
import { tellCheck } from './precheck.ts'

/**
 * Fetches inputs that are given as addresses; each that cannot be had is told like a file that is rejected, and left
 * out. The order of the inputs stays.
 */
export async function fetchAddresses(
  context: CommandContext,
  core: Core,
  request: RunRequest,
): Promise<{ readonly request: RunRequest; readonly isRefused: boolean }> {
  let isRefused = false
  const fetchAll = async (inputs: readonly string[]): Promise<string[]> => {
    const paths: string[] = []
    for (const input of inputs) {
      if (context.ending.aborted) break
      if (!isAddress(input)) paths.push(input)
      else {
        const path = await fetchOne(input)
        if (path !== null) paths.push(path)
      }
    }
    return paths
  }
  const fetchOne = async (url: string): Promise<string | null> => {
    try {
      return (await call(core, 'media.fetch', { url })).path
    } catch (thrown) {
      if (!(thrown instanceof StudioError) || !BELONGS_TO_INPUT.test(thrown.code)) throw thrown
      isRefused = true
      const finding = { code: thrown.code, level: 'error' as const, params: thrown.data.params }
      const path = withoutQuery(url)
      tellCheck(context, { path, kind: 'other', verdict: 'rejected', facts: {}, findings: [finding] })
      return null
    }
  }
  const inputs = await fetchAll(request.inputs)
  const drivers = await fetchAll(request.drivers)
  return { request: { ...request, inputs, drivers }, isRefused }
}

/** What one address is refused for; anything else ends the command. */
const BELONGS_TO_INPUT = /^E-(URL|INPUT|NET)-/
