import { createContext, useContext } from 'react'
import type { DeskActions } from './desk-actions.ts'

export const DeskActionsContext = createContext<DeskActions | null>(null)

export function useDeskActions(): DeskActions {
  const actions = useContext(DeskActionsContext)
  if (actions === null) throw new Error('useDeskActions stands outside the desk')
  return actions
}
