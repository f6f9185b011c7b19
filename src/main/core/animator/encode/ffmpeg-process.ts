import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { StudioError } from '../../../../shared/errors.ts'

const STDERR_TAIL_CHARS = 2000

/** Read nothing but plain files, and only containers of sound that we accept: no playlist may name another file or address. */
export const VOICE_INPUT_ARGS: readonly string[] = [
  '-protocol_whitelist',
  'file,pipe',
  '-format_whitelist',
  'wav,w64,mp3,flac,ogg,aac,mov,matroska,aiff',
]

export type FfmpegProcess = {
  readonly stdin: Writable
  readonly stdout: Readable
  /** Settles when the process has ended: resolves on exit code 0. Rejects with E-TOOL-MISSING, E-TOOL-FAILED (params `tool`, `file`, `value`: the end of its messages, `exitCode`) or the signal's reason. */
  readonly ended: Promise<void>
}

/**
 * Starts ffmpeg by absolute path: arguments as a list, no shell, an empty environment. Aborting the signal kills it at once.
 * `file` is what an error names.
 */
export const startFfmpeg = (
  ffmpegPath: string,
  args: readonly string[],
  { file, signal }: { readonly file: string; readonly signal?: AbortSignal | undefined },
): FfmpegProcess => {
  signal?.throwIfAborted()
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(
    ffmpegPath,
    ['-hide_banner', '-nostats', '-v', 'error', ...args],
    { stdio: ['pipe', 'pipe', 'pipe'], env: {}, windowsHide: true },
  )
  let stderrTail = ''
  child.stderr.setEncoding('utf8')
  child.stderr.on('data', (text: string) => {
    stderrTail = (stderrTail + text).slice(-STDERR_TAIL_CHARS)
  })
  // A broken pipe is reported by `ended`, with the reason that ffmpeg gave.
  child.stdin.on('error', () => undefined)
  const kill = (): void => {
    child.kill('SIGKILL')
  }
  signal?.addEventListener('abort', kill, { once: true })
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', (cause) => {
      reject(new StudioError('E-TOOL-MISSING', { params: { tool: 'ffmpeg', value: cause.message }, cause }))
    })
    child.once('close', (exitCode) => {
      if (signal?.aborted) reject(signal.reason as Error)
      else if (exitCode === 0) resolve()
      else
        reject(
          new StudioError('E-TOOL-FAILED', { params: { tool: 'ffmpeg', file, value: stderrTail.trim(), exitCode } }),
        )
    })
  }).finally(() => signal?.removeEventListener('abort', kill))
  ended.catch(() => undefined)
  return { stdin: child.stdin, stdout: child.stdout, ended }
}
