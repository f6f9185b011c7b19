import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A small process of ours and the lines of text to and from it. A host without a Node binary (Electron) lends its own. */
export type HelperChannel = {
  readonly send: (line: string) => void
  readonly onLine: (listener: (line: string) => void) => void
  /** Called once, when the process is gone, whatever ended it. */
  readonly onExit: (listener: () => void) => void
  readonly stop: () => void
}
/** `env` is all that the process gets of an environment; absent: what any process needs of ours. */
export type StartHelper = (entry: URL, env?: Readonly<Record<string, string>>) => HelperChannel

/** Names that a process may need from its parent's environment; no key or option of ours is among them. */
const PASSED_ON = ['SystemRoot', 'TMPDIR', 'TEMP', 'TMP', 'LD_LIBRARY_PATH'] as const

/** The variables of `from` with these names, where they are set. */
export function passedOn(
  names: readonly string[] = PASSED_ON,
  from: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])))
}

/** Starts the process with this process's own Node. It ends by itself when this process dies. */
export const startNodeHelper: StartHelper = (entry, env = passedOn()) => {
  const child = spawn(process.execPath, [fileURLToPath(entry)], {
    env: { ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
    windowsHide: true,
  })
  // A write to a process that has just died: its exit is reported below.
  child.stdin.on('error', () => undefined)
  return {
    send: (line) => child.stdin.write(`${line}\n`),
    onLine: (listener) => void createInterface({ input: child.stdout }).on('line', listener),
    onExit: (listener) => {
      let isGone = false
      const report = () => {
        if (!isGone) listener()
        isGone = true
      }
      child.once('error', report)
      child.once('exit', report)
    },
    stop: () => child.stdin.end(),
  }
}
