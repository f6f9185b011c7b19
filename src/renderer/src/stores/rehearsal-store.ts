import { createStore } from 'zustand/vanilla'
import type { StoreApi } from 'zustand/vanilla'
import type { Output } from '../../../shared/api/index.ts'
import type { RehearsalProgress } from '../../../shared/api/rehearsal.ts'
import type { ErrorData } from '../../../shared/errors.ts'

/** One simulated paid run, which goes on while its dialog is closed. */
export type RehearsalState = {
  readonly isRunning: boolean
  readonly progress: RehearsalProgress | null
  readonly report: Output<'rehearsal.start'> | null
  readonly error: ErrorData | null
}
export type RehearsalStore = StoreApi<RehearsalState>

export function createRehearsalStore(): RehearsalStore {
  return createStore<RehearsalState>(() => ({ isRunning: false, progress: null, report: null, error: null }))
}
