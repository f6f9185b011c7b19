import { parentPort, workerData } from 'node:worker_threads'
import { StudioError, toErrorData } from '../../../shared/errors.ts'
import type { ErrorData } from '../../../shared/errors.ts'
import { startThread } from './animator.ts'
import { loadFaceModels } from './face/face-models.ts'
import { createClipStudio } from './moving-portrait.ts'
import type { ReadDriver } from './moving-portrait.ts'
import type { DriverRead, FromWorker, RenderProgress, ToWorker, WorkerCall, WorkerSettings } from './protocol.ts'
import { createStudio } from './talking-portrait.ts'

/** Entry of the animator's thread: answers the calls of `createAnimator`, keeps models and caches between them. */

const PROGRESS_INTERVAL_MS = 100

const settings = workerData as WorkerSettings
const { modelsDir, ffmpegPath, hasViewer } = settings
const studio = loadFaceModels(modelsDir).then((models) => ({
  ...createStudio(models, ffmpegPath, hasViewer),
  clips: createClipStudio(models, ffmpegPath),
}))
// Reported by the first call, which waits for the same promise.
studio.catch(() => undefined)

const post = (message: FromWorker): void => parentPort?.postMessage(message, [])

const reporter = (id: number): ((progress: RenderProgress) => void) => {
  let lastMs = -Infinity
  return (progress) => {
    const nowMs = performance.now()
    if (nowMs - lastMs < PROGRESS_INTERVAL_MS && progress.framesDone < progress.frameCount) return
    lastMs = nowMs
    post({ type: 'progress', id, progress })
  }
}

/** Reads a driver in a second thread of this kind, which lives no longer: the source is looked at in the meantime. */
const readBeside: ReadDriver = async (driver, watch) => {
  const thread = startThread({ ...settings, workerUrl: new URL(import.meta.url) }, () => undefined)
  try {
    return (await thread.call({ kind: 'read-driver', driver }, watch)) as DriverRead
  } finally {
    await thread.stop()
  }
}

const perform = async (id: number, call: WorkerCall, signal: AbortSignal): Promise<unknown> => {
  const { findFaces, render, preview, clips } = await studio
  switch (call.kind) {
    case 'find-faces':
      return findFaces(call.imagePath, signal)
    case 'render':
      return render(call.job, { signal, onProgress: reporter(id) })
    case 'render-clip':
      return clips.render(call.job, { signal, onProgress: reporter(id) }, readBeside)
    case 'read-driver':
      return clips.readDriver(call.driver, { signal, onProgress: reporter(id) })
    case 'look-at-clip':
      return clips.look(call.path, call.ffprobePath, signal)
    case 'preview':
      return preview(call.request, signal)
  }
}

/** What is not a coded error of ours is a fault of the renderer; where it happened is kept for the report. */
const errorOf = (thrown: unknown): ErrorData => {
  if (thrown instanceof StudioError) return thrown.data
  const detail = thrown instanceof Error ? (thrown.stack ?? '').slice(0, 1000) : ''
  return { ...toErrorData(thrown), code: 'E-ENGINE-FAILED', params: { value: String(thrown).slice(0, 500), detail } }
}

const cancels = new Map<number, AbortController>()

parentPort?.on('message', (message: ToWorker) => {
  const { id } = message
  if (message.type === 'cancel') {
    cancels.get(id)?.abort()
    return
  }
  const cancel = new AbortController()
  cancels.set(id, cancel)
  perform(id, message.call, cancel.signal)
    .then(
      (value) => post({ type: 'done', id, value }),
      (thrown: unknown) =>
        post(cancel.signal.aborted ? { type: 'cancelled', id } : { type: 'failed', id, error: errorOf(thrown) }),
    )
    .finally(() => cancels.delete(id))
})
