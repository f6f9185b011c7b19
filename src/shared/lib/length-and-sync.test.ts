import { describe, expect, it } from 'vitest'
import type { MediaFacts } from '../model/media.ts'
import { examineResult, examineSync, nominalRate, predictPair } from './length-and-sync.ts'
import { predictClip } from './predict-clip.ts'

const clip = (path: string, facts: MediaFacts) => ({ path, file: path, facts: { hasAudio: true, ...facts } })
const video = (fps: number, frames: number, rest: MediaFacts = {}): MediaFacts => ({
  fps,
  frames,
  durationSeconds: frames / fps,
  width: 480,
  height: 480,
  ...rest,
})
const usual = { video_frame_load_cap: 120, mismatch_method: 'cut', relative: true, dsize: 512, driving_audio: false }
const pairOf = (source: MediaFacts, driver: MediaFacts, parameters = {}) => ({
  engine: 'segmind' as const,
  source: clip('source.mp4', source),
  driver: clip('driver.mp4', driver),
  parameters: { ...usual, ...parameters },
})
const told = (...pair: Parameters<typeof pairOf>) =>
  examineSync(pairOf(...pair)).map(({ finding: { params } }) => params['reason'])

describe('what is said before a run', () => {
  it('names both lengths that the frame cap is about, and offers all frames', () => {
    const [first] = examineSync(pairOf(video(30, 360), video(30, 400)))
    expect(first?.finding).toMatchObject({ params: { reason: 'cap', frames: 120 }, value: 12, limit: 4 })
    expect(first?.fixes).toEqual([{ kind: 'parameters', values: { video_frame_load_cap: 0 } }])
  })

  it('offers to loop a short driver or to trim the source to it', () => {
    const [first] = examineSync(pairOf(video(25, 100), video(25, 40)))
    expect(first?.finding).toMatchObject({ params: { reason: 'driver-short' }, value: 40, limit: 100 })
    expect(first?.fixes).toEqual([
      { kind: 'copy', role: 'driver', copy: { kind: 'loop', fps: 25, frames: 100 } },
      { kind: 'copy', role: 'source', copy: { kind: 'trim', fps: 25, frames: 40 } },
    ])
  })

  it('offers one rate for two, and a constant one for a varying one', () => {
    const [rates] = examineSync(pairOf(video(25, 100), video(30, 120)))
    expect(rates?.finding).toMatchObject({ params: { reason: 'rates', percent: 83 }, value: 30, limit: 25 })
    expect(rates?.fixes).toEqual([{ kind: 'copy', role: 'driver', copy: { kind: 'constant-rate', fps: 25 } }])
    const [varying] = examineSync(pairOf(video(25, 100), video(27.3, 120, { variableRate: true })))
    expect(varying?.fixes).toEqual([
      { kind: 'copy', role: 'driver', copy: { kind: 'constant-rate', fps: 30_000 / 1001 } },
    ])
    expect(told(video(29.97, 100), video(30_000 / 1001, 100))).toEqual([])
    expect(told(video(29.97, 100), video(30, 100))).toEqual(['rates'])
  })

  it('says when the chosen sound is missing, and where there is one', () => {
    const [first] = examineSync(pairOf(video(25, 50, { hasAudio: false }), video(25, 50)))
    expect(first?.finding.params['reason']).toBe('no-sound')
    expect(first?.fixes).toEqual([{ kind: 'parameters', values: { driving_audio: true } }])
    const silent = { hasAudio: false }
    expect(told(video(25, 50, silent), video(25, 50, silent))).toEqual(['no-sound-at-all'])
  })

  it.each([
    [{ dsize: 1024 }, 'dsize', { dsize: 512 }],
    [
      { eye_retargeting: true, lip_retargeting: true },
      'retargeting',
      { eye_retargeting: false, lip_retargeting: false },
    ],
    [{ base64: true }, 'base64', { base64: false }],
    [{ mismatch_method: 'none' }, 'mismatch-open', { mismatch_method: 'cut' }],
  ])('warns of the trap in %j', (parameters, reason, values) => {
    const [first] = examineSync(pairOf(video(25, 50), video(25, 60), parameters))
    expect(first?.finding.params['reason']).toBe(reason)
    expect(first?.fixes).toEqual([{ kind: 'parameters', values }])
  })

  it('knows retargeting without relative motion as no trap, and notes an uncropped driver and one clip in both roles', () => {
    expect(told(video(25, 50), video(25, 50), { lip_retargeting: true, relative: false })).toEqual([])
    expect(told(video(25, 50), video(25, 50, { width: 640 }), { crop_drive_face: false })).toEqual(['driver-uncropped'])
    const same = clip('one.mp4', video(25, 50))
    expect(
      examineSync({ engine: 'segmind', source: same, driver: same, parameters: usual })[0]?.finding.params['reason'],
    ).toBe('same-clip')
  })
})

describe('an engine that follows a driver by its time', () => {
  const offline = (...pair: Parameters<typeof pairOf>) => ({ ...pairOf(...pair), engine: 'offline' as const })

  it('reckons the cap and the length of a driver in time, whatever its rate', () => {
    expect(predictPair(offline(video(25, 250), video(50, 400)))).toMatchObject({ frames: 60, fps: 25, seconds: 2.4 })
    const whole = offline(video(25, 250), video(50, 400), { video_frame_load_cap: 0 })
    expect(predictPair(whole)).toMatchObject({ frames: 200, isDriverTooShort: true })
  })

  it('has nothing to say of rates and traps, and repeats a short driver in the rate of the source', () => {
    const pair = offline(video(25, 250), video(50, 400), { video_frame_load_cap: 0, dsize: 1024 })
    const [only, ...rest] = examineSync(pair)
    expect(rest).toEqual([])
    expect(only?.finding).toMatchObject({ params: { reason: 'driver-ends' }, value: 200, limit: 250 })
    expect(only?.fixes[0]).toEqual({
      kind: 'copy',
      role: 'driver',
      copy: { kind: 'loop', fps: 25, frames: 250 },
    })
  })
})

describe('what is said of a result', () => {
  const expected = predictClip(video(25, 50, { hasAudio: true }), video(25, 60), usual)
  const reasons = (facts: MediaFacts) =>
    examineResult(facts, expected, 'result.mp4').map(({ params: { reason, value } }) => [reason, value])

  it('passes what is as long as predicted and whose sound ends with its picture', () => {
    expect(reasons({ fps: 25, durationSeconds: 2.04, soundSeconds: 2.06, hasAudio: true })).toEqual([])
  })

  it('tells another length, a drift in milliseconds, and a sound that is missing', () => {
    expect(reasons({ fps: 25, durationSeconds: 1, soundSeconds: 1.2, hasAudio: true })).toEqual([
      ['result-length', 1],
      ['result-drift', 200],
    ])
    expect(reasons({ fps: 25, durationSeconds: 2, hasAudio: false })).toEqual([['result-silent', 0]])
  })
})

it('takes a rounded rate for the one that is meant', () => {
  expect(nominalRate(29.97)).toBe(30_000 / 1001)
  expect(nominalRate(23.976)).toBe(24_000 / 1001)
  expect(nominalRate(27.3)).toBe(27.3)
})
