import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserWindow, IpcMainInvokeEvent } from 'electron'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeFrame, createFakeElectron } from '../../../../tests/fixtures/fake-electron.ts'
import type { FakeElectron, FakeWindow } from '../../../../tests/fixtures/fake-electron.ts'
import { NO_JOBS, createRecordingCore } from '../../../../tests/fixtures/recording-core.ts'
import type { RecordingCore } from '../../../../tests/fixtures/recording-core.ts'
import { contract } from '../../../shared/api/index.ts'
import { indexWindowFiles } from '../../core/lib/window-files.ts'
import { APP_PAGE, releasePageOf } from './addresses.ts'
import { connectBridge } from './bridge.ts'
import { denyPermissions, externalPages, guardNavigation } from './guards.ts'
import { SCHEMES, serveProtocols } from './protocols.ts'

const RELEASES = releasePageOf('studio/app')

let folder: string
let fake: FakeElectron
let core: RecordingCore
let window: FakeWindow
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'studio-electron-'))
  fake = createFakeElectron({ folder })
  core = createRecordingCore()
  guardNavigation(fake.electron.app as never, externalPages(fake.electron.shell, [RELEASES]))
  connectBridge(
    fake.electron.ipcMain,
    core,
    () => fake.log.windows as unknown as BrowserWindow[],
    pino({ enabled: false }),
  )
  window = new fake.electron.BrowserWindow({})
  await window.loadURL(APP_PAGE)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A call as Electron hands it over: arguments copied between processes. */
function invoke(event: unknown, method: unknown, input: unknown): Promise<unknown> {
  const handler = fake.log.ipc.get('api:call')
  if (handler === undefined) throw new Error('no handler')
  return Promise.resolve(handler(event as IpcMainInvokeEvent, structuredClone(method), structuredClone(input)))
}
const ownEvent = () => ({ sender: window.webContents, senderFrame: window.webContents.mainFrame })

describe('a call reaches the core', () => {
  it('from the main frame of our own window', async () => {
    expect(await invoke(ownEvent(), 'queue.snapshot', {})).toMatchObject({ ok: true, value: { paused: false } })
  })

  const strangers: [name: string, event: () => unknown][] = [
    ['a frame inside the page', () => ({ sender: window.webContents, senderFrame: new FakeFrame(APP_PAGE) })],
    ['a frame that is gone', () => ({ sender: window.webContents, senderFrame: null })],
    [
      'contents that are destroyed',
      () => {
        window.webContents.destroyed = true
        return ownEvent()
      },
    ],
    [
      'a window that is closed',
      () => {
        window.destroyed = true
        return ownEvent()
      },
    ],
    [
      'contents of no window of ours',
      () => {
        fake.log.windows.length = 0
        return ownEvent()
      },
    ],
    ...[
      'studio-app://evil/',
      'studio-app://app.evil/',
      'studio-app://user@app/',
      'file:///etc/passwd',
      'data:text/html,x',
      'https://app/',
      'about:blank',
      '',
    ].map((url): [string, () => unknown] => [
      `a page at ${url === '' ? 'no address' : url}`,
      () => {
        window.webContents.mainFrame = new FakeFrame(url)
        return ownEvent()
      },
    ]),
  ]
  it.each(strangers)('never from %s', async (_name, event) => {
    expect(await invoke(event(), 'queue.pause', {})).toMatchObject({ ok: false, error: { code: 'E-LOCAL-AUTH' } })
    expect(core.calls).toEqual([])
  })

  it('through one channel only', () => {
    expect([...fake.log.ipc.keys()]).toEqual(['api:call'])
  })

  it.each([
    [/ipcMain\.(handle|on|once)\(/, ['bridge.ts']],
    [/openExternal\(/, ['guards.ts']],
    [/openPath\(/, []],
    [/executeJavaScript|remote\b.*require|\.loadFile\(/, []],
  ])('and nothing else in the product says %s', (call, places) => {
    const files = readdirSync('src/main', { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'),
    )
    const found = files.filter((entry) => call.test(readFileSync(join(entry.parentPath, entry.name), 'utf8')))
    expect(found.map(({ name }) => name)).toEqual(places)
  })
})

it('events cross as copies of data, to living windows only', () => {
  const payload = { rows: [], removed: ['a'], counts: NO_JOBS }
  core.emit({ name: 'jobs-changed', payload })
  expect(window.webContents.sent).toEqual([{ channel: 'api:event', payload: { name: 'jobs-changed', payload } }])
  window.destroyed = true
  core.emit({ name: 'jobs-changed', payload })
  expect(window.webContents.sent).toHaveLength(1)
})

describe('the page stays where it is', () => {
  const addresses = [
    'https://example.com/',
    'http://127.0.0.1:4127/',
    'file:///etc/passwd',
    'file:///tmp/dropped.html',
    'data:text/html,<script>1</script>',
    'javascript:alert(1)',
    'blob:studio-app://app/1',
    'studio-app://evil/',
    'studio-app://app.example/',
    'studio-media://media/result/1',
    'chrome://settings',
    'about:blank',
    '\\\\host\\share\\x.exe',
    '',
  ]
  it.each(addresses)('%s is not navigated to', (url) => {
    for (const name of ['will-navigate', 'will-frame-navigate', 'will-redirect']) {
      let prevented = 0
      window.webContents.emit(name, { url, preventDefault: () => (prevented += 1) })
      expect([name, prevented]).toEqual([name, 1])
    }
  })

  it('its own address is allowed', () => {
    let prevented = 0
    window.webContents.emit('will-navigate', { url: `${APP_PAGE}#queue`, preventDefault: () => (prevented += 1) })
    expect(prevented).toBe(0)
  })

  it('no page is embedded', () => {
    let prevented = 0
    window.webContents.emit('will-attach-webview', { preventDefault: () => (prevented += 1) })
    expect(prevented).toBe(1)
  })

  const refused = [
    'file:///etc/passwd',
    'smb://host/share',
    'ms-msdt:/id',
    'javascript:alert(1)',
    '\\\\host\\share\\x.exe',
    'https://github.com@evil.example/studio/app/releases/latest',
    'https://github.com/studio/app/releases/latest?x=1',
    'https://github.com/studio/app/releases/latest/../x',
    'http://github.com/studio/app/releases/latest',
    'HTTPS://github.com/studio/app/releases/latest',
    'https://github.com/studio/other/releases/latest',
    'https://example.com/',
    '',
  ]
  it.each(refused)('%s opens neither here nor outside', (url) => {
    expect(window.webContents.windowOpenHandler?.({ url } as never)).toEqual({ action: 'deny' })
    expect(fake.log.opened).toEqual([])
  })

  it('the release page opens outside, and never here', () => {
    const url = RELEASES
    expect(window.webContents.windowOpenHandler?.({ url } as never)).toEqual({ action: 'deny' })
    expect(fake.log.opened).toEqual([url])
  })
})

describe('permissions', () => {
  /** Every name that Electron's own types know, read from them. */
  const declared = readFileSync('node_modules/electron/electron.d.ts', 'utf8')
  const namesOf = (method: string) => {
    const line = declared.split('\n').find((text) => text.trimStart().startsWith(`${method}(handler`)) ?? ''
    return [...(/permission: ([^,]*), /.exec(line)?.[1] ?? '').matchAll(/'([\w-]+)'/g)].map(([, name = '']) => name)
  }
  beforeEach(() => denyPermissions(fake.electron.session.defaultSession as never))

  it('are refused, each by its name', () => {
    const requests = namesOf('setPermissionRequestHandler')
    const checks = namesOf('setPermissionCheckHandler')
    expect(requests.length).toBeGreaterThan(30)
    expect(checks.length).toBeGreaterThan(30)
    for (const name of requests) {
      const answers: boolean[] = []
      fake.log.permissionRequest?.(
        window.webContents as never,
        name as never,
        (granted) => answers.push(granted),
        {} as never,
      )
      expect([name, answers]).toEqual([name, [false]])
    }
    for (const name of checks)
      expect(fake.log.permissionCheck?.(null, name as never, APP_PAGE, {} as never)).toBe(false)
    expect(fake.log.devicePermission?.({ deviceType: 'usb', origin: APP_PAGE, device: {} } as never)).toBe(false)
  })
})

describe('the app’s own schemes', () => {
  const get = async (url: string, headers: Record<string, string> = {}) => {
    const request = new Request(url, { headers })
    // A request with such an address cannot always be built: then Electron cannot hand it over either.
    const handler = fake.log.protocols.get(new URL(url).protocol.slice(0, -1))
    if (handler === undefined) throw new Error('no handler')
    return handler(request as never)
  }
  beforeEach(() => {
    const renderer = join(folder, 'renderer')
    mkdirSync(join(renderer, 'assets'), { recursive: true })
    writeFileSync(join(renderer, 'index.html'), '<!doctype html>')
    writeFileSync(join(renderer, 'assets/page.js'), '1')
    writeFileSync(join(renderer, 'secret.map'), '{}')
    symlinkSync('/etc/passwd', join(renderer, 'assets/link.js'))
    writeFileSync(join(folder, 'clip.mp4'), '0123456789')
    core.media.set('result/job 1', { path: join(folder, 'clip.mp4'), contentType: 'video/mp4' })
    core.media.set('result/gone', { path: join(folder, 'gone.mp4'), contentType: 'video/mp4' })
    serveProtocols(fake.electron.protocol, core, indexWindowFiles(renderer))
  })

  it('serve the page with its policy and types', async () => {
    const page = await get('studio-app://app/')
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(page.headers.get('content-security-policy')).toContain("require-trusted-types-for 'script'")
    expect(page.headers.get('x-content-type-options')).toBe('nosniff')
    expect(await (await get('studio-app://app/assets/page.js')).text()).toBe('1')
  })

  it('serve media by id, whole and in parts', async () => {
    const whole = await get('studio-media://media/result/job%201')
    expect([whole.status, whole.headers.get('content-type'), await whole.text()]).toEqual([
      200,
      'video/mp4',
      '0123456789',
    ])
    const part = await get('studio-media://media/result/job%201', { range: 'bytes=2-4' })
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 2-4/10', '234'])
    expect((await get('studio-media://media/result/job%201', { range: 'bytes=99-' })).status).toBe(416)
  })

  it.each([
    'studio-app://app/..%2f..%2fetc/passwd',
    'studio-app://app/%2e%2e/%2e%2e/etc/passwd',
    'studio-app://app/..%5c..%5cetc%5cpasswd',
    'studio-app://app/%252e%252e%252fetc/passwd',
    'studio-app://app/assets/page.js%00.png',
    'studio-app://app/assets/link.js',
    'studio-app://app/assets/',
    'studio-app://app/assets',
    'studio-app://app/secret.map',
    'studio-app://app//etc/passwd',
    'studio-app://other/',
    'studio-media://media/result/gone',
    'studio-media://media/result/unknown',
    'studio-media://media/result/..%2f..%2fetc%2fpasswd',
    'studio-media://media//etc/passwd',
    'studio-media://media/%E0%A4%A',
    'studio-media://other/result/job%201',
  ])('%s is not found', async (url) => {
    expect((await get(url)).status).toBe(404)
  })

  it('are standard and secure, and the page’s one is no way around its policy', () => {
    for (const { privileges } of SCHEMES) {
      expect(privileges).toMatchObject({ standard: true, secure: true })
      expect(privileges).not.toHaveProperty('bypassCSP')
      expect(privileges).not.toHaveProperty('allowServiceWorkers')
    }
  })
})

describe('a renderer that was taken over', () => {
  const evil = JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}') as unknown
  const cycle: unknown[] = []
  cycle.push(cycle)
  const fixed: unknown[] = [
    undefined,
    null,
    NaN,
    Infinity,
    -0,
    '',
    'x'.repeat(10_000_000),
    evil,
    [evil],
    cycle,
    new Date(),
    new Map([['a', 1]]),
    new Uint8Array(10),
    2 ** 60,
    10n,
    { jobIds: evil },
    { jobIds: [null] },
    { change: evil },
    { parameters: evil, pairs: [evil] },
  ]
  /** A small generator of its own, so that a failure can be repeated. */
  const randomPayload = (random: () => number, depth = 0): unknown => {
    const pick = Math.floor(random() * (depth > 4 ? 6 : 9))
    const keys = [
      '__proto__',
      'constructor',
      'toString',
      'jobIds',
      'jobId',
      'paths',
      'engine',
      'pairs',
      'change',
      'name',
      'limit',
      'x',
    ]
    if (pick === 0) return random() * 1e9 - 5e8
    if (pick === 1) return keys[Math.floor(random() * keys.length)]
    if (pick === 2) return null
    if (pick === 3) return random() < 0.5
    if (pick === 4) return String.fromCodePoint(...Array.from({ length: 8 }, () => Math.floor(random() * 0xd000)))
    if (pick === 5) return NaN
    if (pick === 6) return Array.from({ length: Math.floor(random() * 6) }, () => randomPayload(random, depth + 1))
    const entries = Array.from({ length: Math.floor(random() * 6) }, () => [
      keys[Math.floor(random() * keys.length)],
      randomPayload(random, depth + 1),
    ])
    const text = entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value) ?? 'null'}`).join(',')
    return JSON.parse(`{${text}}`) as unknown
  }

  it('gets a typed answer to 1,000 payloads of each method, and nothing unchecked reaches a handler', async () => {
    let state = 20_261_121
    const random = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return state / 2 ** 32
    }
    for (const method of Object.keys(contract) as (keyof typeof contract)[]) {
      for (let i = 0; i < 1000; i += 1) {
        const payload = i < fixed.length ? fixed[i] : randomPayload(random)
        const reply = (await invoke(ownEvent(), method, payload)) as { ok: boolean; error?: { code: string } }
        expect(reply.ok ? 'ok' : reply.error?.code).toMatch(/^(ok|E-PARAM-TYPE|E-INPUT-MISSING)$/)
      }
    }
    for (const { method, input } of core.calls) expect(contract[method].input.safeParse(input).success).toBe(true)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  }, 120_000)

  it.each([
    '__proto__',
    'constructor',
    'toString',
    '',
    'jobs',
    'jobs.list.x',
    7,
    null,
    undefined,
    {},
    ['jobs.list'],
    'x'.repeat(1_000_000),
  ])('no method is called %s', async (method) => {
    expect(await invoke(ownEvent(), method, {})).toMatchObject({ ok: false, error: { code: 'E-PARAM-UNKNOWN' } })
  })
})
