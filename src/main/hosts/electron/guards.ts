import type { App, Session, Shell } from 'electron'
import { isAppAddress, isExternalPage } from './addresses.ts'

/** Whatever a page asks the system for is denied: Electron's default is to grant. */
export function denyPermissions(
  session: Pick<Session, 'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler'>,
): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
}

/** Keeps every page of the app where it is: no navigation, no new window, no embedded page. */
export function guardNavigation(app: Pick<App, 'on'>, shell: Pick<Shell, 'openExternal'>): void {
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
      if (isExternalPage(url)) void shell.openExternal(url)
      return { action: 'deny' }
    })
  })
}
