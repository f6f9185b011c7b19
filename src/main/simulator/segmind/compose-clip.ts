import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { StudioError } from '../../../shared/errors.ts'
import { predictClip } from '../../../shared/lib/predict-clip.ts'
import type { Parameters } from '../../../shared/model/engine.ts'
import { parametersSchema } from '../../../shared/model/engine.ts'
import { PRIVATE_FILE_MODE, PRIVATE_FOLDER_MODE } from '../../core/lib/private-files.ts'
import { runTool } from '../../core/lib/run-tool.ts'
import type { ClipRenderer } from '../simulator-ports.ts'

type ComposerOptions = {
  readonly tools: { readonly ffmpeg: string; readonly ffprobe: string }
  /** Of our own; every job has a folder of its own in it. */
  readonly folder: string
  readonly newId: () => string
  /** Faces in a picture file. */
  readonly countFaces: (path: string) => Promise<number>
}

const TOOL_LIMIT_MS = 300_000
const MAX_OUTPUT_BYTES = 1_000_000

/** Drawn here, so that no font is needed. */
const LABEL = [
  ' #### ### #   # #   # #      ###  ##### ##### #### ',
  '#      #  ## ## #   # #     #   #   #   #     #   #',
  '#      #  # # # #   # #     #   #   #   #     #   #',
  ' ###   #  #   # #   # #     #####   #   ####  #   #',
  '    #  #  #   # #   # #     #   #   #   #     #   #',
  '    #  #  #   # #   # #     #   #   #   #     #   #',
  '####  ### #   #  ###  ##### #   #   #   ##### #### ',
]

/** The label as a picture, white on black with a margin of one dot, each dot `dot` pixels wide. */
function labelPicture(dot: number): Buffer {
  const [columns, rows] = [(LABEL[0]?.length ?? 0) + 2, LABEL.length + 2]
  const pixels = Buffer.alloc(columns * dot * rows * dot)
  for (let y = 0; y < rows * dot; y++) {
    for (let x = 0; x < columns * dot; x++) {
      const isInk = LABEL[Math.floor(y / dot) - 1]?.[Math.floor(x / dot) - 1] === '#'
      pixels[y * columns * dot + x] = isInk ? 255 : 0
    }
  }
  return Buffer.concat([Buffer.from(`P5 ${columns * dot} ${rows * dot} 255\n`), pixels])
}

const rate = z
  .string()
  .optional()
  .transform((text = '') => (/^[1-9]\d*\/[1-9]\d*$/.test(text) ? text : undefined))
const probeSchema = z.object({
  streams: z.array(
    z.object({
      codec_type: z.string().optional(),
      width: z.number().optional(),
      height: z.number().optional(),
      avg_frame_rate: rate,
      r_frame_rate: rate,
      nb_read_packets: z.coerce.number().optional(),
    }),
  ),
})
type Clip = { width: number; height: number; rate: string; fps: number; frames: number; hasAudio: boolean }

class Unusable extends Error {}

/**
 * The results of the simulated clip model: plain composites with a label, and no face moved. The source under the frame
 * cap and the mismatch method, the driver small in its corner, the chosen sound; an unusable input fails in words like the
 * model's own.
 */
export function createClipComposer({ tools, folder, newId, countFaces }: ComposerOptions): ClipRenderer {
  async function run(path: string, args: readonly string[], cwd: string): Promise<Buffer> {
    const { exitCode, stdout } = await runTool({
      path,
      args,
      cwd,
      timeoutMs: TOOL_LIMIT_MS,
      maxOutputBytes: MAX_OUTPUT_BYTES,
    })
    if (exitCode !== 0) throw new Unusable('could not read video')
    return stdout
  }

  async function look(name: string, path: string, cwd: string): Promise<Clip> {
    const shown =
      'stream=codec_type,width,height,avg_frame_rate,r_frame_rate,nb_read_packets:stream_disposition=attached_pic'
    const args = ['-v', 'error', '-count_packets', '-show_entries', shown, '-of', 'json', path]
    const probe = probeSchema.safeParse(JSON.parse((await run(tools.ffprobe, args, cwd)).toString('utf8')))
    const streams = probe.data?.streams ?? []
    const video = streams.find(({ codec_type: type }) => type === 'video')
    const text = video?.avg_frame_rate ?? video?.r_frame_rate
    if (video?.width === undefined || video.height === undefined || text === undefined) {
      throw new Unusable(`could not read video: ${name}`)
    }
    const [over = 0, under = 1] = text.split('/').map(Number)
    return {
      width: video.width,
      height: video.height,
      rate: text,
      fps: over / under,
      frames: video.nb_read_packets ?? 0,
      hasAudio: streams.some(({ codec_type: type }) => type === 'audio'),
    }
  }

  async function requireFace(parameters: Parameters, source: string, place: string): Promise<void> {
    const picture = join(place, 'first.png')
    await run(tools.ffmpeg, ['-v', 'error', '-y', '-i', source, '-frames:v', '1', picture], place)
    const faces = await countFaces(picture)
    if (faces === 0) throw new Unusable('No face detected in the first frame of the input video')
    const index = Number(parameters['input_face_index'])
    if (index >= faces) throw new Unusable(`face index ${index} is out of range: ${faces} found`)
  }

  return async (input) => {
    const parameters = parametersSchema.parse(input.parameters)
    const place = join(folder, newId())
    await mkdir(place, { mode: PRIVATE_FOLDER_MODE })
    const [source, driver, label] = [join(place, 'source'), join(place, 'driver'), join(place, 'label.pgm')]
    try {
      await writeFile(source, input.source, { mode: PRIVATE_FILE_MODE })
      await writeFile(driver, input.driver, { mode: PRIVATE_FILE_MODE })
      const [one, two] = [await look('input_video', source, place), await look('driving_video', driver, place)]
      const facts = ({ fps, frames, hasAudio }: Clip) => ({ durationSeconds: frames / fps, fps, frames, hasAudio })
      const made = predictClip(facts(one), facts(two), parameters)
      if (made.isDriverTooShort && parameters['mismatch_method'] === 'cut') {
        throw new Unusable('driving images should be larger than the number of source images')
      }
      await requireFace(parameters, source, place)
      const even = (size: number) => Math.max(2, Math.round(size / 2) * 2)
      const [width, height] = [even(one.width), even(one.height)]
      const inset = even(width / 4)
      await writeFile(label, labelPicture(Math.max(1, Math.floor(width / 160))), { mode: PRIVATE_FILE_MODE })
      const paced = `setpts=N/(${one.rate}*TB)`
      const filter = [
        `[0:v]${paced},scale=${width}:${height},setsar=1[face]`,
        `[1:v]${paced},scale=${inset}:${even((inset * two.height) / two.width)},setsar=1[driver]`,
        `[face][driver]overlay=W-w:H-h:eof_action=repeat[both]`,
        `[both][2:v]overlay=0:0:eof_action=repeat[shown]`,
      ].join(';')
      const outputPath = join(place, 'made.mp4')
      const isDriversSound = parameters['driving_audio'] === true
      const loops = parameters['mismatch_method'] === 'circle' ? ['-stream_loop', '-1'] : []
      const sound = made.hasAudio ? ['-map', `${isDriversSound ? 1 : 0}:a:0`, '-c:a', 'aac', '-b:a', '96k'] : []
      const args = [
        ...['-v', 'error', '-y', ...loops, '-i', source, '-i', driver, '-f', 'image2', '-i', label],
        ...['-filter_complex', filter, '-map', '[shown]', ...sound],
        ...['-r', one.rate, '-frames:v', String(made.frames), '-t', String(made.frames / one.fps)],
        ...['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-movflags', '+faststart'],
        ...['-metadata', 'comment=Simulated: no face was moved', outputPath],
      ]
      await run(tools.ffmpeg, args, place)
      return { bytes: await readFile(outputPath), frames: made.frames }
    } catch (thrown) {
      if (thrown instanceof Unusable) return { error: thrown.message }
      if (thrown instanceof StudioError && thrown.code === 'E-TOOL-TIMEOUT') return { error: 'processing timed out' }
      throw thrown
    } finally {
      await rm(place, { recursive: true, force: true })
    }
  }
}
