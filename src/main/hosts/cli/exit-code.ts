import type { ErrorCode } from '../../../shared/errors.ts'
import type { Job } from '../../../shared/model/job.ts'

/** The exit codes of the command line; an outside contract. */
export const EXIT = {
  done: 0,
  couldNotRun: 1,
  usage: 2,
  someFailed: 3,
  needsAttention: 4,
  keyOrCredits: 5,
  disk: 6,
  interrupted: 130,
  /** The reader of our output is gone, as a shell reports SIGPIPE. */
  brokenPipe: 141,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Several causes: the first of these that occurred. */
const PRECEDENCE: readonly ExitCode[] = [
  EXIT.interrupted,
  EXIT.couldNotRun,
  EXIT.disk,
  EXIT.keyOrCredits,
  EXIT.needsAttention,
  EXIT.someFailed,
]

export function worstExitCode(codes: Iterable<ExitCode>): ExitCode {
  const occurred = new Set(codes)
  return PRECEDENCE.find((code) => occurred.has(code)) ?? EXIT.done
}

/** Causes that lie outside a single pair, whichever command or job they end. */
function outerCause(code: ErrorCode): ExitCode | null {
  if (code === 'E-INSTANCE' || code === 'E-INTERNAL' || code === 'E-LOCAL-AUTH') return EXIT.couldNotRun
  if (code.startsWith('E-DB-') || code.startsWith('E-TOOL-')) return EXIT.couldNotRun
  if (code === 'E-DISK-FULL' || code === 'E-OUT-PERMISSION') return EXIT.disk
  if (code.startsWith('E-KEY-') || code === 'E-BUCKET-AUTH' || code === 'E-CREDITS') return EXIT.keyOrCredits
  return null
}

/** The exit code of an error that ended a whole command. */
export function exitCodeOfError(code: ErrorCode): ExitCode {
  if (code.startsWith('E-PARAM-') || code.startsWith('E-CONFIG-') || code === 'E-OUT-NAME') return EXIT.usage
  return outerCause(code) ?? EXIT.someFailed
}

export function exitCodeOfJob(job: Pick<Job, 'state' | 'error'>): ExitCode {
  switch (job.state) {
    case 'done':
      return EXIT.done
    case 'failed':
    case 'cancelled':
      return (job.error && outerCause(job.error.code)) ?? EXIT.someFailed
    case 'needs_attention':
    case 'expired':
      return (job.error && outerCause(job.error.code)) ?? EXIT.needsAttention
    case 'queued':
    case 'waiting':
    case 'running':
      return (job.error && outerCause(job.error.code)) ?? EXIT.done
  }
}
