import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import type { Texts } from '../../../shared/lib/create-texts.ts'
import { pairBySchema } from '../../../shared/model/batch.ts'
import { engineIdSchema } from '../../../shared/model/engine.ts'
import { ENGINE_PARAMETERS } from '../../../shared/model/parameters.ts'
import { refuseKeysInArguments, usageError } from './arguments.ts'
import type { InputOptions } from './arguments.ts'
import type { EndpointOptions } from './endpoint-options.ts'

type Common = { readonly dataDir?: string; readonly json: boolean }
type CommonOptions = { readonly dataDir?: string; readonly json?: boolean }
export const JOB_VERBS = ['show', 'retry', 'cancel', 'remove', 'adopt', 'submit-again', 'drop'] as const
export type JobVerb = (typeof JOB_VERBS)[number]
/** Verbs that may speak to a vendor. */
const CALLING_VERBS: readonly JobVerb[] = ['retry', 'cancel', 'adopt', 'submit-again', 'drop']
const KEY_VERBS = ['set', 'test', 'delete'] as const
const KEY_VENDORS = ['dashscope', 'segmind'] as const

/** A bucket as typed; its secrets come on standard input. */
export type StorageOptions = {
  readonly preset?: string
  readonly endpoint?: string
  readonly region?: string
  readonly bucket?: string
  readonly prefix?: string
  readonly pathStyle?: boolean
  readonly allowPublic?: boolean
}

/** What was asked for. */
export type CliCommand = Common &
  (
    | {
        readonly name: 'run' | 'check'
        readonly inputs: readonly string[]
        readonly options: InputOptions & EndpointOptions
      }
    | { readonly name: 'jobs-list' }
    | {
        readonly name: 'jobs'
        readonly verb: JobVerb
        readonly jobId: string
        /** The vendor's id, for `adopt`. */
        readonly operation?: string
        readonly yes: boolean
        readonly endpoints: EndpointOptions
      }
    | {
        readonly name: 'keys'
        readonly verb: (typeof KEY_VERBS)[number]
        readonly engine: (typeof KEY_VENDORS)[number]
        readonly endpoints: EndpointOptions
      }
    | { readonly name: 'storage'; readonly verb: (typeof KEY_VERBS)[number]; readonly options: StorageOptions }
    | {
        readonly name: 'simulate'
        readonly port?: number
        readonly fault?: string
        readonly timing: 'quick' | 'contract'
      }
    | { readonly name: 'rehearse'; readonly out?: string }
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

const asAmount = once((text) => {
  const amount = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || !Number.isFinite(amount))
    throw new InvalidArgumentError('It must be a number such as 2.5, 0 or more.')
  return amount
})
const asSeconds = once((text) => {
  const seconds = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || seconds < 0.1 || seconds > 3600)
    throw new InvalidArgumentError('It must be a number of seconds from 0.1 to 3600.')
  return seconds
})
const readOperation = (text: string): string => {
  if (!/^[A-Za-z0-9_-]{8,128}$/.test(text))
    throw new InvalidArgumentError('It is 8 to 128 letters, digits, hyphens and underscores.')
  return text
}

const PARAMETER_KEYS = ENGINE_PARAMETERS.offline.map(({ key }) => key).join(', ')

const BUCKET_SERVICES =
  'aws-s3, alibaba-oss, cloudflare-r2, backblaze-b2, minio, wasabi, tencent-cos, google-cloud, digitalocean, custom'

function buildProgram(texts: Texts, version: string, found: (command: CliCommand) => void): Command {
  const describe = (key: string) => texts.t(`cli.help.${key}`, { keys: PARAMETER_KEYS, presets: BUCKET_SERVICES })
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
  const addEndpoints = (command: Command) =>
    command
      .addOption(option('--poll-interval <s>', 'pollInterval').argParser(asSeconds))
      .addOption(option('--dashscope-url <url>', 'dashscopeUrl').argParser(asText))
      .addOption(option('--segmind-url <url>', 'segmindUrl').argParser(asText))
      .addOption(option('--segmind-upload-url <url>', 'segmindUploadUrl').argParser(asText))
      .addOption(option('--allow-insecure-endpoints', 'allowInsecure'))
  const addInputs = (command: Command) =>
    addEndpoints(command)
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
      .addOption(option('--max-cost <n>', 'maxCost').argParser(asAmount))
      .addOption(option('--url-via <way>', 'urlVia').argParser(oneOf(['vendor', 'bucket'])))

  for (const name of ['run', 'check'] as const) {
    addInputs(add(program, name, name)).action(
      (inputs: string[], options: InputOptions & EndpointOptions & CommonOptions) =>
        found({ name, inputs, options, ...common(options) }),
    )
  }
  const jobs = program.command('jobs').description(describe('jobs')).helpOption('-h, --help', describe('help'))
  jobs.helpCommand(false)
  add(jobs, 'list', 'jobsList').action((options: CommonOptions) => found({ name: 'jobs-list', ...common(options) }))
  for (const verb of JOB_VERBS) {
    const command = add(jobs, verb, `jobs${verb.charAt(0).toUpperCase()}${verb.slice(1)}`)
    command.argument('<id>', describe('jobId'))
    if (verb === 'adopt') command.argument('<operation>', describe('operation'), readOperation)
    if (verb === 'submit-again' || verb === 'retry') command.addOption(option('--yes', 'yesAgain'))
    if (CALLING_VERBS.includes(verb)) addEndpoints(command)
    command.action((...given: unknown[]) => {
      const options = command.opts<EndpointOptions & CommonOptions & { yes?: boolean }>()
      const [jobId, operation] = given
      found({
        name: 'jobs',
        verb,
        jobId: String(jobId),
        ...(verb === 'adopt' ? { operation: String(operation) } : {}),
        yes: options.yes ?? false,
        endpoints: options,
        ...common(options),
      })
    })
  }
  const group = (name: 'keys' | 'storage') => {
    const command = program.command(name).description(describe(name)).helpOption('-h, --help', describe('help'))
    return command.helpCommand(false)
  }
  const keys = group('keys')
  for (const verb of KEY_VERBS) {
    addEndpoints(add(keys, verb, `keys${verb.charAt(0).toUpperCase()}${verb.slice(1)}`))
      .argument('<vendor>', describe('keyVendor'), oneOf(KEY_VENDORS))
      .action((engine: (typeof KEY_VENDORS)[number], options: EndpointOptions & CommonOptions) =>
        found({ name: 'keys', verb, engine, endpoints: options, ...common(options) }),
      )
  }
  const storage = group('storage')
  for (const verb of KEY_VERBS) {
    const command = add(storage, verb, `storage${verb.charAt(0).toUpperCase()}${verb.slice(1)}`)
    if (verb === 'set') {
      command
        .addOption(option('--preset <name>', 'preset').argParser(asText))
        .addOption(option('--endpoint <url>', 'endpoint').argParser(asText))
        .addOption(option('--region <r>', 'region').argParser(asText))
        .addOption(option('--bucket <b>', 'bucket').argParser(asText).makeOptionMandatory())
        .addOption(option('--prefix <p>', 'prefix').argParser(asText))
        .addOption(option('--path-style', 'pathStyle'))
        .addOption(option('--allow-public', 'allowPublic'))
    }
    command.action((options: StorageOptions & CommonOptions) =>
      found({ name: 'storage', verb, options, ...common(options) }),
    )
  }
  add(program, 'simulate', 'simulate')
    .addOption(option('--port <n>', 'port').argParser(asPort))
    .addOption(option('--fault <file>', 'fault').argParser(asText))
    .addOption(option('--contract-timing', 'contractTiming'))
    .action((options: CommonOptions & { port?: number; fault?: string; contractTiming?: boolean }) =>
      found({
        name: 'simulate',
        timing: options.contractTiming === true ? 'contract' : 'quick',
        ...(options.port === undefined ? {} : { port: options.port }),
        ...(options.fault === undefined ? {} : { fault: options.fault }),
        ...common(options),
      }),
    )
  add(program, 'rehearse', 'rehearse')
    .addOption(option('--out <dir>', 'out').argParser(asText))
    .action((options: CommonOptions & { out?: string }) =>
      found({ name: 'rehearse', ...(options.out === undefined ? {} : { out: options.out }), ...common(options) }),
    )
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
