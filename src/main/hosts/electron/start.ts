import { join, resolve } from 'node:path'
import { BrowserWindow, Menu, app, dialog, ipcMain, protocol, safeStorage, session, shell } from 'electron'
import { createCore } from '../../core/create-core.ts'
import { createNodePorts, defaultDataDir, entryLayout } from '../../core/lib/node-ports.ts'
import { indexWindowFiles } from '../../core/lib/window-files.ts'
import type { Ports } from '../../core/ports.ts'
import { startAnimatedSimulator } from '../../simulator/animated-simulator.ts'
import { toErrorData } from '../../../shared/errors.ts'
import { createTexts } from '../../../shared/lib/create-texts.ts'
import { errorSentence } from '../../../shared/lib/error-sentence.ts'
import { APP_PAGE } from './addresses.ts'
import { connectBridge } from './bridge.ts'
import { denyPermissions, guardNavigation } from './guards.ts'
import { SCHEMES, serveProtocols } from './protocols.ts'
import { createSealedStore } from './sealed-store.ts'

/** The core gets this long to save and to end what it started. */
const STOP_MS = 2500

/**
 * Starts the app; a second start brings the first one's window to the front. Returns before the app is ready: Electron
 * gets ready only once its entry file has run to its end, so nothing there may wait for it.
 */
export function startElectron(entryUrl: string): void {
  const { env } = process
  const given = env['LIVEPORTRAIT_STUDIO_DATA_DIR']
  const dataDir = given === undefined || given === '' ? defaultDataDir(env) : resolve(given)
  // Chromium's own profile; the lock of the single instance lies there too, so it is one a data folder.
  app.setPath('userData', join(dataDir, 'window'))
  if (!app.requestSingleInstanceLock()) return app.quit()
  protocol.registerSchemesAsPrivileged(SCHEMES)
  guardNavigation(app, shell)
  app
    .whenReady()
    .then(() => open(entryUrl, dataDir))
    .catch(refuseToStart)
}

async function open(entryUrl: string, dataDir: string): Promise<void> {
  denyPermissions(session.defaultSession)
  const layout = entryLayout(entryUrl)
  const ports = electronPorts(entryUrl, dataDir)
  const core = await createCore(ports)
  const disconnect = connectBridge(ipcMain, core, () => BrowserWindow.getAllWindows(), ports.logger)
  serveProtocols(protocol, core, indexWindowFiles(layout.rendererDir))
  if (process.platform !== 'darwin') Menu.setApplicationMenu(null)
  openWindow(layout.preload)
  app.on('second-instance', () => {
    const [window] = BrowserWindow.getAllWindows()
    if (window === undefined) return
    if (window.isMinimized()) window.restore()
    window.focus()
  })
  app.on('window-all-closed', () => app.quit())
  let isStopping = false
  app.on('before-quit', (event) => {
    if (isStopping) return
    isStopping = true
    event.preventDefault()
    disconnect()
    setTimeout(() => app.exit(0), STOP_MS)
    void core.stop().finally(() => app.exit(0))
  })
}

function openWindow(preload: string): void {
  const window = new BrowserWindow({
    width: 1200,
    height: 820,
    minWidth: 720,
    minHeight: 520,
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInSubFrames: false,
      nodeIntegrationInWorker: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  })
  void window.loadURL(APP_PAGE)
}

function electronPorts(entryUrl: string, dataDir: string): Ports {
  const defaultOutputFolder = join(app.getPath('videos'), 'LivePortrait Studio')
  const choose = async (properties: ('openFile' | 'openDirectory' | 'multiSelections' | 'createDirectory')[]) => {
    const { canceled, filePaths } = await dialog.showOpenDialog({ properties })
    return canceled ? [] : filePaths
  }
  // Only macOS has one dialog for files and folders.
  const inputs = process.platform === 'darwin' ? (['openFile', 'openDirectory'] as const) : (['openFile'] as const)
  const env = process.env
  const ports = createNodePorts({ entryUrl, host: 'electron', dataDir, defaultOutputFolder, env, log: 'file' })
  const sealedStore = createSealedStore(safeStorage, dataDir)
  return {
    ...ports,
    ...(sealedStore === undefined ? {} : { sealedStore }),
    simulateVendor: () => startAnimatedSimulator(ports, { timing: 'quick' }),
    showItemInFolder: async (path) => shell.showItemInFolder(path),
    pickFolder: async () => (await choose(['openDirectory', 'createDirectory']))[0] ?? null,
    pickInputs: () => choose([...inputs, 'multiSelections']),
  }
}

/** Another core owns the folder, or the database cannot be opened: one sentence, then the end. */
function refuseToStart(error: unknown): void {
  const texts = createTexts(app.getLocale().startsWith('zh') ? 'zh' : 'en')
  const { message, action } = errorSentence(texts.t, texts.exists, toErrorData(error))
  dialog.showErrorBox('LivePortrait Studio', `${message}\n\n${action}`)
  app.exit(1)
}
