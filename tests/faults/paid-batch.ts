import { createCore } from '../../src/main/core/create-core.ts'
import { createNodePorts } from '../../src/main/core/lib/node-ports.ts'
import { contract } from '../../src/shared/api/index.ts'
import { scaledClock } from '../fixtures/scaled-clock.ts'

/**
 * The program that is killed while it spends money: pairs a folder, agrees to the price, makes all its videos at the
 * vendor of the given address, and says how each job ended, as JSON. `submit-again` pays once more for lost answers.
 */
const [dataDir = '', inputFolder = '', outputFolder = '', vendorUrl = '', factor = '20', decision = ''] =
  process.argv.slice(2)

const ports = createNodePorts({
  entryUrl: new URL('../../src/main/cli.ts', import.meta.url).href,
  host: 'cli',
  dataDir,
  defaultOutputFolder: outputFolder,
  env: { ...process.env, DASHSCOPE_API_KEY: 'sk-test-key-0123456789' },
  log: 'none',
})
const core = await createCore(
  { ...ports, clock: scaledClock(Number(factor)) },
  {
    remote: { baseUrls: { dashscope: vendorUrl }, allowInsecureEndpoints: true },
    localClock: ports.clock,
  },
)
const { handlers } = core
const plan = await handlers['batch.plan']({ inputs: [inputFolder], drivers: [], pairBy: 'name', recursive: false })
const input = contract['spend.quote'].input.parse({ engine: 'dashscope', pairs: plan.pairs, outputFolder })
const { price } = await handlers['spend.quote'](input)
await handlers['batch.start'](
  contract['batch.start'].input.parse({ ...input, spend: { confirmed: price?.high ?? 0, currency: 'CNY' } }),
)

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
  for (const { jobId, state } of await listed()) {
    if (state === 'needs_attention') await handlers['jobs.submitAgain']({ jobId, confirmed: true })
  }
  await settled()
}
const ended = await listed()
await core.stop()
process.stdout.write(`${JSON.stringify(ended)}\n`)
