import { createAnimator } from '../../src/main/core/animator/animator.ts'
import { clipParametersSchema } from '../../src/main/core/animator/clip-parameters.ts'
import { defaultParameters, ENGINE_PARAMETERS } from '../../src/shared/model/parameters.ts'

/** A process of its own, so that its memory is that of a core with one animator and nothing else. */
const { modelsDir = '', ffmpegPath = '', ffprobePath = '' } = process.env as Record<string, string | undefined>
const workerUrl = new URL('../../src/main/core/animator/worker.ts', import.meta.url)
const animator = createAnimator({ workerUrl, modelsDir, ffmpegPath })
const parameters = {
  ...clipParametersSchema.parse(defaultParameters(ENGINE_PARAMETERS.offline)),
  video_frame_load_cap: 0,
}

process.on('message', (files: { sourcePath: string; driverPath: string; outputPath: string }) => {
  const started = performance.now()
  animator.renderClip({ ...files, ffprobePath, parameters, aiTag: true }).then(
    () => process.send?.({ ms: performance.now() - started, peakRssMb: process.resourceUsage().maxRSS / 1024 }),
    (thrown: unknown) => process.send?.({ error: String(thrown) }),
  )
})
