/** Why a command must end before its work is done. */
export type EndReason = 'signal' | 'parent-gone' | 'reader-gone'

export type Lifetime = {
  /** Aborted with an EndReason. */
  readonly signal: AbortSignal
  readonly end: (reason: EndReason) => void
  readonly release: () => void
}

const PARENT_CHECK_MS = 250

/**
 * Watches for the end that comes from outside: INT, TERM, HUP, and the death of the parent when npm started us, because
 * npm does not hand signals on. Without npm a parent may go and we stay, as after `nohup … &`.
 * A second INT does not wait for anything.
 */
export function watchLifetime(env: Readonly<Record<string, string | undefined>>, giveUp: () => void): Lifetime {
  const controller = new AbortController()
  const end = (reason: EndReason) => controller.abort(reason)
  const onSignal = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted && signal === 'SIGINT') giveUp()
    end('signal')
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, onSignal)
  const parent = process.ppid
  const startedByNpm = env['npm_lifecycle_event'] !== undefined
  const timer = startedByNpm
    ? setInterval(() => {
        if (process.ppid !== parent) end('parent-gone')
      }, PARENT_CHECK_MS)
    : undefined
  timer?.unref()
  return {
    signal: controller.signal,
    end,
    release: () => {
      clearInterval(timer)
      for (const signal of signals) process.off(signal, onSignal)
    },
  }
}
