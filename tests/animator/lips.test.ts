import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bestCorrelation, countBlinks, percentile } from '../../scripts/measure/figures.ts'
import { lipFigures, type LipFigures } from '../../scripts/measure/lip-figures.ts'
import { plannedLips } from '../../scripts/measure/planned-lips.ts'
import { trackVideo, type Track } from '../../scripts/measure/retrack.ts'
import { decodeVoice } from '../../src/main/core/animator/encode/decode-voice.ts'
import { loadFaceModels, type FaceModels } from '../../src/main/core/animator/face/face-models.ts'
import { createStudio } from '../../src/main/core/animator/talking-portrait.ts'
import { labelledVoices, type LabelledVoice } from '../../scripts/measure/labelled-voices.ts'
import { ffmpeg } from '../bad-input/make-files.ts'
import { makerPath } from '../fixtures/media-tools.ts'
import { expectTalk } from './expect-talk.ts'
import { modelsDir, sample, sharedMedia, tools } from './tools.ts'

const LANGUAGES = ['en', 'zh'] as const
type Language = (typeof LANGUAGES)[number]

const labelled = labelledVoices()
const voicesOf = (language: Language): LabelledVoice[] => labelled.filter((voice) => voice.language === language)

/** Each figure's mean over the voices that have it. */
const meanFigures = (all: readonly LipFigures[]): LipFigures => {
  const mean = (key: keyof LipFigures): number => {
    const values = all.map((figures) => figures[key]).filter((value) => !Number.isNaN(value))
    return values.reduce((sum, value) => sum + value, 0) / values.length
  }
  return {
    openGap: mean('openGap'),
    closed: mean('closed'),
    open: mean('open'),
    narrower: mean('narrower'),
    onsets: mean('onsets'),
    apart: mean('apart'),
    silent: mean('silent'),
  }
}

const expectSpokenLips = (figures: LipFigures, least = 0.9): void => {
  expect(figures.closed).toBeGreaterThanOrEqual(least)
  expect(figures.open).toBeGreaterThanOrEqual(least)
  expect(figures.narrower).toBeGreaterThanOrEqual(least)
  expect(figures.onsets).toBeGreaterThanOrEqual(least)
  expect(figures.apart).toBeGreaterThanOrEqual(0.85)
  expect(figures.silent).toBeGreaterThanOrEqual(0.95)
}

/** Labelled voices, the sample of the language and, where the shared media are, a recorded speaker; decoded once. */
const samplesOf: Record<Language, Float32Array[]> = { en: [], zh: [] }

beforeAll(async () => {
  for (const language of LANGUAGES) {
    const recorded = sharedMedia(`voice-${language}-16k.wav`)
    if (recorded === undefined) process.stdout.write(`no recorded ${language} voice: the shared media are not here\n`)
    const paths = [sample(`voice-${language}.wav`), ...(recorded === undefined ? [] : [recorded])]
    const decoded = await Promise.all(paths.map((path) => decodeVoice(tools.ffmpegPath, path)))
    samplesOf[language] = [...voicesOf(language), ...decoded].map(({ samples }) => samples)
  }
})

describe.each(LANGUAGES)('planned lips in %s', (language) => {
  const spoken = (fps: number, change?: (value: number, at: number) => number): LipFigures =>
    meanFigures(
      voicesOf(language).map(({ samples, phones }) =>
        lipFigures(phones, plannedLips(change ? samples.map(change) : samples, fps)),
      ),
    )

  test('close for p, b, m, open for vowels, are rounded or spread as spoken, and meet in pauses', () => {
    expectSpokenLips(spoken(25))
    expectSpokenLips(spoken(30))
    expectSpokenLips(spoken(15), 0.85)
  })

  test('do so too when the voice is 20 dB softer, or noisy', () => {
    expectSpokenLips(spoken(25, (value) => value / 10))
    const noisy = spoken(25, (value, i) => value + 0.006 * Math.sin(i * i * 12.9898))
    expect(noisy.closed).toBeGreaterThanOrEqual(0.85)
    expect(noisy.open).toBeGreaterThanOrEqual(0.85)
  })

  test('follow the loudness of the voice, and not that of the voice reversed', () => {
    const against = (other: (samples: Float32Array) => Float32Array): number =>
      percentile(
        samplesOf[language].map(
          (samples) => bestCorrelation(plannedLips(samples, 25).gaps, other(samples), 25).correlation,
        ),
        0.5,
      )
    expect(against((samples) => samples)).toBeGreaterThanOrEqual(0.8)
    expect(against((samples) => samples.toReversed())).toBeLessThan(0.4)
  })

  test('follow every labelled voice, and the median of them reversed hardly at all', () => {
    const voices = voicesOf(language).map(({ samples }) => ({ samples, gaps: plannedLips(samples, 25).gaps }))
    expect(voices.length).toBeGreaterThanOrEqual(4)
    for (const { samples, gaps } of voices)
      expect(bestCorrelation(gaps, samples, 25).correlation).toBeGreaterThanOrEqual(0.8)
    const reversed = voices.map(({ samples, gaps }) => bestCorrelation(gaps, samples.toReversed(), 25).correlation)
    expect(percentile(reversed, 0.5)).toBeLessThan(0.2)
  })
})

test('planned lips follow the English sample of the app', async () => {
  const { samples } = await decodeVoice(tools.ffmpegPath, sample('voice-en.wav'))
  expect(bestCorrelation(plannedLips(samples, 25).gaps, samples, 25).correlation).toBeGreaterThanOrEqual(0.82)
})

test('planned lips of all voices together do not follow the reversed voices', () => {
  const correlations = Object.values(samplesOf)
    .flat()
    .map((samples) => bestCorrelation(plannedLips(samples, 25).gaps, samples.toReversed(), 25).correlation)
  expect(percentile(correlations, 0.5)).toBeLessThan(0.2)
})

describe('lips tracked in the produced video', () => {
  let folder = ''
  let models: FaceModels

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'animator-lips-'))
    models = await loadFaceModels(modelsDir())
    await sharp(sample('portrait-woman.jpg')).resize(256, 256).png().toFile(join(folder, 'woman.png'))
  }, 60_000)

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const track = async ({ name, path }: LabelledVoice, seconds: number): Promise<Track> => {
    const outputPath = join(folder, `${name}.mp4`)
    const voicePath = join(folder, `${name}.wav`)
    ffmpeg('-i', path, '-t', String(seconds), voicePath)
    await createStudio(models, tools.ffmpegPath).render(
      {
        imagePath: join(folder, 'woman.png'),
        voicePath,
        outputPath,
        aiTag: true,
        parameters: {
          template_id: 'normal',
          eye_move_freq: 1,
          video_fps: 20,
          mouth_move_strength: 1,
          paste_back: true,
          head_move_strength: 0.7,
          face_index: 0,
          seed: 1,
        },
      },
      { signal: new AbortController().signal, onProgress: () => undefined },
    )
    return trackVideo(models, { ...tools, ffmpegPath: makerPath }, outputPath)
  }

  // The first sentences of one voice of each language; `scripts/bench/animator-figures.ts` tracks all of all voices.
  const SENTENCES = [
    ['en-espeak', 5.33],
    ['zh-espeak-male', 6.95],
  ] as const
  const tracks: Track[] = []
  beforeAll(async () => {
    for (const [name, seconds] of SENTENCES) {
      const voice = labelled.find((one) => one.name === name) as LabelledVoice
      tracks.push(await track(voice, seconds))
    }
  })

  test.each(SENTENCES)('say what %s says in its first %f seconds and follow its loudness', (name, seconds) => {
    const made = tracks[SENTENCES.findIndex(([one]) => one === name)] as Track
    const voice = labelled.find((one) => one.name === name) as LabelledVoice
    const samples = voice.samples.subarray(0, Math.round(seconds * 16_000))
    const phones = voice.phones.filter(({ end }) => end <= seconds)
    const lips = {
      fps: made.fps,
      gaps: made.tracked.map(({ mouthGap }) => mouthGap),
      widths: made.tracked.map(({ mouthWidth }) => mouthWidth),
    }
    expectSpokenLips(lipFigures(phones, lips))
    expect(bestCorrelation(lips.gaps, samples, lips.fps).correlation).toBeGreaterThanOrEqual(0.8)
    expectTalk(name, made, samples)
  })

  test('come with blinks as often as asked, of both eyes, fully', () => {
    const blinks = tracks.map(({ tracked }) =>
      countBlinks(tracked.map(({ eyesOpen: [left, right] }) => (left + right) / 2)),
    )
    expect(Math.abs(blinks.reduce((sum, count) => sum + count, 0) - 12)).toBeLessThanOrEqual(1)
    for (const eye of [0, 1] as const) {
      for (const { tracked } of tracks) {
        const open = tracked.map(({ eyesOpen }) => eyesOpen[eye])
        expect(Math.min(...open)).toBeLessThan(0.45 * percentile(open, 0.5))
      }
    }
  })
})
