import { resolve } from 'node:path'
import { startAnimatedSimulator } from '../../simulator/animated-simulator.ts'
import { faultScriptSchema } from '../../simulator/faults.ts'
import type { Fault } from '../../simulator/faults.ts'
import type { CommandContext } from './context.ts'
import { EXIT } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import { invalidFile, readJsonFile } from './json-file.ts'

type SimulateRequest = {
  readonly port?: number
  readonly fault?: string
  readonly timing: 'quick' | 'contract'
}

/** Plays the paid vendors until it is told to end, and tells of every call and every charge. */
export async function simulateCommand(context: CommandContext, request: SimulateRequest): Promise<ExitCode> {
  const { json, output, texts, ending, cwd } = context
  const { port, fault, timing } = request
  const faults = fault === undefined ? [] : readFaults(resolve(cwd, fault))
  const counts = { generation: 0, detect: 0 }
  const simulator = await startAnimatedSimulator(context.ports('read'), {
    timing,
    faults,
    ...(port === undefined ? {} : { port }),
    onCall: (call) => {
      if (json) output.event({ event: 'call', ...call })
      else output.note(texts.t('cli.simulate.call', { ...call }))
    },
    onCharge: (charge) => {
      counts[charge.kind] += 1
      if (json) return output.event({ event: 'charge', ...charge })
      const kind = texts.t(`cli.simulate.kind.${charge.kind}`)
      output.line(texts.t('cli.simulate.charge', { count: counts[charge.kind], kind, id: charge.id }))
    },
  })
  try {
    const { origin: url, dashscopeUrl, segmindUrl } = simulator
    if (json) output.event({ event: 'listening', url, dashscopeUrl, segmindUrl, segmindUploadUrl: segmindUrl })
    else output.line(texts.t('cli.simulate.listening', { url, dashscopeUrl, segmindUrl }))
    if (!ending.aborted) await new Promise((done) => ending.addEventListener('abort', done, { once: true }))
    return EXIT.done
  } finally {
    await simulator.stop()
  }
}

/** The whole file or nothing of it. Throws E-CONFIG-INVALID with the place of the first mistake. */
function readFaults(path: string): readonly Fault[] {
  const parsed = faultScriptSchema.safeParse(readJsonFile(path, 'faults'))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw invalidFile(path, 'faults', `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim())
}
