import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { BrowserWindow, MenuItemConstructorOptions } from 'electron'
import pino from 'pino'
import { describe, expect, it } from 'vitest'
import { createFakeElectron } from '../../../../tests/fixtures/fake-electron.ts'
import { NO_JOBS, createRecordingCore } from '../../../../tests/fixtures/recording-core.ts'
import { tempFolder } from '../../../../tests/fixtures/temp-folder.ts'
import { createTexts } from '../../../shared/lib/create-texts.ts'
import type { Job, JobState, JobStep } from '../../../shared/model/job.ts'
import { createHandedFiles, handedPaths } from './handed-files.ts'
import { followJobs } from './job-manners.ts'
import { menuTemplate } from './menu.ts'
import { proxyOf, systemProxy } from './network.ts'
import { refusedSwitch } from './switches.ts'
import { openWindowState } from './window-state.ts'

const { t } = createTexts('en')
const logger = pino({ enabled: false })

function jobIn(state: JobState, step: JobStep, change: Partial<Job> = {}): Job {
  const inputs = { source: '/in/a.jpg', voice: '/in/a.wav', findings: [], createdAt: 0 }
  return { jobId: 'a', batchId: 'b', state, step, progress: null, engine: 'dashscope', ...inputs, ...change }
}

/** The manners over a core whose jobs are what the test says. */
function startManners(folder: string) {
  const fake = createFakeElectron({ folder })
  const window = new fake.electron.BrowserWindow({})
  const core = createRecordingCore()
  let jobs: Job[] = []
  const handlers = {
    ...core.handlers,
    'jobs.list': async ({ batchId, states }: { batchId?: string | undefined; states?: JobState[] | undefined }) => {
      const rows = jobs.filter((job) => (batchId ?? job.batchId) === job.batchId && (states ?? []).includes(job.state))
      return { rows, total: rows.length, counts: NO_JOBS }
    },
  }
  const asked: string[] = []
  const end = followJobs({
    core: { handlers, subscribe: core.subscribe },
    app: fake.electron.app,
    powerSaveBlocker: fake.electron.powerSaveBlocker,
    Notification: fake.electron.Notification as never,
    windows: () => [window as unknown as BrowserWindow],
    t,
    logger,
    showQueue: () => asked.push('queue'),
  })
  const see = (...rows: Job[]) => {
    jobs = rows
    core.emit({ name: 'jobs-changed', payload: { rows, removed: [], counts: NO_JOBS } })
  }
  return { fake, window, core, see, end, asked }
}

describe('while jobs run', () => {
  it('the taskbar shows how far they are, then nothing', () => {
    const { core, window } = startManners(tempFolder())
    const tell = (running: number, progress: number | null) => {
      const counts = { ...NO_JOBS, running }
      core.emit({ name: 'queue-changed', payload: { paused: false, counts, progress, etaSeconds: null } })
    }
    tell(1, 0.25)
    tell(1, null)
    tell(0, null)
    expect(window.progress).toEqual([0.25, 2, -1])
  })

  it('the system stays awake from the paid request on until the video is saved, and for nothing else', () => {
    const { fake, see } = startManners(tempFolder())
    const isAwake = () => fake.log.blockers.size > 0
    const steps: [Job, boolean][] = [
      [jobIn('running', 'render', { engine: 'offline' }), false],
      [jobIn('queued', 'check'), false],
      [jobIn('running', 'upload'), false],
      [jobIn('running', 'submit'), true],
      [jobIn('waiting', 'vendor_queue'), true],
      [jobIn('running', 'download'), true],
      [jobIn('done', 'finish'), false],
      [jobIn('running', 'download'), true],
      [jobIn('needs_attention', 'download'), false],
    ]
    for (const [job, expected] of steps) {
      see(job)
      expect([job.state, job.step, isAwake()]).toEqual([job.state, job.step, expected])
    }
  })

  it('goes on sleeping when the app ends, or the job is taken off the list', () => {
    const { fake, see, core, end } = startManners(tempFolder())
    see(jobIn('running', 'download'))
    core.emit({ name: 'jobs-changed', payload: { rows: [], removed: ['a'], counts: NO_JOBS } })
    expect(fake.log.blockers.size).toBe(0)
    see(jobIn('running', 'download'))
    end()
    expect(fake.log.blockers.size).toBe(0)
  })

  it('one notification a batch says what became of it, and leads to the queue', async () => {
    const { fake, see, asked } = startManners(tempFolder())
    const two = (first: JobState, second: JobState) =>
      see(jobIn(first, 'render'), jobIn(second, 'render', { jobId: 'c' }))
    two('running', 'queued')
    two('done', 'running')
    two('done', 'failed')
    two('done', 'failed')
    await expect.poll(() => fake.log.notifications.length, { timeout: 30_000 }).toBe(1)
    expect(fake.log.notifications[0]?.body).toBe('Done: 1. Failed: 1. Waiting for you: 0.')
    fake.log.notifications[0]?.click()
    expect(asked).toEqual(['queue'])
  })
})

describe('the menu', () => {
  const build = (platform: NodeJS.Platform, isDevelopment = false) =>
    menuTemplate({
      platform,
      t,
      appName: 'LivePortrait Studio',
      isDevelopment,
      recentFolders: ['/in/a & b'],
      ask: () => undefined,
      openFolder: () => undefined,
    })
  const flat = (items: MenuItemConstructorOptions[]): MenuItemConstructorOptions[] =>
    items.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? flat(item.submenu) : [])])
  const labels = (items: MenuItemConstructorOptions[]) => items.map(({ label, role }) => label ?? role)

  it('begins with the app on macOS, and has its settings, its end and its windows there', () => {
    const menu = build('darwin')
    expect(labels(menu)).toEqual(['LivePortrait Studio', 'File', 'Edit', 'View', 'windowMenu', 'Help'])
    expect(flat(menu).map(({ role }) => role)).toEqual(
      expect.arrayContaining(['services', 'hide', 'recentDocuments', 'close', 'quit']),
    )
  })

  it.each(['win32', 'linux'] as const)(
    'begins with the file menu on %s, and ends with the way to the licences',
    (platform) => {
      const menu = build(platform)
      expect(labels(menu)).toEqual(['File', 'Edit', 'View', 'Help'])
      expect(flat(menu).at(-1)?.label).toBe('About LivePortrait Studio')
      expect(labels(flat(menu))).toContain('a && b')
    },
  )

  it('offers the developer tools in a checkout only', () => {
    const roles = (isDevelopment: boolean) => flat(build('linux', isDevelopment)).map(({ role }) => role)
    expect(roles(false)).not.toContain('toggleDevTools')
    expect(roles(true)).toContain('toggleDevTools')
    expect(roles(true)).not.toContain('reload')
  })
})

describe('what a start hands over', () => {
  it('is files and folders that are there, each once, and nothing that is a switch', () => {
    const folder = tempFolder()
    mkdirSync(join(folder, 'shoot'))
    writeFileSync(join(folder, '-switch.jpg'), '')
    writeFileSync(join(folder, 'anna & co.jpg'), '')
    const address = pathToFileURL(join(folder, 'anna & co.jpg')).href
    const line = [
      'shoot',
      'anna & co.jpg',
      address,
      '-switch.jpg',
      '--inspect',
      'none.jpg',
      'https://e.example/a.jpg',
      '',
    ]
    const handed = createHandedFiles(() => undefined)
    handed.add(handedPaths([...line, 'file://server/share/a.jpg', 'file:///%00', folder], folder, folder))
    expect(handed.take()).toEqual([join(folder, 'shoot'), join(folder, 'anna & co.jpg')])
    expect(handed.take()).toEqual([])
  })

  it.each([
    '--inspect',
    '--inspect=0.0.0.0:9229',
    '--inspect-brk',
    '--remote-debugging-port=9222',
    '--remote-debugging-pipe',
    '--js-flags=--expose-gc',
    '-inspect',
    '/inspect',
    '--INSPECT',
    '--disable-web-security',
  ])('%s keeps a packaged app from starting', (name) => {
    expect(refusedSwitch(['/app', 'a.jpg', name])).toBeDefined()
  })

  it('an ordinary line does not', () => {
    expect(refusedSwitch(['/app', '--no-sandbox', '/in/inspect', 'inspect', '--lang=de'])).toBeUndefined()
  })
})

describe('the way to the network', () => {
  const url = new URL('https://service.example/x')

  it.each([
    ['DIRECT', null],
    ['PROXY proxy.example:8080; DIRECT', 'http://proxy.example:8080'],
    ['HTTPS proxy.example:443', 'https://proxy.example:443'],
    ['SOCKS old.example:1080; SOCKS5 new.example:1080', 'socks5://new.example:1080'],
    ['', null],
  ])('%j of the system is %j', (answer, expected) => {
    expect(proxyOf(answer, url)).toBe(expected)
  })

  it('never goes around a proxy that it cannot speak to', () => {
    expect(() => proxyOf('SOCKS old.example:1080', url)).toThrow('E-NET-OFFLINE')
  })

  it('takes the environment’s proxy before the system’s', async () => {
    const session = { resolveProxy: () => Promise.resolve('PROXY system.example:1') }
    expect(await systemProxy(session, { HTTPS_PROXY: 'http://own.example:2' })(url)).toBe('http://own.example:2')
    expect(await systemProxy(session, {})(url)).toBe('http://system.example:1')
  })
})

describe('where the window stood', () => {
  const screens = [{ x: 0, y: 0, width: 1920, height: 1080 }]
  const windowAt = (x: number, y: number) => ({
    getNormalBounds: () => ({ x, y, width: 900, height: 700 }),
    isMaximized: () => true,
  })

  it('is where it comes back, unless no screen is there any more', () => {
    const folder = tempFolder()
    openWindowState(folder, logger).keep(windowAt(100, 50))
    expect(openWindowState(folder, logger).bounds(screens)).toEqual({ x: 100, y: 50, width: 900, height: 700 })
    expect(openWindowState(folder, logger).isMaximized()).toBe(true)
    openWindowState(folder, logger).keep(windowAt(2500, 50))
    expect(openWindowState(folder, logger).bounds(screens)).toBeUndefined()
  })

  it.each(['', '{"bounds":', '[]', '{"bounds":{"x":"a"},"recentFolders":7}'])(
    'is forgotten when its file says %j',
    (text) => {
      const folder = tempFolder()
      writeFileSync(join(folder, 'window.json'), text)
      const state = openWindowState(folder, logger)
      expect([state.bounds(screens), state.isMaximized(), state.recentFolders()]).toEqual([undefined, false, []])
      state.addRecentFolder('/in/a')
      expect(openWindowState(folder, logger).recentFolders()).toEqual(['/in/a'])
    },
  )

  it('is kept in memory alone where its file cannot be written', () => {
    const state = openWindowState(join(tempFolder(), 'gone'), logger)
    state.addRecentFolder('/in/a')
    expect(state.recentFolders()).toEqual(['/in/a'])
  })

  it('remembers the ten newest folders, each once', () => {
    const state = openWindowState(tempFolder(), logger)
    for (let number = 0; number < 12; number += 1) state.addRecentFolder(`/in/${number}`)
    state.addRecentFolder('/in/5')
    expect(state.recentFolders().slice(0, 3)).toEqual(['/in/5', '/in/11', '/in/10'])
    expect(state.recentFolders()).toHaveLength(10)
  })
})
