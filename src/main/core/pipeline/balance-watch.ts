import { StudioError } from '../../../shared/errors.ts'
import type { Money } from '../../../shared/model/job.ts'
import type { RemoteContext, RemoteEngine } from '../engines/engine.ts'
import type { SubmitAttempt, SubmitJournal } from '../jobs/submit-journal.ts'
import type { Clock } from '../ports.ts'
import { callContext, type RemoteParts } from './remote-parts.ts'
import type { Waiter } from './vendor-gate.ts'

export type BalanceWatch = ReturnType<typeof createBalanceWatch>

const ASK_LIMIT_MS = 15_000
/** It changes only when a run ends, and that tells it: asking before each of many requests would only cost calls. */
const FRESH_MS = 60_000

/** What is left on the account, where the vendor tells: a hint for a person, never a proof. */
export function createBalanceWatch(engine: RemoteEngine, clock: Clock, journal: SubmitJournal) {
  let known: { readonly money: Money; readonly atMs: number } | null = null

  function saw(money: Money | null): void {
    if (money !== null) known = { money, atMs: clock.monotonic() }
  }

  async function ask(parts: RemoteParts, waiter: Waiter): Promise<Money | null> {
    const { balance } = engine
    if (balance === undefined) return null
    const limit = new AbortController()
    const timer = clock.setTimer(ASK_LIMIT_MS, () => limit.abort())
    const signal = AbortSignal.any([limit.signal, waiter.signal])
    const look = async (): Promise<Money | null> => {
      const lent: RemoteContext = await callContext(parts, signal)
      return balance(lent)
    }
    try {
      const money = await parts.gate.run('query', { ...waiter, signal }, look, 1)
      saw(money)
      return money
    } catch (thrown) {
      waiter.signal.throwIfAborted()
      // A key or an account that is refused keeps the paid request from being sent, too.
      if (thrown instanceof StudioError && !thrown.data.retryable) throw thrown
      return null
    } finally {
      timer.cancel()
    }
  }

  return {
    saw,

    /** Before a paid request; null where it cannot be had just now. Throws what keeps any call from being made. */
    before: async (parts: RemoteParts, waiter: Waiter): Promise<Money | null> =>
      known !== null && clock.monotonic() - known.atMs < FRESH_MS ? known.money : ask(parts, waiter),

    /** Stores what is left some time after a request whose answer was lost. */
    after: async (parts: RemoteParts, attempt: SubmitAttempt, waiter: Waiter): Promise<void> => {
      const left = await ask(parts, waiter).catch((thrown: unknown) => {
        waiter.signal.throwIfAborted()
        if (thrown instanceof StudioError) return null
        throw thrown
      })
      if (left !== null) journal.noteBalance(attempt.attemptId, left)
    },
  }
}
