import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createCore } from '../../src/main/core/create-core.ts'
import { createOfflineEngine, type OfflineEngine } from '../../src/main/core/engines/offline/index.ts'
import { createNodePorts } from '../../src/main/core/lib/node-ports.ts'

/**
 * The program that is killed: pairs a folder, makes all its videos and says how each job ended, as JSON. The engine is
 * the real one, or one that lets ffmpeg make a short video at once.
 */
const [dataDir = '', inputFolder = '', outputFolder = '', engineName = 'ffmpeg'] = process.argv.slice(2)

const ports = createNodePorts({
  entryUrl: new URL('../../src/main/cli.ts', import.meta.url).href,
  host: 'cli',
  dataDir,
  defaultOutputFolder: outputFolder,
  env: process.env,
  log: 'none',
})

const ffmpegEngine = (): OfflineEngine => ({
  ...createOfflineEngine({ workerUrl: ports.paths.animatorWorker, modelsDir: ports.paths.modelsDir, ffmpegPath: null }),
  check: async () => [],
  render: async ({ inputs, outputPath }, { signal }) => {
    const source = ['-f', 'lavfi', '-i', 'color=c=red:s=64x64:r=15:d=0.4']
    const coding = [
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-c:a',
      'aac',
      '-t',
      '0.4',
      '-f',
      'mp4',
      '-y',
      outputPath,
    ]
    const child = spawn('ffmpeg', ['-v', 'error', ...source, '-i', inputs.voice, ...coding], { stdio: 'ignore' })
    const abort = () => child.kill('SIGKILL')
    signal?.addEventListener('abort', abort)
    const [exitCode] = await once(child, 'exit')
    signal?.throwIfAborted()
    if (exitCode !== 0) throw new Error(`ffmpeg ended with ${exitCode}`)
    return { durationSeconds: 0.4, findings: [] }
  },
})

const core = await createCore(ports, engineName === 'real' ? {} : { offlineEngine: ffmpegEngine() })
const plan = await core.handlers['batch.plan']({ inputs: [inputFolder], drivers: [], pairBy: 'all', recursive: false })
const { jobs } = await core.handlers['batch.start']({
  engine: 'offline',
  pairs: plan.pairs,
  parameters: { video_fps: 15 },
  outputFolder,
  again: false,
  repair: false,
})
const open = new Set(jobs.filter((job) => job.state !== 'done').map((job) => job.jobId))
const { promise, resolve } = Promise.withResolvers<void>()
const look = (job: { jobId: string; state: string }): void => {
  if (['done', 'failed', 'needs_attention', 'cancelled'].includes(job.state)) open.delete(job.jobId)
  if (open.size === 0) resolve()
}
core.subscribe((event) => {
  if (event.name === 'jobs-changed') for (const job of event.payload.rows) look(job)
})
const listed = async () => (await core.handlers['jobs.list']({ offset: 0, limit: 500 })).rows
for (const job of await listed()) look(job)
await promise
const ended = await listed()
await core.stop()
process.stdout.write(`${JSON.stringify(ended)}\n`)
