import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PAID_VENDORS, type PaidEngine } from '../../fixtures/paid-vendors.ts'
import { makeVideo } from '../../fixtures/vendor-media.ts'
import type { Call, Fault } from './fault-switch.ts'
import { contentsOf, violations } from './invariants.ts'
import type { Order, Report } from './nth-fault-worker.ts'
import { startVendor } from './vendor.ts'

/** Waits of the contract pass so many times faster. */
export const NTH_FACTOR = 60
/** Longer than the worker's own limits together. */
const ORDER_LIMIT_MS = 300_000

export type Outcome = {
  readonly calls: readonly Call[]
  readonly struck: number
  readonly faulty: string
  readonly violations: readonly string[]
}

const named = ({ at, kind, isSticky }: Fault): string => `${at}:${kind}${isSticky ? ':sticky' : ''}`

/** Runs one paid job after the other, each with a fault of its own, in a worker process that outlives them. */
export function createNthFaultRun(engine: PaidEngine) {
  const vendor = PAID_VENDORS[engine]
  const root = mkdtempSync(join(tmpdir(), 'studio-nth-'))
  const inputs = join(root, 'in')
  vendor.makePairs(inputs, 1, 1)
  const video = makeVideo(join(root, 'made.mp4'), 1)
  const before = JSON.stringify(contentsOf(inputs))
  let worker: ChildProcess | null = null

  async function work(): Promise<ChildProcess> {
    if (worker !== null) return worker
    const started = fork(new URL('nth-fault-worker.ts', import.meta.url), [], {
      execArgv: ['--import', new URL('fault-switch.ts', import.meta.url).href],
    })
    await once(started, 'message')
    worker = started
    return started
  }

  async function order(sent: Order): Promise<Report | string> {
    const child = await work()
    const ending = new AbortController()
    const timer = setTimeout(() => child.kill('SIGKILL'), ORDER_LIMIT_MS)
    try {
      child.send(sent)
      return await Promise.race([
        once(child, 'message', { signal: ending.signal }).then(([report]) => report as Report),
        once(child, 'exit', { signal: ending.signal }).then(([code, signal]) => {
          worker = null
          return `the process ended: ${code ?? signal}`
        }),
      ])
    } finally {
      clearTimeout(timer)
      ending.abort()
    }
  }

  async function run(fault: Fault | null, factor = NTH_FACTOR): Promise<Outcome> {
    const folder = mkdtempSync(join(root, 'run-'))
    mkdirSync(join(folder, 'data'))
    const dataDir = join(folder, 'data')
    const output = join(folder, 'out')
    const simulator = await startVendor(video, factor)
    try {
      const place = { dataDir, inputs, output }
      const sent = { ...place, engine, vendorUrl: vendor.urlOf(simulator), factor, fault }
      const report = await order(sent)
      const name = fault === null ? 'no fault' : named(fault)
      if (typeof report === 'string') return { calls: [], struck: 0, faulty: '', violations: [`${name} ${report}`] }
      const call = report.calls[(fault?.at ?? 0) - 1]?.name ?? ''
      const wrong = report.crashes.map((crash) => `crash ${crash}`)
      if (report.error !== undefined) wrong.push(`healed, and yet ${report.error}`)
      else
        wrong.push(...violations({ simulator, video, dataDir, output, jobs: report.settled, hasList: vendor.hasList }))
      if (report.error === undefined && report.settled.length !== 1) wrong.push(`${report.settled.length} jobs`)
      if (JSON.stringify(contentsOf(inputs)) !== before) wrong.push('I5 an input was changed')
      return {
        calls: report.calls,
        struck: report.struck,
        faulty: report.faulty,
        violations: wrong.map((what) => `${name} (${call}; ${report.faulty}): ${what}`),
      }
    } finally {
      await simulator.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  }

  return {
    run,
    stop: () => {
      worker?.kill('SIGKILL')
      rmSync(root, { recursive: true, force: true })
    },
  }
}
