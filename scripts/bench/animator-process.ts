import { writeSync, openSync, closeSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createAnimator } from '../../src/main/core/animator/animator.ts'
import { loadFaceModels } from '../../src/main/core/animator/face/face-models.ts'
import type { PortraitJob } from '../../src/main/core/animator/protocol.ts'
import { decodeVoice, VOICE_RATE } from '../../src/main/core/animator/encode/decode-voice.ts'
import { openPicture } from '../../src/main/core/animator/picture.ts'
import { motionOf } from '../../src/main/core/animator/motion/plan-motion.ts'
import { stagePuppet } from '../../src/main/core/animator/talking-portrait.ts'
import { mouthCurves } from '../../src/main/core/animator/voice/mouth-curves.ts'

/** What the bench asks of its process: a job (timed), a preview (timed), or a number of facts. */
export type BenchRequest =
  | { readonly kind: 'render'; readonly job: PortraitJob }
  | { readonly kind: 'preview'; readonly job: PortraitJob; readonly timeSeconds: number }
  | { readonly kind: 'cancel'; readonly job: PortraitJob }
  | { readonly kind: 'facts' }
  | { readonly kind: 'raw-frames'; readonly job: PortraitJob; readonly rawPath: string }

export type BenchAnswer = {
  readonly ms?: number
  readonly width?: number
  readonly height?: number
  readonly frames?: number
  readonly durationSeconds?: number
  readonly peakRssMb?: number
  readonly loopDelayP99Ms?: number
}

/** A process of its own, so that its memory and event loop are those of a core with one animator and nothing else. */
const { modelsDir = '', ffmpegPath = '' } = process.env as { modelsDir?: string; ffmpegPath?: string }
const animator = createAnimator({
  workerUrl: new URL('../../src/main/core/animator/worker.ts', import.meta.url),
  modelsDir,
  ffmpegPath,
})
const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()

const answer = async (request: BenchRequest): Promise<BenchAnswer> => {
  const started = performance.now()
  const elapsed = (): number => performance.now() - started
  switch (request.kind) {
    case 'render': {
      const { width, height, frames, durationSeconds } = await animator.render(request.job)
      return { ms: elapsed(), width, height, frames, durationSeconds }
    }
    case 'preview': {
      const { imagePath, voicePath, parameters } = request.job
      await animator.previewFrame({ imagePath, voicePath, parameters, timeSeconds: request.timeSeconds })
      return { ms: elapsed() }
    }
    case 'cancel': {
      const cancel = new AbortController()
      let cancelledAt = 0
      await animator
        .render(request.job, {
          signal: cancel.signal,
          onProgress: ({ framesDone }) => {
            if (framesDone < 20 || cancel.signal.aborted) return
            cancelledAt = performance.now()
            cancel.abort()
          },
        })
        .catch(() => undefined)
      return { ms: performance.now() - cancelledAt }
    }
    case 'facts':
      return { peakRssMb: process.resourceUsage().maxRSS / 1024, loopDelayP99Ms: delay.percentile(99) / 1e6 }
    case 'raw-frames': {
      const { imagePath, voicePath, parameters } = request.job
      const models = await loadFaceModels(modelsDir)
      const picture = await openPicture(models, imagePath, { ffmpegPath, maxSide: 2160 })
      const puppet = stagePuppet(models, picture, imagePath, parameters)
      const { samples, durationSeconds } = await decodeVoice(ffmpegPath, voicePath)
      const { frameCount, poseAt } = motionOf(parameters, {
        curves: mouthCurves(samples, VOICE_RATE),
        durationSeconds,
      })
      const file = openSync(request.rawPath, 'w')
      for (let frame = 0; frame < frameCount; frame++) writeSync(file, puppet.render(poseAt(frame)))
      closeSync(file)
      return { width: puppet.width, height: puppet.height, frames: frameCount, durationSeconds, ms: elapsed() }
    }
  }
}

process.on('message', (request: BenchRequest) => {
  answer(request).then(
    (result) => process.send?.({ result }),
    (thrown: unknown) => process.send?.({ error: String(thrown) }),
  )
})
