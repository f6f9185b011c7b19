import type { Writable } from 'node:stream'

/** A stream that may be a terminal. */
export type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number }

export type Output = {
  /** One JSON object as one line on standard output. */
  readonly event: (object: object) => void
  /** A line of results on standard output, for people. */
  readonly line: (text: string) => void
  /** A line about the work on standard error, for people. */
  readonly note: (text: string) => void
  /** The line that is redrawn in place on a terminal; null takes it away. Nothing elsewhere. */
  readonly status: (text: string | null) => void
  /** True where `status` is shown. */
  readonly hasStatus: boolean
  /** True while a slow reader has left more than a megabyte unread: what can wait should. */
  readonly isBehind: () => boolean
  /** Until everything written so far has left the process, or the reader is gone. */
  readonly flush: () => Promise<void>
}

const BEHIND_BYTES = 1_048_576
// Beyond what JSON escapes by itself: C1 controls and invisible formatting (bidirectional overrides) would act on a terminal.
const UNSEEN = /[\u007f-\u009f\u2028\u2029\p{Cf}]/gu

/** The same JSON value in characters that a terminal shows and never obeys. */
export function jsonText(object: object): string {
  const escape = (character: string) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join('')
  return JSON.stringify(object).replace(UNSEEN, escape)
}

/**
 * Writes for programs (JSON lines) or people. `onReaderGone` is told once when the reader of standard output has closed
 * it; nothing is written afterwards.
 */
export function createOutput(
  streams: { readonly stdout: OutputStream; readonly stderr: OutputStream },
  options: { readonly plain: boolean; readonly onReaderGone: () => void },
): Output {
  const { stdout, stderr } = streams
  const hasStatus = stderr.isTTY === true && !options.plain
  let readerGone = false
  let statusShown = false
  // Whatever the failure (a closed pipe, a full disk behind a redirect): nobody reads on.
  stdout.on('error', () => {
    if (!readerGone) options.onReaderGone()
    readerGone = true
  })
  stderr.on('error', () => undefined)

  const clearStatus = () => {
    if (statusShown) stderr.write('\r\u001b[K')
    statusShown = false
  }
  const write = (text: string) => {
    if (readerGone) return
    clearStatus()
    stdout.write(text)
  }
  return {
    event: (object) => write(`${jsonText(object)}\n`),
    line: (text) => write(`${text}\n`),
    note: (text) => {
      clearStatus()
      stderr.write(`${text}\n`)
    },
    status: (text) => {
      if (!hasStatus) return
      clearStatus()
      if (text === null) return
      stderr.write(text.slice(0, Math.max(20, (stderr.columns || 80) - 1)))
      statusShown = true
    },
    hasStatus,
    isBehind: () => stdout.writableLength > BEHIND_BYTES,
    flush: () => {
      clearStatus()
      return new Promise((resolve) => {
        if (readerGone || stdout.writableLength === 0) return resolve()
        stdout.once('error', () => resolve())
        stdout.write('', () => resolve())
      })
    },
  }
}
