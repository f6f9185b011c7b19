import type { BrowserWindow, IpcMain, IpcMainInvokeEvent } from 'electron'
import type { Core } from '../../core/create-core.ts'
import type { StudioEvent } from '../../../shared/api/index.ts'
import { replyOf } from '../../core/lib/reply.ts'
import type { Ports } from '../../core/ports.ts'
import { StudioError } from '../../../shared/errors.ts'
import { isAppAddress } from './addresses.ts'

/** The two channels of the contract; there are no others. */
export const CALL_CHANNEL = 'api:call'
export const EVENT_CHANNEL = 'api:event'

/**
 * Joins the page and the core. A call is looked at by who sent it before what it says: only the main frame of our own
 * living window, showing our own page, reaches the core. `send` tells the windows what only the host knows.
 */
export function connectBridge(
  ipcMain: Pick<IpcMain, 'handle'>,
  core: Pick<Core, 'dispatch' | 'subscribe'>,
  windows: () => readonly BrowserWindow[],
  logger: Ports['logger'],
): { readonly send: (event: StudioEvent) => void; readonly disconnect: () => void } {
  ipcMain.handle(CALL_CHANNEL, (event, method: unknown, input: unknown) => {
    const call = isTrustedSender(event, windows())
      ? core.dispatch(typeof method === 'string' ? method : '', input)
      : Promise.reject(new StudioError('E-LOCAL-AUTH'))
    return replyOf(call, logger)
  })
  const send = (event: StudioEvent) => {
    for (const window of windows()) if (!window.isDestroyed()) window.webContents.send(EVENT_CHANNEL, event)
  }
  return { send, disconnect: core.subscribe(send) }
}

function isTrustedSender(event: IpcMainInvokeEvent, windows: readonly BrowserWindow[]): boolean {
  const { sender, senderFrame } = event
  if (senderFrame === null || sender.isDestroyed() || senderFrame !== sender.mainFrame) return false
  const isOwn = windows.some((window) => !window.isDestroyed() && window.webContents === sender)
  return isOwn && isAppAddress(senderFrame.url)
}
