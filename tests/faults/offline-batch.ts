import { createCore } from '../../src/main/core/create-core.ts'
import { createNodePorts } from '../../src/main/core/lib/node-ports.ts'
import { APP_ENTRY } from '../fixtures/app-entry.ts'
import { quickEngine } from '../fixtures/quick-engine.ts'

/**
 * The program that is killed: pairs a folder, makes all its videos and says how each job ended, as JSON. The engine is
 * the real one, or one that lets ffmpeg make a short video at once.
 */
const [dataDir = '', inputFolder = '', outputFolder = '', engineName = 'ffmpeg'] = process.argv.slice(2)

const ports = createNodePorts({
  entryUrl: APP_ENTRY,
  host: 'cli',
  dataDir,
  defaultOutputFolder: outputFolder,
  env: process.env,
  log: 'none',
})

const core = await createCore(ports, engineName === 'real' ? {} : { offlineEngine: quickEngine() })
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
