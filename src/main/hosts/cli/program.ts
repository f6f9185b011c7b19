import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import type { Texts } from '../../../shared/lib/create-texts.ts'
import { pairBySchema } from '../../../shared/model/batch.ts'
import { engineIdSchema } from '../../../shared/model/engine.ts'
import { ENGINE_PARAMETERS } from '../../../shared/model/parameters.ts'
import { refuseKeysInArguments, usageError } from './arguments.ts'
import type { InputOptions } from './arguments.ts'

type Common = { readonly dataDir?: string; readonly json: boolean }
type CommonOptions = { readonly dataDir?: string; readonly json?: boolean }
export const JOB_VERBS = ['show', 'retry', 'cancel', 'remove'] as const
export type JobVerb = (typeof JOB_VERBS)[number]

/** What was asked for. */
export type CliCommand = Common &
  (
    | { readonly name: 'run' | 'check'; readonly inputs: readonly string[]; readonly options: InputOptions }
    | { readonly name: 'jobs-list' }
    | { readonly name: 'jobs'; readonly verb: JobVerb; readonly jobId: string }
    | { readonly name: 'serve'; readonly port?: number; readonly open: boolean }
    | { readonly name: 'doctor' }
  )

/** Help or the version was asked for: the text to print. */
export type CliHelp = { readonly name: 'help'; readonly text: string }

/**
 * Reads the arguments (without `node` and the script). Throws E-CONFIG-INVALID with one sentence for everything that was
 * typed wrongly; nothing is opened or started here.
 */
export function parseArguments(argv: readonly string[], texts: Texts, version: string): CliCommand | CliHelp {
  refuseKeysInArguments(argv)
  let command: CliCommand | undefined
  let help = ''
  const program = buildProgram(texts, version, (parsed) => {
    command = parsed
  })
  for (const each of [program, ...program.commands, ...program.commands.flatMap((child) => child.commands)]) {
    each.exitOverride().configureOutput({ writeOut: (text) => (help += text), writeErr: () => undefined })
  }
  try {
    program.parse(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { name: 'help', text: help.trimEnd() }
    if (error.code === 'commander.help') {
      if (argv.length === 0) return { name: 'help', text: program.helpInformation().trimEnd() }
      throw usageError(`Name a command after "${argv[0]}".`)
    }
    throw usageError(error.message.replace(/^error: /, ''))
  }
  return command ?? { name: 'help', text: program.helpInformation().trimEnd() }
}

/** An option given twice names two sources for one thing; which one was meant is not guessed. */
function once<T>(read: (text: string) => T) {
  return (text: string, previous: T | undefined): T => {
    if (previous !== undefined) throw new InvalidArgumentError('It is given twice.')
    return read(text)
  }
}
/** What follows an option that was left without its value is the next option, and never meant as the value. */
function requireValue(text: string): string {
  if (text === '' || text.startsWith('--')) throw new InvalidArgumentError('Its value is missing.')
  return text
}
const asText = once(requireValue)
const collect = (text: string, previous: string[] | undefined) => [...(previous ?? []), requireValue(text)]
const oneOf = <T extends string>(choices: readonly T[]) =>
  once((text): T => {
    const choice = choices.find((candidate) => candidate === text)
    if (choice === undefined) throw new InvalidArgumentError(`It must be one of: ${choices.join(', ')}.`)
    return choice
  })
const asPort = once((text) => {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError('It must be a number from 0 to 65535.')
  return port
})

const PARAMETER_KEYS = ENGINE_PARAMETERS.offline.map(({ key }) => key).join(', ')

function buildProgram(texts: Texts, version: string, found: (command: CliCommand) => void): Command {
  const describe = (key: string) => texts.t(`cli.help.${key}`, { keys: PARAMETER_KEYS })
  const option = (flags: string, key: string) => new Option(flags, describe(key))
  const program = new Command('liveportrait-studio')
    .description(describe('program'))
    .version(version, '-V, --version', describe('version'))
    .helpOption('-h, --help', describe('help'))
    .helpCommand(false)
  const add = (parent: Command, name: string, key: string) =>
    parent
      .command(name)
      .description(describe(key))
      .helpOption('-h, --help', describe('help'))
      .allowExcessArguments(false)
      .addOption(option('--data-dir <dir>', 'dataDir').argParser(asText))
      .addOption(option('--json', 'json'))
  const addInputs = (command: Command) =>
    command
      .argument('[inputs...]', describe('inputs'))
      .addOption(option('--engine <name>', 'engine').argParser(oneOf(engineIdSchema.options)))
      .addOption(option('--driver <paths...>', 'driver').argParser(collect))
      .addOption(option('--manifest <file>', 'manifest').argParser(asText))
      .addOption(option('--pair <how>', 'pair').argParser(oneOf(pairBySchema.options)))
      .addOption(option('--recursive', 'recursive'))
      .addOption(option('--set <key=value>', 'set').argParser(collect))
      .addOption(option('--params <file>', 'params').argParser(asText))
      .addOption(option('--repair', 'repair'))
      .addOption(option('--out <dir>', 'out').argParser(asText))
      .addOption(option('--again', 'again'))
      .addOption(option('--yes', 'yes'))

  for (const name of ['run', 'check'] as const) {
    addInputs(add(program, name, name)).action((inputs: string[], options: InputOptions & CommonOptions) =>
      found({ name, inputs, options, ...common(options) }),
    )
  }
  const jobs = program.command('jobs').description(describe('jobs')).helpOption('-h, --help', describe('help'))
  jobs.helpCommand(false)
  add(jobs, 'list', 'jobsList').action((options: CommonOptions) => found({ name: 'jobs-list', ...common(options) }))
  for (const verb of JOB_VERBS) {
    add(jobs, verb, `jobs${verb.charAt(0).toUpperCase()}${verb.slice(1)}`)
      .argument('<id>', describe('jobId'))
      .action((jobId: string, options: CommonOptions) => found({ name: 'jobs', verb, jobId, ...common(options) }))
  }
  add(program, 'serve', 'serve')
    .addOption(option('--port <n>', 'port').argParser(asPort))
    .addOption(option('--open', 'open'))
    .action((options: CommonOptions & { port?: number; open?: boolean }) =>
      found({
        name: 'serve',
        open: options.open ?? false,
        ...(options.port === undefined ? {} : { port: options.port }),
        ...common(options),
      }),
    )
  add(program, 'doctor', 'doctor').action((options: CommonOptions) => found({ name: 'doctor', ...common(options) }))
  return program
}

function common(options: CommonOptions): Common {
  return { json: options.json ?? false, ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }) }
}
