import { readFileSync, readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runCli, startCli } from '../fixtures/cli.ts'
import { tempFolder } from '../fixtures/temp-folder.ts'
import { noOpenssl, startTlsProxy } from '../fixtures/tls-proxy.ts'
import { makePairs } from '../fixtures/vendor-media.ts'

describe.skipIf(noOpenssl !== null)(
  `inputs that are public addresses${noOpenssl === null ? '' : ` (skipped: ${noOpenssl})`}`,
  () => {
    it('are checked here, and go to the vendor as the addresses themselves', async () => {
      const folder = tempFolder()
      const [pair] = makePairs(join(folder, 'in'), 1, 2)
      const files = new Map([
        ['/anna.png', { type: 'image/png', bytes: readFileSync(pair?.source ?? '') }],
        ['/voices/anna', { type: 'audio/wav', bytes: readFileSync(pair?.voice ?? '') }],
      ])
      const asked: string[] = []
      const server = createServer((request, response) => {
        const { pathname } = new URL(request.url ?? '/', 'http://media.example')
        asked.push(`${request.method} ${pathname}`)
        const file = files.get(pathname)
        if (file === undefined) return response.writeHead(404).end()
        response.writeHead(200, { 'content-type': file.type, 'content-length': file.bytes.length })
        response.end(request.method === 'HEAD' ? undefined : file.bytes)
      })
      await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
      const target = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
      const proxy = await startTlsProxy(['media.example'], target)
      const env = { HTTPS_PROXY: proxy.url, NODE_EXTRA_CA_CERTS: proxy.certificate }
      const vendor = startCli(['simulate', '--json'], { env: { ...env, NODE_USE_ENV_PROXY: '1' } })
      onTestFinished(async () => {
        vendor.process.kill('SIGTERM')
        await vendor.ended
        await proxy.stop()
        server.close()
      })
      const { url } = await vendor.until(({ event }) => event === 'listening')

      const addresses = ['https://media.example/anna.png?token=1', 'https://media.example/voices/anna']
      const paid = ['--engine', 'dashscope', '--yes', '--poll-interval', '0.5', '--dashscope-url', String(url)]
      const places = ['--out', join(folder, 'out'), '--data-dir', join(folder, 'data')]
      const run = ['run', ...addresses, '--allow-insecure-endpoints', ...paid, ...places, '--json']
      const done = await runCli(run, { env: { ...env, DASHSCOPE_API_KEY: 'sk-any' } })
      expect(done.code, done.stdout + done.stderr).toBe(0)
      expect(done.events.at(-1)).toMatchObject({ event: 'summary', done: 1, unpaired: 0 })
      expect(readdirSync(join(folder, 'out'))).toEqual(['anna__anna.mp4'])
      const jobs = done.events.filter(({ event }) => event === 'job')
      expect(jobs.at(-1)).toMatchObject({ source: 'https://media.example/anna.png', voice: addresses[1] })
      // Once by us, once by the vendor's check and once by its work.
      expect(asked.filter((line) => line === 'GET /anna.png').length).toBeGreaterThanOrEqual(3)

      vendor.process.kill('SIGTERM')
      const played = (await vendor.ended).events
      expect(played.filter(({ event }) => event === 'charge').map(({ kind }) => kind)).toEqual(['detect', 'generation'])
      expect(played.some(({ route }) => route === 'dashscope.upload')).toBe(false)

      const again = await runCli(run, { env: { ...env, DASHSCOPE_API_KEY: 'sk-any' } })
      expect(again.events.at(-1)).toMatchObject({ done: 1, alreadyMade: 1 })
      const listed = await runCli(['jobs', 'list', '--json', '--data-dir', join(folder, 'data')])
      expect(listed.events[0]).toMatchObject({ source: 'https://media.example/anna.png', voice: addresses[1] })
    })
  },
)

describe('an address that is not public and https', () => {
  it.each([
    'http://media.example/anna.png',
    'https://127.0.0.1/anna.png',
    'https://[::1]/anna.png',
    'https://localhost/anna.png',
    'https://169.254.169.254/latest/meta-data/anna.png',
    'https://user:secret@media.example/anna.png',
    'https://media.example:8443/anna.png',
    'file:///etc/passwd',
    'ftp://media.example/anna.png',
    'data:image/png;base64,AAAA',
  ])('%s is refused, and nothing is fetched', async (address) => {
    const folder = tempFolder()
    const { code, events } = await runCli(['run', address, '--json', '--data-dir', join(folder, 'data')], {
      cwd: folder,
    })
    expect(code).toBe(3)
    expect(events[0]).toMatchObject({ event: 'check', verdict: 'rejected', findings: [{ code: 'E-URL-BLOCKED' }] })
    expect(JSON.stringify(events)).not.toContain('secret')
  })
})
