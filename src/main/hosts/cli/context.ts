import type { Clock, Ports } from '../../core/ports.ts'
import type { Texts } from '../../../shared/lib/create-texts.ts'
import type { Output } from './output.ts'

/** What every command works with. */
export type CommandContext = {
  readonly json: boolean
  readonly output: Output
  /** In the language of the person at the terminal. */
  readonly texts: Texts
  /** For programs: `--json` speaks English whatever the locale. */
  readonly english: Texts
  readonly cwd: string
  /** `check` tells people of every file, `run` only of those with something to say. Programs are always told of all. */
  readonly tellsEveryFile: boolean
  readonly clock: Clock
  /** Ports for a live core, or for one that only reads a folder that another core may own. */
  readonly ports: (use: 'live' | 'read') => Ports
  /** Aborted when the command is to end before its work is done. */
  readonly ending: AbortSignal
}
