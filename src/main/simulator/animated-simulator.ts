import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StudioError } from '../../shared/errors.ts'
import { createAnimator } from '../core/animator/animator.ts'
import { decodeVoice } from '../core/animator/encode/decode-voice.ts'
import { portraitParametersSchema } from '../core/animator/portrait-parameters.ts'
import { findTools } from '../core/lib/find-tools.ts'
import { PRIVATE_FILE_MODE } from '../core/lib/private-files.ts'
import type { DashscopeOptions } from './dashscope/dashscope.ts'
import type { SegmindOptions } from './segmind/segmind.ts'
import { createClipComposer } from './segmind/compose-clip.ts'
import type { SimulatorClock } from './simulator-ports.ts'
import { startSimulator } from './simulator.ts'
import type { Simulator, SimulatorOptions } from './simulator.ts'

type AnimatedPorts = {
  readonly clock: SimulatorClock
  readonly newId: () => string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly paths: { readonly animatorWorker: URL; readonly modelsDir: string; readonly toolsDir?: string }
}

/** What people try out waits a little and not minutes; rendering takes its own time on top. */
const QUICK: DashscopeOptions = { queueMs: 1000, workMs: (videoSeconds) => videoSeconds * 200 }
/** As long as the vendor says: its sample waits 10 s and works about 3 s a second (contract section 6). */
const AS_CONTRACTED: DashscopeOptions = { queueMs: 10_000, workMs: (videoSeconds) => videoSeconds * 3000 }
const QUICK_CLIPS: SegmindOptions = { queueMs: 1000, workMs: (frames) => frames * 20 }
/** Results that are kept to be given again for the same inputs. */
const MAX_KEPT = 16

/**
 * The simulated vendors with eyes and ears: faces are looked for, sounds decoded, and videos really made. Throws
 * E-TOOL-MISSING without ffmpeg, E-CONFIG-INVALID for a port that is taken.
 */
export async function startAnimatedSimulator(
  ports: AnimatedPorts,
  options: Omit<SimulatorOptions, 'dashscope' | 'segmind'> & { readonly timing: 'quick' | 'contract' },
): Promise<Simulator> {
  const { clock, newId, env, paths } = ports
  const { ffmpeg, ffprobe } = findTools({ env, toolsDir: paths.toolsDir })
  if (ffmpeg === null) throw new StudioError('E-TOOL-MISSING', { params: { tool: 'ffmpeg', variable: 'FFMPEG_PATH' } })
  const ffmpegPath = ffmpeg.path
  const folder = await mkdtemp(join(tmpdir(), 'studio-simulator-'))
  const animator = createAnimator({ workerUrl: paths.animatorWorker, modelsDir: paths.modelsDir, ffmpegPath })
  const made = new Map<string, Promise<Buffer>>()

  async function withFile<T>(bytes: Buffer, look: (path: string) => Promise<T>): Promise<T> {
    const path = join(folder, newId())
    try {
      await writeFile(path, bytes, { mode: PRIVATE_FILE_MODE })
      return await look(path)
    } finally {
      await rm(path, { force: true })
    }
  }
  /** Null for a file that cannot be read; a tool that is missing or fails is no fault of the file. */
  const readable = async <T>(look: Promise<T>): Promise<T | null> => {
    try {
      return await look
    } catch (thrown) {
      if (thrown instanceof StudioError && thrown.code.startsWith('E-INPUT-')) return null
      throw thrown
    }
  }

  const render = (image: Buffer, audio: Buffer, parameters: Readonly<Record<string, unknown>>): Promise<Buffer> =>
    withFile(image, (imagePath) =>
      withFile(audio, async (voicePath) => {
        const outputPath = join(folder, `${newId()}.mp4`)
        const complete = portraitParametersSchema.parse({ ...parameters, face_index: 0, seed: 1 })
        try {
          await animator.render({ imagePath, voicePath, outputPath, parameters: complete, aiTag: true })
          return await readFile(outputPath)
        } finally {
          await rm(outputPath, { force: true })
        }
      }),
    )

  const stopParts = async (): Promise<void> => {
    await animator.stop()
    await rm(folder, { recursive: true, force: true })
  }

  const composeClip =
    ffprobe === null
      ? undefined
      : createClipComposer({
          tools: { ffmpeg: ffmpegPath, ffprobe: ffprobe.path },
          folder,
          newId,
          countFaces: async (picture) => (await readable(animator.findFaces(picture)))?.faces.length ?? 0,
        })

  const { timing, ...rest } = options
  try {
    const simulator = await startSimulator(
      {
        clock,
        newId,
        inspect: {
          countFaces: (image) =>
            withFile(image, async (path) => (await readable(animator.findFaces(path)))?.faces.length ?? null),
          audioSeconds: (audio) =>
            withFile(audio, async (path) => (await readable(decodeVoice(ffmpegPath, path)))?.durationSeconds ?? null),
        },
        renderPortrait: ({ image, audio, parameters }) => {
          const hash = createHash('sha256').update(image).update(audio).update(JSON.stringify(parameters)).digest('hex')
          const known = made.get(hash)
          if (known !== undefined) return known
          const rendering = render(image, audio, parameters)
          made.set(hash, rendering)
          rendering.catch(() => made.delete(hash))
          for (const old of made.keys()) {
            if (made.size <= MAX_KEPT) break
            made.delete(old)
          }
          return rendering
        },
        ...(composeClip === undefined ? {} : { renderClip: composeClip }),
      },
      {
        ...rest,
        dashscope: timing === 'quick' ? QUICK : AS_CONTRACTED,
        segmind: timing === 'quick' ? QUICK_CLIPS : {},
      },
    )
    return {
      ...simulator,
      stop: async () => {
        await simulator.stop()
        await stopParts()
      },
    }
  } catch (thrown) {
    await stopParts()
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EADDRINUSE')) throw thrown
    throw new StudioError('E-CONFIG-INVALID', { params: { reason: 'port', name: 'port', value: options.port ?? 0 } })
  }
}
