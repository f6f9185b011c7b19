import { resolve } from 'node:path'
import { StudioError } from '../../../shared/errors.ts'
import { findTools } from '../../core/lib/find-tools.ts'
import type { Ports } from '../../core/ports.ts'
import { startAnimatedSimulator } from '../../simulator/animated-simulator.ts'
import { faultScriptSchema } from '../../simulator/faults.ts'
import type { Fault } from '../../simulator/faults.ts'
import type { Simulator, SimulatorOptions } from '../../simulator/simulator.ts'
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
  const simulator = await startFor(context.ports('read'), {
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
    const { origin: url, dashscopeUrl } = simulator
    if (json) output.event({ event: 'listening', url, dashscopeUrl })
    else output.line(texts.t('cli.simulate.listening', { url, dashscopeUrl }))
    if (!ending.aborted) await new Promise((done) => ending.addEventListener('abort', done, { once: true }))
    return EXIT.done
  } finally {
    await simulator.stop()
  }
}

/** Ports that can start a simulated vendor, for rehearsals. */
export function lendSimulator(ports: Ports): Ports {
  return { ...ports, simulateVendor: () => startFor(ports, { timing: 'quick' }) }
}

async function startFor(
  { clock, newId, env, paths }: Ports,
  options: Omit<SimulatorOptions, 'dashscope'> & { readonly timing: 'quick' | 'contract' },
): Promise<Simulator> {
  const { ffmpeg } = findTools({ env })
  if (ffmpeg === null) throw new StudioError('E-TOOL-MISSING', { params: { tool: 'ffmpeg', variable: 'FFMPEG_PATH' } })
  const { animatorWorker, modelsDir } = paths
  const ports = { clock, newId, animatorWorker, modelsDir, ffmpegPath: ffmpeg.path }
  try {
    return await startAnimatedSimulator(ports, options)
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EADDRINUSE')) throw thrown
    throw new StudioError('E-CONFIG-INVALID', { params: { reason: 'port', name: 'port', value: options.port ?? 0 } })
  }
}

/** The whole file or nothing of it. Throws E-CONFIG-INVALID with the place of the first mistake. */
function readFaults(path: string): readonly Fault[] {
  const parsed = faultScriptSchema.safeParse(readJsonFile(path, 'faults'))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw invalidFile(path, 'faults', `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim())
}
