import { z } from 'zod'
import { StudioError } from '../../../shared/errors.ts'
import { demuxerOf } from './demuxers.ts'
import type { HelperClient } from './helper-client.ts'

const TIMEOUT_MS = 10_000
const MAX_OUTPUT_BYTES = 4 * 1_048_576

const text = z.string().catch('')
const decimal = z.coerce.number().positive().finite().optional().catch(undefined)
const count = z.coerce.number().int().min(0).optional().catch(undefined)

const streamSchema = z.object({
  codec_type: text,
  codec_name: text,
  codec_tag_string: text,
  width: count,
  height: count,
  duration: decimal,
  sample_rate: count,
  channels: count,
  avg_frame_rate: text,
  r_frame_rate: text,
  nb_frames: count,
  disposition: z.object({ attached_pic: z.number().catch(0) }).catch({ attached_pic: 0 }),
  side_data_list: z.array(z.object({ rotation: z.number().optional().catch(undefined) })).catch([]),
})
const outputSchema = z.object({
  streams: z.array(streamSchema).catch([]),
  format: z.object({ format_name: text, duration: decimal }).catch({ format_name: '', duration: undefined }),
})
export type Probe = z.infer<typeof outputSchema>
export type ProbeStream = z.infer<typeof streamSchema>

/** No tags: titles and lyrics of any length are never asked for. */
const ENTRIES =
  'format=format_name,duration' +
  ':stream=codec_type,codec_name,codec_tag_string,width,height,duration,sample_rate,channels,avg_frame_rate,r_frame_rate,nb_frames' +
  ':stream_disposition=attached_pic:stream_side_data=rotation'

/** ffprobe's absolute path, and the empty folder it runs in. */
export type ProbeTool = { readonly path: string; readonly cwd: string }

/** The arguments for one file: `path` absolute. */
export function ffprobeArguments(path: string, format: string): string[] {
  const demuxer = demuxerOf(format)
  const guards = [
    '-protocol_whitelist',
    'file',
    '-format_whitelist',
    demuxer,
    '-probesize',
    '5M',
    '-analyzeduration',
    '5M',
  ]
  const output = ['-v', 'quiet', '-print_format', 'json=compact=1', '-show_entries', ENTRIES]
  return [...guards, ...output, '-f', demuxer, '-i', `file:${path}`]
}

/**
 * What ffprobe says of a file, or null when it cannot read it. Its exit code is no verdict: it is 0 on headers that lie.
 *
 * Throws E-TOOL-MISSING (no ffprobe, or one that cannot start), E-TOOL-TIMEOUT (10 s), E-TOOL-FAILED (it crashed, or it
 * printed something else than its format).
 */
export async function probeFile(
  helper: HelperClient,
  tool: ProbeTool,
  path: string,
  format: string,
  signal?: AbortSignal,
): Promise<Probe | null> {
  const args = ffprobeArguments(path, format)
  const task = {
    task: 'run',
    ...tool,
    args,
    timeoutMs: TIMEOUT_MS,
    maxOutputBytes: MAX_OUTPUT_BYTES,
  } as const
  const answer = await helper.ask(task, signal)
  if (answer.outcome !== 'ran') throw new StudioError('E-TOOL-FAILED', { params: { tool: 'ffprobe' } })
  const output = outputSchema.safeParse(parseJson(answer.stdout))
  if (answer.exitCode === 0 && output.success) return output.data
  // A file that it cannot read ends with 1 and prints "{}"; other ends are a broken program or one that was broken by the file.
  if (answer.exitCode === 1 && output.success) return null
  await assertWorks(helper, tool, signal)
  throw new StudioError('E-TOOL-FAILED', { params: { tool: 'ffprobe', value: String(answer.exitCode) } })
}

/** Tells a file that breaks ffprobe from an ffprobe that is broken (E-TOOL-MISSING). */
async function assertWorks(helper: HelperClient, tool: ProbeTool, signal?: AbortSignal): Promise<void> {
  const args = ['-v', 'quiet', '-print_format', 'json', '-show_program_version']
  const task = {
    task: 'run',
    ...tool,
    args,
    timeoutMs: TIMEOUT_MS,
    maxOutputBytes: MAX_OUTPUT_BYTES,
  } as const
  const answer = await helper.ask(task, signal)
  const version =
    answer.outcome === 'ran' && answer.exitCode === 0 ? versionSchema.safeParse(parseJson(answer.stdout)) : null
  if (version?.success !== true) {
    throw new StudioError('E-TOOL-MISSING', { params: { tool: 'ffprobe', variable: 'FFPROBE_PATH' } })
  }
}

const versionSchema = z.object({ program_version: z.object({ version: z.string().min(1) }) })

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** "30000/1001" as a number; undefined for "0/0". */
export function rateOf(text: string): number | undefined {
  const [over = 0, under = 0] = text.split('/').map(Number)
  return over > 0 && under > 0 ? over / under : undefined
}
