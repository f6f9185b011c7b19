import { StudioError } from '../../../shared/errors.ts'
import { startTool } from '../lib/run-tool.ts'
import { demuxerOf } from './demuxers.ts'

export type Heard = {
  readonly seconds: number
  /** 0..1 of full scale. */
  readonly peak: number
  /** Standard deviation of the level of short frames, decibels; frames of digital silence are left out. */
  readonly spreadDb: number
}

type ListenTask = {
  /** Absolute paths. */
  readonly path: string
  readonly ffmpegPath: string
  readonly format: string
  /** An empty folder. */
  readonly cwd: string
}

const SAMPLE_RATE = 8000
const FRAME_SAMPLES = 200 // 25 ms
const TIMEOUT_MS = 120_000
const FULL_SCALE = 32_768
const SILENCE_DB = -70

/** Decodes a whole recording to 8 kHz mono and sums up its levels, keeping nothing. Throws E-INPUT-CORRUPT, E-TOOL-MISSING, E-TOOL-TIMEOUT. */
export async function listenToFile(task: ListenTask, signal: AbortSignal): Promise<Heard> {
  const { path, format, ffmpegPath, cwd } = task
  const demuxer = demuxerOf(format)
  const input = ['-protocol_whitelist', 'file', '-format_whitelist', demuxer, '-f', demuxer, '-i', `file:${path}`]
  const output = ['-map', '0:a:0', '-ac', '1', '-ar', String(SAMPLE_RATE), '-f', 's16le', 'pipe:1']
  const running = startTool({
    path: ffmpegPath,
    args: ['-v', 'quiet', '-nostdin', ...input, ...output],
    cwd,
    timeoutMs: TIMEOUT_MS,
    signal,
  })
  running.stdin.end()
  const levels = createLevels()
  running.stdout.on('data', (chunk: Buffer) => levels.add(chunk))
  const { exitCode } = await running.ended
  const heard = levels.sum()
  if (exitCode !== 0 && heard.seconds === 0) throw new StudioError('E-INPUT-CORRUPT')
  return heard
}

function createLevels(): { readonly add: (chunk: Buffer) => void; readonly sum: () => Heard } {
  let odd = -1
  let samples = 0
  let peak = 0
  let frameEnergy = 0
  let frameSamples = 0
  let frames = 0
  let levelSum = 0
  let levelSquares = 0

  const addSample = (value: number) => {
    const size = Math.abs(value)
    if (size > peak) peak = size
    samples += 1
    frameEnergy += value * value
    frameSamples += 1
    if (frameSamples < FRAME_SAMPLES) return
    const db = 10 * Math.log10(frameEnergy / FRAME_SAMPLES / (FULL_SCALE * FULL_SCALE) + 1e-12)
    if (db > SILENCE_DB) {
      frames += 1
      levelSum += db
      levelSquares += db * db
    }
    frameEnergy = 0
    frameSamples = 0
  }
  return {
    add: (chunk) => {
      let at = 0
      if (odd >= 0) {
        // A sample that lies across two chunks.
        addSample((((chunk[0] as number) << 24) >> 16) | odd)
        at = 1
      }
      for (; at + 1 < chunk.length; at += 2) addSample(chunk.readInt16LE(at))
      odd = at < chunk.length ? (chunk[at] as number) : -1
    },
    sum: () => {
      const mean = frames === 0 ? 0 : levelSum / frames
      const variance = frames === 0 ? 0 : Math.max(0, levelSquares / frames - mean * mean)
      return {
        seconds: samples / SAMPLE_RATE,
        peak: peak / FULL_SCALE,
        spreadDb: Math.sqrt(variance),
      }
    },
  }
}
