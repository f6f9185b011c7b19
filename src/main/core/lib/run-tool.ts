import { spawn } from 'node:child_process'
import { basename } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { StudioError } from '../../../shared/errors.ts'

export type ToolStart = {
  /** Absolute path of the program: nothing is looked up in PATH or the working folder. */
  readonly path: string
  readonly args: readonly string[]
  /** An empty folder, so that no file beside the input can be picked up; without it that of this process. */
  readonly cwd?: string
  /** Without it the program may take as long as it likes. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal | undefined
}

/** How a program ended by itself. */
export type ToolEnd = {
  /** Null when a signal from elsewhere ended the program. */
  readonly exitCode: number | null
  /** The last 2,000 characters, for people and logs only: never read for decisions. */
  readonly errorText: string
}

export type RunningTool = {
  /** A pipe that breaks is told by `ended`. */
  readonly stdin: Writable
  readonly stdout: Readable
  /** Kills the program; `ended` rejects with `reason`. */
  readonly stop: (reason: unknown) => void
  /** Settles when the program is dead. Rejects with E-TOOL-MISSING (cannot be started), E-TOOL-TIMEOUT, E-TOOL-FAILED, the signal's own reason or that of `stop`. */
  readonly ended: Promise<ToolEnd>
}

export type ToolRun = ToolStart & {
  /** More output than this is E-TOOL-FAILED (reason `output`). */
  readonly maxOutputBytes: number
}

export type ToolResult = ToolEnd & { readonly stdout: Buffer }

const ERROR_TEXT_CHARS = 2000
/** Windows cannot start most programs without it. Nothing else of our environment reaches a tool. */
const TOOL_ENV: Readonly<Record<string, string>> =
  process.platform === 'win32' && process.env['SystemRoot'] ? { SystemRoot: process.env['SystemRoot'] } : {}
const UNSTARTABLE = new Set(['ENOENT', 'EACCES', 'EPERM', 'ENOEXEC', 'ENOTDIR', 'EISDIR', 'EFTYPE', 'UNKNOWN'])

const nameOf = (path: string): string => basename(path).replace(/\.exe$/i, '')

/** Starts a program: no shell, no environment, a kill after `timeoutMs` or when the signal is aborted. */
export function startTool({ path, args, cwd, timeoutMs, signal }: ToolStart): RunningTool {
  signal?.throwIfAborted()
  const tool = nameOf(path)
  const child = spawn(path, args, { cwd, env: TOOL_ENV, stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true })
  let errorText = ''
  let failure: unknown = null
  const stop = (reason: unknown): void => {
    failure ??= reason
    child.kill('SIGKILL')
  }
  const onAbort = (): void => stop(signal?.reason)
  const startTimer = (limitMs: number): NodeJS.Timeout =>
    setTimeout(() => stop(new StudioError('E-TOOL-TIMEOUT', { params: { tool, limit: limitMs / 1000 } })), limitMs)
  const timer = timeoutMs === undefined ? undefined : startTimer(timeoutMs)
  signal?.addEventListener('abort', onAbort, { once: true })
  child.stdin.on('error', () => undefined)
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errorText = (errorText + text).slice(-ERROR_TEXT_CHARS)
  })
  const ended = new Promise<ToolEnd>((resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) => {
      const code = UNSTARTABLE.has(cause.code ?? '') ? 'E-TOOL-MISSING' : 'E-TOOL-FAILED'
      const params = { tool, variable: `${tool.toUpperCase()}_PATH`, value: cause.message }
      reject(failure ?? new StudioError(code, { params, cause }))
    })
    child.once('close', (exitCode) => {
      if (failure === null) resolve({ exitCode, errorText })
      else reject(failure)
    })
  }).finally(() => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  })
  // Whoever has stopped listening has an error of its own.
  ended.catch(() => undefined)
  return { stdin: child.stdin, stdout: child.stdout, stop, ended }
}

/**
 * Runs a program to its end with standard input closed and capped output. A non-zero exit is a result, not an error.
 * Errors as `RunningTool.ended` names them.
 */
export async function runTool(run: ToolRun): Promise<ToolResult> {
  const { stdin, stdout, stop, ended } = startTool(run)
  stdin.end()
  const chunks: Buffer[] = []
  let outputBytes = 0
  stdout.on('data', (chunk: Buffer) => {
    outputBytes += chunk.length
    if (outputBytes <= run.maxOutputBytes) chunks.push(chunk)
    else stop(new StudioError('E-TOOL-FAILED', { params: { tool: nameOf(run.path), reason: 'output' } }))
  })
  return { ...(await ended), stdout: Buffer.concat(chunks) }
}

/**
 * Starts ffmpeg for work that is fed or read as it goes on. `ended` also rejects with E-TOOL-FAILED when it ends badly (params `file`,
 * the end of its messages as `value`, `exitCode`).
 */
export function startFfmpeg(
  path: string,
  args: readonly string[],
  { file, signal }: { readonly file: string; readonly signal?: AbortSignal | undefined },
): Omit<RunningTool, 'ended'> & { readonly ended: Promise<void> } {
  const running = startTool({ path, args: ['-hide_banner', '-nostats', '-v', 'error', ...args], signal })
  const ended = running.ended.then(({ exitCode, errorText }) => {
    if (exitCode === 0) return
    throw new StudioError('E-TOOL-FAILED', { params: { tool: nameOf(path), file, value: errorText.trim(), exitCode } })
  })
  ended.catch(() => undefined)
  return { ...running, ended }
}
