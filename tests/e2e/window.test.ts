import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { launchChromium } from '../fixtures/chromium.ts'
import { writeVoice } from '../fixtures/cli.ts'
import { freePort } from '../fixtures/free-port.ts'
import { dragAndDrop, noWindow, openPage, row, startServer } from '../fixtures/window.ts'
import type { StudioPage, StudioServer } from '../fixtures/window.ts'

if (noWindow !== undefined) console.warn(`Skipped: the window in a real browser (${noWindow}).`)

/** The samples at a third of their size: what is tested here is not the picture. */
let small: { readonly folder: string; readonly man: string; readonly woman: string }

let browser: Browser
let folder: string
let server: StudioServer
let port: number
let studio: StudioPage
let page: Page

const at = (...names: string[]) => join(folder, ...names)
const startButton = () => page.getByRole('button', { name: /^Start \d+ jobs?$/ })
const queueTab = () => page.getByRole('button', { name: /^Queue/ })
/** A busy machine may take its time; a defect takes for ever. */
const PATIENT = { timeout: 20_000 }
const useFolder = async (path: string) => {
  await page.getByLabel('Results go to').fill(path)
  await page.getByLabel('Results go to').press('Enter')
}

describe.skipIf(noWindow !== undefined)('the window in a browser', () => {
  beforeAll(async () => {
    browser = await launchChromium()
    const root = mkdtempSync(join(tmpdir(), 'studio-small-'))
    small = { folder: root, man: join(root, 'man.jpg'), woman: join(root, 'woman.jpg') }
    for (const name of ['man', 'woman'] as const) {
      await sharp(resolve(`resources/samples/portrait-${name}.jpg`))
        .resize(320)
        .toFile(small[name])
    }
  })
  afterAll(async () => {
    rmSync(small.folder, { recursive: true, force: true })
    await browser.close()
  })

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'studio-window-'))
    mkdirSync(at('in', 'deep'), { recursive: true })
    copyFileSync(small.woman, at('in', 'anna.jpg'))
    writeVoice(at('in', 'anna.wav'), 0.8)
    copyFileSync(small.man, at('in', 'deep', 'bert.jpg'))
    writeVoice(at('in', 'deep', 'bert.wav'), 0.8, 140)
    copyFileSync(small.man, at('in', 'lonely.jpg'))
    port = await freePort()
    server = await startServer(at('data'), folder, port)
    studio = await openPage(browser, server.url)
    page = studio.page
  })
  afterEach(async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
    await studio.close()
  })

  it('takes the token off the address and stays signed in on a reload', async () => {
    await expect.poll(() => page.url(), PATIENT).not.toContain('token')
    await page.reload()
    await page.getByRole('heading', { name: 'Drop portraits and voices anywhere' }).waitFor()
    await page.getByRole('button', { name: 'Settings' }).click()
    await page.getByText(at('data')).waitFor()
  })

  it('makes the first video from the samples, plays it in place and saves it', async () => {
    await page.getByRole('button', { name: 'Try the samples' }).click()
    for (let pairs = 4; pairs > 1; pairs -= 1) await page.getByRole('button', { name: 'Remove pair' }).last().click()
    const rate = page.getByRole('textbox', { name: 'Frame rate' })
    await rate.fill('15')
    await rate.blur()
    await useFolder(at('out'))
    await startButton().click()
    await page.getByText('1 video is ready.').waitFor({ timeout: 120_000 })
    await row(page, 'portrait-man').getByRole('button', { name: 'Play' }).click()
    const video = page.locator('video')
    await expect
      .poll(() => video.evaluate((element: HTMLVideoElement) => element.currentTime), {
        timeout: 20_000,
      })
      .toBeGreaterThan(0.2)
    expect(await video.evaluate((element: HTMLVideoElement) => element.videoWidth)).toBeGreaterThan(500)
    await row(page, 'portrait-man').focus()
    await page.keyboard.press('Space')
    await expect.poll(() => video.evaluate((element: HTMLVideoElement) => element.paused), PATIENT).toBe(true)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Save a copy' }).click(),
    ])
    expect(download.suggestedFilename()).toMatch(/^portrait-man__voice-(en|zh)\.mp4$/)
    expect(readdirSync(at('out'))).toEqual([download.suggestedFilename()])
  })

  it('takes a dropped folder with its tree, pairs it, says what stayed over, and gives results the same tree', async () => {
    await dragAndDrop(page, { files: [at('in')] }, async () => {
      await page.getByText('Drop to add to the desk').waitFor()
    })
    await row(page, 'anna').waitFor()
    await row(page, 'bert').waitFor()
    await row(page, 'lonely').getByText('No voice was found for this portrait.').waitFor()
    await page.getByText('1 file is in no pair').waitFor()
    await useFolder(at('out'))
    await page.getByText('Checking…').first().waitFor({ state: 'detached' })
    await startButton().click()
    await page.getByText('2 videos are ready.').waitFor({ timeout: 120_000 })
    expect(existsSync(at('out', 'in', 'anna__anna.mp4')) || existsSync(at('out', 'anna__anna.mp4'))).toBe(true)
    expect(
      existsSync(at('out', 'in', 'deep', 'bert__bert.mp4')) || existsSync(at('out', 'deep', 'bert__bert.mp4')),
    ).toBe(true)
    // What found no partner still waits on the desk.
    await page.getByRole('button', { name: 'Prepare' }).click()
    await row(page, 'lonely').waitFor()
  })

  it('changes a pair, refuses the same one twice, removes it and puts it back', async () => {
    await page.getByTestId('add-folder').setInputFiles(at('in'))
    await row(page, 'anna').getByRole('button', { name: 'What can be done with this pair' }).click()
    await page.getByRole('menuitem', { name: 'Change voice…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: /bert/ }).click()
    await row(page, 'anna').filter({ hasText: 'bert' }).waitFor()
    await row(page, 'anna.wav').getByText('No portrait was found for this voice.').waitFor()

    await row(page, 'lonely').getByRole('button', { name: 'Choose a voice' }).click()
    await page.getByRole('dialog').getByLabel('Filter by name').fill('ANN')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Start 3 jobs' }).waitFor()

    await row(page, 'lonely').focus()
    await page.keyboard.press('Delete')
    await page.getByText('Pair removed.').waitFor()
    await page.getByText('Start 2 jobs').waitFor()
    await page.keyboard.press('Control+z')
    await page.getByText('Start 3 jobs').waitFor()
    expect(await row(page, 'lonely').filter({ hasText: 'anna' }).count()).toBe(1)
  })

  it('sets parameters for all jobs and for one, saves them as a preset, and runs with them', async () => {
    await page
      .getByTestId('add-files')
      .setInputFiles([
        at('in', 'anna.jpg'),
        at('in', 'anna.wav'),
        at('in', 'deep', 'bert.jpg'),
        at('in', 'deep', 'bert.wav'),
      ])
    await row(page, 'bert').waitFor()
    await page.getByRole('button', { name: 'Calm' }).click()
    await page.getByText('Small motion: for news and broadcasting.').waitFor()
    const mouth = page.getByRole('textbox', { name: 'Mouth movement' })
    await mouth.fill('0')
    await mouth.blur()
    await page.getByRole('button', { name: 'Presets' }).click()
    await page.getByLabel('Name of the preset').fill('News')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'Presets' }).getByText('News', { exact: true }).waitFor()
    await page.keyboard.press('Escape')

    await row(page, 'bert').click()
    await page.getByRole('button', { name: 'This job' }).click()
    await page.getByRole('switch', { name: 'Whole picture' }).click()
    await row(page, 'bert').getByText('Own settings').waitFor()
    await useFolder(at('out'))
    await studio.call('queue.pause', {})
    await startButton().click()
    await page.getByText('Paused: nothing new is started').waitFor()

    const { rows } = await studio.call('jobs.list', {})
    const details = await Promise.all(rows.map(({ jobId }) => studio.call('jobs.show', { jobId })))
    expect(details.map(({ parameters }) => parameters)).toMatchObject([
      { template_id: 'calm', mouth_move_strength: 0, paste_back: true },
      { template_id: 'calm', mouth_move_strength: 0, paste_back: false },
    ])
    const { presets } = await studio.call('presets.list', {})
    expect(presets).toMatchObject([{ name: 'News', parameters: { template_id: 'calm', mouth_move_strength: 0 } }])
  })

  it('shows one frame as it will be, and takes a click on the face that is to speak', async () => {
    await page.getByTestId('add-files').setInputFiles([at('in', 'anna.jpg'), at('in', 'anna.wav')])
    const frame = page.getByRole('img', { name: 'Preview of the portrait' })
    await expect.poll(() => frame.getAttribute('src'), { timeout: 60_000 }).toContain('/media/preview/')
    const before = await frame.getAttribute('src')
    await page.getByRole('slider', { name: 'Moment of the preview in seconds' }).press('ArrowLeft')
    await expect.poll(() => frame.getAttribute('src'), { timeout: 60_000 }).not.toBe(before)
    await page.getByRole('button', { name: /^Faces/ }).click()
    const face = page.getByRole('button', { name: 'Face 1 of 1' })
    const [box, picture] = [await face.boundingBox(), await frame.boundingBox()]
    // The face of a portrait lies within it and is no speck.
    expect(box?.width).toBeGreaterThan((picture?.width ?? 0) / 8)
    expect(box?.x).toBeGreaterThan(picture?.x ?? 0)
    await face.click()
    await expect.poll(() => frame.getAttribute('src'), PATIENT).toContain('/media/preview/')
  })

  it('pauses, goes on, cancels, and tries again from the failed step', async () => {
    writeVoice(at('in', 'anna.wav'), 20)
    await page.getByTestId('add-files').setInputFiles([at('in', 'anna.jpg'), at('in', 'anna.wav')])
    await useFolder(at('out'))
    await startButton().click()
    await row(page, 'anna').getByText('Rendering').waitFor({ timeout: 60_000 })
    await page.getByRole('button', { name: 'Pause' }).click()
    await row(page, 'anna').getByText('Queued').waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await row(page, 'anna').getByText('Rendering').waitFor({ timeout: 60_000 })
    await row(page, 'anna').getByRole('button', { name: 'Cancel' }).click()
    await row(page, 'anna').getByText('Cancelled').waitFor()
    expect(existsSync(at('out')) ? readdirSync(at('out')) : []).toEqual([])
    await row(page, 'anna').focus()
    await page.keyboard.press('r')
    await row(page, 'anna').getByText('Rendering').waitFor({ timeout: 60_000 })
    await row(page, 'anna').getByRole('button', { name: 'Cancel' }).click()
    await row(page, 'anna').getByText('Cancelled').waitFor()

    await row(page, 'anna').focus()
    await page.keyboard.press('Delete')
    await row(page, 'anna').getByText('Removed from the list').waitFor()
    await page.keyboard.press('Control+z')
    await row(page, 'anna').getByText('Cancelled').waitFor()
    await page.keyboard.press('Delete')
    await page.getByText('No jobs yet.').waitFor({ timeout: 30_000 })
    expect((await studio.call('jobs.list', {})).total).toBe(0)
  })

  it('says what is wrong with a file before the start, and why a job failed after it', async () => {
    writeVoice(at('in', 'anna.wav'), 0.1)
    await page.getByTestId('add-files').setInputFiles([at('in', 'anna.jpg'), at('in', 'anna.wav')])
    await row(page, 'anna').getByText('anna.wav lasts 0.1 s; at least 0.2 s are needed.').waitFor()
    await page.getByText('1 pair with an error is left out').waitFor()
    expect(await page.getByRole('button', { name: 'Start', exact: true }).isDisabled()).toBe(true)

    const { jobs } = await studio.call('batch.start', {
      engine: 'offline',
      outputFolder: at('out'),
      pairs: [{ source: at('in', 'anna.jpg'), voice: at('in', 'anna.wav'), folder: '' }],
    })
    await queueTab().click()
    await row(page, 'anna').getByText('Failed').waitFor()
    await row(page, 'anna').click()
    await page.getByText('Choose a longer recording.').waitFor()
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByRole('button', { name: 'Copy details' }).click()
    const copied: unknown = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()))
    expect(copied).toMatchObject({ jobId: jobs[0]?.jobId, error: { code: 'E-INPUT-TOO-SHORT' } })
  })

  it('refuses an output folder that cannot be, and says so beside it', async () => {
    await page.getByTestId('add-files').setInputFiles([at('in', 'anna.jpg'), at('in', 'anna.wav')])
    await useFolder(at('in', 'anna.jpg', 'below-a-file'))
    await page.getByRole('alert').waitFor()
    expect(await page.getByLabel('Results go to').getAttribute('aria-invalid')).toBe('true')
    await page.getByLabel('Results go to').press('Escape')
    expect(await page.getByRole('alert').count()).toBe(0)
  })

  it('goes on where a killed app stopped; the window of the earlier start says that it is one', async () => {
    writeVoice(at('in', 'anna.wav'), 3)
    await page.getByTestId('add-folder').setInputFiles(at('in'))
    await row(page, 'bert').waitFor()
    await useFolder(at('out'))
    await startButton().click()
    await row(page, 'anna').getByText('Rendering').waitFor({ timeout: 60_000 })
    await server.kill()
    await page.getByText('The connection to the app is lost.').waitFor()
    server = await startServer(at('data'), folder, port)
    await page.getByText('This window belongs to an earlier start').waitFor({ timeout: 30_000 })

    const earlier = studio
    studio = await openPage(browser, server.url)
    await earlier.close()
    page = studio.page
    await expect
      .poll(async () => (await studio.call('jobs.list', { states: ['done'] })).total, { timeout: 120_000 })
      .toBe(2)
    await row(page, 'anna').getByText('Done').waitFor()
    const results = readdirSync(at('out'), { recursive: true })
      .map(String)
      .filter((name) => name.endsWith('.mp4'))
    expect(results.map((name) => name.replace(/^in\//, '')).toSorted()).toEqual([
      'anna__anna.mp4',
      'deep/bert__bert.mp4',
    ])
  })

  it('speaks English and Chinese, light and dark, as the settings say, at once and after a reload', async () => {
    await page.getByRole('button', { name: 'Settings' }).click()
    await page.getByRole('combobox', { name: 'Language' }).click()
    await page.getByRole('option', { name: '简体中文' }).click()
    await page.getByRole('heading', { name: '设置' }).waitFor()
    await page.getByRole('combobox', { name: '外观' }).click()
    await page.getByRole('option', { name: '深色' }).click()
    const brightness = () =>
      page.evaluate(() => Number(/oklch\(([\d.]+)/.exec(getComputedStyle(document.body).backgroundColor)?.[1]))
    await expect.poll(brightness, PATIENT).toBeLessThan(0.3)
    await page.reload()
    await page.getByRole('heading', { name: '把人像和语音拖到任意位置' }).waitFor()
    await expect.poll(brightness, PATIENT).toBeLessThan(0.3)
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('zh-CN')
  })

  it('keeps the tabs of the settings in their place while what is below them is still being looked up', async () => {
    const looked = Promise.withResolvers<void>()
    await page.route('**/api/system.doctor', async (route) => {
      await looked.promise
      await route.continue()
    })
    await page.getByRole('button', { name: 'Settings' }).click()
    const settings = page.getByRole('dialog', { name: 'Settings' })
    await settings.getByText(at('data')).waitFor()
    const place = () => settings.getByRole('button', { name: 'Storage' }).boundingBox()
    await expect.poll(async () => (await settings.boundingBox())?.width, PATIENT).toBe(480)
    const before = await place()
    looked.resolve()
    await settings.getByText('Face models').waitFor()
    expect(await place()).toEqual(before)
  })

  it('can be worked by keyboard alone', async () => {
    await page.getByTestId('add-folder').setInputFiles(at('in'))
    await row(page, 'bert').waitFor()
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await row(page, 'anna').focus()
    await page.keyboard.press('ArrowDown')
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent), PATIENT).toContain('bert')
    await page.keyboard.press('End')
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent), PATIENT).toContain('bert')
    // A browser opens its dialog only within seconds of another key, which a busy machine may let pass.
    const chooser = await vi.waitFor(async () => {
      const opened = page.waitForEvent('filechooser', { timeout: 5000 })
      const [, , dialog] = await Promise.all([page.keyboard.press('End'), page.keyboard.press('Control+o'), opened])
      return dialog
    }, 100_000)
    expect(chooser.isMultiple()).toBe(true)
    await studio.call('queue.pause', {})
    await studio.call('settings.update', { change: { outputFolder: at('out') } })
    await page.keyboard.press('Enter')
    await expect.poll(async () => (await studio.call('jobs.list', {})).total, PATIENT).toBe(2)
  })
})
