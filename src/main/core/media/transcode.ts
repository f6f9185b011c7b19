import Ffmpeg from 'fluent-ffmpeg'
import { StudioError } from '../../../shared/errors.ts'
import { demuxerOf } from './demuxers.ts'
import type { SoundPlan } from './repair-plan.ts'

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
  const demuxer = demuxerOf(task.format)
  const output = ['-map', '0:a:0', '-c:a', 'copy', '-map_metadata', '-1', '-bitexact', '-f', demuxer]
  return runCommand(task, output)
}

export type VoiceTranscode = HeaderRewrite & {
  readonly encoding: SoundPlan['encoding']
  /** Where the sound ends, with a short fade before; null: with the file. */
  readonly endSeconds: number | null
}

/** Long enough to end without a click, too short to be heard as a fade. */
const FADE_SECONDS = 0.02
/** An MP3 is always of this rate: how much longer than its sound it comes out is known then. */
const MP3_RATE = 44_100
const WAV_RATES = [8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]

/**
 * Encodes the first sound of any file that is read here as 16-bit WAV or constant-rate MP3, mono or stereo as it was,
 * without tags. Throws as `rewriteHeader` does.
 */
export function transcodeVoice(task: VoiceTranscode): Promise<void> {
  const { encoding, endSeconds } = task
  const isWav = encoding.format === 'wav'
  const rates = isWav ? WAV_RATES.join('|') : String(MP3_RATE)
  const layout = `aformat=sample_rates=${rates}:channel_layouts=mono|stereo`
  const fade =
    endSeconds === null ? [] : [`afade=t=out:st=${Math.max(0, endSeconds - FADE_SECONDS).toFixed(6)}:d=${FADE_SECONDS}`]
  const codec = isWav ? ['-c:a', 'pcm_s16le'] : ['-c:a', 'libmp3lame', '-b:a', `${encoding.bitrateKbps}k`]
  const cut = endSeconds === null ? [] : ['-t', endSeconds.toFixed(6)]
  const plain = ['-map_metadata', '-1', '-map_chapters', '-1', '-bitexact', '-f', encoding.format]
  return runCommand(task, ['-map', '0:a:0', '-af', [layout, ...fade].join(','), ...cut, ...codec, ...plain])
}

function runCommand({ path, target, format, ffmpegPath, cwd, signal }: HeaderRewrite, output: string[]): Promise<void> {
  signal.throwIfAborted()
  const demuxer = demuxerOf(format)
  return new Promise((resolve, reject) => {
    const command = Ffmpeg({ timeout: TIMEOUT_SECONDS, cwd, stdoutLines: 20 })
      .setFfmpegPath(ffmpegPath)
      .input(`file:${path}`)
      .inputOptions('-protocol_whitelist', 'file', '-format_whitelist', demuxer, '-f', demuxer)
      .outputOptions(output)
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
