import { resolve } from 'node:path'
import { StudioError } from '../../../shared/errors.ts'
import type { PairBy } from '../../../shared/model/batch.ts'
import type { EngineId, Parameters } from '../../../shared/model/engine.ts'
import { invalidFile, readJsonFile } from './json-file.ts'
import { ENGINE_PARAMETERS, parseParameters, readParameterText } from '../../../shared/model/parameters.ts'

/** What `run` and `check` were given, as typed. */
export type InputOptions = {
  readonly engine?: EngineId
  readonly driver?: readonly string[]
  readonly manifest?: string
  readonly pair?: PairBy
  readonly recursive?: boolean
  readonly set?: readonly string[]
  readonly params?: string
  readonly repair?: boolean
  readonly out?: string
  readonly again?: boolean
  readonly yes?: boolean
  readonly maxCost?: number
}

/** The same, checked: absolute paths and addresses, typed parameters. */
export type RunRequest = {
  readonly engine: EngineId
  readonly inputs: string[]
  readonly drivers: string[]
  readonly manifest?: string
  readonly pairBy: PairBy
  readonly recursive: boolean
  /** Only those given; the engine's defaults fill the rest. */
  readonly parameters: Parameters
  readonly repair: boolean
  readonly outputFolder: string
  readonly again: boolean
  /** The quote of a paid run is agreed to already. */
  readonly yes: boolean
  /** In the currency of the engine. */
  readonly maxCost?: number
}

const DEFAULT_OUTPUT_FOLDER = 'liveportrait-output'

/** A mistake in how the command was typed. `text` is one English sentence; keys and values of parameters have codes of their own. */
export function usageError(text: string): StudioError {
  return new StudioError('E-CONFIG-INVALID', { params: { reason: 'usage', value: text } })
}

/** Checks the arguments of `run` and `check` before anything is opened or started. Throws E-CONFIG-INVALID or E-PARAM-…. */
export function readRunRequest(inputs: readonly string[], options: InputOptions, cwd: string): RunRequest {
  const engine = options.engine ?? 'offline'
  if (inputs.length === 0 && options.manifest === undefined) {
    throw usageError('Name at least one file or folder, or a manifest.')
  }
  const parameters = readParameters(engine, options.set ?? [], options.params, cwd)
  return {
    engine,
    inputs: inputs.map((input) => localPath(input, cwd)),
    drivers: (options.driver ?? []).map((input) => localPath(input, cwd)),
    ...(options.manifest === undefined ? {} : { manifest: resolve(cwd, options.manifest) }),
    pairBy: options.pair ?? 'name',
    recursive: options.recursive ?? false,
    parameters,
    repair: options.repair ?? false,
    outputFolder: resolve(cwd, options.out ?? DEFAULT_OUTPUT_FOLDER),
    again: options.again ?? false,
    yes: options.yes ?? false,
    ...(options.maxCost === undefined ? {} : { maxCost: options.maxCost }),
  }
}

/** An address and no path: fetched by `run`, and refused by the core unless it is public and https. */
export const isAddress = (input: string): boolean =>
  /^([a-z][a-z0-9+.-]*:\/\/|data:([\w.+-]+\/[\w.+-]+)?[,;])/i.test(input)

function localPath(input: string, cwd: string): string {
  if (isAddress(input)) return input
  if (input === '' || input.includes('\0')) throw usageError('An empty path is no file.')
  return resolve(cwd, input)
}

/** A check sends and fetches nothing. Throws E-CONFIG-INVALID for an address. */
export function requireLocal(request: RunRequest): RunRequest {
  if ([...request.inputs, ...request.drivers].some(isAddress))
    throw usageError('Addresses are fetched by run only; a check uses no network.')
  return request
}

function readParameters(
  engine: EngineId,
  assignments: readonly string[],
  file: string | undefined,
  cwd: string,
): Parameters {
  const specs = ENGINE_PARAMETERS[engine]
  // Without a prototype: a key such as `__proto__` stays a plain (and unknown) key.
  const given: Record<string, unknown> = Object.assign(
    Object.create(null),
    file === undefined ? {} : readParamsFile(resolve(cwd, file)),
  )
  const fromFile = new Set(Object.keys(given))
  for (const assignment of assignments) {
    const cut = assignment.indexOf('=')
    if (cut <= 0) throw usageError(`--set takes key=value, not "${assignment.slice(0, 64)}".`)
    const key = assignment.slice(0, cut)
    if (Object.hasOwn(given, key)) {
      const sources = fromFile.has(key) ? '--params and --set' : '--set, twice'
      throw usageError(`${key.slice(0, 64)} is given by two sources: ${sources}.`)
    }
    given[key] = readParameterText(specs, key, assignment.slice(cut + 1))
  }
  const parsed = parseParameters(specs, given)
  return Object.fromEntries(Object.entries(parsed).filter(([key]) => Object.hasOwn(given, key)))
}

function readParamsFile(path: string): object {
  const parsed = readJsonFile(path, 'params')
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw invalidFile(path, 'params', 'not a JSON object')
  return parsed
}

const KEY_OPTION = /^--?[a-z-]*(api-?key|access-?key|secret|password|token|key)\b/i
const KEY_VALUE = /(^|=)(sk-[A-Za-z0-9]{16,}|SG_[A-Za-z0-9]{8,})$/

/**
 * Every program on this machine can read another's arguments, so a key among them is refused before anything else is
 * looked at, and never repeated in the refusal.
 */
export function refuseKeysInArguments(argv: readonly string[]): void {
  if (argv.some((argument) => KEY_OPTION.test(argument) || KEY_VALUE.test(argument))) {
    throw usageError('Keys are never taken from the command line: give them on standard input or in the environment.')
  }
}
