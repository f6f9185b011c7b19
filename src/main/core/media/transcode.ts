import Ffmpeg from 'fluent-ffmpeg'
import { StudioError } from '../../../shared/errors.ts'
import { demuxerOf } from './demuxers.ts'

/**
 * The one module that uses fluent-ffmpeg: one sound file in, one out, where ffmpeg does the work and its speed hardly
 * matters. It runs in the small process, whose environment holds no key: the library hands its own on. Probing and rendering start the programs directly (docs/decisions).
 */
export type HeaderRewrite = {
  /** Absolute paths. */
  readonly path: string
  readonly target: string
  readonly format: string
  readonly ffmpegPath: string
  /** An empty folder. */
  readonly cwd: string
  readonly signal: AbortSignal
}

const TIMEOUT_SECONDS = 120

/**
 * Copies the sound of a WAV or MP3, sample for sample, into a file with a true header and without its tags. Throws
 * E-TOOL-MISSING, E-TOOL-FAILED, E-TOOL-TIMEOUT; the signal's reason when aborted. No half file is left.
 */
export function rewriteHeader(task: HeaderRewrite): Promise<void> {
  const { path, target, format, ffmpegPath, cwd, signal } = task
  signal.throwIfAborted()
  const demuxer = demuxerOf(format)
  return new Promise((resolve, reject) => {
    const command = Ffmpeg({ timeout: TIMEOUT_SECONDS, cwd, stdoutLines: 20 })
      .setFfmpegPath(ffmpegPath)
      .input(`file:${path}`)
      .inputOptions('-protocol_whitelist', 'file', '-format_whitelist', demuxer, '-f', demuxer)
      .outputOptions('-map', '0:a:0', '-c:a', 'copy', '-map_metadata', '-1', '-bitexact', '-f', demuxer)
    const onAbort = () => command.kill('SIGKILL')
    const finish = (settle: () => void) => {
      signal.removeEventListener('abort', onAbort)
      settle()
    }
    signal.addEventListener('abort', onAbort, { once: true })
    command
      .once('end', () => finish(resolve))
      .once('error', (cause: Error) =>
        finish(() =>
          reject(
            signal.aborted ? signal.reason : new StudioError('E-TOOL-FAILED', { params: { tool: 'ffmpeg' }, cause }),
          ),
        ),
      )
      .save(`file:${target}`)
  })
}
