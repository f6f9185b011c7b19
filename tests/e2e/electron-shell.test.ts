import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from '../fixtures/chromium.ts'
import { showWindows } from '../fixtures/electron-page.ts'
import { createFakeElectron } from '../fixtures/fake-electron.ts'
import type { FakeElectron } from '../fixtures/fake-electron.ts'
import { ffmpeg } from '../fixtures/test-core.ts'
import { noWindow, row } from '../fixtures/window.ts'

const root = resolve(import.meta.dirname, '../..')
/** How long a loaded machine may take for what is done at once. */
const patience = { timeout: 45_000 }
const noShell = noWindow ?? (existsSync(join(root, 'out/main/index.js')) ? undefined : 'the app is not built')

/** Loads the built entry file as Electron does, with the given Electron in the place of the real one. */
function loadBuiltApp(electron: object): void {
  const shared = globalThis as { fakeElectron?: object }
  shared.fakeElectron = electron
  const names = Object.keys(electron)
  const source = `export const { ${names.join(', ')} } = globalThis.fakeElectron`
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'electron' ? { url: 'fake:electron', shortCircuit: true } : next(specifier, context),
    load: (url, context, next) =>
      url === 'fake:electron' ? { format: 'module', source, shortCircuit: true } : next(url, context),
  })
  createRequire(import.meta.url)(join(root, 'out/main/index.js'))
  hooks.deregister()
}

describe.skipIf(noShell !== undefined)(`the built app in a window of Chromium ${noShell ?? ''}`, () => {
  let folder: string
  let browser: Browser
  let fake: FakeElectron
  let page: Page
  const faults: string[] = []
  const argv = [...process.argv]
  const file = (name: string) => join(folder, name)

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'studio-shell-'))
    for (const name of ['shoot', 'more', 'copies']) mkdirSync(file(name))
    const samples = join(root, 'resources/samples')
    ffmpeg('-i', join(samples, 'portrait-woman.jpg'), '-vf', 'scale=384:-2', file('shoot/anna.jpg'))
    ffmpeg('-i', join(samples, 'voice-en.wav'), '-t', '1', file('shoot/anna.wav'))
    cpSync(file('shoot/anna.jpg'), file('more/bella.jpg'))
    cpSync(file('shoot/anna.wav'), file('more/bella.wav'))
    process.env['LIVEPORTRAIT_STUDIO_DATA_DIR'] = file('data')
    // What another program, or a page of the web, might put on a command line.
    process.argv.splice(
      1,
      Infinity,
      root,
      '--no-such-switch',
      '/nowhere/at/all',
      'https://example.com/x',
      file('shoot'),
    )
    browser = await launchChromium()
    const opened = Promise.withResolvers<Page>()
    const onWindow = showWindows(browser, () => fake, opened.resolve)
    fake = createFakeElectron({ folder, chosen: [file('copies')], onWindow })
    loadBuiltApp(fake.electron)
    page = await opened.promise
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text())
    })
  })
  afterAll(async () => {
    fake.emit('window-all-closed')
    await fake.untilExit()
    await browser.close()
    process.argv.splice(0, Infinity, ...argv)
    delete process.env['LIVEPORTRAIT_STUDIO_DATA_DIR']
    rmSync(folder, { recursive: true, force: true })
  })

  /** A call as the page itself makes it. */
  const call = (method: string, input: object) =>
    page.evaluate(
      ([name, values]) =>
        (globalThis as unknown as { studio: { call: (...given: unknown[]) => Promise<unknown> } }).studio.call(
          name,
          values,
        ),
      [method, input] as const,
    )
  const jobs = async () => {
    const reply = await call('jobs.list', {})
    return (reply as { value: { rows: { jobId: string; state: string; output: string }[] } }).value.rows
  }

  it('lays a folder that it was started with on the desk, and starts nothing', async () => {
    await row(page, 'anna').first().waitFor()
    expect(await jobs()).toEqual([])
  })

  it('makes a video of it, which the window plays', async () => {
    await page.getByRole('button', { name: /^Start/ }).click()
    await expect.poll(async () => (await jobs()).map(({ state }) => state), { timeout: 150_000 }).toEqual(['done'])
    const video = page.locator('video')
    await expect
      .poll(() => video.evaluate((element: HTMLVideoElement) => element.videoWidth), patience)
      .toBeGreaterThan(0)
  }, 200_000)

  it('showed it in the taskbar, tells of the batch once, and kept no system awake for a free result', async () => {
    const progress = fake.log.windows[0]?.progress ?? []
    await expect.poll(() => progress.at(-1), patience).toBe(-1)
    expect(progress.some((value) => value >= 0)).toBe(true)
    await expect.poll(() => fake.log.notifications.map(({ body }) => body), patience).toEqual(['1 video is ready.'])
    expect([...fake.log.blockers]).toEqual([])
  })

  it('lets the result be dragged out, and nothing else', async () => {
    const [job] = await jobs()
    await page.locator('[draggable=true]').first().dispatchEvent('dragstart')
    await expect.poll(() => fake.log.windows[0]?.webContents.drags.length, patience).toBe(1)
    expect(fake.log.windows[0]?.webContents.drags[0]).toMatchObject({ file: job?.output })
    const refused = await call('system.dragResult', { jobId: '/etc/passwd' })
    expect(refused).toMatchObject({ ok: false, error: { code: 'E-INPUT-MISSING' } })
    expect(fake.log.windows[0]?.webContents.drags).toHaveLength(1)
  })

  it('copies where the result lies, though the page is granted no clipboard', async () => {
    await page.evaluate(() => {
      Object.defineProperty(navigator.clipboard, 'writeText', { value: () => Promise.reject(new Error('refused')) })
      document.addEventListener('copy', () => {
        document.title = document.activeElement instanceof HTMLTextAreaElement ? document.activeElement.value : ''
      })
    })
    await page.getByRole('button', { name: 'Copy path' }).first().click()
    await page.getByText('Copied.').waitFor()
    const [job] = await jobs()
    expect(await page.title()).toBe(job?.output)
  })

  it('saves copies of all results where the system’s dialog says, never over another file', async () => {
    for (const count of [1, 2]) {
      await page.getByRole('button', { name: 'What can be done with all jobs' }).click()
      await page.getByRole('menuitem', { name: 'Save all to…' }).click()
      await expect.poll(() => readdirSync(file('copies')).length, patience).toBe(count)
    }
    const [job] = await jobs()
    const original = readFileSync(String(job?.output))
    for (const name of readdirSync(file('copies')))
      expect(readFileSync(file(`copies/${name}`)).equals(original)).toBe(true)
  })

  it('takes only existing files and folders from a second start, whatever else stands on its line', async () => {
    const before = await jobs()
    const line = ['/app', '--inspect=9229', '-e', 'process.exit()', 'file:///etc/nothing', 'smb://host/x', 'more', '']
    fake.emit('second-instance', {}, line, folder)
    await row(page, 'bella').first().waitFor()
    expect(
      await page
        .getByRole('row')
        .filter({ hasText: /passwd|smb|exit/ })
        .count(),
    ).toBe(0)
    expect(await jobs()).toEqual(before)
    expect(fake.log.recentDocuments).toEqual([file('shoot'), file('more')])
  })

  it('does what its menu asks for, and shows the licences', async () => {
    const entries = fake.log.menu.flatMap(({ submenu }) => (Array.isArray(submenu) ? submenu : []))
    const click = (label: string) =>
      entries.find((entry) => entry.label === label)?.click?.(...([] as unknown as [never, never, never]))
    click('About LivePortrait Studio')
    await page.getByRole('dialog').getByText('Apache-2.0').first().waitFor()
    await page.keyboard.press('Escape')
    click('Settings…')
    await page.getByRole('dialog', { name: 'Settings' }).waitFor()
    await call('settings.update', { change: { language: 'zh' } })
    expect(fake.log.menu[0]?.label).toBe('文件')
    await call('settings.update', { change: { language: 'en' } })
    expect(await page.getByRole('dialog', { name: 'Settings' }).isVisible()).toBe(true)
    await page.keyboard.press('Escape')
  })

  it('keeps its place on the screen and the folders that were used last', () => {
    fake.log.windows[0]?.emit('close')
    const kept = JSON.parse(readFileSync(file('data/window.json'), 'utf8')) as { recentFolders: string[] }
    expect(kept).toMatchObject({ bounds: { width: 1200, height: 820 }, recentFolders: [file('more'), file('shoot')] })
  })

  it('never broke its content policy, and no script of it failed', () => {
    expect(faults).toEqual([])
  })
})
