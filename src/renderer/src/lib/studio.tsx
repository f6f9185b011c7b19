import { createContext, useContext } from 'react'
import type { ReactNode } from 'react'
import { useStore } from 'zustand'
import type { StudioClient } from '../client/studio-client.ts'
import type { DeskState, DeskStore } from '../stores/desk-store.ts'
import type { JobsState, JobsStore } from '../stores/jobs-store.ts'
import type { MediaState, MediaStore } from '../stores/media-store.ts'
import type { RehearsalState, RehearsalStore } from '../stores/rehearsal-store.ts'
import type { SessionState, SessionStore } from '../stores/session-store.ts'
import type { ViewState, ViewStore } from '../stores/view-store.ts'
import type { Notify } from './notice.ts'

export type Stores = {
  readonly session: SessionStore
  readonly view: ViewStore
  readonly desk: DeskStore
  readonly media: MediaStore
  readonly jobs: JobsStore
  readonly rehearsal: RehearsalStore
}

/** What every feature works with. */
export type Studio = { readonly client: StudioClient; readonly stores: Stores; readonly notify: Notify }

const StudioContext = createContext<Studio | null>(null)

export function StudioProvider({ studio, children }: { readonly studio: Studio; readonly children: ReactNode }) {
  return <StudioContext value={studio}>{children}</StudioContext>
}

export function useStudio(): Studio {
  const studio = useContext(StudioContext)
  if (studio === null) throw new Error('useStudio stands outside its provider')
  return studio
}

export const useSession = <T,>(select: (state: SessionState) => T): T => useStore(useStudio().stores.session, select)
export const useView = <T,>(select: (state: ViewState) => T): T => useStore(useStudio().stores.view, select)
export const useDesk = <T,>(select: (state: DeskState) => T): T => useStore(useStudio().stores.desk, select)
export const useMedia = <T,>(select: (state: MediaState) => T): T => useStore(useStudio().stores.media, select)
export const useJobs = <T,>(select: (state: JobsState) => T): T => useStore(useStudio().stores.jobs, select)
export const useRehearsal = <T,>(select: (state: RehearsalState) => T): T =>
  useStore(useStudio().stores.rehearsal, select)
