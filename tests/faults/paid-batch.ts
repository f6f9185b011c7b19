import { createCore } from '../../src/main/core/create-core.ts'
import { createNodePorts } from '../../src/main/core/lib/node-ports.ts'
import { contract } from '../../src/shared/api/index.ts'
import { APP_ENTRY } from '../fixtures/app-entry.ts'
import { PAID_VENDORS } from '../fixtures/paid-vendors.ts'
import { scaledClock } from '../fixtures/scaled-clock.ts'

/**
 * The program that is killed while it spends money: pairs a folder, agrees to the price, makes all its videos at the
 * vendor of the given address, and says how each job ended, as JSON. `submit-again` pays once more for lost answers;
 * anything else that is decided names the operations to adopt, as `job=operation` with commas between.
 */
const [dataDir = '', inputFolder = '', outputFolder = '', vendorUrl = '', factor = '20', decision = '', given = ''] =
  process.argv.slice(2)
const engine = given === 'segmind' ? 'segmind' : 'dashscope'
const vendor = PAID_VENDORS[engine]

const ports = createNodePorts({
  entryUrl: APP_ENTRY,
  host: 'cli',
  dataDir,
  defaultOutputFolder: outputFolder,
  env: { ...process.env, [vendor.keyVariable]: vendor.key },
  log: 'none',
})
const core = await createCore(
  { ...ports, clock: scaledClock(Number(factor)) },
  {
    remote: { baseUrls: { [engine]: vendorUrl }, allowInsecureEndpoints: true },
    localClock: ports.clock,
  },
)
const { handlers } = core
const plan = await handlers['batch.plan']({ inputs: [inputFolder], drivers: [], pairBy: 'name', recursive: false })
const input = contract['spend.quote'].input.parse({ engine, pairs: plan.pairs, outputFolder })
const { price } = await handlers['spend.quote'](input)
const spend = { confirmed: price?.high ?? 0, currency: vendor.currency, acceptPublicUpload: true }
await handlers['batch.start'](contract['batch.start'].input.parse({ ...input, spend }))

const listed = async () => (await handlers['jobs.list']({ offset: 0, limit: 500 })).rows
const RESTING = ['done', 'failed', 'needs_attention', 'cancelled', 'expired']
async function settled(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const look = async () => {
    if ((await listed()).every(({ state }) => RESTING.includes(state))) resolve()
  }
  const unsubscribe = core.subscribe(() => void look())
  void look()
  await promise
  unsubscribe()
}
await settled()
if (decision === 'submit-again') {
  const asked = (await listed()).filter(({ state }) => state === 'needs_attention')
  for (const { jobId } of asked) await handlers['jobs.submitAgain']({ jobId, confirmed: true })
} else if (decision !== '') {
  for (const [jobId = '', operation = ''] of decision.split(',').map((each) => each.split('='))) {
    await handlers['jobs.adopt']({ jobId, operation })
  }
}
if (decision !== '') await settled()
const ended = await listed()
await core.stop()
process.stdout.write(`${JSON.stringify(ended)}\n`)
