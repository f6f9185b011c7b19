import { describe, expect, test } from 'vitest'
import { REST_POSE, type FramePose, type MouthCurves } from '../types.ts'
import type { PortraitParameters } from '../portrait-parameters.ts'
import { motionOf, type Spoken } from './plan-motion.ts'

const TEMPLATES = ['calm', 'normal', 'active'] as const
const DEGREES = 180 / Math.PI

/** Speech-like curves: syllables at 4 Hz in phrases of 2.4 s, 0.6 s apart. */
function spokenCurves(durationSeconds: number): MouthCurves {
  const length = Math.ceil(durationSeconds * 100) + 1
  const fill = (at: (seconds: number) => number): Float32Array => Float32Array.from({ length }, (_, i) => at(i / 100))
  const phrase = (t: number): number => (t % 3 < 2.4 ? 1 : 0)
  const syllable = (t: number): number => phrase(t) * (0.5 - 0.5 * Math.cos(2 * Math.PI * 4 * t))
  return {
    hopSeconds: 0.01,
    jaw: fill(syllable),
    wide: fill((t) => Math.sin(t * 5)),
    press: fill((t) => 1 - phrase(t)),
    upper: fill((t) => 0.2 * syllable(t)),
    energy: fill(syllable),
    slow: fill((t) => 0.7 * phrase(t)),
  }
}

/** Every frame's pose of a video of 10 s, spoken as above, if not asked otherwise. */
const posesOf = (given: Partial<PortraitParameters & Spoken> = {}): FramePose[] => {
  const { durationSeconds = 10, curves = spokenCurves(durationSeconds), ...parameters } = given
  const usual = { template_id: 'normal', video_fps: 25, eye_move_freq: 0.5, seed: 7 } as const
  const { frameCount, poseAt } = motionOf(
    { ...usual, mouth_move_strength: 1, head_move_strength: 0.7, ...parameters },
    { curves, durationSeconds },
  )
  return Array.from({ length: frameCount }, (_, frame) => poseAt(frame))
}

const deviation = (values: readonly number[]): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

/** Root of the summed variances of the three turns, degrees. */
const headMotion = (poses: readonly FramePose[]): number =>
  DEGREES * Math.hypot(...(['yaw', 'pitch', 'roll'] as const).map((turn) => deviation(poses.map((pose) => pose[turn]))))

const countBlinks = (poses: readonly FramePose[]): number =>
  poses.filter((pose, index) => pose.blink >= 0.95 && (poses[index - 1]?.blink ?? 0) < 0.95).length

describe('motionOf', () => {
  test('frames over fps is within one frame of the voice at every rate, one frame at least', () => {
    for (const fps of [15, 24, 25, 30])
      for (const durationSeconds of [0.2, 2.431875, 7.800063, 59.99])
        expect(Math.abs(posesOf({ video_fps: fps, durationSeconds }).length / fps - durationSeconds)).toBeLessThan(
          1 / fps,
        )
    expect(posesOf({ video_fps: 25, durationSeconds: 0.001 })).toHaveLength(1)
  })

  test('with the three strengths at 0 every pose is the rest pose exactly', () => {
    for (const template of TEMPLATES)
      for (const pose of posesOf({
        template_id: template,
        eye_move_freq: 0,
        mouth_move_strength: 0,
        head_move_strength: 0,
      }))
        expect(pose).toStrictEqual(REST_POSE)
  })

  test('the same seed gives the same frames and another seed another head', () => {
    expect(posesOf({ seed: 3 })).toStrictEqual(posesOf({ seed: 3 }))
    expect(posesOf({ seed: 4 })[100]?.yaw).not.toBe(posesOf({ seed: 3 })[100]?.yaw)
  })

  test('another frame rate samples the same motion', () => {
    const slow = posesOf({ video_fps: 15 })
    const fast = posesOf({ video_fps: 30 })
    slow.forEach((pose, index) => {
      for (const key of Object.keys(pose) as (keyof FramePose)[])
        expect(fast[index * 2]?.[key]).toBeCloseTo(pose[key], 9)
    })
  })

  test('every blink is seen shut, as many as asked for, at 15 and at 30 fps', () => {
    for (const fps of [15, 30])
      for (const blinksPerSecond of [0, 0.1, 0.25, 0.5, 1])
        for (const seed of [1, 2, 3]) {
          const counted = countBlinks(
            posesOf({ durationSeconds: 60, video_fps: fps, eye_move_freq: blinksPerSecond, seed }),
          )
          expect(Math.abs(counted - blinksPerSecond * 60)).toBeLessThanOrEqual(blinksPerSecond * 6)
        }
  })

  test('templates are ordered and at least 1.5 times apart, and so are the strengths', () => {
    for (const durationSeconds of [8, 30])
      for (const seed of [1, 2, 3, 4, 5, 6]) {
        const [calm, normal, active] = TEMPLATES.map((template) =>
          headMotion(posesOf({ durationSeconds, template_id: template, seed, head_move_strength: 1 })),
        ) as [number, number, number]
        expect(normal / calm).toBeGreaterThan(1.5)
        expect(active / normal).toBeGreaterThan(1.5)
        const half = headMotion(posesOf({ durationSeconds, seed, head_move_strength: 0.5 }))
        expect(normal / half).toBeGreaterThan(1.5)
      }
  })

  test('active at full strength turns by about ten degrees and no more; calm stays within four', () => {
    const widest = (template: 'calm' | 'active'): number[] =>
      [1, 2, 3, 4, 5].map((seed) =>
        Math.max(
          ...posesOf({ durationSeconds: 60, template_id: template, seed, head_move_strength: 1 }).map((pose) =>
            Math.abs(pose.yaw * DEGREES),
          ),
        ),
      )
    for (const degrees of widest('active')) {
      expect(degrees).toBeGreaterThan(6.5)
      expect(degrees).toBeLessThan(10.5)
    }
    for (const degrees of widest('calm')) expect(degrees).toBeLessThan(4)
  })

  test('the head starts and ends at rest and never jerks', () => {
    for (const template of TEMPLATES)
      for (const fps of [15, 30]) {
        const poses = posesOf({ template_id: template, video_fps: fps, head_move_strength: 1, durationSeconds: 12 })
        for (const pose of [poses[0], poses.at(-1)])
          for (const key of ['yaw', 'pitch', 'roll', 'shiftX', 'shiftY', 'brow', 'gazeX', 'gazeY'] as const)
            expect(Math.abs(pose?.[key] ?? 1)).toBeLessThan(1e-6)
        const speeds = poses
          .slice(1)
          .map((pose, index) => Math.abs(pose.yaw - (poses[index]?.yaw ?? 0)) * fps * DEGREES)
        expect(Math.max(...speeds)).toBeLessThan(40)
      }
  })

  test('the head dips and the brows rise with the phrases of the voice', () => {
    const poses = posesOf({ durationSeconds: 30, head_move_strength: 1, template_id: 'active' })
    const mean = (key: 'brow', isSpeaking: boolean): number => {
      const values = poses
        .filter((_, i) => (i / 25) % 3 < 2.2 === isSpeaking && (i / 25) % 3 > 0.3)
        .map((pose) => pose[key])
      return values.reduce((sum, value) => sum + value, 0) / values.length
    }
    expect(mean('brow', true)).toBeGreaterThan(mean('brow', false) + 0.2)
    const silent = { ...spokenCurves(30), energy: new Float32Array(3001), slow: new Float32Array(3001) }
    const still = posesOf({ durationSeconds: 30, head_move_strength: 1, template_id: 'active', curves: silent })
    expect(headMotion(poses)).toBeGreaterThan(headMotion(still))
  })

  test('mouth strength scales the opening, keeps closures shut, and lips lead the voice by 40 ms', () => {
    const at = (mouthStrength: number): FramePose[] => posesOf({ mouth_move_strength: mouthStrength, video_fps: 100 })
    const curves = spokenCurves(10)
    at(1).forEach((pose, i) => expect(pose.jaw).toBeCloseTo(curves.jaw[Math.min(1000, i + 4)] as number, 5))
    const whole = at(1)
    at(0.5).forEach((pose, i) => expect(pose.jaw).toBeCloseTo((whole[i]?.jaw ?? 0) / 2, 9))
    expect(Math.max(...at(1.5).map((pose) => pose.jaw))).toBeCloseTo(1.5, 1)
    expect(Math.max(...at(0.5).map((pose) => pose.press))).toBe(1)
  })
})
