import { basename } from 'node:path'
import type { MenuItemConstructorOptions } from 'electron'
import type { WindowWish } from '../../../shared/api/system.ts'
import type { Translate } from '../../../shared/lib/error-sentence.ts'

export type MenuOptions = {
  readonly platform: NodeJS.Platform
  readonly t: Translate
  readonly appName: string
  /** A checkout: with the developer tools. */
  readonly isDevelopment: boolean
  /** Newest first. */
  readonly recentFolders: readonly string[]
  readonly ask: (wish: WindowWish) => void
  readonly openFolder: (path: string) => void
  /** Absent where there is no release page. */
  readonly openReleases?: () => void
}

type Item = MenuItemConstructorOptions
const LINE: Item = { type: 'separator' }

/** The menu as each system wants it: macOS has one of the app's own name, the others end with Help › About. */
export function menuTemplate(options: MenuOptions): Item[] {
  const { platform, t, ask, isDevelopment, openReleases } = options
  const isMac = platform === 'darwin'
  const item = (key: string, wish: WindowWish, accelerator?: string): Item => ({
    label: t(`menu.${key}`),
    click: () => ask(wish),
    ...(accelerator === undefined ? {} : { accelerator }),
  })
  const about = item('about', 'about')
  const settings = item('settings', 'settings', 'CmdOrCtrl+,')
  const file: Item[] = [
    item('addFiles', 'add-files', 'CmdOrCtrl+O'),
    item('addFolder', 'add-folder', 'CmdOrCtrl+Shift+O'),
    recentMenu(options),
    LINE,
    ...(isMac ? [{ role: 'close' } as Item] : [settings, LINE, { role: 'quit', label: t('menu.quit') } as Item]),
  ]
  const view: Item[] = [
    item('desk', 'desk', 'CmdOrCtrl+1'),
    item('queue', 'queue', 'CmdOrCtrl+2'),
    LINE,
    ...(['resetZoom', 'zoomIn', 'zoomOut'] as const).map((role): Item => ({ role, label: t(`menu.${role}`) })),
    LINE,
    { role: 'togglefullscreen', label: t('menu.fullScreen') },
    ...(isDevelopment ? [LINE, { role: 'toggleDevTools' } as Item] : []),
  ]
  const help: Item[] = [
    item('shortcuts', 'shortcuts'),
    ...(openReleases === undefined ? [] : [{ label: t('menu.releases'), click: openReleases }]),
    ...(isMac ? [] : [LINE, about]),
  ]
  return [
    ...(isMac ? [appMenu(options, about, settings)] : []),
    { label: t('menu.file'), submenu: file },
    { label: t('menu.edit'), submenu: editItems(t) },
    { label: t('menu.view'), submenu: view },
    ...(isMac ? [{ role: 'windowMenu' } as Item] : []),
    { role: 'help', label: t('menu.help'), submenu: help },
  ]
}

function editItems(t: Translate): Item[] {
  const roles = ['undo', 'redo', 'cut', 'copy', 'paste', 'selectAll'] as const
  return roles.flatMap((role): Item[] => [...(role === 'cut' ? [LINE] : []), { role, label: t(`menu.${role}`) }])
}

function appMenu({ appName, t }: MenuOptions, about: Item, settings: Item): Item {
  const roles = ['services', 'hide', 'hideOthers', 'unhide'] as const
  const system = roles.flatMap((role): Item[] => [{ role }, ...(role === 'services' ? [LINE] : [])])
  const quit: Item = { role: 'quit', label: t('menu.quitApp', { app: appName }) }
  return { label: appName, submenu: [about, LINE, settings, LINE, ...system, LINE, quit] }
}

/** macOS keeps this list itself; elsewhere it is ours. */
function recentMenu({ platform, t, recentFolders, openFolder }: MenuOptions): Item {
  const label = t('menu.recent')
  if (platform === 'darwin') {
    const clear: Item = { role: 'clearRecentDocuments', label: t('menu.clearRecent') }
    return { label, role: 'recentDocuments', submenu: [clear] }
  }
  // An ampersand in a menu marks its letter.
  const items = recentFolders.map((path): Item => ({
    label: basename(path).replaceAll('&', '&&'),
    toolTip: path,
    click: () => openFolder(path),
  }))
  return { label, enabled: items.length > 0, submenu: items }
}
