/** Lets at most a number of things happen at once; the others wait in turn. */
export type Places = {
  /** Runs `work` when a place is free. Throws the signal's reason when aborted while waiting. */
  readonly take: <T>(work: () => Promise<T>, signal?: AbortSignal) => Promise<T>
}

export function createPlaces(atOnce: number): Places {
  const queue: (() => void)[] = []
  let busy = 0

  const enter = async (signal?: AbortSignal): Promise<void> => {
    signal?.throwIfAborted()
    if (busy < atOnce) {
      busy += 1
      return
    }
    // The place is handed over: `busy` stays as it is.
    await new Promise<void>((resolve, reject) => {
      const admit = () => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        queue.splice(queue.indexOf(admit), 1)
        reject(signal?.reason as Error)
      }
      signal?.addEventListener('abort', leave, { once: true })
      queue.push(admit)
    })
  }
  const exit = () => {
    const next = queue.shift()
    if (next === undefined) busy -= 1
    else next()
  }

  return {
    take: async (work, signal) => {
      await enter(signal)
      try {
        return await work()
      } finally {
        exit()
      }
    },
  }
}
