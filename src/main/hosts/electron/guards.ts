import type { App, Session, Shell } from 'electron'
import { isAppAddress } from './addresses.ts'

/** Whatever a page asks the system for is denied: Electron's default is to grant. */
export function denyPermissions(
  session: Pick<Session, 'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler'>,
): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
}

/** Opens a page in the system's browser when it is one of `pages`, compared whole; anything else opens nowhere. */
export type OpenPage = (address: string) => void
export function externalPages(shell: Pick<Shell, 'openExternal'>, pages: readonly string[]): OpenPage {
  return (address) => {
    if (pages.includes(address)) void shell.openExternal(address)
  }
}

/** Keeps every page of the app where it is: no navigation, no new window, no embedded page. */
export function guardNavigation(app: Pick<App, 'on'>, openPage: OpenPage): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-navigate', (details) => {
      if (!isAppAddress(details.url)) details.preventDefault()
    })
    contents.on('will-frame-navigate', (details) => {
      if (!isAppAddress(details.url)) details.preventDefault()
    })
    contents.on('will-redirect', (details) => {
      if (!isAppAddress(details.url)) details.preventDefault()
    })
    contents.on('will-attach-webview', (event) => event.preventDefault())
    contents.setWindowOpenHandler(({ url }) => {
      openPage(url)
      return { action: 'deny' }
    })
  })
}
