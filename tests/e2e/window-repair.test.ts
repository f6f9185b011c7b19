import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import sharp from 'sharp'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from '../fixtures/chromium.ts'
import { writeVoice } from '../fixtures/cli.ts'
import { dragAndDrop, noWindow, openPage, row, startServer } from '../fixtures/window.ts'

if (noWindow !== undefined) console.warn(`Skipped: repairs in a real browser (${noWindow}).`)

const PORTRAIT = resolve('resources/samples/portrait-woman.jpg')
const hashOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

describe.skipIf(noWindow !== undefined)('repairs in the window', () => {
  let browser: Browser
  let folder: string
  beforeAll(async () => {
    browser = await launchChromium()
    folder = mkdtempSync(join(tmpdir(), 'studio-repair-window-'))
  })
  afterAll(async () => {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('shows the copy beside the file, uses it only then, and fixes the rest at once', async () => {
    mkdirSync(join(folder, 'in'))
    const animated = async (name: string, tint: string) => {
      const path = join(folder, 'in', `${name}.webp`)
      const frame = sharp(PORTRAIT).resize(512)
      const frames = [await frame.clone().png().toBuffer(), await frame.clone().tint(tint).png().toBuffer()]
      await sharp(frames, { join: { animated: true } })
        .webp()
        .toFile(path)
      writeVoice(join(folder, 'in', `${name}.wav`), 0.8)
      return path
    }
    const paths = [await animated('anna', '#806040'), await animated('bea', '#406080')]
    const hashes = paths.map(hashOf)
    const server = await startServer(join(folder, 'data'), folder)
    const { page, close } = await openPage(browser, server.url)
    try {
      await dragAndDrop(page, { files: [join(folder, 'in')] })
      await row(page, 'anna').getByText('animated').waitFor()
      expect(await page.getByRole('button', { name: 'Start', exact: true }).isDisabled()).toBe(true)
      await page.getByRole('button', { name: 'Fix all (2)' }).waitFor()

      await page.getByRole('button', { name: 'Fix anna.webp…' }).click()
      const dialog = page.getByRole('dialog', { name: 'Repair anna.webp' })
      const copy = dialog.getByRole('img', { name: 'The repaired copy' })
      await copy.waitFor()
      await dialog.getByText('Convert: WEBP → JPEG').waitFor()
      await expect.poll(() => copy.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(512)
      // Looking alone changes nothing.
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'Fix all (2)' }).waitFor()
      await page.getByRole('button', { name: 'Fix anna.webp…' }).click()
      await page.getByRole('button', { name: 'Use the copy' }).click()
      await page.getByText('anna.webp will be repaired on a copy.').waitFor()
      await page.getByRole('button', { name: 'Start 1 job' }).waitFor()

      await page.getByRole('button', { name: 'Do not fix anna.webp' }).click()
      await page.getByRole('button', { name: 'Fix all (2)' }).click()
      await page.getByLabel('Results go to').fill(join(folder, 'out'))
      await page.getByLabel('Results go to').press('Enter')
      await page.getByRole('button', { name: 'Start 2 jobs' }).click()
      await page.getByText('2 videos are ready.').waitFor({ timeout: 120_000 })
      expect(['anna', 'bea'].map((name) => existsSync(join(folder, 'out', `${name}__${name}.mp4`)))).toEqual([
        true,
        true,
      ])
      expect(paths.map(hashOf)).toEqual(hashes)
    } finally {
      await server.stop()
      await close()
    }
  }, 180_000)
})
