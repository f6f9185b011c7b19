import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCore } from '../../src/main/core/create-core.ts'
import { findTools } from '../../src/main/core/lib/find-tools.ts'
import { createNodePorts } from '../../src/main/core/lib/node-ports.ts'
import type { Clock } from '../../src/main/core/ports.ts'
import { startSimulator } from '../../src/main/simulator/simulator.ts'
import { contract } from '../../src/shared/api/index.ts'

/**
 * How busy the vendor's one place is kept, and what that costs in requests: 40 operations of 6 s each, one at a time, from
 * the first submit to the last end. Time runs faster by FACTOR, so every delay of this machine counts as many times.
 */
const JOBS = 40
const OPERATION_MS = 6000
const FACTOR = 3
const VOICE_SECONDS = 2
/** Requests to other hosts than the API's: the storage's and the result's. */
const ELSEWHERE = new Set(['dashscope.upload', 'dashscope.result'])

export type SlotFigures = {
  /** At least 98. The vendor's own queue of 2 s before the first start counts as idle. */
  readonly busyPercent: number
  /** At most 12, to the API's origin. */
  readonly requestsPerJob: number
  /** As many as jobs, by the vendor's ledger. */
  readonly charged: number
  readonly timeFactor: number
}

export async function benchVendorSlot(): Promise<SlotFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'studio-bench-'))
  const clock = fasterClock()
  const started: number[] = []
  // Made beforehand: what the simulated vendor works must not be counted as our delay.
  const video = makeVideo(join(folder, 'made.mp4'))
  const simulator = await startSimulator(
    {
      clock,
      newId: randomUUID,
      inspect: { countFaces: async () => 1, audioSeconds: async () => VOICE_SECONDS },
      renderPortrait: async () => {
        started.push(clock.now())
        return video
      },
    },
    { dashscope: { workMs: () => OPERATION_MS } },
  )
  const ports = createNodePorts({
    entryUrl: new URL('../../src/main/cli.ts', import.meta.url).href,
    host: 'cli',
    dataDir: join(folder, 'data'),
    defaultOutputFolder: join(folder, 'out'),
    env: { ...process.env, DASHSCOPE_API_KEY: 'sk-bench-0123456789' },
    log: 'none',
  })
  const core = await createCore(
    { ...ports, clock },
    {
      remote: { baseUrls: { dashscope: simulator.dashscopeUrl }, allowInsecureEndpoints: true },
      localClock: ports.clock,
    },
  )
  try {
    const { promise, resolve } = Promise.withResolvers<void>()
    const unsubscribe = core.subscribe((event) => {
      if (event.name === 'jobs-changed' && event.payload.counts.done === JOBS) resolve()
    })
    const pairs = makePairs(join(folder, 'in'))
    const spend = { confirmed: 100, currency: 'CNY' }
    const input = { engine: 'dashscope', pairs, outputFolder: join(folder, 'out'), spend }
    await core.handlers['batch.start'](contract['batch.start'].input.parse(input))
    await promise
    unsubscribe()
    const calls = simulator.calls()
    const firstSubmit = calls.find(({ route }) => route === 'dashscope.submit')?.at ?? 0
    const lastEnd = Math.max(...started) + OPERATION_MS
    const busy = (started.length * OPERATION_MS) / (lastEnd - firstSubmit)
    return {
      busyPercent: Math.round(busy * 1000) / 10,
      requestsPerJob: Math.round((calls.filter(({ route }) => !ELSEWHERE.has(route)).length / JOBS) * 10) / 10,
      charged: simulator.charges().filter(({ kind }) => kind === 'generation').length,
      timeFactor: FACTOR,
    }
  } finally {
    await core.stop()
    await simulator.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function fasterClock(): Clock {
  const startMs = Date.now()
  const startedMs = performance.now()
  const elapsedMs = () => (performance.now() - startedMs) * FACTOR
  return {
    now: () => Math.round(startMs + elapsedMs()),
    monotonic: elapsedMs,
    setTimer: (delayMs, action) => {
      const timer = setTimeout(action, delayMs / FACTOR)
      return { cancel: () => clearTimeout(timer) }
    },
  }
}

function runFfmpeg(args: readonly string[]): void {
  const path = findTools({ env: process.env }).ffmpeg?.path
  if (path === undefined) throw new Error('The bench needs ffmpeg.')
  execFileSync(path, ['-v', 'error', '-y', ...args])
}

const sound = (frequencyHz: number) => ['-f', 'lavfi', '-i', `sine=frequency=${frequencyHz}:duration=${VOICE_SECONDS}`]

function makeVideo(path: string): Buffer {
  const picture = ['-f', 'lavfi', '-i', `color=c=teal:s=64x64:r=15:d=${VOICE_SECONDS}`]
  runFfmpeg([...picture, ...sound(300), '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-shortest', path])
  return readFileSync(path)
}

/** Pictures and voices that all differ in their contents. */
function makePairs(folder: string): { source: string; voice: string; folder: string }[] {
  mkdirSync(folder)
  const picture = join(folder, 'small.png')
  runFfmpeg(['-i', join('resources', 'samples', 'portrait-woman.jpg'), '-vf', 'scale=256:-2', picture])
  return Array.from({ length: JOBS }, (_, index) => {
    const source = join(folder, `face-${index}.png`)
    copyFileSync(picture, source)
    // Behind the last chunk of a PNG: another file, the same picture.
    appendFileSync(source, `picture ${index}`)
    const voice = join(folder, `face-${index}.wav`)
    runFfmpeg([...sound(200 + 5 * index), voice])
    return { source, voice, folder: '' }
  })
}
