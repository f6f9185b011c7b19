import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { launchChromium } from '../fixtures/chromium.ts'
import { writeVoice } from '../fixtures/cli.ts'
import { hostileNames } from '../fixtures/hostile-names.ts'
import { dragAndDrop, noWindow, openPage, row, startServer } from '../fixtures/window.ts'
import type { StudioPage, StudioServer } from '../fixtures/window.ts'
import { showName } from '../../src/shared/lib/error-sentence.ts'

if (noWindow !== undefined) console.warn(`Skipped: hostile names and drops in a real browser (${noWindow}).`)

let browser: Browser
let folder: string
let server: StudioServer
let studio: StudioPage

const at = (...names: string[]) => join(folder, ...names)

describe.skipIf(noWindow !== undefined)('the window and what strangers send', () => {
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser.close())
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'studio-hostile-'))
    server = await startServer(at('data'), folder)
    studio = await openPage(browser, server.url)
  })
  afterEach(async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
    await studio.close()
  })

  it('shows each of 500 hostile names as the text that it is, and runs none', async () => {
    const { page } = studio
    const names = hostileNames()
    expect(names.length).toBeGreaterThanOrEqual(500)
    mkdirSync(at('in'))
    const picture = await sharp('resources/samples/portrait-man.jpg').resize(96).jpeg().toBuffer()
    writeVoice(at('in', 'plain.wav'), 0.3)
    // Different bytes, for the same picture twice would be one job.
    names.forEach((name, index) =>
      writeFileSync(at('in', `${name}.jpg`), Buffer.concat([picture, Buffer.from([index >> 8, index])])),
    )
    await studio.call('queue.pause', {})
    await studio.call('batch.start', {
      engine: 'offline',
      outputFolder: at('out'),
      pairs: names.map((name) => ({ source: at('in', `${name}.jpg`), voice: at('in', 'plain.wav'), folder: '' })),
    })
    await studio.call('presets.save', {
      name: '<img src=x onerror="window.pwned=1">',
      engine: 'offline',
      parameters: {},
    })
    await page.getByRole('button', { name: /^Queue/ }).click()
    await page.getByRole('row').first().waitFor()

    const seen = new Set<string>()
    const namesInSight = () =>
      page
        .getByRole('grid')
        .getByRole('row')
        .evaluateAll((rows) =>
          rows.map((element) =>
            Array.from(element.querySelectorAll('bdi'), (part) => part.textContent)
              .slice(0, 2)
              .join(''),
          ),
        )
    const look = async () => {
      const names = await namesInSight()
      for (const name of names) seen.add(name)
      return names
    }
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('data-index'))
    await page.getByRole('row').first().focus()
    for (let index = 0; ; index = Math.min(index + 10, names.length - 1)) {
      await expect.poll(focused, { interval: 20, timeout: 20_000 }).toBe(String(index))
      // Rows are read page by page: an empty one has not come yet.
      await expect.poll(look, { interval: 20, timeout: 20_000 }).not.toContain('')
      if (index === names.length - 1) break
      await page.keyboard.press('PageDown')
    }
    expect(names.map((name) => `${showName(name)}.jpg`).filter((name) => !seen.has(name))).toEqual([])

    await page.getByRole('row').first().click()
    await page.getByText('Blinking').waitFor()
    expect(await page.evaluate(() => 'pwned' in window)).toBe(false)
    expect(
      await page.locator('#root img:not([src*="/media/"]):not([src*="/assets/"]), #root script, #root iframe').count(),
    ).toBe(0)
  })

  it('shows names of dropped files, errors and reasons as text too', async () => {
    const { page } = studio
    mkdirSync(at('drop'))
    const name = `<img src=x onerror=window.pwned=1>{{7*7}}\u202Egpj`
    writeFileSync(at('drop', `${name}.jpg`), 'no picture')
    writeVoice(at('drop', `${name}.wav`), 0.3)
    writeFileSync(at('drop', '<script>window.pwned=1</script>.txt'.replaceAll('/', '_')), 'x')
    await dragAndDrop(page, { files: [at('drop')] })
    // The browser host takes characters out that some file system forbids; the others arrive, and are made visible.
    await row(page, '{{7_7}}\\u{202e}gpj').first().waitFor()
    await row(page, 'script').getByText('Not a picture, a sound or a video that can be used.').waitFor()
    expect(await page.evaluate(() => 'pwned' in window)).toBe(false)
  })

  it.each([
    ['a page', { files: ['page.html'] }],
    ['a link', { items: [{ mimeType: 'text/uri-list', data: 'https://evil.example/' }] }],
    ['text', { items: [{ mimeType: 'text/plain', data: 'javascript:alert(1)' }] }],
  ] as const)('stays where it is when %s is dropped on it', async (_, what) => {
    const { page } = studio
    writeFileSync(at('page.html'), '<script>location = "https://evil.example/"</script>')
    const before = page.url()
    await dragAndDrop(page, 'files' in what ? { files: what.files.map((name) => at(name)) } : what)
    if ('files' in what)
      await row(page, 'page').getByText('Not a picture, a sound or a video that can be used.').waitFor()
    expect(page.url()).toBe(before)
    expect(page.context().pages()).toHaveLength(1)
  })
})
