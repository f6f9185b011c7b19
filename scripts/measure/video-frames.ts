import { spawn } from 'node:child_process'
import { execFileSync } from 'node:child_process'
import type { RgbaImage } from '../../src/main/core/lib/rgba-image.ts'

export type VideoFacts = {
  readonly width: number
  readonly height: number
  readonly fps: number
  readonly frames: number
}

/** Size, rate and number of decoded frames of the first video stream. */
export const videoFacts = (ffprobePath: string, path: string): VideoFacts => {
  const args = ['-v', 'error', '-select_streams', 'v:0', '-count_frames', '-show_streams', '-of', 'json', path]
  const { streams } = JSON.parse(execFileSync(ffprobePath, args, { encoding: 'utf8' })) as {
    streams: { width: number; height: number; r_frame_rate: string; nb_read_frames: string }[]
  }
  const [stream] = streams
  if (!stream) throw new Error(`${path} holds no video`)
  const [over = 0, under = 1] = stream.r_frame_rate.split('/').map(Number)
  return { width: stream.width, height: stream.height, fps: over / under, frames: Number(stream.nb_read_frames) }
}

/** Decodes a video frame by frame; each image has a buffer of its own. */
export async function* readFrames(
  ffmpegPath: string,
  path: string,
  { width, height }: VideoFacts,
): AsyncGenerator<RgbaImage> {
  const child = spawn(ffmpegPath, ['-v', 'error', '-i', path, '-f', 'rawvideo', '-pix_fmt', 'rgba', 'pipe:1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const frameBytes = width * height * 4
  let frame = new Uint8Array(frameBytes)
  let filled = 0
  try {
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      let used = 0
      while (used < chunk.length) {
        const take = Math.min(chunk.length - used, frameBytes - filled)
        frame.set(chunk.subarray(used, used + take), filled)
        used += take
        filled += take
        if (filled === frameBytes) {
          yield { width, height, data: frame }
          frame = new Uint8Array(frameBytes)
          filled = 0
        }
      }
    }
  } finally {
    child.kill('SIGKILL')
  }
}
