import type { StudioError } from '../../../shared/errors.ts'
import type { Operation, PollResult } from '../engines/engine.ts'
import type { Clock } from '../ports.ts'
import type { Waiter } from './vendor-gate.ts'

/** An operation at the vendor that somebody waits for. */
export type Watched = {
  readonly operation: Operation
  /** When the vendor took it, wall clock. */
  readonly submittedAt: number
  /** Length of the video that is being made. */
  readonly seconds: number
}

/** What one look brought. `trouble`: an answer that says nothing of the operation; malformed, or a fault of the vendor's. */
export type PollAnswer =
  PollResult | { readonly kind: 'trouble'; readonly error: StudioError; readonly isMalformed: boolean }

type PollerOptions = {
  readonly clock: Clock
  readonly random: () => number
  /** One call; keeps the rates and waits out what stands in its way. */
  readonly poll: (operation: Operation, waiter: Waiter) => Promise<PollAnswer>
  /** The states of all operations of the account by id; absent where the vendor has no list. */
  readonly list?: ((waiter: Waiter) => Promise<ReadonlyMap<string, string>>) | undefined
  /** The rhythm for an operation of this age. */
  readonly delayMs: (ageMs: number) => number
  /** A person's own rhythm, kept to the letter. */
  readonly isFixed: boolean
  /**
   * Work for a second of video until that was measured, where operations run one after the other: the oldest is then
   * asked for when it should be ready. Absent: by the rhythm alone.
   */
  readonly guessMsASecond?: number
}

/** One list call serves all who ask within this time, and none of them asks more often than that. */
const LISTED_MS = 5000
const LISTED_DELAY_MS = 15_000
/** Looks shortly after the expected end, before it falls back to the rhythm. */
const SOON_MS = [250, 750, 1500, 3000] as const
const POLLED_ALONE = 2

type Watch = Watched & {
  waiter: Waiter
  /** Since when it can be running: nothing of ours is before it. */
  aheadSince: number | null
  looks: number
  lastState: string
  /** Its answer, where a list said that nothing changed. */
  last: PollAnswer | null
}

/**
 * Asks for operations in one rhythm for all: the oldest two each by itself, the others by one list call for all of them.
 * The oldest is asked for when it should be ready, so that the place at the vendor is not left empty.
 */
export function createOperationPoller(options: PollerOptions) {
  const { clock, random, poll, list, isFixed, guessMsASecond } = options
  const watches: Watch[] = []
  let msASecond = guessMsASecond ?? 0
  let isMeasured = false
  let listed: { at: number; states: Promise<ReadonlyMap<string, string>> } | null = null

  const jittered = (delayMs: number) => delayMs * (0.9 + 0.2 * random())

  function delayMs(watch: Watch): number {
    const rhythmMs = options.delayMs(Math.max(0, clock.now() - watch.submittedAt))
    if (isFixed) return rhythmMs
    const usual = jittered(rhythmMs)
    const rank = watches.indexOf(watch)
    if (rank >= POLLED_ALONE && list !== undefined) return jittered(Math.max(rhythmMs, LISTED_DELAY_MS))
    if (rank !== 0 || watch.aheadSince === null || guessMsASecond === undefined) return usual
    const leftMs = watch.aheadSince + watch.seconds * msASecond - clock.monotonic()
    const soon = SOON_MS[watch.looks]
    if (soon === undefined) return usual
    // The end is near or just behind: the looks around it are used up one by one.
    if (leftMs < usual) {
      watch.looks += 1
      return Math.max(leftMs, 0) + soon
    }
    return usual
  }

  function measure(watch: Watch): void {
    if (watch.aheadSince === null || watch.seconds <= 0) return
    const measured = (clock.monotonic() - watch.aheadSince) / watch.seconds
    msASecond = isMeasured ? msASecond * 0.7 + measured * 0.3 : measured
    isMeasured = true
  }

  /** One list call serves all who ask within a rhythm. */
  function statesFor(watch: Watch): Promise<ReadonlyMap<string, string>> {
    if (list === undefined) return Promise.resolve(new Map())
    if (listed === null || clock.monotonic() - listed.at > LISTED_MS) {
      listed = { at: clock.monotonic(), states: list(watch.waiter) }
      listed.states.catch(() => (listed = null))
    }
    return listed.states
  }

  function add(watched: Watched, waiter: Waiter): Watch {
    const known = watches.find(({ operation }) => operation.id === watched.operation.id)
    if (known !== undefined) {
      known.waiter = waiter
      return known
    }
    const watch: Watch = { ...watched, waiter, aheadSince: null, looks: 0, lastState: '', last: null }
    watches.push(watch)
    watches.sort((a, b) => a.submittedAt - b.submittedAt)
    if (watches[0] === watch) watch.aheadSince = clock.monotonic()
    return watch
  }

  function remove(watch: Watch): void {
    const index = watches.indexOf(watch)
    if (index >= 0) watches.splice(index, 1)
    const first = watches[0]
    if (first !== undefined) first.aheadSince ??= clock.monotonic()
  }

  async function ask(watch: Watch): Promise<PollAnswer> {
    if (watches.indexOf(watch) >= POLLED_ALONE && list !== undefined && watch.last?.kind === 'pending') {
      const state = (await statesFor(watch)).get(watch.operation.id)
      if (state !== undefined && state.toUpperCase() === watch.lastState.toUpperCase()) return watch.last
    }
    const result = await poll(watch.operation, watch.waiter)
    watch.last = result
    watch.lastState = result.kind === 'pending' ? result.vendorState : result.kind
    return result
  }

  return {
    /** Gives every answer to `take` until that says that it has enough. The first look comes at once when `isKnown`. */
    follow: async <T>(
      watched: Watched,
      waiter: Waiter,
      isKnown: boolean,
      wait: (delayMs: number) => Promise<void>,
      take: (answer: PollAnswer) => T | null,
    ): Promise<T> => {
      const watch = add(watched, waiter)
      let goesOn = false
      try {
        for (let first = isKnown; ; first = false) {
          if (!first) await wait(delayMs(watch))
          const answer = await ask(watch)
          if (answer.kind === 'completed') measure(watch)
          const taken = take(answer)
          if (taken === null) continue
          // It only goes on in another step: what was learned of it stays.
          goesOn = answer.kind === 'pending'
          return taken
        }
      } finally {
        if (!goesOn) remove(watch)
      }
    },
  }
}
