import { StudioError } from '../../../shared/errors.ts'
import type { ListedOperation } from '../engines/engine.ts'
import type { SubmitAttempt } from '../jobs/submit-journal.ts'
import { callContext, type RemoteParts } from './remote-parts.ts'
import type { Waiter } from './vendor-gate.ts'

/** By the vendor's clock: from so long before the request began to so long after it (DashScope contract, section 9, point 1). */
const BEFORE_MS = 2000
const AFTER_MS = 120_000

/** Operations of the account that may be the one whose answer was lost: created at its time, and nobody's. */
async function candidatesFor(parts: RemoteParts, attempt: SubmitAttempt, waiter: Waiter): Promise<string[]> {
  const { engine, gate, journal } = parts
  const { list } = engine
  if (list === undefined) return []
  const found: readonly ListedOperation[] = await gate.run(
    'query',
    waiter,
    async () => list(await callContext(parts, waiter.signal)),
    1,
  )
  const offsetMs = attempt.vendorOffsetMs ?? gate.vendorOffsetMs() ?? 0
  const began = attempt.intentAt + offsetMs
  return found
    .filter(({ createdAt }) => createdAt !== null && createdAt >= began - BEFORE_MS && createdAt <= began + AFTER_MS)
    .filter(({ id }) => journal.ownerOf(engine.id, id) === null)
    .map(({ id }) => id)
}

export type LookResult =
  { readonly kind: 'found'; readonly id: string } | { readonly kind: 'open'; readonly ids: string[] }

/**
 * One look for an operation whose submit answer was lost. Found only when there is no doubt at all: exactly one
 * candidate, and no other job that could claim it.
 */
export async function lookForLost(parts: RemoteParts, attempt: SubmitAttempt, waiter: Waiter): Promise<LookResult> {
  let ids: string[]
  try {
    ids = await candidatesFor(parts, attempt, waiter)
  } catch (thrown) {
    // A list that cannot be had now is a look that brought nothing: the next one is due soon enough.
    if (thrown instanceof StudioError && thrown.data.retryable) return { kind: 'open', ids: [] }
    throw thrown
  }
  const [only, ...others] = ids
  const isAlone = parts.journal.uncertain(parts.engine.id).every(({ attemptId }) => attemptId === attempt.attemptId)
  return only !== undefined && others.length === 0 && isAlone ? { kind: 'found', id: only } : { kind: 'open', ids }
}

export const submitUnknown = (parts: RemoteParts, candidates: string[]): StudioError =>
  new StudioError('E-SUBMIT-UNKNOWN', {
    params: {
      vendor: parts.engine.vendorName,
      ...(parts.engine.list === undefined ? { reason: 'no-list' } : {}),
      ...(candidates.length === 0 ? {} : { candidates, value: candidates.join(', '), reason: 'candidates' }),
    },
    chargeState: 'possible',
  })
