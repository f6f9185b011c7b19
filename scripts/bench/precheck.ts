import { execFileSync, spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import sharp from 'sharp'
import { findTools } from '../../src/main/core/lib/find-tools.ts'
import type { MediaRow } from '../../src/main/core/media/inspection.ts'
import { createMedia } from '../../src/main/core/media/media.ts'
import { ENGINE_LIMITS } from '../../src/shared/model/limits.ts'

/**
 * The precheck of 1,000 mixed files against a loop that only starts the same ffprobe on them, two at once, from an
 * empty Node process; both alternate in one run. Then a second pass over the unchanged files.
 * Run: `node scripts/bench/precheck.ts [rounds]`.
 */
export type PrecheckFigures = {
  readonly files: number
  readonly ffprobe: string
  readonly spawnOnlySeconds: number
  readonly firstPassSeconds: number
  /** First pass over spawning alone: at most 1.3. */
  readonly ratio: number
  readonly secondPassSeconds: number
  /** First pass over second pass: at least 20. */
  readonly speedUp: number
}

const FILES = 1000
const PROBES_AT_ONCE = 2

/** Portraits and voices of ordinary sizes, in the formats that people have. */
async function makeOriginals(folder: string, ffmpegPath: string): Promise<string[]> {
  mkdirSync(folder)
  const noise = { width: 900, height: 1200, channels: 3 as const, background: '#446688' }
  const picture = sharp({ create: { ...noise, noise: { type: 'gaussian', mean: 128, sigma: 20 } } })
  const originals: string[] = []
  for (const extension of ['jpg', 'png', 'webp'] as const) {
    const path = join(folder, `portrait.${extension}`)
    await picture.clone().toFile(path)
    originals.push(path)
  }
  const sound = ['-v', 'error', '-y', '-f', 'lavfi', '-i', 'anoisesrc=duration=10:sample_rate=24000:amplitude=0.3']
  for (const name of ['voice.wav', 'voice.mp3', 'portrait.bmp'] as const) {
    const path = join(folder, name)
    const input = name === 'portrait.bmp' ? ['-v', 'error', '-y', '-i', join(folder, 'portrait.png')] : sound
    execFileSync(ffmpegPath, [...input, path])
    originals.push(path)
  }
  return originals
}

function makeFiles(originals: readonly string[], folder: string): string[] {
  mkdirSync(folder)
  return Array.from({ length: FILES }, (_, i) => {
    const original = originals[i % originals.length] ?? ''
    const path = join(folder, `${i}-${original.slice(original.lastIndexOf('/') + 1)}`)
    copyFileSync(original, path)
    return path
  })
}

/** The other side: a script of its own, so that its process holds nothing. */
const LOOP = `
const { spawn } = require('node:child_process')
const [ffprobe, list] = process.argv.slice(2)
const paths = JSON.parse(require('node:fs').readFileSync(list, 'utf8'))
const started = performance.now()
let next = 0, open = 0
const go = () => {
  if (next === paths.length && open === 0) return console.log((performance.now() - started) / 1000)
  while (open < ${PROBES_AT_ONCE} && next < paths.length) {
    open++
    const args = ['-v', 'error', '-print_format', 'json', '-show_format', '-show_streams', '-i', 'file:' + paths[next++]]
    const child = spawn(ffprobe, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    child.stdout.resume()
    child.on('close', () => { open--; go() })
  }
}
go()
`

function spawnOnly(ffprobe: string, folder: string, paths: readonly string[]): Promise<number> {
  const [script, list] = [join(folder, 'loop.cjs'), join(folder, 'paths.json')]
  writeFileSync(script, LOOP)
  writeFileSync(list, JSON.stringify(paths))
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ffprobe, list], { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
    child.once('error', reject)
    child.once('close', () => resolve(Number(text)))
  })
}

async function precheck(paths: readonly string[], emptyFolder: string): Promise<{ first: number; second: number }> {
  const rows = new Map<string, MediaRow>()
  const media = createMedia({
    tools: findTools({ env: process.env }),
    probeProcess: new URL('../../src/main/core/media/probe-process.ts', import.meta.url),
    emptyFolder,
    repairedDir: join(emptyFolder, '..', 'repaired'),
    cache: {
      find: (path) => rows.get(path) ?? null,
      findById: () => null,
      save: (row) => void rows.set(row.path, row),
    },
    clock: {
      now: Date.now,
      monotonic: () => performance.now(),
      setTimer: (delayMs, action) => {
        const timer = setTimeout(action, delayMs)
        return { cancel: () => clearTimeout(timer) }
      },
    },
    logger: pino({ enabled: false }),
  })
  const pass = async () => {
    const started = performance.now()
    const results = await Promise.all(paths.map((path) => media.check(path, ENGINE_LIMITS.offline)))
    const rejected = results.find(({ verdict }) => verdict !== 'ok')
    if (rejected) throw new Error(`${rejected.path}: ${JSON.stringify(rejected.findings)}`)
    return (performance.now() - started) / 1000
  }
  try {
    return { first: await pass(), second: await pass() }
  } finally {
    media.stop()
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** The median of `rounds` alternating measurements. */
export async function benchPrecheck(rounds = 5): Promise<PrecheckFigures> {
  const { ffmpeg, ffprobe } = findTools({ env: process.env })
  if (ffmpeg === null || ffprobe === null) throw new Error('ffmpeg and ffprobe are needed')
  const folder = mkdtempSync(join(tmpdir(), 'precheck-bench-'))
  try {
    const paths = makeFiles(await makeOriginals(join(folder, 'originals'), ffmpeg.path), join(folder, 'files'))
    const [spawned, first, second]: [number[], number[], number[]] = [[], [], []]
    for (let round = 0; round < rounds; round++) {
      spawned.push(await spawnOnly(ffprobe.path, folder, paths))
      const seconds = await precheck(paths, join(folder, 'empty'))
      first.push(seconds.first)
      second.push(seconds.second)
    }
    return {
      files: FILES,
      ffprobe: ffprobe.path,
      spawnOnlySeconds: median(spawned),
      firstPassSeconds: median(first),
      ratio: median(first.map((seconds, i) => seconds / (spawned[i] ?? Number.NaN))),
      secondPassSeconds: median(second),
      speedUp: median(first.map((seconds, i) => seconds / (second[i] ?? Number.NaN))),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) console.log(await benchPrecheck(Number(process.argv[2] ?? 5)))
