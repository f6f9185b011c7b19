import { StudioError } from '../../../../shared/errors.ts'
import { ENGINE_LIMITS } from '../../../../shared/model/limits.ts'
import { ENGINE_PARAMETERS, parseParameters } from '../../../../shared/model/parameters.ts'
import type { Parameters } from '../../../../shared/model/engine.ts'
import type { Finding } from '../../../../shared/model/media.ts'
import { createAnimator, type Animator } from '../../animator/animator.ts'
import { portraitParametersSchema, type PortraitParameters } from '../../animator/portrait-parameters.ts'
import type { LocalEngine } from '../engine.ts'
import { checkClip, isClipRequest, renderClip } from './clips.ts'

/** Upper bound of what the encoder's settings make of a moving face, with sound. */
const MAX_BYTES_A_SECOND = 1_000_000

export type FaceBoxes = {
  readonly width: number
  readonly height: number
  readonly faces: readonly {
    readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }
    readonly score: number
    readonly crop: { readonly x: number; readonly y: number; readonly side: number; readonly angle: number }
  }[]
}

export type PreviewRequest = {
  readonly source: string
  readonly voice?: string | undefined
  readonly parameters: Parameters
  readonly timeSeconds: number
}

/** The offline engine, with what only it can do: look at faces and show one frame before anything is rendered. */
export type OfflineEngine = LocalEngine & {
  /** Largest first. */
  readonly faces: (path: string, signal?: AbortSignal) => Promise<FaceBoxes>
  /** A JPEG. */
  readonly preview: (request: PreviewRequest, signal?: AbortSignal) => Promise<Uint8Array>
}

type OfflineOptions = {
  readonly workerUrl: URL
  readonly modelsDir: string
  /** Null when there is none: every call then throws E-TOOL-MISSING. */
  readonly ffmpegPath: string | null
  /** Null when there is none: a job with a driver then throws E-TOOL-MISSING. */
  readonly ffprobePath: string | null
  /** Whether a window shows pictures and previews. */
  readonly hasViewer?: boolean
}

const specs = ENGINE_PARAMETERS.offline

function portraitParameters(parameters: Parameters): PortraitParameters {
  return portraitParametersSchema.parse(parseParameters(specs, parameters))
}

const missing = (tool: string, variable: string): StudioError =>
  new StudioError('E-TOOL-MISSING', { params: { tool, variable } })

/** The one door to the animator. Its worker thread starts with the first call and stays. */
export function createOfflineEngine(options: OfflineOptions): OfflineEngine {
  const { workerUrl, modelsDir, ffmpegPath, ffprobePath, hasViewer = false } = options
  let animator: Animator | null = null
  const need = (): Animator => {
    if (ffmpegPath === null) throw missing('ffmpeg', 'FFMPEG_PATH')
    animator ??= createAnimator({ workerUrl, modelsDir, ffmpegPath, hasViewer })
    return animator
  }
  const needForClips = () => {
    if (ffprobePath === null) throw missing('ffprobe', 'FFPROBE_PATH')
    return { animator: need(), ffprobePath }
  }

  return {
    id: 'offline',
    kind: 'local',
    limits: ENGINE_LIMITS.offline,
    parameters: specs,
    drivenBy: ['voice', 'driver'],
    maxOperations: 1,

    check: async (request, context) => {
      if (isClipRequest(request)) return checkClip(request, needForClips(), context)
      const { inputs, parameters } = request
      const { signal } = context
      const { face_index: index } = portraitParameters(parameters)
      const { faces } = await need().findFaces(inputs.source, signal)
      const file = inputs.sourceName
      const chosen = faces[index]
      if (faces.length === 0) return [{ code: 'E-INPUT-NO-FACE', level: 'error', params: { file } }]
      if (chosen === undefined) {
        const params = { file, value: index, limit: faces.length }
        return [{ code: 'E-INPUT-FACE-INDEX', level: 'error', params, value: index, limit: faces.length }]
      }
      const findings: Finding[] = []
      if (faces.length > 1) {
        const params = { file, value: faces.length, limit: index }
        findings.push({ code: 'W-FACES', level: 'warning', params, value: faces.length })
      }
      if (chosen.isAnimalLike) findings.push({ code: 'W-ANIMAL', level: 'warning', params: { file } })
      return findings
    },

    render: async (request, context) => {
      if (isClipRequest(request)) return renderClip(request, needForClips(), context)
      const { inputs, parameters, outputPath, aiLabel } = request
      const { signal, report } = context
      const result = await need().render(
        {
          imagePath: inputs.source,
          voicePath: inputs.voice ?? '',
          outputPath,
          parameters: portraitParameters(parameters),
          aiTag: aiLabel,
        },
        {
          ...(signal === undefined ? {} : { signal }),
          onProgress: ({ framesDone, frameCount }) => report?.(framesDone / Math.max(1, frameCount)),
        },
      )
      const { durationSeconds, scaledDown } = result
      if (scaledDown === undefined) return { durationSeconds, hasSound: true, findings: [] }
      const { fromSide: value, toSide: limit } = scaledDown
      const params = { file: inputs.sourceName, value, limit, reason: 'scaled' }
      return { durationSeconds, hasSound: true, findings: [{ code: 'W-NOTE', level: 'note', params, value, limit }] }
    },

    estimateSizeBytes: (seconds) => Math.ceil(seconds * MAX_BYTES_A_SECOND),

    faces: async (path, signal) => {
      const { width, height, faces } = await need().findFaces(path, signal)
      return { width, height, faces: faces.map(({ box, score, crop }) => ({ box, score, crop })) }
    },

    preview: ({ source, voice, parameters, timeSeconds }, signal) =>
      need().previewFrame(
        {
          imagePath: source,
          parameters: portraitParameters(parameters),
          timeSeconds,
          ...(voice === undefined ? {} : { voicePath: voice }),
        },
        signal,
      ),

    stop: async () => {
      await animator?.stop()
    },
  }
}
