import { useEffect, useMemo, useState } from 'react'
import type { SpendQuote } from '../../../../shared/model/spend.ts'
import { useDesk, useMedia, useSession, useStudio } from '../../lib/studio.tsx'
import { isPaid } from '../../stores/session-store.ts'
import { startable, startInput } from './desk-actions.ts'

/** Long enough that a slider being dragged asks once. */
const REST_MS = 500

/** What the pairs on the desk would cost as they lie there; null while it is not known, or costs nothing. */
export function useQuote(again: boolean): SpendQuote | null {
  const { client } = useStudio()
  const isAsked = useSession((state) => isPaid(state, state.settings.engine))
  const info = useSession((state) => state.info)
  const settings = useSession((state) => state.settings)
  const pairs = useDesk((state) => state.pairs)
  const overrides = useDesk((state) => state.overrides)
  const parameters = useDesk((state) => state.parameters)
  const media = useMedia((state) => state)
  const [answer, setAnswer] = useState<{ readonly to: object; readonly quote: SpendQuote } | null>(null)
  const input = useMemo(() => {
    // Once all is checked: the price of a file that is still being looked at would be asked for twice.
    if (!isAsked || media.pending.size > 0) return null
    const ready = startable(media, settings.engine, pairs)
    return ready.length === 0 ? null : startInput({ overrides, parameters }, { info, settings }, ready, again)
  }, [isAsked, media, pairs, overrides, parameters, info, settings, again])

  useEffect(() => {
    if (input === null) return undefined
    const timer = setTimeout(() => {
      client.call('spend.quote', input).then(
        (quote) => setAnswer({ to: input, quote }),
        // The button then names no price; what is wrong is said when it is pressed.
        () => undefined,
      )
    }, REST_MS)
    return () => clearTimeout(timer)
  }, [client, input])

  return answer !== null && answer.to === input ? answer.quote : null
}
