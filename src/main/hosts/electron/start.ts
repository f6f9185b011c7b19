import { join, resolve } from 'node:path'
import {
  BrowserWindow,
  Menu,
  Notification,
  app,
  dialog,
  ipcMain,
  powerSaveBlocker,
  protocol,
  safeStorage,
  screen,
  session,
  shell,
  utilityProcess,
} from 'electron'
import { createCore } from '../../core/create-core.ts'
import { createNodePorts, defaultDataDir, entryLayout } from '../../core/lib/node-ports.ts'
import { indexWindowFiles } from '../../core/lib/window-files.ts'
import type { Ports } from '../../core/ports.ts'
import { startAnimatedSimulator } from '../../simulator/animated-simulator.ts'
import type { WindowWish } from '../../../shared/api/system.ts'
import { toErrorData } from '../../../shared/errors.ts'
import { createTexts } from '../../../shared/lib/create-texts.ts'
import type { Texts } from '../../../shared/lib/create-texts.ts'
import { errorSentence } from '../../../shared/lib/error-sentence.ts'
import type { Settings } from '../../../shared/model/settings.ts'
import { APP_PAGE, releasePageOf } from './addresses.ts'
import { connectBridge } from './bridge.ts'
import { denyPermissions, externalPages, guardNavigation } from './guards.ts'
import type { OpenPage } from './guards.ts'
import { createHandedFiles, handedPaths } from './handed-files.ts'
import { followJobs } from './job-manners.ts'
import { menuTemplate } from './menu.ts'
import type { MenuOptions } from './menu.ts'
import { systemProxy, trustSystemCertificates } from './network.ts'
import { SCHEMES, serveProtocols } from './protocols.ts'
import { noticeFolders } from './recent-folders.ts'
import { createSealedStore } from './sealed-store.ts'
import { refusedSwitch } from './switches.ts'
import { utilityHelper } from './utility-helper.ts'
import { openWindowState } from './window-state.ts'

const APP_NAME = 'LivePortrait Studio'
/** The core gets this long to save and to end what it started. */
const STOP_MS = 2500

type Layout = ReturnType<typeof entryLayout>
type Handed = ReturnType<typeof createHandedFiles>
type WindowState = ReturnType<typeof openWindowState>
/** What is there before the app is ready. */
type Start = {
  readonly entryUrl: string
  readonly dataDir: string
  readonly layout: Layout
  readonly openPage: OpenPage
  readonly releasePage: string | undefined
  readonly handed: Handed
}

const firstWindow = (): BrowserWindow | undefined => BrowserWindow.getAllWindows()[0]

/**
 * Starts the app; a second start brings the first one's window to the front and hands its files over. Returns before the
 * app is ready: Electron gets ready only once its entry file has run to its end, so nothing there may wait for it.
 */
export function startElectron(entryUrl: string): void {
  const layout = entryLayout(entryUrl)
  if (app.isPackaged && !layout.isDriven && refusedSwitch(process.argv) !== undefined) return app.exit(1)
  const { env } = process
  const given = env['LIVEPORTRAIT_STUDIO_DATA_DIR']
  const dataDir = given === undefined || given === '' ? defaultDataDir(env) : resolve(given)
  // Chromium's own profile; the lock of the single instance lies there too, so it is one a data folder.
  app.setPath('userData', join(dataDir, 'window'))
  if (!app.requestSingleInstanceLock()) return app.quit()
  protocol.registerSchemesAsPrivileged(SCHEMES)
  const releasePage = app.isPackaged && layout.releasesOf !== undefined ? releasePageOf(layout.releasesOf) : undefined
  const openPage = externalPages(shell, releasePage === undefined ? [] : [releasePage])
  guardNavigation(app, openPage)

  let tellHanded = () => {}
  const handed = createHandedFiles(() => tellHanded())
  const handOver = (args: readonly string[], cwd: string) => handed.add(handedPaths(args, cwd, app.getAppPath()))
  handOver(process.argv.slice(1), process.cwd())
  // macOS hands files over by an event, also those that the app was started with.
  app.on('open-file', (event, path) => {
    event.preventDefault()
    handOver([path], '/')
  })
  app.on('second-instance', (_event, args, cwd) => {
    showWindow()
    handOver(args.slice(1), cwd)
  })
  app
    .whenReady()
    .then(() => open({ entryUrl, dataDir, layout, openPage, releasePage, handed }))
    .then((tell) => (tellHanded = tell))
    .catch(refuseToStart)
}

function showWindow(): void {
  const window = firstWindow()
  if (window === undefined) return
  if (window.isMinimized()) window.restore()
  window.focus()
}

/** Gives the function that tells the window of handed files. */
async function open(start: Start): Promise<() => void> {
  const { dataDir, layout } = start
  const { defaultSession } = session
  denyPermissions(defaultSession)
  const ports = electronPorts(start)
  trustSystemCertificates(ports.logger)
  const core = await createCore(ports)
  const state = openWindowState(dataDir, ports.logger)
  const windows = () => BrowserWindow.getAllWindows()
  const { language } = await core.handlers['settings.get']({})
  let texts = textsOf(language ?? 'system')
  const ask = (wish: WindowWish) => {
    showWindow()
    bridge.send({ name: 'window-asked', payload: { wish } })
  }
  const showMenu = () => Menu.setApplicationMenu(Menu.buildFromTemplate(menuFor(start, texts, state, ask)))
  const dispatch = noticeFolders(core.dispatch, (path) => {
    state.addRecentFolder(path)
    app.addRecentDocument(path)
    showMenu()
  })
  const bridge = connectBridge(ipcMain, { dispatch, subscribe: core.subscribe }, windows, ports.logger)
  serveProtocols(protocol, core, indexWindowFiles(layout.rendererDir))
  const t: Texts['t'] = (key, values) => texts.t(key, values)
  const { logger } = ports
  const showQueue = () => ask('queue')
  const endJobs = followJobs({ core, app, powerSaveBlocker, Notification, windows, t, logger, showQueue })
  core.subscribe((event) => {
    if (event.name !== 'settings-changed') return
    texts = textsOf(event.payload.language)
    showMenu()
  })
  showMenu()
  openWindow(layout, state)
  app.on('window-all-closed', () => app.quit())
  let isStopping = false
  app.on('before-quit', (event) => {
    if (isStopping) return
    isStopping = true
    event.preventDefault()
    endJobs()
    bridge.disconnect()
    setTimeout(() => app.exit(0), STOP_MS)
    void core.stop().finally(() => app.exit(0))
  })
  return () => bridge.send({ name: 'files-handed', payload: {} })
}

const textsOf = (language: Settings['language']): Texts =>
  createTexts(language === 'system' ? (app.getLocale().startsWith('zh') ? 'zh' : 'en') : language)

function menuFor({ openPage, releasePage, handed }: Start, { t }: Texts, state: WindowState, ask: MenuOptions['ask']) {
  return menuTemplate({
    platform: process.platform,
    t,
    appName: APP_NAME,
    isDevelopment: !app.isPackaged,
    recentFolders: state.recentFolders(),
    ask,
    openFolder: (path) => handed.add(handedPaths([path], '/', '')),
    ...(releasePage === undefined ? {} : { openReleases: () => openPage(releasePage) }),
  })
}

function openWindow({ preload, icon, isDriven }: Layout, state: WindowState): void {
  const bounds = state.bounds(screen.getAllDisplays().map(({ workArea }) => workArea))
  const window = new BrowserWindow({
    width: 1200,
    height: 820,
    minWidth: 720,
    minHeight: 520,
    ...bounds,
    title: APP_NAME,
    autoHideMenuBar: true,
    // Elsewhere the picture is part of the program.
    ...(process.platform === 'linux' ? { icon } : {}),
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInSubFrames: false,
      nodeIntegrationInWorker: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: !app.isPackaged || isDriven,
    },
  })
  if (state.isMaximized()) window.maximize()
  window.on('close', () => state.keep(window))
  void window.loadURL(APP_PAGE)
}

function electronPorts({ entryUrl, dataDir, layout, handed, releasePage }: Start): Ports {
  const defaultOutputFolder = join(app.getPath('videos'), APP_NAME)
  const choose = async (properties: ('openFile' | 'openDirectory' | 'multiSelections' | 'createDirectory')[]) => {
    const window = firstWindow()
    const { canceled, filePaths } = await (window === undefined
      ? dialog.showOpenDialog({ properties })
      : dialog.showOpenDialog(window, { properties }))
    return canceled ? [] : filePaths
  }
  // Only macOS has one dialog for files and folders.
  const inputs = process.platform === 'darwin' ? (['openFile', 'openDirectory'] as const) : (['openFile'] as const)
  const env = process.env
  const nodePorts = createNodePorts({ entryUrl, host: 'electron', dataDir, defaultOutputFolder, env, log: 'file' })
  const sealedStore = createSealedStore(safeStorage, dataDir)
  const toolsDir = app.isPackaged ? { toolsDir: join(process.resourcesPath, 'bin') } : {}
  const ports: Ports = { ...nodePorts, paths: { ...nodePorts.paths, ...toolsDir } }
  return {
    ...ports,
    ...(sealedStore === undefined ? {} : { sealedStore }),
    ...(releasePage === undefined ? {} : { releasePage: new URL(releasePage) }),
    startHelper: utilityHelper(utilityProcess),
    resolveProxy: systemProxy(session.defaultSession, env),
    simulateVendor: () => startAnimatedSimulator(ports, { timing: 'quick' }),
    showItemInFolder: async (path) => shell.showItemInFolder(path),
    pickFolder: async () => (await choose(['openDirectory', 'createDirectory']))[0] ?? null,
    pickInputs: () => choose([...inputs, 'multiSelections']),
    takeHandedFiles: handed.take,
    dragOut: (file) => firstWindow()?.webContents.startDrag({ file, icon: layout.dragIcon }),
  }
}

/** Another core owns the folder, or the database cannot be opened: one sentence, then the end. */
function refuseToStart(error: unknown): void {
  const texts = textsOf('system')
  const { message, action } = errorSentence(texts.t, texts.exists, toErrorData(error))
  dialog.showErrorBox(APP_NAME, `${message}\n\n${action}`)
  app.exit(1)
}
