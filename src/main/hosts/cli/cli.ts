import { resolve } from 'node:path'
import { createNodePorts, defaultDataDir, entryLayout } from '../../core/lib/node-ports.ts'
import type { Ports } from '../../core/ports.ts'
import { toErrorData } from '../../../shared/errors.ts'
import { createTexts } from '../../../shared/lib/create-texts.ts'
import { readRunRequest, requireLocal } from './arguments.ts'
import { checkCommand } from './check-command.ts'
import type { CommandContext } from './context.ts'
import { doctorCommand } from './doctor-command.ts'
import { readEndpointOptions } from './endpoint-options.ts'
import { EXIT, exitCodeOfError } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import { jobsCommand, listJobs } from './jobs-command.ts'
import { keysCommand } from './keys-command.ts'
import { watchLifetime } from './lifetime.ts'
import { createOutput } from './output.ts'
import { parseArguments } from './program.ts'
import type { CliCommand } from './program.ts'
import { rehearseCommand } from './rehearse-command.ts'
import { runCommand } from './run-command.ts'
import { storageCommand } from './storage-command.ts'
import { tellError } from './tell-error.ts'

/** Starts the browser host: lent by the entry file, because hosts do not know each other. Runs until `ending`. */
export type Serve = (options: {
  readonly ports: Ports
  readonly rendererDir: string
  readonly port: number | undefined
  readonly open: boolean
  readonly ending: AbortSignal
  readonly onListening: (url: string) => void
}) => Promise<void>

/** After this everything ends, whatever still stands: nothing of ours lives 3 s after TERM. */
const GRACE_MS = 2500

/** The whole command line: reads the process's arguments, runs one command and ends the process with its exit code. */
export async function runCli(entryUrl: string, serve: Serve): Promise<never> {
  const { env, stdout, stderr } = process
  const argv = process.argv.slice(2)
  const cwd = process.cwd()
  const json = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : argv.length).includes('--json')
  const english = createTexts('en')
  const texts = /^zh/i.test(env['LC_ALL'] ?? env['LC_MESSAGES'] ?? env['LANG'] ?? '') ? createTexts('zh') : english
  const lifetime = watchLifetime(env, () => process.exit(EXIT.interrupted))
  const output = createOutput(
    { stdout, stderr },
    { plain: json || env['TERM'] === 'dumb', onReaderGone: () => lifetime.end('reader-gone') },
  )
  const endedCode = () => (lifetime.signal.reason === 'reader-gone' ? EXIT.brokenPipe : EXIT.interrupted)
  lifetime.signal.addEventListener('abort', () => setTimeout(() => process.exit(endedCode()), GRACE_MS).unref())

  process.on('uncaughtException', (error) => {
    tellError({ json, output, texts, english }, toErrorData(error))
    process.exit(EXIT.couldNotRun)
  })

  let code: ExitCode
  try {
    const command = parseArguments(argv, texts, entryLayout(entryUrl).version)
    if (command.name === 'help') {
      output.line(command.text)
      code = EXIT.done
    } else {
      const context = {
        json,
        output,
        texts,
        english,
        cwd,
        tellsEveryFile: command.name === 'check',
        ending: lifetime.signal,
        ...portsFor(command, entryUrl, cwd),
      }
      code = await perform(command, context, entryUrl, serve)
    }
  } catch (error) {
    const data = toErrorData(error)
    if (!lifetime.signal.aborted) tellError({ json, output, texts, english }, data)
    code = exitCodeOfError(data.code)
  }
  lifetime.release()
  if (lifetime.signal.aborted) code = endedCode()
  await output.flush()
  return process.exit(code)
}

function portsFor(command: CliCommand, entryUrl: string, cwd: string): Pick<CommandContext, 'clock' | 'ports'> {
  const { env } = process
  const given = command.dataDir ?? env['LIVEPORTRAIT_STUDIO_DATA_DIR']
  const options = {
    entryUrl,
    dataDir: given === undefined || given === '' ? defaultDataDir(env) : resolve(cwd, given),
    defaultOutputFolder: resolve(cwd, 'liveportrait-output'),
    env,
  }
  const host = command.name === 'serve' ? 'web' : 'cli'
  const reading = createNodePorts({ ...options, host, log: 'none' })
  const livePorts = (): Ports => {
    const ports = createNodePorts({ ...options, host, log: 'file' })
    return {
      ...ports,
      simulateVendor: async () => {
        const { startAnimatedSimulator } = await import('../../simulator/animated-simulator.ts')
        return startAnimatedSimulator(ports, { timing: 'quick' })
      },
    }
  }
  return {
    clock: reading.clock,
    ports: (use) => (use === 'read' ? reading : livePorts()),
  }
}

async function perform(
  command: CliCommand,
  context: CommandContext,
  entryUrl: string,
  serve: Serve,
): Promise<ExitCode> {
  const { output, texts } = context
  switch (command.name) {
    case 'run':
      return runCommand(
        context,
        readRunRequest(command.inputs, command.options, context.cwd),
        readEndpointOptions(command.options),
      )
    case 'check':
      return checkCommand(context, requireLocal(readRunRequest(command.inputs, command.options, context.cwd)))
    case 'jobs-list':
      return listJobs(context)
    case 'jobs':
      return jobsCommand(context, { ...command, remote: readEndpointOptions(command.endpoints) })
    case 'keys':
      return keysCommand(context, command.verb, command.engine, readEndpointOptions(command.endpoints))
    case 'storage':
      return storageCommand(context, command.verb, command.options)
    case 'simulate':
      return (await import('./simulate-command.ts')).simulateCommand(context, command)
    case 'rehearse':
      return rehearseCommand(context, command.out === undefined ? undefined : resolve(context.cwd, command.out))
    case 'doctor':
      return doctorCommand(context)
    case 'serve':
      await serve({
        ports: context.ports('live'),
        rendererDir: entryLayout(entryUrl).rendererDir,
        port: command.port,
        open: command.open,
        ending: context.ending,
        onListening: (url) => {
          if (context.json) return output.event({ event: 'listening', url })
          output.line(texts.t('cli.serve.listening', { url }))
        },
      })
      return EXIT.done
  }
}
