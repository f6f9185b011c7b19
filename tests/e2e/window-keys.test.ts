import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { launchChromium } from '../fixtures/chromium.ts'
import { startCli } from '../fixtures/cli.ts'
import { startQuickVendor } from '../fixtures/quick-vendor.ts'
import { noSecretService, startSecretService } from '../fixtures/secret-service.ts'
import { tempFolder } from '../fixtures/temp-folder.ts'
import { noOpenssl, startTlsProxy } from '../fixtures/tls-proxy.ts'
import { noWindow, openPage } from '../fixtures/window.ts'

const VENDOR = 'dashscope.aliyuncs.com'
const RIGHT = 'sk-CANARYwindow0123456789ab'
const WRONG = 'sk-CANARYrefused0123456789a'
const missing = noWindow ?? noSecretService ?? noOpenssl ?? undefined

it.skipIf(missing !== undefined)(
  `the window tries a key before it keeps it, shows only its fingerprint, and forgets it${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  async () => {
    const folder = tempFolder()
    const keyring = await startSecretService()
    const vendor = await startQuickVendor({ publicOrigin: `https://${VENDOR}`, dashscope: { keys: [RIGHT] } })
    const proxy = await startTlsProxy([VENDOR], new URL(vendor.origin))
    const server = startCli(['serve', '--json', '--data-dir', join(folder, 'data')], {
      cwd: folder,
      env: {
        ...keyring.env,
        HTTPS_PROXY: proxy.url,
        NODE_EXTRA_CA_CERTS: proxy.certificate,
        DASHSCOPE_API_KEY: '',
      },
    })
    const { url } = await server.until(({ event }) => event === 'listening')
    const browser = await launchChromium()
    const { page, call, close } = await openPage(browser, String(url))
    onTestFinished(async () => {
      await browser.close()
      server.process.kill('SIGTERM')
      await server.ended
      await proxy.stop()
      await vendor.stop()
      await keyring.stop()
    })
    const dialog = page.getByRole('dialog')
    const html = () => page.evaluate(() => document.documentElement.outerHTML)
    const enter = async (key: string) => {
      await dialog.getByLabel('API key').fill(key)
      await dialog.getByRole('button', { name: 'Test and save' }).click()
    }
    const fingerprint = async () => (await call('keys.describe', {})).keys[0]?.fingerprint

    await page.getByRole('button', { name: 'Settings' }).click()
    await dialog.getByRole('button', { name: 'Engines' }).click()
    await enter(WRONG)
    await dialog.getByRole('alert').getByText('did not accept the key').waitFor()
    expect(await fingerprint()).toBeUndefined()
    expect(await html()).not.toContain(WRONG)

    await enter(` ${RIGHT} `)
    await dialog.getByText('The key works and is saved. Blanks or quotes around it were left out.').waitFor()
    const saved = String(await fingerprint())
    await dialog.getByText('Saved in the keychain of this system').waitFor()
    await dialog.getByText(saved).waitFor()
    expect(await html()).not.toContain(RIGHT)

    // A key that is refused does not take the place of the one that works.
    await dialog.getByRole('button', { name: 'Replace…' }).click()
    await enter(WRONG)
    await dialog.getByRole('alert').getByText('did not accept the key').waitFor()
    expect(await fingerprint()).toBe(saved)
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await dialog.getByRole('button', { name: 'Test', exact: true }).click()
    await dialog.getByText('The key works.', { exact: true }).waitFor()

    await dialog.getByRole('button', { name: 'Delete the key' }).click()
    await dialog.getByText('No key is saved.').waitFor()
    expect(await fingerprint()).toBeUndefined()
    await close()
  },
)
