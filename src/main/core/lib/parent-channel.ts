import { createInterface } from 'node:readline'

/** The part of Electron's `process.parentPort` that is used. */
type ParentPort = {
  readonly on: (event: 'message', listener: (event: { readonly data: unknown }) => void) => void
  readonly postMessage: (message: unknown) => void
}

/**
 * A helper process's end of its channel: lines on standard input and output, or, as Electron's utility process, the same
 * lines as messages. `onGone` is called when the parent has gone away, however it went; Electron ends its utility
 * processes itself. Gives the function that answers.
 */
export function listenToParent(onLine: (line: string) => void, onGone: () => void): (line: string) => void {
  const { parentPort } = process as { parentPort?: ParentPort }
  if (parentPort) {
    parentPort.on('message', ({ data }) => onLine(String(data)))
    return parentPort.postMessage.bind(parentPort)
  }
  // The parent holds the other end: its death, by any signal, closes it.
  createInterface({ input: process.stdin }).on('line', onLine).on('close', onGone)
  process.stdout.on('error', onGone)
  return (line) => void process.stdout.write(`${line}\n`)
}
