import { resolve } from 'node:path'
import { z } from 'zod'
import { StudioError } from '../../../../shared/errors.ts'
import type { RgbaImage } from '../../lib/rgba-image.ts'
import { runTool, startFfmpeg } from '../../lib/run-tool.ts'

/** Read nothing but plain files, and only containers of pictures in motion: no playlist may name another file or address. */
export const VIDEO_INPUT_ARGS: readonly string[] =
  '-protocol_whitelist file,pipe -format_whitelist mov,matroska,avi,flv,asf,mpeg,mpegts,mpegvideo,gif'.split(' ')
const ANSWER_ARGS = ['-show_streams', '-show_format', '-of', 'json']
const MAX_ANSWER_BYTES = 4e6
const PROBE_TIMEOUT_MS = 30_000
const MAX_RATE = 60
/** A nominal rate of more times the mean one is a grid of times, not a rate of pictures. */
const SPARSE = 2.1
const STANDARD_RATES: readonly Rate[] = [
  [24000, 1001],
  [24, 1],
  [25, 1],
  [30000, 1001],
  [30, 1],
  [48, 1],
  [50, 1],
  [60000, 1001],
  [60, 1],
]

/** Frames a second as a fraction, because 29.97 is 30000/1001 and ten minutes of the difference are 18 frames. */
export type Rate = readonly [frames: number, seconds: number]
export const perSecond = ([frames, seconds]: Rate): number => frames / seconds

export type VideoFacts = {
  /** The file's nominal rate, or where that is none the next standard rate above its mean; at most 60. */
  readonly rate: Rate
  /** Mean of the frames that are in the file, a second. */
  readonly ownFps: number
  readonly durationSeconds: number
  readonly hasSound: boolean
  /** What to tell the scaler where the file does not say how its colours are coded. */
  readonly matrix: 'auto' | 'bt709' | 'bt601'
}

const answerSchema = z.object({
  streams: z.array(
    z.object({
      codec_type: z.string(),
      height: z.number().default(0),
      r_frame_rate: z.string().default('0/0'),
      avg_frame_rate: z.string().default('0/0'),
      color_space: z.string().default('unknown'),
      duration: z.string().optional(),
      disposition: z.object({ attached_pic: z.number().default(0) }).default({ attached_pic: 0 }),
    }),
  ),
  format: z.object({ duration: z.string().default('0') }),
})

const rateOf = (text: string): Rate => {
  const [frames = 0, seconds = 1] = text.split('/').map(Number)
  return [frames, seconds || 1]
}

const outputRate = (nominal: Rate, mean: Rate): Rate => {
  const [own, average] = [perSecond(nominal), perSecond(mean)]
  const isUsual = own > 0 && own <= MAX_RATE + 0.01 && (average <= 0 || own / average < SPARSE)
  if (isUsual) return nominal
  return STANDARD_RATES.find((rate) => perSecond(rate) >= 0.98 * average) ?? [MAX_RATE, 1]
}

/** Rate, length and sound of a video. E-INPUT-CORRUPT (no picture in it, or unreadable), tool errors as in `runTool`. */
export const probeVideo = async (ffprobePath: string, path: string, signal?: AbortSignal): Promise<VideoFacts> => {
  const { exitCode, stdout, errorText } = await runTool({
    path: ffprobePath,
    args: ['-v', 'error', ...VIDEO_INPUT_ARGS, ...ANSWER_ARGS, `file:${resolve(path)}`],
    timeoutMs: PROBE_TIMEOUT_MS,
    maxOutputBytes: MAX_ANSWER_BYTES,
    signal,
  })
  if (exitCode !== 0) throw unreadable(path, errorText)
  const { streams, format } = answerSchema.parse(JSON.parse(stdout.toString('utf8')))
  const video = streams.find(({ codec_type, disposition }) => codec_type === 'video' && disposition.attached_pic === 0)
  if (!video) throw unreadable(path, 'no picture')
  const mean = rateOf(video.avg_frame_rate)
  const rate = outputRate(rateOf(video.r_frame_rate), mean)
  return {
    rate,
    ownFps: perSecond(mean) > 0 ? perSecond(mean) : perSecond(rate),
    durationSeconds: Number(video.duration ?? format.duration) || 0,
    hasSound: streams.some(({ codec_type }) => codec_type === 'audio'),
    matrix: video.color_space !== 'unknown' ? 'auto' : video.height >= 720 ? 'bt709' : 'bt601',
  }
}

const unreadable = (file: string, detail: string, cause?: unknown): StudioError =>
  new StudioError('E-INPUT-CORRUPT', { params: { file, detail: detail.slice(0, 300) }, cause })

/** One picture as the PAM format writes it: a short text with its size, then its pixels. */
const HEADER_END = Buffer.from('ENDHDR\n')
const HEADER_LIMIT = 1024

/** Cuts a stream of PAM pictures apart. Two buffers are used in turn. */
async function* pamPictures(stream: AsyncIterable<Buffer>): AsyncGenerator<RgbaImage> {
  let head = Buffer.alloc(0)
  let image: RgbaImage | undefined
  let data = new Uint8Array(0)
  let spare = data
  let filled = 0
  for await (const chunk of stream) {
    let rest = chunk
    while (rest.length > 0) {
      if (!image) {
        head = Buffer.concat([head, rest])
        const end = head.indexOf(HEADER_END)
        if (end < 0 && head.length < HEADER_LIMIT) break
        const [, width = '0'] = /WIDTH (\d+)/.exec(head.toString('latin1', 0, Math.max(0, end))) ?? []
        const [, height = '0'] = /HEIGHT (\d+)/.exec(head.toString('latin1', 0, Math.max(0, end))) ?? []
        if (Number(width) < 1 || Number(height) < 1) throw new Error('ffmpeg wrote no PAM picture')
        const sizeBytes = Number(width) * Number(height) * 4
        ;[data, spare] = [spare.length === sizeBytes ? spare : new Uint8Array(sizeBytes), data]
        image = { width: Number(width), height: Number(height), data }
        filled = 0
        rest = head.subarray(end + HEADER_END.length)
        head = Buffer.alloc(0)
      }
      const take = Math.min(rest.length, data.length - filled)
      data.set(rest.subarray(0, take), filled)
      filled += take
      rest = rest.subarray(take)
      if (filled < data.length) break
      yield image
      image = undefined
    }
  }
}

export type DecodeVideoOptions = {
  readonly ffmpegPath: string
  readonly path: string
  /** Pictures come at this rate, by time: the first one is that of time 0, whatever the file's own rate and start. */
  readonly rate: Rate
  /** Larger pictures are made smaller, sides even. */
  readonly maxSide: number
  readonly matrix: VideoFacts['matrix']
  /** No more pictures than these. */
  readonly maxFrames?: number
  readonly signal: AbortSignal
}

/**
 * The pictures of a video, upright, one after another: each is good until the one after the next is asked for. Throws E-INPUT-CORRUPT
 * when there is none, tool errors as in `startFfmpeg`; a file that breaks off gives the pictures before that.
 */
export async function* decodeVideo(options: DecodeVideoOptions): AsyncGenerator<RgbaImage> {
  const { ffmpegPath, path, rate, maxSide, matrix, maxFrames, signal } = options
  const stop = new AbortController()
  const size = `'trunc(iw*min(1,${maxSide}/max(iw,ih))/2)*2':'trunc(ih*min(1,${maxSide}/max(iw,ih))/2)*2'`
  const colours = matrix === 'auto' ? '' : `:in_color_matrix=${matrix}`
  const args = [
    [...VIDEO_INPUT_ARGS, '-i', `file:${resolve(path)}`, '-map', '0:v:0', '-an', '-sn', '-dn'],
    ['-vf', `fps=fps=${rate.join('/')}:start_time=0,scale=${size}:flags=bicubic${colours},format=rgba`],
    maxFrames === undefined ? [] : ['-frames:v', `${maxFrames}`],
    ['-c:v', 'pam', '-f', 'image2pipe', 'pipe:1'],
  ].flat()
  const { stdin, stdout, ended } = startFfmpeg(ffmpegPath, args, {
    file: path,
    signal: AbortSignal.any([signal, stop.signal]),
  })
  stdin.end()
  let count = 0
  try {
    for await (const image of pamPictures(stdout as AsyncIterable<Buffer>)) {
      signal.throwIfAborted()
      count++
      yield image
    }
    await ended.catch((thrown: unknown) => {
      signal.throwIfAborted()
      const isBroken = thrown instanceof StudioError && thrown.code === 'E-TOOL-FAILED'
      if (!isBroken) throw thrown
      if (count === 0) throw unreadable(path, String(thrown.data.params['value'] ?? ''), thrown)
    })
    if (count === 0) throw unreadable(path, 'no picture')
  } finally {
    stop.abort()
    await ended.catch(() => undefined)
  }
}
