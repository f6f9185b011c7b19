import { spawn } from 'node:child_process'
import { basename } from 'node:path'
import { StudioError } from '../../../shared/errors.ts'

export type ToolRun = {
  /** Absolute path of the program: nothing is looked up in PATH or the working folder. */
  readonly path: string
  readonly args: readonly string[]
  /** An empty folder, so that no file beside the input can be picked up. */
  readonly cwd: string
  readonly timeoutMs: number
  /** More output than this is E-TOOL-FAILED (reason `output`). */
  readonly maxOutputBytes: number
  readonly signal?: AbortSignal | undefined
}

export type ToolResult = {
  /** Null when a signal ended the program. */
  readonly exitCode: number | null
  readonly stdout: Buffer
  /** The last 2,000 characters, for logs only: never read for decisions. */
  readonly errorText: string
}

const ERROR_TEXT_CHARS = 2000
/** Windows cannot start most programs without it. Nothing else of our environment reaches a tool. */
export const TOOL_ENV: Readonly<Record<string, string>> =
  process.platform === 'win32' && process.env['SystemRoot'] ? { SystemRoot: process.env['SystemRoot'] } : {}
const UNSTARTABLE = new Set(['ENOENT', 'EACCES', 'EPERM', 'ENOEXEC', 'ENOTDIR', 'EISDIR', 'EFTYPE', 'UNKNOWN'])

/**
 * Runs a program to its end with standard input closed, no shell, no environment, a kill after `timeoutMs` and capped
 * output. A non-zero exit is a result, not an error.
 *
 * Throws E-TOOL-MISSING (cannot be started), E-TOOL-TIMEOUT, E-TOOL-FAILED (too much output); the signal's own reason
 * when aborted. The program is dead in each case.
 */
export function runTool(run: ToolRun): Promise<ToolResult> {
  run.signal?.throwIfAborted()
  const tool = basename(run.path).replace(/\.exe$/i, '')
  return new Promise((resolve, reject) => {
    const child = spawn(run.path, run.args, {
      cwd: run.cwd,
      env: TOOL_ENV,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    })
    const chunks: Buffer[] = []
    let outputBytes = 0
    let errorText = ''
    let failure: unknown = null

    const stop = (reason: unknown) => {
      failure ??= reason
      child.kill('SIGKILL')
    }
    const onAbort = () => stop(run.signal?.reason)
    const timer = setTimeout(
      () => stop(new StudioError('E-TOOL-TIMEOUT', { params: { tool, limit: run.timeoutMs / 1000 } })),
      run.timeoutMs,
    )
    run.signal?.addEventListener('abort', onAbort, { once: true })
    const settle = (finish: () => void) => {
      clearTimeout(timer)
      run.signal?.removeEventListener('abort', onAbort)
      finish()
    }

    child.stdout.on('data', (chunk: Buffer) => {
      outputBytes += chunk.length
      if (outputBytes > run.maxOutputBytes) {
        stop(new StudioError('E-TOOL-FAILED', { params: { tool, reason: 'output' } }))
      } else {
        chunks.push(chunk)
      }
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errorText = (errorText + text).slice(-ERROR_TEXT_CHARS)
    })
    child.once('error', (cause: NodeJS.ErrnoException) => {
      const code = UNSTARTABLE.has(cause.code ?? '') ? 'E-TOOL-MISSING' : 'E-TOOL-FAILED'
      settle(() => reject(failure ?? new StudioError(code, { params: { tool }, cause })))
    })
    child.once('close', (exitCode) =>
      settle(() => {
        if (failure !== null) reject(failure)
        else resolve({ exitCode, stdout: Buffer.concat(chunks), errorText })
      }),
    )
  })
}
