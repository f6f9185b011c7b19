import { createStore } from 'zustand/vanilla'
import type { StoreApi } from 'zustand/vanilla'
import type { Quote } from '../../../shared/model/job.ts'

export type View = 'desk' | 'queue'
export type SettingsPart = 'general' | 'engines' | 'storage'

/** Where the person is in the window; nothing of it outlives the window. */
export type ViewState = {
  readonly view: View
  readonly dialog: 'settings' | 'shortcuts' | 'rehearsal' | 'addresses' | 'about' | null
  readonly settingsPart: SettingsPart
  /** Files on their way to the core, in a browser. */
  readonly upload: { readonly doneFiles: number; readonly totalFiles: number } | null
  readonly selectedJobId: string | null
  /** A retry that would be paid for, and waits for a yes or no. */
  readonly payAgain: {
    readonly jobIds: readonly string[]
    /** Jobs among these that are paid for again. */
    readonly count: number
    readonly prices: readonly Quote[]
  } | null
}
export type ViewStore = StoreApi<ViewState>

export function createViewStore(): ViewStore {
  return createStore<ViewState>(() => ({
    view: 'desk',
    dialog: null,
    settingsPart: 'general',
    upload: null,
    selectedJobId: null,
    payAgain: null,
  }))
}
