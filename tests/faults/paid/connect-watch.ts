import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { onTestFinished } from 'vitest'
import { z } from 'zod'

const messageSchema = z.object({ connectParams: z.object({ port: z.coerce.number() }) })

export type ConnectWatch = {
  /** Connections begun to the port so far. */
  readonly begun: () => number
  /** How long each connection that failed was tried. */
  readonly failedAfterSeconds: readonly number[]
}

/** Counts the connections that this process' HTTP client begins to a port, until the test is over. */
export function watchConnects(port: number): ConnectWatch {
  const failedAfterSeconds: number[] = []
  const pending: number[] = []
  let begun = 0
  const isOurs = (message: unknown): boolean => messageSchema.safeParse(message).data?.connectParams.port === port
  const watches = {
    'undici:client:beforeConnect': (message: unknown) => {
      if (!isOurs(message)) return
      begun++
      pending.push(performance.now())
    },
    'undici:client:connected': (message: unknown) => {
      if (isOurs(message)) pending.shift()
    },
    'undici:client:connectError': (message: unknown) => {
      const startedMs = isOurs(message) ? pending.shift() : undefined
      if (startedMs !== undefined) failedAfterSeconds.push((performance.now() - startedMs) / 1000)
    },
  }
  for (const [name, watch] of Object.entries(watches)) subscribe(name, watch)
  onTestFinished(() => {
    for (const [name, watch] of Object.entries(watches)) unsubscribe(name, watch)
  })
  return { begun: () => begun, failedAfterSeconds }
}
