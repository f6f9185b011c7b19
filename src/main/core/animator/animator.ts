import { rm } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { StudioError } from '../../../shared/errors.ts'
import type { ErrorData } from '../../../shared/errors.ts'
import type { PictureFacts } from './picture.ts'
import type {
  ClipJob,
  ClipLook,
  ClipResult,
  FromWorker,
  PortraitJob,
  PortraitResult,
  PreviewRequest,
  RenderProgress,
  ToWorker,
  WorkerCall,
  WorkerSettings,
} from './protocol.ts'

/** After a cancel the thread has this long to stop by itself; a thread that is deep in computing is ended instead. */
const CANCEL_GRACE_MS = 120
/** The same while it encodes: it looks up after every frame, and only it can end its ffmpeg. */
const ENCODING_GRACE_MS = 2000

/** Memory of the thread's short-lived objects: by default it fills 48 MB with them; with 8 a job at 1080 pixels takes longer. */
const YOUNG_MB = 24

export type AnimatorOptions = WorkerSettings & {
  /** The file of the worker thread: `worker.ts` beside this file, or its bundle. */
  readonly workerUrl: URL
}

/**
 * The offline renderer behind one persistent worker thread, which is started by the first call and holds the models.
 * The caller's event loop only carries messages. Videos are made one after another; pictures and previews are
 * answered between the frames of a running video.
 *
 * Every method rejects with a StudioError, or with the signal's reason when cancelled (within 200 ms, partial file
 * gone). When the thread dies, all open calls reject with E-ENGINE-FAILED and the next call starts a new one.
 */
export type Animator = {
  /** Faces of a picture, largest first; none is not an error here. */
  readonly findFaces: (imagePath: string, signal?: AbortSignal) => Promise<PictureFacts>
  /** Makes one video; progress comes at most ten times a second and once at the end. */
  readonly render: (job: PortraitJob, options?: MakeOptions) => Promise<PortraitResult>
  /** Makes one video of a source and a driver; otherwise as `render`. */
  readonly renderClip: (job: ClipJob, options?: MakeOptions) => Promise<ClipResult>
  /** Faces in the first pictures of a video, or in a picture. */
  readonly lookAtClip: (path: string, ffprobePath: string, signal?: AbortSignal) => Promise<ClipLook>
  /** JPEG bytes of one frame. */
  readonly previewFrame: (request: PreviewRequest, signal?: AbortSignal) => Promise<Uint8Array>
  /** Ends the thread; open calls reject with E-ENGINE-FAILED. */
  readonly stop: () => Promise<void>
}

type MakeOptions = {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: RenderProgress) => void
}

type OpenCall = {
  readonly resolve: (value: unknown) => void
  readonly reject: (reason: unknown) => void
  readonly onProgress: ((progress: RenderProgress) => void) | undefined
  readonly signal: AbortSignal | undefined
  isEncoding: boolean
}

const fromData = ({ code, params, retryable }: ErrorData): StudioError => new StudioError(code, { params, retryable })

const stopped = (value: string): StudioError =>
  new StudioError('E-ENGINE-FAILED', { params: { value }, retryable: true })

/** One thread and the calls that wait for it. */
export const startThread = ({ workerUrl, ...settings }: AnimatorOptions, onEnd: () => void) => {
  const worker = new Worker(workerUrl, {
    workerData: settings satisfies WorkerSettings,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  })
  const open = new Map<number, OpenCall>()
  let isEnded = false
  let nextId = 1

  const end = (value: string): void => {
    if (isEnded) return
    isEnded = true
    onEnd()
    for (const { signal, reject } of open.values()) reject(signal?.aborted ? signal.reason : stopped(value))
    open.clear()
  }
  worker.on('error', (error) => end(`${error.name}: ${error.message}`))
  worker.on('exit', (exitCode) => end(`exit ${exitCode}`))
  worker.on('message', (message: FromWorker) => {
    const call = open.get(message.id)
    if (!call) return
    if (message.type === 'progress') {
      call.isEncoding = true
      call.onProgress?.(message.progress)
      return
    }
    open.delete(message.id)
    if (open.size === 0) worker.unref()
    if (message.type === 'done') call.resolve(message.value)
    else if (message.type === 'failed') call.reject(fromData(message.error))
    else call.reject(call.signal?.reason)
  })
  const post = (message: ToWorker): void => worker.postMessage(message, [])

  const cancelled = async (id: number): Promise<void> => {
    post({ type: 'cancel', id })
    const graceMs = open.get(id)?.isEncoding ? ENCODING_GRACE_MS : CANCEL_GRACE_MS
    const stillOpen = await new Promise<boolean>((resolve) => {
      setTimeout(() => resolve(open.has(id)), graceMs).unref()
    })
    if (stillOpen && !isEnded) await worker.terminate()
  }

  const call = (request: WorkerCall, options: Pick<OpenCall, 'onProgress' | 'signal'>): Promise<unknown> => {
    const id = nextId++
    const { signal } = options
    const onAbort = (): void => {
      void cancelled(id)
    }
    return new Promise<unknown>((resolve, reject) => {
      open.set(id, { resolve, reject, isEncoding: false, ...options })
      worker.ref()
      signal?.addEventListener('abort', onAbort, { once: true })
      post({ type: 'call', id, call: request })
    }).finally(() => signal?.removeEventListener('abort', onAbort))
  }
  return { call, stop: () => worker.terminate() }
}

type Thread = ReturnType<typeof startThread>

/** See `Animator`. Nothing is started before the first call. */
export const createAnimator = (options: AnimatorOptions): Animator => {
  let thread: Thread | undefined
  let lastRender: Promise<unknown> = Promise.resolve()

  const current = (): Thread => {
    if (thread) return thread
    const started = startThread(options, () => {
      if (thread === started) thread = undefined
    })
    thread = started
    return started
  }

  const call = async <T>(
    request: WorkerCall,
    signal: AbortSignal | undefined,
    onProgress?: (progress: RenderProgress) => void,
  ): Promise<T> => {
    signal?.throwIfAborted()
    return (await current().call(request, { signal, onProgress })) as T
  }

  const makeNow = async <T>(
    request: WorkerCall,
    outputPath: string,
    { signal, onProgress }: MakeOptions,
  ): Promise<T> => {
    signal?.throwIfAborted()
    try {
      return await call<T>(request, signal, onProgress)
    } catch (thrown) {
      // The thread removes its own partial file; one that was ended cannot.
      await rm(outputPath, { force: true })
      throw thrown
    }
  }

  const make = <T>(request: WorkerCall, outputPath: string, options: MakeOptions = {}): Promise<T> =>
    new Promise((resolve, reject) => {
      const { signal } = options
      // A video that still waits for its turn is cancelled at once; a running one when its file is gone.
      const giveUp = (): void => reject(signal?.reason)
      signal?.addEventListener('abort', giveUp, { once: true })
      const start = (): Promise<void> => {
        signal?.removeEventListener('abort', giveUp)
        return makeNow<T>(request, outputPath, options).then(resolve, reject)
      }
      lastRender = lastRender.then(start)
    })

  return {
    findFaces: (imagePath, signal) => call<PictureFacts>({ kind: 'find-faces', imagePath }, signal),
    previewFrame: (request, signal) => call<Uint8Array>({ kind: 'preview', request }, signal),
    lookAtClip: (path, ffprobePath, signal) => call<ClipLook>({ kind: 'look-at-clip', path, ffprobePath }, signal),
    render: (job, options) => make<PortraitResult>({ kind: 'render', job }, job.outputPath, options),
    renderClip: (job, options) => make<ClipResult>({ kind: 'render-clip', job }, job.outputPath, options),
    stop: async () => {
      await thread?.stop()
    },
  }
}
