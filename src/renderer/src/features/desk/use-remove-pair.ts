import { useCallback } from 'react'
import { useStudio } from '../../lib/studio.tsx'
import type { Studio } from '../../lib/studio.tsx'
import { removePair, undo } from '../../stores/desk-store.ts'

/** Takes a pair off the desk and offers to put it back. */
export function removeWithUndo({ stores, notify }: Studio, key: string): void {
  removePair(stores.desk, key)
  notify({ kind: 'info', key: 'pairRemoved', action: { key: 'undo', run: () => undo(stores.desk) } })
}

export function useRemovePair(): (key: string) => void {
  const studio = useStudio()
  return useCallback((key) => removeWithUndo(studio, key), [studio])
}
