import { randomBytes } from 'node:crypto'
import { chmodSync, closeSync, openSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pino from 'pino'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { Clock, Paths, Ports } from '../ports.ts'
import { proxyFromEnvironment } from './env-proxy.ts'
import { PRIVATE_FILE_MODE, ensurePrivateFolder } from './private-files.ts'

type Environment = Readonly<Record<string, string | undefined>>

export type NodePortsOptions = {
  /** `import.meta.url` of the entry file: tells a build (`out/main/*.js`) from the source tree (`src/main/*.ts`). */
  readonly entryUrl: string
  readonly host: Ports['host']
  readonly dataDir: string
  readonly defaultOutputFolder: string
  readonly env: Environment
  /** A process that only reads another core's folder writes no log there. */
  readonly log: 'file' | 'none'
}

/** What every host lends to the core in the same way: plain Node, no window. */
export function createNodePorts(options: NodePortsOptions): Ports {
  const { entryUrl, host, dataDir, defaultOutputFolder, env, log } = options
  const layout = entryLayout(entryUrl)
  const paths: Paths = {
    dataDir,
    modelsDir: layout.modelsDir,
    samplesDir: layout.samplesDir,
    animatorWorker: layout.animatorWorker,
    probeProcess: layout.probeProcess,
    keychainProcess: layout.keychainProcess,
    noticeFile: layout.noticeFile,
    defaultOutputFolder,
  }
  return {
    paths,
    clock: systemClock,
    // Not base64url: an id that begins with a hyphen would be an option on the command line.
    newId: () => randomBytes(16).toString('hex'),
    random: Math.random,
    logger: log === 'file' ? createFileLogger(dataDir, host) : pino({ enabled: false }),
    env,
    version: layout.version,
    host,
    resolveProxy: async (url) => proxyFromEnvironment(env, url),
  }
}

/**
 * Where the product's own parts lie, seen from an entry file. Both `out/main` and `src/main` stand two levels deep. In a
 * packaged app, what other threads, processes and programs open lies outside the archive.
 */
export function entryLayout(entryUrl: string) {
  const built = !entryUrl.endsWith('.ts')
  const at = (path: string) => new URL(path, entryUrl)
  const outside = (path: string) => new URL(path, entryUrl.replace('/app.asar/', '/app.asar.unpacked/'))
  return {
    modelsDir: fileURLToPath(outside(built ? '../models' : '../../out/models')),
    samplesDir: fileURLToPath(outside('../../resources/samples')),
    rendererDir: fileURLToPath(at(built ? '../renderer' : '../../out/renderer')),
    preload: fileURLToPath(at(built ? '../preload/index.cjs' : '../../out/preload/index.cjs')),
    icon: fileURLToPath(outside('../../resources/icons/icon.png')),
    dragIcon: fileURLToPath(outside('../../resources/icons/drag.png')),
    noticeFile: fileURLToPath(at('../../NOTICE')),
    animatorWorker: outside(built ? '../helpers/animator-worker.js' : './core/animator/worker.ts'),
    probeProcess: outside(built ? '../helpers/probe-process.js' : './core/media/probe-process.ts'),
    keychainProcess: outside(built ? '../helpers/keychain-process.js' : './core/secrets/keychain-process.ts'),
    ...readManifest(fileURLToPath(at('../../package.json'))),
  }
}

/** What the program knows of itself; packaging fills in the last two (docs/releasing.md). */
const manifestSchema = z.object({
  version: z.string().default('0.0.0'),
  /** `owner/name` on GitHub, of a released build. */
  releasesOf: z
    .string()
    .regex(/^[\w.-]+\/[\w.-]+$/)
    .optional(),
  /** Lets a test driver in; such a build is never released. */
  isDriven: z.boolean().default(false),
})

function readManifest(file: string): z.infer<typeof manifestSchema> {
  return manifestSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
}

/** The system's folder for application data: one for the window, the browser host and the command line alike. */
export function defaultDataDir(env: Environment, platform: NodeJS.Platform = process.platform): string {
  if (platform === 'win32') return join(env['APPDATA'] ?? join(homedir(), 'AppData', 'Roaming'), 'LivePortrait Studio')
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'LivePortrait Studio')
  const base = env['XDG_DATA_HOME']
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), '.local', 'share'), 'liveportrait-studio')
}

const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer: (delayMs, action) => {
    const timer = setTimeout(action, delayMs)
    return { cancel: () => clearTimeout(timer) }
  },
}

/** JSON lines in the data folder; written at once, because a line that explains a crash must not wait in a buffer. */
function createFileLogger(dataDir: string, host: string): Logger {
  const folder = join(dataDir, 'logs')
  ensurePrivateFolder(dataDir)
  ensurePrivateFolder(folder)
  const file = join(folder, 'studio.log')
  closeSync(openSync(file, 'a', PRIVATE_FILE_MODE))
  chmodSync(file, PRIVATE_FILE_MODE)
  return pino(
    { base: { host, pid: process.pid } },
    pino.destination({ dest: file, sync: true, mode: PRIVATE_FILE_MODE }),
  )
}
