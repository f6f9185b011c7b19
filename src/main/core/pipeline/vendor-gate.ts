import { StudioError } from '../../../shared/errors.ts'
import type { Wait } from '../../../shared/model/job.ts'
import { VendorRefusal } from '../engines/engine.ts'
import type { HttpClient } from '../lib/http-client.ts'
import { backoffMs, sleep } from '../lib/wait.ts'
import type { Clock } from '../ports.ts'
import type { CallBudget } from './call-budget.ts'

export type CallKind = 'check' | 'submit' | 'query'

/** Who waits at a gate, and whom to tell why. */
export type Waiter = { readonly signal: AbortSignal; readonly wait: (why: Wait | null) => void }

type GateOptions = {
  readonly clock: Clock
  readonly random: () => number
  /** Calls a second by kind; a kind that is not named has no limit. */
  readonly rates?: Partial<Readonly<Record<CallKind, number>>>
  /** Counts all calls with one key; may be shared by gates. */
  readonly budget?: CallBudget
  /** A free call that shows whether the other side can be reached. Absent: the next real call is tried for all. */
  readonly probe?: (signal: AbortSignal) => Promise<unknown>
  /** A gate that most likely shares an outage with this one: while it is shut by one, own tries are rare. */
  readonly lead?: Pick<VendorGate, 'isOffline' | 'untilChange'>
  /** Told once when nothing more may go there until a person acted. */
  readonly onHalt?: (error: StudioError) => void
}

export type VendorGate = ReturnType<typeof createVendorGate>

const MIN_PAUSE_MS = 1000
const MAX_PAUSE_MS = 15 * 60_000
const LED_PROBE_MS = 5 * 60_000
/** Waits shorter than this are the pace of the gate, not a state worth telling. */
const TELL_FROM_MS = 1500

/**
 * One door for all calls with one key to one vendor (or to one storage): keeps its rates, stands still as a whole when
 * the vendor asks for it or cannot be reached, and stays shut when only a person can help.
 */
export function createVendorGate({ clock, random, rates = {}, budget, probe, lead, onHalt }: GateOptions) {
  const nextAt = new Map<CallKind, number>()
  let pause: { untilMs: number; failures: number; error: StudioError } | null = null
  type Outage = { sinceMs: number; failures: number; triedMs: number; error: StudioError; isProbing: boolean }
  let offline: Outage | null = null
  let halted: StudioError | null = null
  let wakeAll: () => void = () => undefined
  let change = new Promise<void>((resolve) => (wakeAll = resolve))
  let lock: Promise<void> = Promise.resolve()
  let vendorOffsetMs: number | null = null

  function changed(): void {
    const wake = wakeAll
    change = new Promise<void>((resolve) => (wakeAll = resolve))
    wake()
  }

  const isNetworkFault = (error: unknown): error is StudioError =>
    error instanceof StudioError && error.code.startsWith('E-NET-')

  function goOffline(error: StudioError): void {
    // Calls that were in the air fail one after the other: that is one outage, and one probe.
    if (offline !== null) return
    offline = { sinceMs: clock.now(), failures: 1, triedMs: clock.monotonic(), error, isProbing: false }
    changed()
  }

  function answered(): void {
    if (offline === null) return
    offline = null
    changed()
  }

  function pauseFor(error: StudioError): void {
    const failures = (pause?.failures ?? 0) + 1
    budget?.overdrawn()
    const askedMs = (error instanceof VendorRefusal ? error.retryAfterMs : null) ?? backoffMs(failures, random)
    const delayMs = Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, askedMs))
    const untilMs = Math.max(pause?.untilMs ?? 0, clock.monotonic() + delayMs)
    pause = { untilMs, failures, error }
    changed()
  }

  function halt(error: StudioError): void {
    if (halted !== null) return
    halted = error
    changed()
    onHalt?.(error)
  }

  /** When this outage may be tried again. */
  async function untilDue(known: Outage, signal: AbortSignal): Promise<void> {
    const dueMs = known.triedMs + backoffMs(known.failures, random)
    await sleep(clock, dueMs - clock.monotonic(), signal)
    while (lead?.isOffline() === true) {
      const leftMs = known.triedMs + LED_PROBE_MS - clock.monotonic()
      if (leftMs <= 0) return
      await Promise.race([sleep(clock, leftMs, signal), lead.untilChange(signal)])
    }
  }

  /** One try for all who wait ended; later and later comes the next one. */
  function tried(known: Outage, thrown: unknown, signal: AbortSignal): void {
    known.isProbing = false
    if (!signal.aborted) {
      if (!isNetworkFault(thrown)) return answered()
      known.failures += 1
      known.error = thrown
      known.triedMs = clock.monotonic()
    }
    changed()
  }

  async function untilChange(signal: AbortSignal): Promise<void> {
    const stopped = Promise.withResolvers<never>()
    const stop = () => stopped.reject(signal.reason as Error)
    signal.addEventListener('abort', stop, { once: true })
    try {
      signal.throwIfAborted()
      await Promise.race([change, stopped.promise])
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  /**
   * Resolves when a call of this kind may go: with the outage that it tries out for all, if any. Throws what keeps the
   * gate shut, and the signal's reason.
   */
  async function enter(kind: CallKind, { signal, wait }: Waiter): Promise<Outage | null> {
    let hasSlot = false
    let trial: Outage | null = null
    for (;;) {
      signal.throwIfAborted()
      if (halted !== null) throw halted
      if (offline !== null) {
        wait({ reason: 'offline', since: offline.sinceMs, error: offline.error.data })
        if (offline.isProbing) {
          await untilChange(signal)
          continue
        }
        const known = offline
        known.isProbing = true
        try {
          await untilDue(known, signal)
          if (probe === undefined) {
            trial = known
            break
          }
          await probe(signal)
          answered()
        } catch (thrown) {
          tried(known, thrown, signal)
          signal.throwIfAborted()
        }
        continue
      }
      const pausedMs = (pause?.untilMs ?? 0) - clock.monotonic()
      if (pause !== null && pausedMs > 0) {
        wait({ reason: 'rate-limit', until: Math.round(clock.now() + pausedMs), error: pause.error.data })
        await Promise.race([sleep(clock, pausedMs, signal), untilChange(signal)])
        continue
      }
      const rate = rates[kind]
      if (hasSlot) break
      hasSlot = true
      await budget?.take(signal, (delayMs) => {
        if (delayMs > TELL_FROM_MS) wait({ reason: 'slot' })
      })
      if (rate === undefined) continue
      const at = Math.max(clock.monotonic(), nextAt.get(kind) ?? 0)
      nextAt.set(kind, at + 1000 / rate)
      const delayMs = at - clock.monotonic()
      if (delayMs > TELL_FROM_MS) wait({ reason: 'slot' })
      if (delayMs > 0) await sleep(clock, delayMs, signal)
    }
    if (trial === null) wait(null)
    return trial
  }

  /**
   * What a failed call means for everyone. `again`: the same call when the gate is open; `trouble`: after a while;
   * `no`: it is the caller's own affair, or the gate is shut now.
   */
  function note(thrown: unknown): 'again' | 'trouble' | 'no' {
    if (isNetworkFault(thrown)) {
      goOffline(thrown)
      return 'again'
    }
    if (thrown instanceof VendorRefusal) {
      answered()
      if (thrown.effect === 'pause-vendor') halt(thrown)
      if (thrown.effect !== 'retry') return 'no'
      if (thrown.code !== 'E-RATE-LIMITED') return 'trouble'
      pauseFor(thrown)
      return 'again'
    }
    // A storage says it in its own words.
    if (thrown instanceof StudioError && thrown.code === 'E-RATE-LIMITED') {
      answered()
      pauseFor(thrown)
      return 'again'
    }
    // A locked keychain is for the user to open; waiting alone does not.
    const isTrouble = thrown instanceof StudioError && thrown.data.retryable && !thrown.code.startsWith('E-KEY-')
    return isTrouble ? 'trouble' : 'no'
  }

  /**
   * Calls until there is an answer, however long that takes; `maxTries` counts answers that are the vendor's trouble. A
   * long call may say by `reached` that the other side is there, before it ends.
   */
  async function run<T>(
    kind: CallKind,
    waiter: Waiter,
    call: (reached: () => void) => Promise<T>,
    maxTries = Number.POSITIVE_INFINITY,
  ): Promise<T> {
    for (let faults = 0, troubles = 0; ;) {
      const trial = await enter(kind, waiter)
      try {
        const reached = () => {
          answered()
          if (trial !== null) waiter.wait(null)
        }
        const value = await call(reached)
        reached()
        pause = null
        return value
      } catch (thrown) {
        if (trial !== null) tried(trial, thrown, waiter.signal)
        waiter.signal.throwIfAborted()
        const meaning = note(thrown)
        if (meaning === 'no') throw thrown
        if (meaning === 'again') {
          if (isNetworkFault(thrown) && ++faults > 1) await sleep(clock, backoffMs(faults - 1, random), waiter.signal)
          continue
        }
        if (++troubles >= maxTries) throw thrown
        const delayMs = backoffMs(troubles, random)
        if (thrown instanceof StudioError) {
          waiter.wait({ reason: 'vendor-trouble', until: Math.round(clock.now() + delayMs), error: thrown.data })
        }
        await sleep(clock, delayMs, waiter.signal)
      }
    }
  }

  return {
    /** Resolves when a call of this kind may go, for a gate with a probe. Throws what keeps the gate shut. */
    ready: async (kind: CallKind, waiter: Waiter): Promise<void> => void (await enter(kind, waiter)),
    run,
    isOffline: () => offline !== null,
    untilChange,
    note,
    halt,
    isHalted: () => halted !== null,
    /** How much longer than usual to wait between looks. */
    slowness: (): number => (budget?.isCareful() === true ? 2 : 1),
    /** A person acted: calls may be tried again. */
    reopen: () => {
      halted = null
      pause = null
      changed()
    },

    /** One at a time, in the order of asking: submits, and looks for a submit whose answer was lost. */
    exclusive: async <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
      const before = lock
      const { promise, resolve } = Promise.withResolvers<void>()
      lock = before.then(() => promise)
      try {
        const stopped = Promise.withResolvers<never>()
        const stop = () => stopped.reject(signal.reason as Error)
        signal.addEventListener('abort', stop, { once: true })
        await Promise.race([before, stopped.promise]).finally(() => signal.removeEventListener('abort', stop))
        signal.throwIfAborted()
        return await work()
      } finally {
        resolve()
      }
    },

    /** The vendor's clock minus ours, by the `Date` of its last answer; null before the first one. */
    vendorOffsetMs: () => vendorOffsetMs,

    /** A client that reads the vendor's clock off every answer. */
    observe: (http: HttpClient): HttpClient => {
      const read = (headers: Readonly<Record<string, string>>): void => {
        const at = Date.parse(headers['date'] ?? '')
        if (!Number.isNaN(at)) vendorOffsetMs = at - clock.now()
      }
      return {
        ...http,
        call: async (call) => {
          const reply = await http.call(call)
          read(reply.headers)
          return reply
        },
        callOnce: async (call) => {
          const outcome = await http.callOnce(call)
          if (outcome.kind === 'answered') read(outcome.reply.headers)
          return outcome
        },
      }
    },
  }
}
