import { fileURLToPath } from 'node:url'
import type { utilityProcess } from 'electron'
import { passedOn } from '../../core/lib/helper-channel.ts'
import type { StartHelper } from '../../core/lib/helper-channel.ts'

/** Starts a small process as Electron's utility process: the fuses forbid to run the app's program as Node. */
export function utilityHelper({ fork }: Pick<typeof utilityProcess, 'fork'>): StartHelper {
  return (entry, env = passedOn()) => {
    const child = fork(fileURLToPath(entry), [], { env: { ...env }, stdio: 'ignore' })
    return {
      send: child.postMessage.bind(child),
      onLine: (listener) => void child.on('message', (message: unknown) => listener(String(message))),
      onExit: (listener) => void child.once('exit', () => listener()),
      stop: () => void child.kill(),
    }
  }
}
