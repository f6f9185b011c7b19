import Ffmpeg from 'fluent-ffmpeg'
import { StudioError } from '../../../shared/errors.ts'
import type { VideoFix } from '../../../shared/model/media.ts'
import { demuxerOf } from './demuxers.ts'
import type { SoundPlan } from './repair-plan.ts'

/**
 * The one module that uses fluent-ffmpeg: a file in, a copy out, where ffmpeg does the work. It runs in the small process, whose environment holds no key: the library hands its own on. Probing and rendering start the programs directly (docs/decisions).
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

export type VideoCopy = HeaderRewrite & { readonly fix: VideoFix }

/** No copy of a clip takes longer. */
const VIDEO_TIMEOUT_SECONDS = 3600
/** The first frame and the first sound begin together, gaps in the sound are filled. */
const STEADY_SOUND = 'aresample=async=1:first_pts=0'
const H264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '17']
const AAC = ['-c:a', 'aac', '-b:a', '192k']
const MP4 = ['-map_chapters', '-1', '-movflags', '+faststart', '-f', 'mp4']

/**
 * A copy of a video as H.264 and AAC, upright, with a constant rate: frames are repeated or left out so that each stays
 * where its time was, and the sound with it. `frames` ends it, after playing it again and again for `loop`. Throws as
 * `rewriteHeader` does.
 */
export function copyVideo(task: VideoCopy): Promise<void> {
  const { kind, fps, frames } = task.fix
  const picture = `fps=fps=${asFraction(fps)}:start_time=0,scale=trunc(iw/2)*2:trunc(ih/2)*2,setsar=1,format=yuv420p`
  const end = frames === undefined ? [] : ['-frames:v', String(frames), '-t', (frames / fps).toFixed(6)]
  const streams = ['-map', '0:V:0', '-map', '0:a:0?', '-vf', picture, '-af', STEADY_SOUND]
  const again = kind === 'loop' ? ['-stream_loop', '-1'] : []
  const output = [...streams, ...H264, ...AAC, ...end, '-map_metadata', '-1', ...MP4]
  return runCommand(task, output, { again, timeoutSeconds: VIDEO_TIMEOUT_SECONDS })
}

/** 29.97 is 30,000 / 1,001. */
function asFraction(fps: number): string {
  const whole = Math.round(fps)
  const isFractional = Math.abs((whole * 1000) / 1001 - fps) < 0.002 && Math.abs(whole - fps) > 0.002
  return isFractional ? `${whole * 1000}/1001` : fps.toFixed(6)
}

export type SoundSwap = HeaderRewrite & {
  readonly sound: { readonly path: string; readonly format: string }
  /** Length of the picture: the sound ends with it, or silence follows it until then. */
  readonly endSeconds: number
}

/** The picture of a video as it is, with the sound of another file. Throws as `rewriteHeader` does. */
export function swapSound(task: SoundSwap): Promise<void> {
  const streams = ['-map', '0:V:0', '-map', '1:a:0', '-c:v', 'copy', '-af', `${STEADY_SOUND},apad`]
  const output = [...streams, ...AAC, '-t', task.endSeconds.toFixed(6), '-map_metadata', '0', ...MP4]
  return runCommand(task, output, { second: task.sound, timeoutSeconds: VIDEO_TIMEOUT_SECONDS })
}

/** The first frame of a video as an upright JPEG whose longest side is at most `sidePx`. Throws as `rewriteHeader` does. */
export function writeFirstFrame(task: HeaderRewrite & { readonly sidePx: number }): Promise<void> {
  const side = String(task.sidePx)
  const fitted = `scale=w=min(iw\\,${side}):h=min(ih\\,${side}):force_original_aspect_ratio=decrease`
  return runCommand(task, ['-map', '0:V:0', '-frames:v', '1', '-vf', fitted, '-q:v', '3', '-f', 'mjpeg'])
}

type CommandOptions = {
  readonly again?: readonly string[]
  readonly second?: { readonly path: string; readonly format: string }
  readonly timeoutSeconds?: number
}

const guards = (format: string): string[] => {
  const demuxer = demuxerOf(format)
  return ['-protocol_whitelist', 'file', '-format_whitelist', demuxer, '-f', demuxer]
}

function runCommand(
  { path, target, format, ffmpegPath, cwd, signal }: HeaderRewrite,
  output: string[],
  { again = [], second, timeoutSeconds = TIMEOUT_SECONDS }: CommandOptions = {},
): Promise<void> {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    // Without a folder of presets the library looks beside its own file, and in a bundle it has none.
    const command = Ffmpeg({ timeout: timeoutSeconds, cwd, presets: cwd, stdoutLines: 20 })
      .setFfmpegPath(ffmpegPath)
      .input(`file:${path}`)
      .inputOptions([...again, ...guards(format)])
    if (second !== undefined) command.input(`file:${second.path}`).inputOptions(guards(second.format))
    command.outputOptions(output)
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
