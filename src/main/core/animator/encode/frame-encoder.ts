import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { startFfmpeg } from '../../lib/run-tool.ts'
import { VOICE_INPUT_ARGS } from './decode-voice.ts'

export type VideoSettings = {
  readonly ffmpegPath: string
  /** Its first sound becomes the video's; null: a video without sound. */
  readonly voicePath: string | null
  /** Demuxers and protocols that the sound may use, and what is done to it; a voice goes in as it is. */
  readonly sound?: { readonly inputArgs: readonly string[]; readonly filter: string }
  /** Written as MP4 whatever its extension; removed again when the encoding fails or is cancelled. */
  readonly outputPath: string
  /** Even, pixels. */
  readonly width: number
  readonly height: number
  /** Frames a second, or ffmpeg's fraction of it. */
  readonly fps: number | string
  /** Length of the decoded voice: the cut of both streams. */
  readonly durationSeconds: number
  /** Marks the file as made by a machine, in its metadata. */
  readonly aiTag: boolean
}

/** What `ffprobe -show_format` shows as the `comment` tag. A mark for programs, so it is the same in every language. */
export const AI_TAG = 'AI-generated'

export type FrameEncoder = {
  /** Takes one frame of `width * height * 4` RGBA bytes; resolves when the buffer may be reused (back-pressure). */
  readonly write: (frame: Uint8Array | Uint8ClampedArray) => Promise<void>
  /** Ends the stream; resolves when the file is complete on disk. */
  readonly finish: () => Promise<void>
  /** Stops ffmpeg and removes the partial file; safe after any failure. */
  readonly discard: () => Promise<void>
}

/**
 * Arguments after the global ones. BT.709 is stated and converted to, because players assume it for large pictures and
 * would otherwise guess. Works in ffmpeg 4.0 (2018) to 7.1.
 */
export const encoderArgs = (settings: VideoSettings): string[] => {
  const { width, height, fps, durationSeconds, voicePath, sound, outputPath, aiTag } = settings
  return [
    ['-f', 'rawvideo', '-pix_fmt', 'rgba', '-s', `${width}x${height}`, '-r', `${fps}`, '-i', 'pipe:0'],
    voicePath === null ? [] : [...(sound?.inputArgs ?? VOICE_INPUT_ARGS), '-i', `file:${resolve(voicePath)}`],
    ['-map', '0:v:0', ...(voicePath === null ? [] : ['-map', '1:a:0']), '-map_metadata', '-1', '-sn', '-dn'],
    ['-vf', 'scale=out_color_matrix=bt709:out_range=tv', '-pix_fmt', 'yuv420p'],
    ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '19'],
    ['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709', '-color_range', 'tv'],
    sound === undefined ? [] : ['-af', sound.filter],
    ['-c:a', 'aac', '-b:a', '128k', '-ar', '48000', '-ac', '2'],
    ['-t', durationSeconds.toFixed(6), '-movflags', '+faststart'],
    aiTag ? ['-metadata', `comment=${AI_TAG}`] : [],
    ['-f', 'mp4', '-y', `file:${resolve(outputPath)}`],
  ].flat()
}

/** Opens an H.264 + AAC encoder that takes raw frames one by one. Errors as in `startFfmpeg`. */
export const openFrameEncoder = (settings: VideoSettings, signal?: AbortSignal): FrameEncoder => {
  const stop = new AbortController()
  const stopping = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const { stdin, stdout, ended } = startFfmpeg(settings.ffmpegPath, encoderArgs(settings), {
    file: settings.voicePath ?? settings.outputPath,
    signal: stopping,
  })
  stdout.resume()
  const discard = async (): Promise<void> => {
    stop.abort()
    await ended.catch(() => undefined)
    await rm(settings.outputPath, { force: true })
  }
  return {
    write: (frame) =>
      new Promise((done, fail) => {
        // The exit tells more than the broken pipe: it carries what ffmpeg said.
        const failWithReason = (cause: Error): void => {
          ended.then(() => fail(cause), fail)
        }
        stdin.write(Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength), (error) =>
          error ? failWithReason(error) : done(),
        )
      }),
    finish: async () => {
      stdin.end()
      await ended
    },
    discard,
  }
}
