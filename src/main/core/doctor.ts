import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { Output } from '../../shared/api/index.ts'
import { StudioError, toErrorData } from '../../shared/errors.ts'
import { openKeychain } from './create-secrets.ts'
import type { Database } from './db/database.ts'
import type { JobStore } from './jobs/job-store.ts'
import type { FoundTool, Tools } from './lib/find-tools.ts'
import { runTool } from './lib/run-tool.ts'
import { freeBytes } from './pipeline/output-place.ts'
import type { Ports } from './ports.ts'

type DoctorRow = Output<'system.doctor'>['rows'][number]

type DoctorDependencies = {
  readonly ports: Ports
  readonly tools: Tools
  readonly database: Database
  readonly store: JobStore
}

const VERSION_TIMEOUT_MS = 10_000
const KEYCHAIN_LIMIT_MS = 3000
const LEAST_NODE = 24

const manifestSchema = z.object({ files: z.array(z.object({ name: z.string(), sha256: z.string() })) })

/** Looks at every part that a job needs, each by itself: what is missing or broken is a row, never thrown. */
export async function examine(dependencies: DoctorDependencies): Promise<DoctorRow[]> {
  const { ports, tools } = dependencies
  const examinations: [DoctorRow['part'], () => Promise<Omit<DoctorRow, 'part'>>][] = [
    ['ffmpeg', () => examineTool('ffmpeg', tools.ffmpeg, ports)],
    ['ffprobe', () => examineTool('ffprobe', tools.ffprobe, ports)],
    ['keychain', () => examineKeychain(ports)],
    ['database', () => examineDatabase(dependencies)],
    ['models', () => examineModels(ports)],
    ['disk', () => examineDisk(ports)],
    ['node', () => examineNode()],
  ]
  return Promise.all(
    examinations.map(async ([part, look]): Promise<DoctorRow> => {
      try {
        return { part, ...(await look()) }
      } catch (thrown) {
        return { part, ok: false, facts: {}, error: toErrorData(thrown) }
      }
    }),
  )
}

async function examineTool(name: 'ffmpeg' | 'ffprobe', tool: FoundTool | null, { paths }: Ports) {
  const variable = name === 'ffmpeg' ? 'FFMPEG_PATH' : 'FFPROBE_PATH'
  if (tool === null) throw new StudioError('E-TOOL-MISSING', { params: { tool: name, variable } })
  const { exitCode, stdout } = await runTool({
    path: tool.path,
    args: ['-version'],
    cwd: paths.dataDir,
    timeoutMs: VERSION_TIMEOUT_MS,
    maxOutputBytes: 65_536,
  })
  const line = stdout.toString('utf8').split('\n', 1)[0] ?? ''
  const version = /^\S+ version (\S+)/.exec(line)?.[1]
  if (exitCode !== 0 || version === undefined) throw new StudioError('E-TOOL-FAILED', { params: { tool: tool.path } })
  // The only date that every build carries: the last year of its copyright line.
  const released = /Copyright \(c\) (?:\d{4}-)?(\d{4})/.exec(line)?.[1]
  return {
    ok: true,
    tool: { path: tool.path, version, ...(released === undefined ? {} : { released }) },
    facts: { source: tool.source },
  }
}

async function examineKeychain(ports: Ports) {
  const { clock } = ports
  const keychain = openKeychain(ports)
  if (keychain === null) throw new StudioError('E-KEY-NO-STORE', { params: { reason: 'load' } })
  let timer: { cancel: () => void } | undefined
  const silence = new Promise<never>((_, reject) => {
    timer = clock.setTimer(KEYCHAIN_LIMIT_MS, () =>
      reject(new StudioError('E-KEY-TIMEOUT', { params: { limit: KEYCHAIN_LIMIT_MS / 1000 } })),
    )
  })
  try {
    await Promise.race([keychain.get('doctor'), silence])
  } catch (cause) {
    throw cause instanceof StudioError ? cause : new StudioError('E-KEY-NO-STORE', { cause })
  } finally {
    timer?.cancel()
  }
  return { ok: true, facts: { library: 'keytar' } }
}

async function examineDatabase({ ports, database, store }: DoctorDependencies) {
  const counts = Object.values(store.counts()).reduce((sum, count) => sum + count, 0)
  const recovery = database.lastRecovery()
  return {
    ok: true,
    facts: {
      folder: ports.paths.dataDir,
      jobs: counts,
      setAside: store.quarantined(),
      ...(recovery === null ? {} : { recoveredAt: new Date(recovery.at).toISOString() }),
      ...(typeof recovery?.movedTo === 'string' ? { damagedFiles: recovery.movedTo } : {}),
    },
  }
}

async function examineModels({ paths }: Ports) {
  const manifestFile = join(dirname(paths.samplesDir), 'face-models.json')
  const { files } = manifestSchema.parse(JSON.parse(await readFile(manifestFile, 'utf8')))
  for (const { name, sha256 } of files) {
    const path = join(paths.modelsDir, name)
    const bytes = await readFile(path).catch((cause: unknown) => {
      throw new StudioError('E-ENGINE-FAILED', { params: { value: path }, cause })
    })
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
      throw new StudioError('E-ENGINE-FAILED', { params: { value: path, reason: 'hash' } })
    }
  }
  return { ok: true, facts: { folder: paths.modelsDir, files: files.length } }
}

async function examineDisk({ paths }: Ports) {
  const [data, output] = await Promise.all([freeBytes(paths.dataDir), nearestFreeBytes(paths.defaultOutputFolder)])
  return {
    ok: true,
    facts: {
      ...(data === null ? {} : { dataFreeBytes: data }),
      ...(output === null ? {} : { outputFreeBytes: output }),
    },
  }
}

/** The default output folder is made by the first job only. */
async function nearestFreeBytes(folder: string): Promise<number | null> {
  const free = await freeBytes(folder)
  return free !== null || dirname(folder) === folder ? free : nearestFreeBytes(dirname(folder))
}

async function examineNode() {
  const { node, sqlite } = process.versions
  const facts = { version: node, sqlite: sqlite ?? '' }
  if (Number(node.split('.', 1)[0]) >= LEAST_NODE) return { ok: true, facts }
  throw new StudioError('E-TOOL-MISSING', { params: { tool: `Node ${LEAST_NODE}`, variable: 'PATH' } })
}
