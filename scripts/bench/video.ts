import { execFileSync, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import sharp from 'sharp'
import { encoderArgs } from '../../src/main/core/animator/encode/frame-encoder.ts'
import { previewVoice } from '../../src/main/core/animator/preview-voice.ts'
import { analyseFaces } from '../../src/main/core/animator/face/analyse-faces.ts'
import { loadFaceModels } from '../../src/main/core/animator/face/face-models.ts'
import { openFrameEncoder } from '../../src/main/core/animator/encode/frame-encoder.ts'
import { findPerson } from '../../src/main/core/animator/raster/person.ts'
import { createPuppet } from '../../src/main/core/animator/raster/puppet.ts'
import { copyModels } from '../copy-models.mjs'
import { plannedPoses } from '../measure/planned-poses.ts'

/** One driven clip of 250 frames at 1280 x 720, driver 480 x 480, against ffmpeg encoding the same frames alone, in turns. */

const root = resolve(import.meta.dirname, '../..')
const FPS = 25
const FRAMES = 250
/** Seconds asked for on a quiet machine: printed beside the ratio. */
const AIM_SECONDS = 20

export type VideoFigures = {
  readonly jobSeconds: number
  readonly aimSeconds: number
  readonly encodeOnlySeconds: number
  /** At most 12. */
  readonly ratio: number
  /** Of the process with the worker, without ffmpeg: at most 450. */
  readonly peakRssMb: number
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** A talking portrait on a canvas of the given size, as a video. */
const makeTalker = async (
  ffmpegPath: string,
  portrait: string,
  { width, height, seed }: { width: number; height: number; seed: number },
  outputPath: string,
): Promise<void> => {
  const models = await loadFaceModels(join(root, 'out/models'))
  const { data, info } = await sharp(portrait)
    .resize(width, height, { fit: 'contain', background: '#7a8a99' })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  const image = { width: info.width, height: info.height, data: Uint8Array.from(data) }
  const [face] = analyseFaces(models, image)
  if (!face) throw new Error(`no face in ${portrait}`)
  const durationSeconds = FRAMES / FPS
  const poses = plannedPoses(
    { template_id: 'active', head_move_strength: 1, video_fps: FPS, seed },
    { curves: previewVoice().curves, durationSeconds },
  )
  const puppet = createPuppet(image, face, { person: findPerson(models, image, face) })
  const encoder = openFrameEncoder({
    ffmpegPath,
    voicePath: null,
    outputPath,
    width,
    height,
    fps: FPS,
    durationSeconds,
    aiTag: false,
  })
  for (const pose of poses) await encoder.write(puppet.render(pose))
  await encoder.finish()
}

export const benchVideo = async (runs = 3): Promise<VideoFigures> => {
  const ffmpegPath = '/usr/bin/ffmpeg'
  const folder = mkdtempSync(join(tmpdir(), 'bench-video-'))
  const at = (name: string): string => join(folder, name)
  try {
    copyModels(join(root, 'out/models'))
    const samples = join(root, 'resources/samples')
    await makeTalker(
      ffmpegPath,
      join(samples, 'portrait-woman.jpg'),
      { width: 1280, height: 720, seed: 1 },
      at('source.mp4'),
    )
    await makeTalker(
      ffmpegPath,
      join(samples, 'portrait-man.jpg'),
      { width: 480, height: 480, seed: 2 },
      at('driver.mp4'),
    )
    const settings = { ffmpegPath, voicePath: null, outputPath: at('again.mp4'), width: 1280, height: 720 }
    const args = encoderArgs({ ...settings, fps: FPS, durationSeconds: FRAMES / FPS, aiTag: true })
    const raw = ['-i', at('source.mp4'), '-f', 'rawvideo', '-pix_fmt', 'rgba', at('frames.rgba')]
    execFileSync(ffmpegPath, ['-v', 'error', ...raw])
    const encodeOnly = (): number => {
      const started = performance.now()
      const whole = args.map((arg) => (arg === 'pipe:0' ? `file:${at('frames.rgba')}` : arg))
      execFileSync(ffmpegPath, ['-v', 'error', ...whole])
      return performance.now() - started
    }
    const child = fork(join(import.meta.dirname, 'video-process.ts'), {
      env: { ...process.env, modelsDir: join(root, 'out/models'), ffmpegPath, ffprobePath: '/usr/bin/ffprobe' },
    })
    const render = (): Promise<{ ms: number; peakRssMb: number }> =>
      new Promise((done, fail) => {
        child.once('message', (message: { ms: number; peakRssMb: number; error?: string }) =>
          message.error === undefined ? done(message) : fail(new Error(message.error)),
        )
        child.send({ sourcePath: at('source.mp4'), driverPath: at('driver.mp4'), outputPath: at('out.mp4') })
      })
    const jobMs: number[] = []
    const encodeMs: number[] = []
    let peakRssMb = 0
    for (let run = 0; run < runs; run++) {
      encodeMs.push(encodeOnly())
      const made = await render()
      jobMs.push(made.ms)
      peakRssMb = Math.max(peakRssMb, made.peakRssMb)
    }
    child.kill()
    const [jobSeconds, encodeOnlySeconds] = [median(jobMs) / 1000, median(encodeMs) / 1000]
    return { jobSeconds, aimSeconds: AIM_SECONDS, encodeOnlySeconds, ratio: jobSeconds / encodeOnlySeconds, peakRssMb }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
