import { basename } from 'node:path'
import { StudioError } from '../../../shared/errors.ts'
import type { CheckResult, Finding } from '../../../shared/model/media.ts'
import type { HelperClient } from './helper-client.ts'
import { asProblem } from './inspect.ts'

type DeepLook = {
  readonly result: CheckResult
  /** The file behind a link. */
  readonly path: string
  readonly ffmpegPath: string
  readonly emptyFolder: string
  readonly decoders: HelperClient
  readonly signal?: AbortSignal | undefined
}

/** A file that decodes to clearly less than its header promises ends too early. */
const SHARE_THAT_MUST_DECODE = 0.97
const SECONDS_THAT_MAY_MISS = 0.25
/** Peaks below this are silence: -50 dB of full scale. */
const SILENT_PEAK = 0.003
/** Speech rises and falls by tens of decibels from syllable to syllable; noise, hum and clipped sound stay level. */
const LEVEL_SPREAD_DB = 2.5

/** What only a full decode shows: pictures and sound that end early, and sound without a voice. */
export async function inspectDeeply(look: DeepLook): Promise<Finding[]> {
  const name = basename(look.result.path)
  try {
    return look.result.kind === 'image' ? await decodePicture(look) : await listen(look, name)
  } catch (thrown) {
    look.signal?.throwIfAborted()
    return [asProblem(thrown, name)]
  }
}

async function decodePicture({ path, ffmpegPath, decoders, signal }: DeepLook): Promise<Finding[]> {
  await decoders.ask({ task: 'decode', path, ffmpegPath }, signal)
  return []
}

async function listen(look: DeepLook, name: string): Promise<Finding[]> {
  const { path, ffmpegPath, emptyFolder: cwd, decoders, signal, result } = look
  const format = result.facts.format ?? ''
  const answer = await decoders.ask({ task: 'listen', path, ffmpegPath, cwd, format }, signal)
  if (answer.outcome !== 'heard') throw new StudioError('E-TOOL-FAILED', { params: { tool: 'ffmpeg' } })
  const { seconds, peak, spreadDb } = answer
  const expected = result.facts.durationSeconds ?? 0
  if (seconds < expected * SHARE_THAT_MUST_DECODE - SECONDS_THAT_MAY_MISS || seconds === 0) {
    const round = (value: number) => Math.round(value * 1000) / 1000
    const params = { file: name, reason: 'header', value: round(expected), limit: round(seconds) }
    return [{ code: 'E-INPUT-CORRUPT', level: 'error', params, value: round(expected), limit: round(seconds) }]
  }
  const reason = peak < SILENT_PEAK ? 'silent' : spreadDb < LEVEL_SPREAD_DB ? 'level' : null
  return reason === null ? [] : [{ code: 'W-NO-VOICE', level: 'warning', params: { file: name, reason } }]
}
