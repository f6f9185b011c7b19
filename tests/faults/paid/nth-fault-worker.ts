import pino from 'pino'
import { contract } from '../../../src/shared/api/index.ts'
import { StudioError } from '../../../src/shared/errors.ts'
import type { Job } from '../../../src/shared/model/job.ts'
import { createCore, type Core } from '../../../src/main/core/create-core.ts'
import { createNodePorts } from '../../../src/main/core/lib/node-ports.ts'
import { APP_ENTRY } from '../../fixtures/app-entry.ts'
import { PAID_VENDORS, type PaidEngine } from '../../fixtures/paid-vendors.ts'
import { scaledClock } from '../../fixtures/scaled-clock.ts'
import { arm, heal, type Call, type Fault } from './fault-switch.ts'

/**
 * The process in which calls fail: for each order it runs a paid job with a fault, lets the system be well again, starts
 * a new core on the same data, and goes on as a person would, until all is settled.
 */

export type Order = {
  readonly dataDir: string
  readonly inputs: string
  readonly output: string
  readonly engine: PaidEngine
  readonly vendorUrl: string
  readonly factor: number
  readonly fault: Fault | null
}
export type Report = {
  readonly calls: readonly Call[]
  readonly struck: number
  /** How the run with the fault ended: states, or what a call of ours was refused with. */
  readonly faulty: string
  /** Jobs when all that goes by itself has gone, and when the failed ones were tried again. */
  readonly healed: readonly Job[]
  readonly settled: readonly Job[]
  /** What nobody caught. */
  readonly crashes: readonly string[]
  readonly error?: string
}

/** A run whose fault does not end may never come to rest by itself. */
const FAULTY_LIMIT_MS = 1500
const SETTLE_LIMIT_MS = 60_000
const RESTING: readonly string[] = ['done', 'failed', 'needs_attention', 'cancelled', 'expired']

const crashes: string[] = []
const told = (thrown: unknown): string =>
  thrown instanceof StudioError
    ? `${thrown.code} ${JSON.stringify(thrown.data.params)}`
    : thrown instanceof Error
      ? (thrown.stack ?? thrown.message)
      : String(thrown)
process.on('uncaughtException', (thrown) => crashes.push(told(thrown)))
process.on('unhandledRejection', (thrown) => crashes.push(told(thrown)))

const open = ({ dataDir, output, engine, vendorUrl, factor }: Order): Promise<Core> => {
  const ports = createNodePorts({
    entryUrl: APP_ENTRY,
    host: 'cli',
    dataDir,
    defaultOutputFolder: output,
    env: { ...process.env, [PAID_VENDORS[engine].keyVariable]: PAID_VENDORS[engine].key },
    log: 'none',
  })
  return createCore(
    {
      ...ports,
      clock: scaledClock(factor),
      logger: pino({ enabled: false }),
    },
    {
      remote: { baseUrls: { [engine]: vendorUrl }, allowInsecureEndpoints: true },
      localClock: scaledClock(1),
    },
  )
}

async function begin({ handlers }: Core, { engine, inputs, output }: Order): Promise<void> {
  const plan = await handlers['batch.plan']({ inputs: [inputs], drivers: [], pairBy: 'name', recursive: false })
  const input = contract['spend.quote'].input.parse({ engine, pairs: plan.pairs, outputFolder: output })
  const { price } = await handlers['spend.quote'](input)
  const { currency } = PAID_VENDORS[engine]
  const spend = { confirmed: price?.high ?? 0, currency, acceptPublicUpload: true }
  await handlers['batch.start'](contract['batch.start'].input.parse({ ...input, spend }))
}

const rows = async (core: Core): Promise<Job[]> => (await core.handlers['jobs.list']({ offset: 0, limit: 500 })).rows

/** Rows as soon as none can move by itself, or as they are after the limit. */
async function rest(core: Core, limitMs: number): Promise<Job[]> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const lookOnce = async (): Promise<void> => {
    if ((await rows(core)).every(({ state }) => RESTING.includes(state))) resolve()
  }
  const look = (): void => {
    lookOnce().catch(reject)
  }
  const unsubscribe = core.subscribe(look)
  const timer = setTimeout(resolve, limitMs)
  look()
  await promise.finally(() => {
    unsubscribe()
    clearTimeout(timer)
  })
  return rows(core)
}

async function carryOut(order: Order): Promise<Report> {
  let core: Core | null = null
  let faulty = ''
  let settled: Job[] = []
  let healed: Job[] = []
  crashes.length = 0
  arm(order.fault)
  try {
    core = await open(order)
    await begin(core, order)
    faulty = (await rest(core, order.fault?.isSticky === true ? FAULTY_LIMIT_MS : SETTLE_LIMIT_MS))
      .map(({ state, error }) => `${state} ${error?.code ?? ''}`)
      .join()
  } catch (thrown) {
    faulty = `refused ${told(thrown)}`
  }
  const seen = heal()
  await core?.stop()
  core = null
  let error: string | undefined
  try {
    core = await open(order)
    healed = await rest(core, SETTLE_LIMIT_MS)
    await begin(core, order)
    await rest(core, SETTLE_LIMIT_MS)
    const failed = (await rows(core)).filter(({ state }) => state !== 'done').map(({ jobId }) => jobId)
    await core.handlers['jobs.retry']({ jobIds: failed })
    settled = await rest(core, SETTLE_LIMIT_MS)
  } catch (thrown) {
    error = told(thrown)
  }
  await core?.stop()
  const report = { ...seen, faulty, healed, settled, crashes: [...crashes] }
  return error === undefined ? report : { ...report, error }
}

process.on('message', (order: Order) => {
  void carryOut(order).then((report) => process.send?.(report))
})
process.send?.('ready')
