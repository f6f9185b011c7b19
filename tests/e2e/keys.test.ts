import { copyFileSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Simulator } from '../../src/main/simulator/simulator.ts'
import { runCli, startCli } from '../fixtures/cli.ts'
import { createLeakscan } from '../fixtures/leakscan.ts'
import { startQuickVendor } from '../fixtures/quick-vendor.ts'
import { noSecretService, startSecretService, startSilentBus } from '../fixtures/secret-service.ts'
import type { SecretService } from '../fixtures/secret-service.ts'
import { tempFolder } from '../fixtures/temp-folder.ts'
import { noOpenssl, startTlsProxy } from '../fixtures/tls-proxy.ts'
import type { TlsProxy } from '../fixtures/tls-proxy.ts'
import { makePairs } from '../fixtures/vendor-media.ts'

const CANARY = 'sk-CANARYds0123456789abcdef'
const WRONG = 'sk-CANARYwrong0123456789abc'
const VENDOR = 'dashscope.aliyuncs.com'
const leakscan = createLeakscan([
  { name: 'the key', secret: CANARY },
  { name: 'a refused key', secret: WRONG },
])
const missing = noSecretService ?? noOpenssl

describe.skipIf(missing !== null)(
  `the key of a paid engine, with a real keyring and real TLS${missing === null ? '' : ` (skipped: ${missing})`}`,
  () => {
    let keyring: SecretService
    let simulator: Simulator
    let proxy: TlsProxy
    beforeAll(async () => {
      keyring = await startSecretService()
      simulator = await startQuickVendor({ publicOrigin: `https://${VENDOR}`, dashscope: { keys: [CANARY] } })
      proxy = await startTlsProxy([VENDOR], new URL(simulator.origin))
    })
    afterAll(async () => {
      await proxy.stop()
      await simulator.stop()
      await keyring.stop()
    })
    const environment = () => ({
      ...keyring.env,
      HTTPS_PROXY: proxy.url,
      NODE_EXTRA_CA_CERTS: proxy.certificate,
      DASHSCOPE_API_KEY: '',
    })
    /** Everything that a run writes lies in one folder, its temporary files too. */
    const environmentIn = (folder: string) => {
      mkdirSync(join(folder, 'tmp'), { recursive: true })
      return { ...environment(), TMPDIR: join(folder, 'tmp') }
    }
    const inFolder = (folder: string) => (args: readonly string[], input?: string) =>
      runCli([...args, '--data-dir', join(folder, 'data')], {
        env: environmentIn(folder),
        ...(input === undefined ? {} : { input }),
      })

    it('is tested before it is saved, works, pays for one video, and is found nowhere', async () => {
      const folder = tempFolder()
      const dataDir = join(folder, 'data')
      const studio = inFolder(folder)
      const said: string[] = []
      const run = async (args: readonly string[], input?: string) => {
        const { code, stdout, stderr } = await studio(args, input)
        said.push(stdout, stderr)
        return { code, stdout, stderr }
      }

      expect(await run(['keys', 'test', 'dashscope', '--json'])).toMatchObject({ code: 5 })
      const refused = await run(['keys', 'set', 'dashscope', '--json'], `${WRONG}\n`)
      expect(refused.code).toBe(5)
      expect(refused.stdout).toContain('E-KEY-REJECTED')
      expect(refused.stdout).toContain('Beijing')
      expect((await run(['keys', 'test', 'dashscope', '--json'])).stdout).toContain('E-KEY-MISSING')

      const saved = await run(['keys', 'set', 'dashscope', '--json'], `\u{feff} ${CANARY}\r\n`)
      expect(saved).toMatchObject({ code: 0 })
      expect(JSON.parse(saved.stdout)).toMatchObject({ event: 'key', engine: 'dashscope', state: 'saved' })
      expect((await run(['keys', 'test', 'dashscope', '--json'])).code).toBe(0)

      const [pair] = makePairs(join(folder, 'in'), 1, 2)
      const inputs = [pair?.source ?? '', pair?.voice ?? '']
      const paid = startCli(
        [
          'run',
          ...inputs,
          '--engine',
          'dashscope',
          '--yes',
          '--json',
          '--poll-interval',
          '0.5',
          '--out',
          join(folder, 'out'),
          '--data-dir',
          dataDir,
        ],
        { env: environmentIn(folder) },
      )
      const watch = leakscan.watchProcesses(paid.process.pid ?? 0)
      const outcome = await paid.ended
      const seen = watch.stop()
      said.push(outcome.stdout, outcome.stderr)
      expect(outcome.code, outcome.stdout + outcome.stderr).toBe(0)
      expect(simulator.charges().map(({ kind }) => kind)).toEqual(['detect', 'generation'])
      expect(readdirSync(join(folder, 'out'))).toEqual(['face-0__face-0.mp4'])
      expect(new Set(proxy.hosts)).toEqual(new Set([VENDOR]))

      // Which of its short-lived programs are met is chance; the process that probes media lives as long as the run.
      expect(seen.looked.some((what) => what.endsWith(' environ'))).toBe(true)
      expect(seen.leaks).toEqual([])
      expect(leakscan.inFolder(folder)).toEqual([])
      expect(leakscan.inText('what was printed', said.join('\n'))).toEqual([])

      expect(await run(['keys', 'delete', 'dashscope'])).toMatchObject({ code: 0 })
      expect((await run(['keys', 'test', 'dashscope', '--json'])).stdout).toContain('E-KEY-MISSING')
    })

    it('is not sent to an address without encryption once it is saved', async () => {
      const folder = tempFolder()
      const studio = inFolder(folder)
      expect((await studio(['keys', 'set', 'dashscope'], CANARY)).code).toBe(0)
      const before = simulator.calls().length
      const insecure = ['--dashscope-url', simulator.dashscopeUrl, '--allow-insecure-endpoints', '--json']
      const tested = await studio(['keys', 'test', 'dashscope', ...insecure])
      expect([tested.code, tested.stdout]).toEqual([2, expect.stringContaining('E-CONFIG-INSECURE')])
      const set = await studio(['keys', 'set', 'dashscope', ...insecure], CANARY)
      expect([set.code, set.stdout]).toEqual([2, expect.stringContaining('E-CONFIG-INSECURE')])
      for (const url of ['http://evil.example', 'http://169.254.169.254', 'https://user:x@dashscope.aliyuncs.com']) {
        const refused = await studio(['keys', 'test', 'dashscope', '--dashscope-url', url, '--json'])
        expect(refused.code, refused.stdout).toBe(2)
      }
      expect(simulator.calls().length).toBe(before)
    })

    it('is asked for again when the keyring is locked, and nothing is sent', async () => {
      const folder = tempFolder()
      const studio = inFolder(folder)
      expect((await studio(['keys', 'set', 'dashscope'], CANARY)).code).toBe(0)
      await keyring.restart(false)
      try {
        const locked = await studio(['keys', 'test', 'dashscope', '--json'])
        expect([locked.code, locked.stdout]).toEqual([5, expect.stringContaining('E-KEY-LOCKED')])
      } finally {
        await keyring.restart(true)
      }
    })

    it('that looks like another vendor’s, or holds a line end, is refused before any call', async () => {
      const studio = inFolder(tempFolder())
      const before = simulator.calls().length
      for (const key of ['SG_CANARY0123456789', 'sk-a\r\nx: y']) {
        const refused = await studio(['keys', 'set', 'dashscope', '--json'], key)
        expect([refused.code, refused.stdout]).toEqual([2, expect.stringContaining('E-CONFIG-INVALID')])
        expect(refused.stdout).not.toContain('CANARY')
      }
      expect(simulator.calls().length).toBe(before)
    })
  },
)

describe.skipIf(noSecretService !== null)('a keyring that never answers', () => {
  it('holds up no command for long, and no end of it', async () => {
    const bus = await startSilentBus()
    try {
      const folder = tempFolder()
      const { code, stdout } = await runCli(['doctor', '--json', '--data-dir', join(folder, 'data')], { env: bus.env })
      expect(code).toBe(0)
      expect(stdout).toContain('E-KEY-TIMEOUT')
    } finally {
      bus.stop()
    }
  })
})

describe('a rehearsal', () => {
  it('makes a video with every step told and one simulated charge', async () => {
    const folder = tempFolder()
    const { code, stdout, stderr } = await runCli([
      'rehearse',
      '--data-dir',
      join(folder, 'data'),
      '--out',
      join(folder, 'out'),
    ])
    expect(code, stderr).toBe(0)
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('charged 1 (simulated)')
    for (const step of [
      'uploading',
      'looking for a face',
      'submitting',
      'waiting at the vendor',
      'rendering',
      'downloading',
    ])
      expect(stdout).toContain(step)
    const [video = ''] = readdirSync(join(folder, 'out'))
    expect(statSync(join(folder, 'out', video)).size).toBeGreaterThan(50_000)
    expect(readFileSync(join(folder, 'out', video)).toString('latin1', 4, 8)).toBe('ftyp')
  })
})

describe('the simulated vendors', () => {
  it('tell their address and each call, take faults, and end when they are told to', async () => {
    const folder = tempFolder()
    copyFileSync('package.json', join(folder, 'not-faults.json'))
    const refused = await runCli(['simulate', '--fault', join(folder, 'not-faults.json'), '--json'])
    expect([refused.code, refused.stdout]).toEqual([2, expect.stringContaining('E-CONFIG-INVALID')])

    const running = startCli(['simulate', '--json'])
    const { url, dashscopeUrl } = await running.until(({ event }) => event === 'listening')
    expect(dashscopeUrl).toBe(`${String(url)}/api/v1`)
    const response = await fetch(`${String(dashscopeUrl)}/tasks/`, { headers: { authorization: 'Bearer sk-any' } })
    expect(response.status).toBe(200)
    expect(await running.until(({ event }) => event === 'call')).toMatchObject({ route: 'dashscope.list', status: 200 })
    running.process.kill('SIGTERM')
    expect((await running.ended).code).toBe(130)
  })
})
