import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { createS3Client } from '../../src/main/core/storage/s3/s3.ts'
import { launchChromium } from '../fixtures/chromium.ts'
import { startPaidHost } from '../fixtures/paid-host.ts'
import type { PaidHost } from '../fixtures/paid-host.ts'
import { noRadosgw } from '../fixtures/radosgw.ts'
import { sharedRadosgw } from '../fixtures/shared-radosgw.ts'
import { scaledClock } from '../fixtures/scaled-clock.ts'
import { makePairs } from '../fixtures/vendor-media.ts'
import { noWindow, openPage, row } from '../fixtures/window.ts'
import type { StudioPage } from '../fixtures/window.ts'

if (noWindow !== undefined) console.warn(`Skipped: paid runs in the window (${noWindow}).`)

const KEY = 'sk-window-3f9a1c77e05b4d21'
const BUCKET = 'studio-window'
/** Waits of the contract pass so many times faster. */
const CLOCK_FACTOR = 20
const PATIENT = { timeout: 60_000 }
const LOST = { route: 'dashscope.submit', phase: 'after', resetAfterBytes: 0 } as const
const NO_LIST = { route: 'dashscope.list', status: 200, body: '{"data":[]}', times: 100_000 } as const

let browser: Browser
let folder: string
let host: PaidHost
let studio: StudioPage
let page: Page

const at = (...names: string[]) => join(folder, ...names)
const dialog = () => page.getByRole('dialog')
const charged = (kind: 'generation' | 'detect') =>
  host.simulator.charges().filter((charge) => charge.kind === kind).length

async function open(options: Partial<Parameters<typeof startPaidHost>[0]> = { key: KEY }): Promise<void> {
  host = await startPaidHost({ folder, clock: scaledClock(CLOCK_FACTOR), ...options })
  studio = await openPage(browser, host.url)
  page = studio.page
}

/** Chooses an engine as a hand does. */
async function chooseEngine(name: string): Promise<void> {
  await page.getByRole('combobox', { name: 'Engine' }).click()
  await page.getByRole('option', { name }).click()
}

async function prepare(count: number): Promise<void> {
  makePairs(at('in'), count, 2)
  await page.getByTestId('add-folder').setInputFiles(at('in'))
  await row(page, 'face-0').waitFor()
  await chooseEngine('DashScope LivePortrait')
}

const priced = (count: number) =>
  page.getByRole('button', { name: new RegExp(`^Start ${String(count)} jobs? · about ¥0\\.\\d+$`) })

/** Everything that the page holds as text, and what its fields say of themselves. */
const pageText = () =>
  page.evaluate(() => document.documentElement.outerHTML + JSON.stringify({ ...localStorage, ...sessionStorage }))

describe.skipIf(noWindow !== undefined)('a paid run in the window', () => {
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser.close())

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'studio-paid-window-'))
  })
  afterEach(async () => {
    await studio.close()
    await host.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('names its price, asks, pays once for each job, and saves copies; the key is nowhere in the page', async () => {
    await open()
    await prepare(2)
    await priced(2).click(PATIENT)
    await dialog().getByText('for this batch, at least and at most').waitFor()
    expect(await dialog().getByText('Jobs to pay for').locator('..').innerText()).toMatch(/2$/)
    expect(await dialog().getByText('Seconds of voice').locator('..').innerText()).toMatch(/4s$/)
    await dialog().getByRole('button', { name: 'Cancel' }).click()
    await dialog().waitFor({ state: 'detached' })
    expect(host.simulator.calls().length).toBe(0)

    // The same by keyboard: Enter asks, and only the button that names the price pays.
    await row(page, 'face-0').focus()
    await page.keyboard.press('Enter')
    await dialog().getByText('Nothing has been sent yet.').waitFor()
    const start = dialog().getByRole('button', { name: /^Start 2 jobs for up to/ })
    for (let tab = 0; tab < 10 && !(await start.evaluate((element) => element === document.activeElement)); tab += 1)
      await page.keyboard.press('Tab')
    expect(host.simulator.calls().length).toBe(0)
    await page.keyboard.press('Enter')
    await page.getByText('2 videos are ready.').waitFor(PATIENT)
    expect(charged('generation')).toBe(2)
    expect(readdirSync(host.outputFolder).sort()).toEqual(['face-0__face-0.mp4', 'face-1__face-1.mp4'])

    await row(page, 'face-0').click()
    const service = page.locator('section').filter({ has: page.getByRole('heading', { name: 'At the service' }) })
    await service.getByText('SUCCEEDED').waitFor()
    const [job] = (await studio.call('jobs.list', {})).rows
    expect(await service.innerText()).toContain(job?.operation)
    expect(await service.innerText()).toContain(job?.requestId)
    const batch = page.locator('section').filter({ has: page.getByRole('heading', { name: 'This batch' }) })
    expect(await batch.innerText()).toMatch(/2 of 2/)
    await page.getByRole('button', { name: 'Download again' }).click()
    await page.getByText('The video still lies where it was put.').waitFor()

    // Copies of all of them go into a folder, and never over what lies there.
    // The browser's own dialog cannot be driven: a real folder of the page's own stands in for the chosen one.
    await page.evaluate(() => {
      Object.assign(window, { showDirectoryPicker: () => navigator.storage.getDirectory() })
    })
    const saved = () =>
      page.evaluate(async () => {
        const folder = await navigator.storage.getDirectory()
        const sizes: Record<string, number> = {}
        for await (const [name, handle] of folder.entries())
          if (handle instanceof FileSystemFileHandle) sizes[name] = (await handle.getFile()).size
        return sizes
      })
    for (let round = 0; round < 2; round += 1) {
      await page.getByRole('button', { name: 'What can be done with all jobs' }).click()
      await page.getByRole('menuitem', { name: 'Save all to…' }).click()
      await expect.poll(async () => Object.keys(await saved()).length, PATIENT).toBe(2 * (round + 1))
    }
    const made = (name: string) => statSync(join(host.outputFolder, `${name}.mp4`)).size
    const [first, second] = ['face-0__face-0', 'face-1__face-1']
    await expect.poll(saved, PATIENT).toEqual({
      [`${first}.mp4`]: made(first),
      [`${first} (2).mp4`]: made(first),
      [`${second}.mp4`]: made(second),
      [`${second} (2).mp4`]: made(second),
    })

    await page.getByRole('button', { name: 'Settings' }).click()
    await dialog().getByRole('button', { name: 'Engines' }).click()
    await dialog().getByText('From the environment').waitFor()
    const { keys } = await studio.call('keys.describe', {})
    await dialog().getByText(String(keys[0]?.fingerprint)).waitFor()
    expect(await pageText()).not.toContain(KEY)
  })

  it('sends only what fits below the cap of the batch, and the rest when the cap is raised', async () => {
    await open()
    await prepare(3)
    await priced(3).click(PATIENT)
    await dialog().getByLabel('At most for this batch').fill('0.09')
    await dialog().getByLabel('At most for this batch').press('Tab')
    await dialog().getByText('Only ¥0.09 may still be spent.').waitFor()
    await dialog()
      .getByRole('button', { name: /^Start 3 jobs for up to ¥0\.09$/ })
      .click()
    // Whichever is checked first has the money.
    const standing = page.getByRole('row').filter({ hasText: 'Needs you' })
    await expect.poll(() => standing.count(), PATIENT).toBe(2)
    await expect.poll(async () => (await studio.call('queue.snapshot', {})).counts.done, PATIENT).toBe(1)
    expect(charged('generation')).toBe(1)

    await standing.first().click()
    await page.getByText(/^2 jobs stand still at the cap; ¥0\.\d+ is set aside or spent\.$/).waitFor(PATIENT)
    await page.getByRole('button', { name: /^Raise the cap to ¥0\.\d+$/ }).click()
    await page.getByText('3 videos are ready.').waitFor(PATIENT)
    expect(charged('generation')).toBe(3)
  })

  it('asks what became of lost requests: adopts without paying, pays again or drops only when asked to', async () => {
    await open()
    await prepare(3)
    host.simulator.faults.set([{ ...LOST, times: 3 }, NO_LIST])
    await priced(3).click(PATIENT)
    await dialog()
      .getByRole('button', { name: /^Start 3 jobs for up to/ })
      .click()
    for (const name of ['face-0', 'face-1', 'face-2']) await row(page, name).getByText('Needs you').waitFor(PATIENT)
    expect(charged('generation')).toBe(3)
    const operation = String(host.simulator.charges().find(({ kind }) => kind === 'generation')?.id)

    await row(page, 'face-0').click()

    await page.getByRole('button', { name: 'Submit again…' }).click()
    await dialog()
      .getByText(/once more/)
      .waitFor()
    await dialog().getByRole('button', { name: 'Cancel' }).click()
    const field = page.getByLabel('Operation ID or request ID, from the console of the service')
    await field.fill('00000000-not-of-this-account')
    await field.press('Enter')
    await page.getByRole('region', { name: 'What became of the paid request?' }).getByRole('alert').waitFor(PATIENT)
    await field.fill(operation)
    await page.getByRole('button', { name: 'Adopt' }).click()
    await row(page, 'face-0').getByText('Done').waitFor(PATIENT)
    expect(charged('generation')).toBe(3)

    await row(page, 'face-1').click()
    await page.getByRole('button', { name: 'Submit again…' }).click()
    await dialog()
      .getByRole('button', { name: /^Submit again for ¥0\.\d+/ })
      .click()
    await row(page, 'face-1').getByText('Done').waitFor(PATIENT)
    expect(charged('generation')).toBe(4)

    await row(page, 'face-2').click()
    await page.getByRole('button', { name: 'Drop…' }).click()
    await dialog().getByRole('button', { name: 'Drop', exact: true }).click()
    await row(page, 'face-2').getByText('Cancelled').waitFor(PATIENT)
    expect(charged('generation')).toBe(4)
    expect(readdirSync(host.outputFolder).sort()).toEqual(['face-0__face-0.mp4', 'face-1__face-1.mp4'])
  })

  it('names the price again before it retries what the service failed at', async () => {
    await open()
    await prepare(1)
    const body = '{"output":{"task_status":"FAILED","code":"InternalError"}}'
    host.simulator.faults.set([{ route: 'dashscope.query', phase: 'after', body, times: 100_000 }])
    // Lists that are read while it runs come late: what events tell of its end stays.
    await page.route('**/api/jobs.list', async (route) => {
      const response = await route.fetch()
      await expect.poll(async () => (await host.core.handlers['queue.snapshot']({})).counts.failed, PATIENT).toBe(1)
      await page.getByText(/^Failed\s*1$/).waitFor(PATIENT)
      await route.fulfill({ response })
    })
    await priced(1).click(PATIENT)
    await dialog()
      .getByRole('button', { name: /^Start 1 job for up to/ })
      .click()
    await row(page, 'face-0').getByText('Failed').waitFor(PATIENT)
    await page.unrouteAll({ behavior: 'wait' })
    await row(page, 'face-0').getByText('Failed').waitFor(PATIENT)
    host.simulator.faults.set([])
    await row(page, 'face-0').click()
    await page.keyboard.press('r')
    await dialog()
      .getByRole('button', { name: /^Try again for ¥0\.\d+$/ })
      .waitFor()
    expect(charged('generation')).toBe(1)
    await dialog().getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Retry', exact: true }).last().click()
    await dialog()
      .getByRole('button', { name: /^Try again for ¥0\.\d+$/ })
      .click()
    await row(page, 'face-0').getByText('Done').waitFor(PATIENT)
    expect(charged('generation')).toBe(2)
  })

  it('starts nothing without a key, says so, and lets no typed key into the page', async () => {
    await open({})
    await prepare(1)
    await page.getByText('This engine needs a key.').waitFor()
    expect(await page.getByRole('button', { name: /^Start 1 job/ }).isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Add a key' }).click()
    await dialog().getByText('No key is saved.').first().waitFor()
    const field = dialog().getByLabel('API key').first()
    expect(await field.getAttribute('type')).toBe('password')
    await field.fill(KEY)
    await field.press('Enter')
    // A key that would be kept is not tried over plain http.
    await dialog().getByRole('alert').getByText('The stored key is not sent to').waitFor(PATIENT)
    expect(await pageText()).not.toContain(KEY)
    expect(host.simulator.calls().length).toBe(0)
    expect(readFileSync(join(host.dataDir, 'logs', 'studio.log'), 'utf8')).not.toContain(KEY)
  })

  it('keeps edited prices and caps, and says what a bucket lacks', async () => {
    await open()
    await page.getByRole('button', { name: 'Settings' }).click()
    await dialog().getByRole('button', { name: 'Engines' }).click()
    await dialog().getByLabel('Per second of video').first().fill('0.05')
    await dialog().getByLabel('Per second of video').first().press('Enter')
    await dialog().getByLabel('At most for one day').first().fill('12')
    await dialog().getByLabel('At most for one day').first().press('Tab')
    await expect
      .poll(async () => {
        const { prices, dayCaps } = await studio.call('settings.get', {})
        return [prices.dashscope?.perSecond, dayCaps.dashscope]
      }, PATIENT)
      .toEqual([0.05, 12])
    await dialog().getByLabel('At most for one day').first().fill('')
    await dialog().getByLabel('At most for one day').first().press('Tab')
    await expect.poll(async () => (await studio.call('settings.get', {})).dayCaps, PATIENT).toEqual({})

    await dialog().getByRole('button', { name: 'Storage' }).click()
    await dialog().getByText('for development and testing only').waitFor()
    await dialog().getByRole('combobox', { name: 'Service' }).click()
    await page.getByRole('option', { name: 'MinIO' }).click()
    await dialog().getByLabel('Bucket', { exact: true }).fill('my-bucket')
    await dialog().getByRole('button', { name: 'Save and test' }).click()
    await dialog().getByRole('alert').getByText('This service needs its endpoint.').waitFor()
  })

  it('rehearses a paid run without a key, with every step and one simulated charge', async () => {
    await open({ clock: undefined })
    await page.getByRole('button', { name: 'Try a paid run, simulated' }).click()
    await dialog().getByRole('button', { name: 'Start the simulation' }).click()
    await dialog().getByText('charged 1 (simulated)').waitFor({ timeout: 60_000 })
    for (const step of ['Uploading', 'Handing over', 'Rendering', 'Downloading'])
      await dialog().getByText(step).waitFor()
    expect(host.simulator.charges()).toEqual([])
  })

  it.skipIf(noRadosgw !== null)(
    `sets up a real bucket, says what its test found, and pays through it${noRadosgw === null ? '' : ` (skipped: ${noRadosgw})`}`,
    async () => {
      const server = await sharedRadosgw()
      const config = { endpoint: server.endpoint, region: server.region, bucket: BUCKET, prefix: '', pathStyle: true }
      const client = createS3Client(config, server)
      onTestFinished(async () => {
        client.destroy()
      })
      // Secrets out of the environment: nothing of this test may reach the keychain of whoever runs it.
      const env = { STUDIO_S3_ACCESS_KEY_ID: server.accessKeyId, STUDIO_S3_SECRET_ACCESS_KEY: server.secretAccessKey }
      await open({ key: KEY, env })
      await page.getByRole('button', { name: 'Settings' }).click()
      // A call that does not get through is made again when the connection is back.
      await page.route('**/api/storage.get', (route) => route.abort(), { times: 1 })
      await dialog().getByRole('button', { name: 'Storage' }).click()
      await dialog().getByRole('combobox', { name: 'Service' }).click()
      await page.getByRole('option', { name: 'MinIO' }).click()
      await dialog().getByLabel('Endpoint').fill(server.endpoint)
      await dialog().getByLabel('Region').fill(server.region)
      await dialog().getByLabel('Bucket', { exact: true }).fill(BUCKET)
      await dialog().getByRole('button', { name: 'Save and test' }).click()
      await dialog().getByRole('alert').getByText(`There is no bucket called ${BUCKET}.`).waitFor(PATIENT)

      await client.send(new CreateBucketCommand({ Bucket: BUCKET }))
      await dialog().getByText('Nothing was saved.').waitFor()
      expect((await studio.call('storage.get', {})).config).toBeNull()
      await dialog().getByRole('button', { name: 'Save and test' }).click()
      await dialog().getByText('The bucket works and strangers are kept out.').waitFor(PATIENT)
      expect(await pageText()).not.toContain(server.secretAccessKey)
      await page.keyboard.press('Escape')

      await prepare(1)
      await priced(1).click(PATIENT)
      await dialog()
        .getByRole('button', { name: /^Start 1 job for up to/ })
        .click()
      await page.getByText('1 video is ready.').waitFor(PATIENT)
      expect(charged('generation')).toBe(1)
      expect(
        host.simulator.calls().filter(({ route }) => route === 'dashscope.policy' || route === 'dashscope.upload'),
      ).toEqual([])

      await page.getByRole('button', { name: 'Settings' }).click()
      await dialog().getByRole('button', { name: 'Remove the bucket' }).click()
      await expect.poll(async () => (await studio.call('storage.get', {})).config, PATIENT).toBeNull()
    },
  )
})
