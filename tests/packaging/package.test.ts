import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { spawnSync } from 'node:child_process'
import { Arch } from 'electron-builder'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import config from '../../build/electron-builder.ts'
import { provideTools, readTable } from '../../build/provide-tools.ts'
import { createAnimator } from '../../src/main/core/animator/animator.ts'
import { startNodeHelper } from '../../src/main/core/lib/helper-channel.ts'
import { listArchive, packApp } from '../fixtures/packed-app.ts'
import type { PackedFile } from '../fixtures/packed-app.ts'

const root = resolve(import.meta.dirname, '../..')
const MAX_BYTES = 25_000_000
const TARGETS = ['mac-arm64', 'mac-x64', 'win-x64', 'linux-x64']

const KEYTAR =
  /^node_modules\/keytar\/(package\.json|LICENSE\.md|README\.md|lib\/keytar\.js|build\/Release\/keytar\.node)$/
/** Why an app that is packed here has no keytar, or undefined: npm leaves it out where it can be neither loaded nor built. */
const noKeytar = existsSync(join(root, 'node_modules/keytar')) ? undefined : 'keytar could not be installed here'

/** All that may be in the app: a new kind of file is added here on purpose or not at all. */
const ALLOWED = [
  /^(package\.json|LICENSE|NOTICE)$/,
  /^out\/main\/index\.js$/,
  /^out\/(main|helpers)\/chunks\/[\w.-]+\.js$/,
  /^out\/helpers\/(animator-worker|probe-process|keychain-process)\.js$/,
  /^out\/preload\/index\.cjs$/,
  /^out\/renderer\/(index\.html|assets\/[\w.-]+\.(js|css|svg|png|woff2))$/,
  /^out\/models\/(blazeface|facemesh|iris|selfie)\.(bin|json)$/,
  /^out\/models\/tfjs-backend-wasm[\w-]*\.wasm$/,
  /^resources\/(face-models\.json|icons\/(icon|drag)\.(png|svg)|licences\/[\w.-]+\.txt)$/,
  /^resources\/samples\/(portrait|voice)-\w+\.(jpg|wav)$/,
  /^node_modules\/(sharp|detect-libc|semver|@img\/(colour|sharp-[\w-]+))\//,
  KEYTAR,
]
const BINARY = /\.(node|so[\d.]*|dylib|dll|wasm)$|^out\/models\/.*\.bin$/

describe('the configuration of the installers', () => {
  const builder = createRequire(createRequire(import.meta.url).resolve('electron-builder'))
  const { validateConfiguration } = builder('app-builder-lib/out/util/config/config') as {
    validateConfiguration: (
      config: object,
      log: { readonly isEnabled: boolean; readonly add: () => void },
    ) => Promise<void>
  }
  const validate = (candidate: object) => validateConfiguration(candidate, { isEnabled: false, add: () => undefined })

  it('is what electron-builder’s own schema wants', async () => {
    await expect(validate(config)).resolves.toBeUndefined()
    await expect(validate({ ...config, electronFuse: {} })).rejects.toThrow('electronFuse')
  })

  it('asks for no more rights than the app needs, on each system', () => {
    expect(config.mac).toMatchObject({ hardenedRuntime: true, notarize: true })
    const entitlements = readFileSync(join(root, 'build/entitlements.mac.plist'), 'utf8')
    expect([...entitlements.matchAll(/<key>([^<]*)/g)].map(([, key]) => key)).toEqual([
      'com.apple.security.cs.allow-jit',
    ])
    expect(config.nsis).toMatchObject({ perMachine: false, allowElevation: false, packElevateHelper: false })
    expect(config.win).toMatchObject({ requestedExecutionLevel: 'asInvoker' })
    expect(config.protocols).toBeUndefined()
    expect(config.publish).toBeNull()
  })

  it('has its icons and papers ready made', () => {
    const files = ['build/icon.icns', 'build/icon.ico', 'build/icons/256x256.png', 'build/entitlements.mac.plist']
    for (const file of [...files, 'build/open-with.nsh'])
      expect([file, existsSync(join(root, file))]).toEqual([file, true])
  })
})

describe('ffmpeg and ffprobe of the installers', () => {
  const linux = { electronPlatformName: 'linux', arch: Arch.x64 }

  it('have one row each for every system, by https from one release', () => {
    const rows = readTable()
    expect(rows.map(({ tool, os, arch }) => `${tool} ${os}-${arch}`).toSorted()).toEqual(
      TARGETS.flatMap((target) => [`ffmpeg ${target}`, `ffprobe ${target}`]).toSorted(),
    )
    for (const { url, sha256 } of rows) {
      expect(url).toMatch(
        /^https:\/\/github\.com\/[\w-]+\/[\w-]+\/releases\/download\/[\w.-]+\/ff(mpeg|probe)-[\w-]+\.gz$/,
      )
      expect(sha256).toMatch(/^([0-9a-f]{64})?$/)
    }
  })

  it('stop the packaging with one sentence while their hash is empty', async () => {
    const rows = readTable().map((row) => ({ ...row, sha256: '' }))
    await expect(provideTools(linux, rows)).rejects.toThrow(
      /^ffmpeg for linux-x64 has no SHA-256 in build\/tools\.json: run node scripts\/packaging\/pin-tools\.ts[^.]*\.$/,
    )
  })

  it('are refused when they are not the files that were pinned', async () => {
    const server = createServer((_request, answer) => answer.end('something else')).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await new Promise((listening) => server.once('listening', listening))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ffmpeg`
    const sha256 = createHash('sha256').update('what was pinned').digest('hex')
    const rows = [{ tool: 'ffmpeg', os: 'linux', arch: 'x64', url, sha256 } as const]
    await expect(provideTools(linux, rows)).rejects.toThrow('is not the file that was pinned')
  })
})

const noPacking = process.platform === 'linux' ? undefined : 'the stand-in is a Linux one'
describe.skipIf(noPacking !== undefined)(`the packed app ${noPacking ?? ''}`, () => {
  let folder: string
  let app: string
  let files: PackedFile[]
  const unpacked = (path: string) => join(app, 'resources/app.asar.unpacked', path)

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'studio-packed-'))
    app = await packApp(folder)
    files = listArchive(join(app, 'resources/app.asar'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('holds what is needed and nothing else', () => {
    expect(files.length).toBeGreaterThan(100)
    expect(files.map(({ path }) => path).filter((path) => !ALLOWED.some((one) => one.test(path)))).toEqual([])
    const paths = new Set(files.map(({ path }) => path))
    const unmet = ALLOWED.filter((one) => ![...paths].some((path) => one.test(path)))
    expect(unmet).toEqual(noKeytar === undefined ? [] : [KEYTAR])
  })

  it('stays within its 25 MB without binaries', () => {
    const bytes = files.filter(({ path }) => !BINARY.test(path)).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    expect(bytes).toBeLessThan(MAX_BYTES)
  })

  it('keeps what others open outside the archive, and what the main process runs inside its seal', () => {
    const isOutside = (path: string) => /^(node_modules|out\/(helpers|models)|resources\/(icons|samples))\//.test(path)
    for (const { path, isUnpacked } of files) {
      const wanted = isOutside(path) || path === 'package.json' || path === 'resources/face-models.json'
      expect([path, isUnpacked]).toEqual([path, wanted])
    }
  })

  it('brings one ffmpeg and one ffprobe, the licences of Electron, and two languages', () => {
    for (const name of ['resources/bin/ffmpeg', 'resources/bin/ffprobe', 'LICENSES.chromium.html', 'locales/en-US.pak'])
      expect([name, existsSync(join(app, name))]).toEqual([name, true])
    expect(existsSync(join(app, 'locales/fr.pak'))).toBe(false)
  })

  it('has its fuses set as its configuration says, read back by the script', () => {
    const script = join(root, 'scripts/packaging/read-fuses.ts')
    const read = (...args: string[]) =>
      spawnSync(process.execPath, [script, join(app, 'liveportrait-studio'), ...args], { encoding: 'utf8' })
    expect(read()).toMatchObject({ status: 0, stdout: expect.stringContaining('RunAsNode: DISABLE') as string })
    expect(read('--driven')).toMatchObject({ status: 1 })
  })

  it('knows its releases, and is no build for a test driver', () => {
    const manifest = JSON.parse(readFileSync(unpacked('package.json'), 'utf8')) as Record<string, unknown>
    expect(manifest).toMatchObject({ type: 'module', releasesOf: 'studio/app' })
    expect(manifest).not.toHaveProperty('isDriven')
    expect(manifest).not.toHaveProperty('devDependencies')
    expect(manifest).not.toHaveProperty('scripts')
  })

  /** One question to a small process of the packed app, which finds its packages there or nowhere. */
  const ask = (name: string, question: object) =>
    new Promise<unknown>((answered, failed) => {
      const channel = startNodeHelper(pathToFileURL(unpacked(`out/helpers/${name}.js`)))
      channel.onExit(() => failed(new Error(`${name} ended`)))
      channel.onLine((line) => {
        answered(JSON.parse(line))
        channel.stop()
      })
      channel.send(JSON.stringify(question))
    })

  it('decodes a picture in its small process, with the libraries beside it', async () => {
    const path = join(folder, 'picture.jpg')
    writeFileSync(path, readFileSync(unpacked('resources/samples/portrait-man.jpg')))
    expect(await ask('probe-process', { id: 1, task: 'decode', path, ffmpegPath: null })).toEqual({
      id: 1,
      outcome: 'done',
    })
  })

  it.skipIf(noKeytar)(
    `finds keytar from its keychain process${noKeytar ? ` (skipped: ${noKeytar})` : ''}`,
    async () => {
      const answer = await ask('keychain-process', {
        verb: 'get',
        service: 'liveportrait-studio-test',
        account: 'none',
      })
      expect(JSON.stringify(answer)).not.toMatch(/Cannot find|MODULE_NOT_FOUND/)
    },
  )

  it('finds a face with the worker and the models beside it', async () => {
    const animator = createAnimator({
      workerUrl: pathToFileURL(unpacked('out/helpers/animator-worker.js')),
      modelsDir: unpacked('out/models'),
      ffmpegPath: '/nowhere/ffmpeg',
    })
    onTestFinished(() => animator.stop())
    const { faces } = await animator.findFaces(unpacked('resources/samples/portrait-man.jpg'))
    expect(faces).toHaveLength(1)
  })
})
