import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createFakeElectron } from '../../../../tests/fixtures/fake-electron.ts'
import type { FakeElectron } from '../../../../tests/fixtures/fake-electron.ts'

let folder: string
const entry = pathToFileURL(join(process.cwd(), 'src/main/index.ts')).href
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'studio-start-'))
  vi.stubEnv('LIVEPORTRAIT_STUDIO_DATA_DIR', folder)
  // The arguments of the test runner are files, too.
  process.argv.splice(1)
})
afterEach(() => {
  vi.doUnmock('electron')
  vi.resetModules()
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

async function start(options: { isFirstInstance?: boolean; isPackaged?: boolean } = {}): Promise<FakeElectron> {
  const fake = createFakeElectron({ folder, ...options })
  vi.resetModules()
  vi.doMock('electron', () => fake.electron)
  const { startElectron } = await import('./start.ts')
  startElectron(entry)
  return fake
}

it('opens one window that is shut off from Node, and ends when it is closed', async () => {
  const fake = await start()
  await expect.poll(() => fake.log.windows.length, { timeout: 45_000 }).toBe(1)
  expect(fake.log.schemes.map(({ scheme }) => scheme)).toEqual(['studio-app', 'studio-media'])
  expect(fake.log.windows[0]?.options.webPreferences).toMatchObject({
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    nodeIntegrationInSubFrames: false,
    nodeIntegrationInWorker: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    webviewTag: false,
    experimentalFeatures: false,
  })
  expect(fake.log.windows[0]?.options.webPreferences).not.toHaveProperty('enableBlinkFeatures')
  expect(fake.log.windows[0]?.webContents.mainFrame.url).toBe('studio-app://app/')
  expect(fake.log.windows[0]?.options.webPreferences?.preload).toMatch(/index\.cjs$/)
  expect(fake.log.permissionRequest).not.toBeNull()

  fake.emit('second-instance', {}, ['/app'], '/')
  expect(fake.log.windows[0]?.focused).toBe(1)
  fake.emit('window-all-closed')
  await fake.untilExit()
  expect(fake.log.exitCode).toBe(0)
})

it.each(['--inspect=0', '--inspect-brk', '--remote-debugging-port=9222', '--remote-debugging-pipe', '--js-flags=--x'])(
  'a packaged app ends at once under %s',
  async (name) => {
    process.argv.push(name)
    const fake = await start({ isPackaged: true })
    process.argv.splice(1)
    expect(fake.log.exitCode).toBe(1)
    expect(fake.log.schemes).toEqual([])
  },
)

it('a second start leaves the first one alone', async () => {
  const fake = await start({ isFirstInstance: false })
  expect(fake.log.windows).toEqual([])
  expect(fake.log.exitCode).toBe(0)
})

it('says who holds the data folder when another core owns it', async () => {
  const first = await start()
  await expect.poll(() => first.log.windows.length, { timeout: 45_000 }).toBe(1)
  const second = await start()
  await second.untilExit()
  expect(second.log.exitCode).toBe(1)
  expect(second.log.errorBoxes.join()).toContain(`process ${process.pid}, electron`)
  first.emit('window-all-closed')
  await first.untilExit()
})
