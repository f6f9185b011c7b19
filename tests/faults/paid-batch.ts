import { createCore } from '../../src/main/core/create-core.ts'
import { createNodePorts } from '../../src/main/core/lib/node-ports.ts'
import { contract } from '../../src/shared/api/index.ts'
import { APP_ENTRY } from '../fixtures/app-entry.ts'
import { PAID_VENDORS } from '../fixtures/paid-vendors.ts'
import { scaledClock } from '../fixtures/scaled-clock.ts'

/**
 * The program that is killed while it spends money: pairs a folder, agrees to the price, makes all its videos at the
 * vendor of the given address, and says how each job ended, as JSON. `submit-again` pays once more for lost answers;
 * anything else that is decided is the operations to adopt, the first one that the vendor does not refuse for each job.
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
async function adoptOne(jobId: string, operations: readonly string[]): Promise<void> {
  for (const operation of operations) {
    const isTaken = await handlers['jobs.adopt']({ jobId, operation }).then(
      ({ changed }) => changed.length > 0,
      () => false,
    )
    if (isTaken) return
  }
}

await settled()
if (decision !== '') {
  for (const { jobId, state } of await listed()) {
    if (state !== 'needs_attention') continue
    if (decision === 'submit-again') await handlers['jobs.submitAgain']({ jobId, confirmed: true })
    else await adoptOne(jobId, decision.split(','))
  }
  await settled()
}
const ended = await listed()
await core.stop()
process.stdout.write(`${JSON.stringify(ended)}\n`)
