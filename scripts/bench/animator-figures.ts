import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { decodeVoice } from '../../src/main/core/animator/encode/decode-voice.ts'
import { loadFaceModels } from '../../src/main/core/animator/face/face-models.ts'
import type { PortraitParameters } from '../../src/main/core/animator/portrait-parameters.ts'
import { createStudio } from '../../src/main/core/animator/talking-portrait.ts'
import { copyModels } from '../copy-models.mjs'
import { bestCorrelation, countBlinks, percentile, skullDeviation } from '../measure/figures.ts'
import { labelledVoices } from '../measure/labelled-voices.ts'
import { lipFigures } from '../measure/lip-figures.ts'
import { plannedLips } from '../measure/planned-lips.ts'
import { trackVideo } from '../measure/retrack.ts'
import type { Track } from '../measure/retrack.ts'

/**
 * The figures of the offline renderer's quality, at full length: what the tests check on short clips. Takes minutes.
 * Run: `node scripts/bench/animator-figures.ts [folder of more portraits]`.
 */

const root = resolve(import.meta.dirname, '../..')
const tools = { ffmpegPath: '/usr/bin/ffmpeg', ffprobePath: '/usr/bin/ffprobe' }
const USUAL: PortraitParameters = {
  template_id: 'normal',
  eye_move_freq: 0.5,
  video_fps: 25,
  mouth_move_strength: 1,
  paste_back: false,
  head_move_strength: 0.7,
  face_index: 0,
  seed: 1,
}

const modelsDir = join(root, 'out/models')
copyModels(modelsDir)
const models = await loadFaceModels(modelsDir)
const studio = createStudio(models, tools.ffmpegPath)
const folder = mkdtempSync(join(tmpdir(), 'animator-figures-'))

const make = async (imagePath: string, voicePath: string, parameters: Partial<PortraitParameters>): Promise<Track> => {
  const outputPath = join(folder, 'clip.mp4')
  await studio.render(
    { imagePath, voicePath, outputPath, aiTag: true, parameters: { ...USUAL, ...parameters } },
    { signal: new AbortController().signal, onProgress: () => undefined },
  )
  return trackVideo(models, tools, outputPath)
}

const median = (values: readonly number[]): string =>
  ((percentile(values, 0.499) + percentile(values, 0.5)) / 2).toFixed(3)
const least = (values: readonly number[]): string => Math.min(...values).toFixed(3)

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`
const eyesOf = ({ tracked }: Track): number[] => tracked.map(({ eyesOpen: [left, right] }) => (left + right) / 2)
const degreesOfSway = ({ tracked }: Track): number => {
  const spread = (axis: 'yaw' | 'pitch' | 'roll'): number => {
    const values = tracked.map(({ face }) => face.rotation[axis])
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
  }
  return (Math.hypot(spread('yaw'), spread('pitch'), spread('roll')) * 180) / Math.PI
}

const sample = (name: string): string => join(root, 'resources/samples', name)
const pictures = (dir: string): string[] =>
  readdirSync(dir)
    .filter((name) => /^portrait-.*\.(jpg|png)$/.test(name))
    .map((name) => join(dir, name))
const media = resolve(root, '../shared/media')
const portraits = [
  ...pictures(join(root, 'resources/samples')),
  ...(existsSync(media) ? pictures(media) : []),
  ...(process.argv[2] ? pictures(resolve(process.argv[2])) : []),
]

const talk = []
for (const portrait of portraits) {
  for (const voiceName of ['voice-en.wav', 'voice-zh.wav']) {
    const track = await make(portrait, sample(voiceName), {}).catch((error: unknown) => String(error))
    if (typeof track === 'string') {
      console.log(`${portrait}: ${track}`)
      continue
    }
    const { samples } = await decodeVoice(tools.ffmpegPath, sample(voiceName))
    const gaps = track.tracked.map(({ mouthGap }) => mouthGap)
    const first = track.tracked[0]
    const away = first ? track.tracked.map(({ face }) => skullDeviation(first.face, face)) : []
    const best = bestCorrelation(gaps, samples, track.fps)
    const [rms, points] = [away.map((skull) => skull.rms), away.map(({ largest }) => largest)]
    talk.push({
      portrait: portrait.split('/').at(-1),
      voice: voiceName,
      planned: Number(bestCorrelation(plannedLips(samples, track.fps).gaps, samples, track.fps).correlation.toFixed(3)),
      correlation: Number(best.correlation.toFixed(3)),
      leadSeconds: best.leadSeconds,
      reversed: Number(bestCorrelation(gaps, samples.toReversed(), track.fps).correlation.toFixed(3)),
      gapP95: Number(percentile(gaps, 0.95).toFixed(3)),
      eyesLeast: Number((Math.min(...eyesOf(track)) / percentile(eyesOf(track), 0.5)).toFixed(2)),
      skull95: percent(percentile(rms, 0.95)),
      skullAll: percent(Math.max(...rms)),
      point95: percent(percentile(points, 0.95)),
    })
  }
}
console.table(talk)

// What the tracker makes of a head that is surely rigid: the still, leaning and drifting in its own plane.
const floors = []
for (const portrait of portraits) {
  const path = join(folder, 'leaning.mp4')
  const lean =
    "rotate=a='0.05*sin(3*t)':c=gray,crop=iw-16:ih-16:8+6*sin(2*t):8+6*cos(5*t),scale='trunc(iw/2)*2':'trunc(ih/2)*2'"
  execFileSync(tools.ffmpegPath, [
    ...['-v', 'error', '-y', '-loop', '1', '-framerate', '15', '-t', '2', '-i', portrait],
    ...['-vf', lean, '-crf', '19', '-pix_fmt', 'yuv420p', path],
  ])
  const { tracked } = await trackVideo(models, tools, path)
  const [first] = tracked
  const away = first ? tracked.map(({ face }) => skullDeviation(first.face, face)) : []
  const [rms, points] = [away.map((skull) => skull.rms), away.map(({ largest }) => largest)]
  floors.push({
    portrait: portrait.split('/').at(-1),
    skull95: percent(percentile(rms, 0.95)),
    skullAll: percent(Math.max(...rms)),
    point95: percent(percentile(points, 0.95)),
  })
}
console.table(floors)

const lips = []
for (const { name, language, path, samples, phones } of labelledVoices()) {
  const { tracked, fps } = await make(sample('portrait-woman.jpg'), path, {})
  const gaps = tracked.map(({ mouthGap }) => mouthGap)
  const figures = lipFigures(phones, { fps, gaps, widths: tracked.map(({ mouthWidth }) => mouthWidth) })
  const against = (series: readonly number[], voice: Float32Array): number =>
    bestCorrelation(series, voice, fps).correlation
  const planned = plannedLips(samples, fps).gaps
  lips.push({
    language,
    voice: name,
    ...figures,
    correlation: against(gaps, samples),
    reversed: against(gaps, samples.toReversed()),
    planned: against(planned, samples),
    plannedReversed: against(planned, samples.toReversed()),
  })
}
console.table(
  lips.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([key, value]) => [key, typeof value === 'number' ? value.toFixed(2) : value]),
    ),
  ),
)
for (const language of ['en', 'zh']) {
  const rows = lips.filter((row) => row.language === language)
  const of = (key: 'correlation' | 'reversed' | 'planned' | 'plannedReversed'): number[] => rows.map((row) => row[key])
  console.log(
    `${language}, medians of ${rows.length} labelled voices: ` +
      `tracked ${median(of('correlation'))} (least ${least(of('correlation'))}), reversed ${median(of('reversed'))}; ` +
      `planned ${median(of('planned'))} (least ${least(of('planned'))}), reversed ${median(of('plannedReversed'))}`,
  )
}

const silence = join(folder, 'silence.wav')
execFileSync(tools.ffmpegPath, ['-v', 'error', '-f', 'lavfi', '-i', 'anullsrc=r=16000:cl=mono', '-t', '60', silence])
const blinks = []
for (const video_fps of [15, 30] as const) {
  for (const eye_move_freq of [0, 0.2, 0.5, 1]) {
    const track = await make(sample('portrait-woman.jpg'), silence, { video_fps, eye_move_freq, head_move_strength: 0 })
    blinks.push({ video_fps, eye_move_freq, expected: 60 * eye_move_freq, counted: countBlinks(eyesOf(track)) })
  }
}
console.table(blinks)

// The mouth is still here: an opening jaw looks like a nod to the tracker, and would hide how far the templates are apart.
const sway = []
for (const template_id of ['calm', 'normal', 'active'] as const) {
  let before = Number.NaN
  for (const head_move_strength of template_id === 'normal' ? [0, 0.35, 0.7, 1] : [0.7, 1]) {
    const track = await make(sample('portrait-man.jpg'), sample('voice-en.wav'), {
      template_id,
      head_move_strength,
      mouth_move_strength: 0,
      eye_move_freq: 0,
    })
    const yaws = track.tracked.map(({ face }) => (face.rotation.yaw * 180) / Math.PI)
    const swayDegrees = degreesOfSway(track)
    sway.push({
      template_id,
      head_move_strength,
      swayDegrees: Number(swayDegrees.toFixed(2)),
      yawRange: Number((Math.max(...yaws) - Math.min(...yaws)).toFixed(1)),
      timesTheWeaker: Number((swayDegrees / before).toFixed(2)),
    })
    before = swayDegrees
  }
}
console.table(sway)
const atFull = sway.filter(({ head_move_strength }) => head_move_strength === 1).map(({ swayDegrees }) => swayDegrees)
console.log(
  `calm, normal, active at 1: ${atFull
    .slice(1)
    .map((sway, i) => `${(sway / (atFull[i] ?? 0)).toFixed(2)} x`)
    .join(', ')} the calmer`,
)
rmSync(folder, { recursive: true, force: true })
