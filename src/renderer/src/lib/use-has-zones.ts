import { takesDriver, takesVoice } from '../stores/session-store.ts'
import { useDesk, useSession } from './studio.tsx'

/** Whether sources and driving videos are told apart: always for an engine that only videos drive, else once there is one. */
export function useHasZones(): boolean {
  const engine = useSession(({ settings }) => settings.engine)
  const hasVideo = useDesk(({ plan }) => plan.files.some(({ kind }) => kind === 'video'))
  return takesDriver(engine) && (hasVideo || !takesVoice(engine))
}
