import type { ErrorData } from '../../../shared/errors.ts'
import type { ClipParameters } from './clip-parameters.ts'
import type { Rate, VideoFacts } from './encode/decode-video.ts'
import type { Performance } from './motion/retarget.ts'
import type { PictureFacts } from './picture.ts'
import type { PortraitParameters } from './portrait-parameters.ts'

/** One video to make. Paths are absolute; `outputPath` is written as MP4 whatever its name and removed again on failure. */
export type PortraitJob = {
  readonly imagePath: string
  readonly voicePath: string
  readonly outputPath: string
  readonly parameters: PortraitParameters
  /** Mark the file as made by a machine in its metadata. */
  readonly aiTag: boolean
}

/** What was made, and the facts from which the engine makes its warnings and notes. */
export type PortraitResult = {
  readonly width: number
  readonly height: number
  readonly frames: number
  /** Length of the decoded voice, seconds. */
  readonly durationSeconds: number
  readonly picture: PictureFacts
  /** Set when the picture was larger than a video may be: its longest side before and after, pixels. */
  readonly scaledDown?: { readonly fromSide: number; readonly toSide: number }
}

export type RenderProgress = { readonly framesDone: number; readonly frameCount: number }

/** One frame of a video that is not made. Without a voice the mouth speaks a made-up sentence. */
export type PreviewRequest = {
  readonly imagePath: string
  readonly parameters: PortraitParameters
  readonly timeSeconds: number
  readonly voicePath?: string
}

/** What the worker thread is started with. */
export type WorkerSettings = {
  readonly modelsDir: string
  readonly ffmpegPath: string
  /** Somebody looks at faces as they are found: the preview of one is made ready before it is asked for. */
  readonly hasViewer?: boolean
}

export type WorkerCall =
  | { readonly kind: 'find-faces'; readonly imagePath: string }
  | { readonly kind: 'render'; readonly job: PortraitJob }
  | { readonly kind: 'render-clip'; readonly job: ClipJob }
  | { readonly kind: 'read-driver'; readonly driver: Driver }
  | { readonly kind: 'look-at-clip'; readonly path: string; readonly ffprobePath: string }
  | { readonly kind: 'preview'; readonly request: PreviewRequest }

/** To the worker: calls are answered by id; a cancelled call is answered too, as soon as its files are gone. */
export type ToWorker =
  | { readonly type: 'call'; readonly id: number; readonly call: WorkerCall }
  | { readonly type: 'cancel'; readonly id: number }

export type FromWorker =
  | { readonly type: 'progress'; readonly id: number; readonly progress: RenderProgress }
  | { readonly type: 'done'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failed'; readonly id: number; readonly error: ErrorData }
  | { readonly type: 'cancelled'; readonly id: number }

/** One clip to make: what `driverPath` does is done by the face of `sourcePath`, a video or a picture. */
export type ClipJob = {
  readonly sourcePath: string
  readonly driverPath: string
  readonly outputPath: string
  readonly ffprobePath: string
  readonly parameters: ClipParameters
  readonly aiTag: boolean
}

/** The driver of a clip job, to be read at the rate of the result. */
export type Driver = { readonly job: ClipJob; readonly facts: VideoFacts; readonly rate: Rate }

/** What a driver does, and how many faces its first picture with the wanted one shows. */
export type DriverRead = { readonly performance: Performance; readonly faces: number }

export type ClipResult = {
  readonly width: number
  readonly height: number
  readonly frames: number
  readonly durationSeconds: number
  readonly hasSound: boolean
  /** Passed through as they are, or bridged where it was the driver's. */
  readonly framesWithoutFace: number
  readonly driverFramesWithoutFace: number
  readonly sourceFaces: number
  readonly driverFaces: number
}

/** Faces in the first picture, of a few a second, that has some; 0: none has. */
export type ClipLook = { readonly faces: number; readonly firstFrame: number }
