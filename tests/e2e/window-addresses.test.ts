import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import { expect, it, onTestFinished } from 'vitest'
import { launchChromium } from '../fixtures/chromium.ts'
import { startCli } from '../fixtures/cli.ts'
import { tempFolder } from '../fixtures/temp-folder.ts'
import { noOpenssl, startTlsProxy } from '../fixtures/tls-proxy.ts'
import { makePairs } from '../fixtures/vendor-media.ts'
import { noWindow, openPage, row } from '../fixtures/window.ts'

const missing = noWindow ?? noOpenssl ?? undefined
const HOST = 'media.example'

it.skipIf(missing !== undefined)(
  `the window takes portraits and voices by their public addresses${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  async () => {
    const folder = tempFolder()
    const [pair] = makePairs(join(folder, 'in'), 1, 2)
    const files = new Map([
      ['/anna.png', readFileSync(pair?.source ?? '')],
      ['/anna.wav', readFileSync(pair?.voice ?? '')],
    ])
    const media = createServer((request, response) => {
      const bytes = files.get(new URL(request.url ?? '/', `https://${HOST}`).pathname)
      if (bytes === undefined) return response.writeHead(404).end()
      response.writeHead(200, { 'content-length': bytes.length })
      response.end(request.method === 'HEAD' ? undefined : bytes)
    })
    await new Promise<void>((ready) => media.listen(0, '127.0.0.1', ready))
    const proxy = await startTlsProxy([HOST], new URL(`http://127.0.0.1:${(media.address() as AddressInfo).port}`))
    const server = startCli(['serve', '--json', '--data-dir', join(folder, 'data')], {
      cwd: folder,
      env: { HTTPS_PROXY: proxy.url, NODE_EXTRA_CA_CERTS: proxy.certificate },
    })
    const { url } = await server.until(({ event }) => event === 'listening')
    const browser = await launchChromium()
    const studio = await openPage(browser, String(url))
    onTestFinished(async () => {
      await browser.close()
      server.process.kill('SIGTERM')
      await server.ended
      await proxy.stop()
      media.close()
    })
    const { page } = studio
    const dialog = page.getByRole('dialog')
    const add = async (...addresses: string[]) => {
      await dialog.getByLabel('Public https addresses, one per line').fill(addresses.join('\n'))
      await dialog.getByRole('button', { name: 'Add', exact: true }).click()
    }

    await page.getByRole('button', { name: 'Add address' }).click()
    await add(`https://${HOST}/anna.png?token=secret`, `http://${HOST}/anna.wav`, 'https://127.0.0.1/anna.wav')
    await dialog.getByText('Use a public https address.').nth(1).waitFor()
    for (const words of await dialog.getByRole('alert').allInnerTexts()) expect(words).not.toContain('secret')
    // What was refused stays to be corrected; the rest is on the desk.
    await add(`https://${HOST}/anna.wav`)
    await dialog.waitFor({ state: 'detached' })
    await row(page, 'anna.png').filter({ hasText: 'anna.wav' }).waitFor()
    await page.getByRole('button', { name: /^Start 1 job$/ }).waitFor()
    await studio.close()
  },
)
