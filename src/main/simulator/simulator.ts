import { dashscopeRoutes } from './dashscope/dashscope.ts'
import type { DashscopeOptions } from './dashscope/dashscope.ts'
import { createFaultDial } from './faults.ts'
import type { Fault, FaultDial } from './faults.ts'
import { serve } from './http-server.ts'
import type { CallRecord } from './http-server.ts'
import { createLedger } from './ledger.ts'
import type { Charge } from './ledger.ts'
import { segmindRoutes } from './segmind/segmind.ts'
import type { SegmindOptions } from './segmind/segmind.ts'
import type { SimulatorPorts } from './simulator-ports.ts'

export type SimulatorOptions = {
  /** 0: any free port. */
  readonly port?: number
  /** What stands before its upload and result addresses when it is reached under another name; its own origin otherwise. */
  readonly publicOrigin?: string
  readonly faults?: readonly Fault[]
  readonly dashscope?: DashscopeOptions
  readonly segmind?: SegmindOptions
  readonly onCharge?: (charge: Charge) => void
  readonly onCall?: (call: CallRecord) => void
}

export type Simulator = {
  readonly origin: string
  /** Value for `--dashscope-url`. */
  readonly dashscopeUrl: string
  /** Value for `--segmind-url` and `--segmind-upload-url`. */
  readonly segmindUrl: string
  readonly charges: () => readonly Charge[]
  readonly calls: () => readonly CallRecord[]
  readonly faults: FaultDial
  /** What the vendor would read behind an `oss://` address for a model; null when it would read nothing. */
  readonly readTemporary: (url: string, model: string) => Promise<Buffer | null>
  readonly stop: () => Promise<void>
}

/** Starts the simulated vendors on 127.0.0.1. */
export async function startSimulator(ports: SimulatorPorts, options: SimulatorOptions = {}): Promise<Simulator> {
  const ledger = createLedger(options.onCharge)
  const faults = createFaultDial(options.faults)
  const calls: CallRecord[] = []
  let origin = ''
  const dashscope = dashscopeRoutes(ports, ledger, () => options.publicOrigin ?? origin, options.dashscope ?? {})
  const { renderClip } = ports
  const segmind =
    renderClip === undefined
      ? []
      : segmindRoutes({ ...ports, renderClip }, ledger, () => options.publicOrigin ?? origin, options.segmind ?? {})
  const server = await serve({
    port: options.port ?? 0,
    clock: ports.clock,
    faults,
    routes: [...dashscope.routes, ...segmind],
    onCall: (call) => {
      calls.push(call)
      options.onCall?.(call)
    },
  })
  origin = server.origin
  return {
    origin,
    dashscopeUrl: `${origin}/api/v1`,
    segmindUrl: origin,
    async readTemporary(url, model) {
      const found = dashscope.storage.read(url.slice('oss://'.length), model)
      return typeof found === 'string' ? null : found
    },
    charges: ledger.charges,
    calls: () => calls,
    faults,
    stop: server.stop,
  }
}
