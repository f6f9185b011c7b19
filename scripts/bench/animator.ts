import { execFileSync, fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import sharp from 'sharp'
import { encoderArgs } from '../../src/main/core/animator/encode/frame-encoder.ts'
import type { PortraitJob } from '../../src/main/core/animator/protocol.ts'
import { copyModels } from '../copy-models.mjs'
import type { BenchAnswer, BenchRequest } from './animator-process.ts'

/**
 * Whole jobs of the offline renderer against ffmpeg alone encoding the same raw frames with the same arguments,
 * alternating, so that both see the same machine. Run: `node scripts/bench/animator.ts [runs]`.
 */

const root = resolve(import.meta.dirname, '../..')
const VOICE_SECONDS = 10
const FPS = 25
const SIDES = [512, 1080]

export type AnimatorFigures = {
  readonly build: string
  readonly side: number
  readonly jobSeconds: number
  readonly encodeOnlySeconds: number
  /** Job over encode-only: at most 2.0. */
  readonly ratio: number
  /** Seconds of video per second of work. */
  readonly realTimeFactor: number
  /** Of the process with the worker, without ffmpeg. */
  readonly peakRssMb: number
  readonly loopDelayP99Ms: number
  readonly cancelMs: number
  /** The slowest of ten once the picture was shown, the last of them for the face alone. */
  readonly previewMs: number
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

const ask = (child: ChildProcess, request: BenchRequest): Promise<BenchAnswer> =>
  new Promise((done, fail) => {
    child.once('message', (message: { result?: BenchAnswer; error?: string }) => {
      if (message.result) done(message.result)
      else fail(new Error(message.error))
    })
    child.send(request)
  })

const startProcess = (ffmpegPath: string): ChildProcess => {
  const modelsDir = join(root, 'out/models')
  copyModels(modelsDir)
  return fork(join(import.meta.dirname, 'animator-process.ts'), {
    env: { ...process.env, modelsDir, ffmpegPath },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

/** The same arguments with the raw frames read from a file. */
const encodeOnly = (
  ffmpegPath: string,
  job: PortraitJob,
  rawPath: string,
  size: Required<Pick<BenchAnswer, 'width' | 'height' | 'durationSeconds'>>,
): number => {
  const args = encoderArgs({
    ffmpegPath,
    voicePath: job.voicePath,
    outputPath: job.outputPath,
    fps: FPS,
    aiTag: true,
    ...size,
  })
  const started = performance.now()
  execFileSync(ffmpegPath, ['-v', 'error', ...args.map((arg) => (arg === 'pipe:0' ? `file:${rawPath}` : arg))])
  return performance.now() - started
}

/** The same inputs under new names, so that nothing remembered from an earlier run helps this one. */
const freshJob = (job: PortraitJob, run: number): PortraitJob => {
  const imagePath = `${job.imagePath}.${run}.png`
  const voicePath = `${job.voicePath}.${run}.wav`
  copyFileSync(job.imagePath, imagePath)
  copyFileSync(job.voicePath, voicePath)
  return { ...job, imagePath, voicePath }
}

const benchSide = async (ffmpegPath: string, side: number, runs: number, folder: string): Promise<AnimatorFigures> => {
  const job: PortraitJob = {
    imagePath: join(folder, `portrait-${side}.png`),
    voicePath: join(folder, 'voice.wav'),
    outputPath: join(folder, 'out.mp4'),
    aiTag: true,
    parameters: {
      template_id: 'normal',
      eye_move_freq: 0.5,
      video_fps: FPS,
      mouth_move_strength: 1,
      paste_back: true,
      head_move_strength: 0.7,
      face_index: 0,
      seed: 1,
    },
  }
  await sharp(join(root, 'resources/samples/portrait-woman.jpg')).resize(side, side).png().toFile(job.imagePath)
  const loop = ['-v', 'error', '-y', '-stream_loop', '-1', '-i', join(root, 'resources/samples/voice-en.wav')]
  execFileSync(ffmpegPath, [...loop, '-t', `${VOICE_SECONDS}`, job.voicePath])
  const rawPath = join(folder, 'frames.rgba')
  const maker = startProcess(ffmpegPath)
  const { width = 0, height = 0, durationSeconds = 0 } = await ask(maker, { kind: 'raw-frames', job, rawPath })
  maker.kill()

  const child = startProcess(ffmpegPath)
  await ask(child, { kind: 'render', job })
  encodeOnly(ffmpegPath, job, rawPath, { width, height, durationSeconds })
  const jobMs: number[] = []
  const encodeMs: number[] = []
  for (let run = 0; run < runs; run++) {
    encodeMs.push(encodeOnly(ffmpegPath, job, rawPath, { width, height, durationSeconds }))
    jobMs.push((await ask(child, { kind: 'render', job: freshJob(job, run) })).ms ?? Number.NaN)
  }
  const { peakRssMb = 0, loopDelayP99Ms = 0 } = await ask(child, { kind: 'facts' })
  const cancelMs = (await ask(child, { kind: 'cancel', job })).ms ?? Number.NaN
  await ask(child, { kind: 'preview', job, timeSeconds: 0 })
  const previews: number[] = []
  for (let i = 0; i < 9; i++)
    previews.push((await ask(child, { kind: 'preview', job, timeSeconds: i })).ms ?? Number.NaN)
  // Nobody is as quick at a switch that he has yet to find.
  await setTimeout(1000)
  const alone = { ...job, parameters: { ...job.parameters, paste_back: false } }
  previews.push((await ask(child, { kind: 'preview', job: alone, timeSeconds: 1 })).ms ?? Number.NaN)
  child.kill()
  rmSync(rawPath)
  const jobSeconds = median(jobMs) / 1000
  const encodeOnlySeconds = median(encodeMs) / 1000
  return {
    build: ffmpegPath,
    side,
    jobSeconds,
    encodeOnlySeconds,
    ratio: jobSeconds / encodeOnlySeconds,
    realTimeFactor: durationSeconds / jobSeconds,
    peakRssMb,
    loopDelayP99Ms,
    cancelMs,
    previewMs: Math.max(...previews),
  }
}

/** Figures at 512 and 1080 pixels for every ffmpeg build that is there; Debian's comes first. */
export const benchAnimator = async (runs = 5): Promise<AnimatorFigures[]> => {
  const builds = ['/usr/bin/ffmpeg', join(root, 'node_modules/@ffmpeg-installer/linux-x64/ffmpeg')].filter((path) =>
    existsSync(path),
  )
  const folder = mkdtempSync(join(tmpdir(), 'bench-animator-'))
  try {
    const figures: AnimatorFigures[] = []
    for (const build of builds) for (const side of SIDES) figures.push(await benchSide(build, side, runs, folder))
    return figures
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  const rows = await benchAnimator(Number(process.argv[2] ?? 5))
  console.table(
    rows.map(({ build, ...row }) => ({
      build: build.startsWith(root) ? 'packaged 2018' : 'system',
      ...Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Number(value.toFixed(2))])),
    })),
  )
}
