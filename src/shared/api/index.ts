import type { z } from 'zod'
import { batchContract } from './batch.ts'
import type { HandlersOf, InputOf, OutputOf } from './contract.ts'
import { jobsContract, jobsEvents } from './jobs.ts'
import { keysContract } from './keys.ts'
import { mediaContract } from './media.ts'
import { rehearsalContract, rehearsalEvents } from './rehearsal.ts'
import { settingsContract, settingsEvents } from './settings.ts'
import { spendContract } from './spend.ts'
import { storageContract } from './storage.ts'
import { systemContract, systemEvents } from './system.ts'

/** THE contract: every method that any host offers. */
export const contract = {
  ...jobsContract,
  ...mediaContract,
  ...batchContract,
  ...settingsContract,
  ...spendContract,
  ...keysContract,
  ...storageContract,
  ...rehearsalContract,
  ...systemContract,
} as const
export type Contract = typeof contract
export type Method = keyof Contract
export type Handlers = HandlersOf<Contract>
export type Input<M extends Method> = InputOf<Contract, M>
export type Output<M extends Method> = OutputOf<Contract, M>

/** Everything that the core tells without being asked. */
export const events = { ...jobsEvents, ...settingsEvents, ...rehearsalEvents, ...systemEvents } as const
export type EventName = keyof typeof events
export type EventPayload<N extends EventName> = z.output<(typeof events)[N]>
export type StudioEvent = { [N in EventName]: { readonly name: N; readonly payload: EventPayload<N> } }[EventName]
