import type { FramePose, MouthCurves } from '../types.ts'
import { blinkAt, gazeAt, scheduleBlinks, scheduleGaze } from './eyes.ts'
import { createHead, headEnvelope, TEMPERS, type MotionTemplate } from './head.ts'
import { valueAt } from '../series.ts'

export type MotionRequest = {
  readonly durationSeconds: number
  readonly fps: number
  readonly template: MotionTemplate
  /** 0 .. 1; at 0 the eyes do not move at all. */
  readonly blinksPerSecond: number
  /** 0 (the mouth of the picture) .. 1.5 */
  readonly mouthStrength: number
  /** 0 (still) .. 1 */
  readonly headStrength: number
  /** Whole number. The same seed gives the same frames; another fps samples the same motion. */
  readonly seed: number
  readonly curves: MouthCurves
}

/** Seen speech leads heard speech by a little: articulators move before they sound. */
const LIP_LEAD_SECONDS = 0.04
/** The head follows stress; it does not foresee it. */
const NOD_LAG_SECONDS = 0.08
/** A head is heavy: stress is averaged over this much before and after, by a triangle of so many steps a side. */
const NOD_REACH_SECONDS = 0.2
const NOD_STEPS = 5
/** An eyeball is 24 mm across and an opening 30 mm wide: turned by an angle, the iris moves .4 of the sine of it. */
const EYE_RADIUS = 0.4
/** How much of a turn of the head the eyes make good to stay with the viewer. */
const EYE_HOLD = 0.7
/** The head at strength 1 moves over 1.5 times as much as at the usual .7. */
const HEAD_POWER = 1.25
/** From this rate of blinks on the eyes are fully alive. */
const FULL_GAZE_RATE = 0.15
/** Closures stay closed down to weak mouths. */
const PRESS_GAIN = 3

type Sample = (seconds: number) => number

/** The poses of one video, each made when it is asked for. */
export type Motion = { readonly frameCount: number; readonly poseAt: (frame: number) => FramePose }

/**
 * The motion of one talking video.
 *
 * The frames' count divided by fps is within half a frame of the duration (one frame at least). With all three strengths at
 * 0 every pose is the rest pose.
 */
export function motionOf(request: MotionRequest): Motion {
  const { durationSeconds, fps, template, blinksPerSecond, mouthStrength, headStrength, seed, curves } = request
  const [jaw, wide, press, upper, energy, slow] = (['jaw', 'wide', 'press', 'upper', 'energy', 'slow'] as const).map(
    (name): Sample =>
      (seconds) =>
        valueAt(curves[name], seconds / curves.hopSeconds),
  ) as [Sample, Sample, Sample, Sample, Sample, Sample]
  const activity: Sample = (seconds) => Math.min(1, 1.6 * slow(seconds))
  const stress: Sample = (seconds) => {
    let sum = 0
    for (let step = -NOD_STEPS; step <= NOD_STEPS; step++) {
      const at = seconds - NOD_LAG_SECONDS + (step / NOD_STEPS) * NOD_REACH_SECONDS
      sum += (1 - Math.abs(step) / (NOD_STEPS + 1)) * (energy(at) - slow(at))
    }
    return Math.max(-0.3, (2 * sum) / (NOD_STEPS + 1))
  }
  const headGain = headStrength ** HEAD_POWER
  const head = createHead(template, headGain, durationSeconds, seed, activity, stress)
  const blinks = scheduleBlinks(durationSeconds, blinksPerSecond, seed, slow)
  const fixations = scheduleGaze(durationSeconds, seed)
  const gazeGain = Math.min(1, blinksPerSecond / FULL_GAZE_RATE)
  const browGain = headGain * TEMPERS[template].brow
  const poseAt = (frame: number): FramePose => {
    const seconds = frame / fps
    const pose = head(seconds)
    const gaze = gazeAt(fixations, seconds)
    const lips = seconds + LIP_LEAD_SECONDS
    const raised = 0.9 * slow(seconds + 0.1) - 0.25 * activity(seconds)
    const all: FramePose = {
      ...pose,
      jaw: mouthStrength * jaw(lips),
      wide: Math.min(1, mouthStrength) * wide(lips),
      press: Math.min(1, PRESS_GAIN * mouthStrength) * press(lips),
      upper: Math.min(1, mouthStrength) * upper(lips),
      blink: blinkAt(blinks, seconds),
      gazeX: gazeGain * (gaze.x - EYE_HOLD * EYE_RADIUS * Math.sin(pose.yaw)),
      gazeY: gazeGain * (gaze.y + EYE_HOLD * EYE_RADIUS * Math.sin(pose.pitch)),
      brow: browGain * headEnvelope(durationSeconds, seconds) * raised,
    }
    // The -0 of a product with 0 becomes 0: a pose at rest is the rest pose exactly.
    return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, value + 0])) as FramePose
  }
  return { frameCount: Math.max(1, Math.round(durationSeconds * fps)), poseAt }
}

/** Every frame's pose of one talking video. */
export const planMotion = (request: MotionRequest): FramePose[] => {
  const { frameCount, poseAt } = motionOf(request)
  return Array.from({ length: frameCount }, (_, frame) => poseAt(frame))
}
