import type { PortraitParameters } from '../portrait-parameters.ts'
import type { FramePose, MouthCurves } from '../types.ts'
import { blinkAt, gazeAt, scheduleBlinks, scheduleGaze } from './eyes.ts'
import { createHead, headEnvelope, TEMPERS } from './head.ts'
import { valueAt } from '../series.ts'

/** Those that motion depends on. */
type MotionParameters = Omit<PortraitParameters, 'paste_back' | 'face_index'>

/** What a voice does, and how long it is. */
export type Spoken = { readonly curves: MouthCurves; readonly durationSeconds: number }

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

type Curve = Exclude<keyof MouthCurves, 'hopSeconds'>

/** The poses of one video, each made when it is asked for. */
export type Motion = { readonly frameCount: number; readonly poseAt: (frame: number) => FramePose }

/**
 * The motion of one talking video.
 *
 * The frames' count divided by fps is within half a frame of the duration (one frame at least). The same seed gives the same
 * frames, and another rate samples the same motion. With all three strengths at 0 every pose is the rest pose.
 */
export function motionOf(parameters: MotionParameters, { curves, durationSeconds }: Spoken): Motion {
  const { template_id, video_fps, eye_move_freq, mouth_move_strength, head_move_strength, seed } = parameters
  const at = (curve: Curve, seconds: number): number => valueAt(curves[curve], seconds / curves.hopSeconds)
  const slow = (seconds: number): number => at('slow', seconds)
  const activity = (seconds: number): number => Math.min(1, 1.6 * slow(seconds))
  const stress = (seconds: number): number => {
    let sum = 0
    for (let step = -NOD_STEPS; step <= NOD_STEPS; step++) {
      const then = seconds - NOD_LAG_SECONDS + (step / NOD_STEPS) * NOD_REACH_SECONDS
      sum += (1 - Math.abs(step) / (NOD_STEPS + 1)) * (at('energy', then) - slow(then))
    }
    return Math.max(-0.3, (2 * sum) / (NOD_STEPS + 1))
  }
  const headGain = head_move_strength ** HEAD_POWER
  const head = createHead(template_id, headGain, durationSeconds, seed, activity, stress)
  const blinks = scheduleBlinks(durationSeconds, eye_move_freq, seed, slow)
  const fixations = scheduleGaze(durationSeconds, seed)
  const gazeGain = Math.min(1, eye_move_freq / FULL_GAZE_RATE)
  const browGain = headGain * TEMPERS[template_id].brow
  const poseAt = (frame: number): FramePose => {
    const seconds = frame / video_fps
    const pose = head(seconds)
    const gaze = gazeAt(fixations, seconds)
    const lips = seconds + LIP_LEAD_SECONDS
    const raised = 0.9 * slow(seconds + 0.1) - 0.25 * activity(seconds)
    const all: FramePose = {
      ...pose,
      jaw: mouth_move_strength * at('jaw', lips),
      wide: Math.min(1, mouth_move_strength) * at('wide', lips),
      press: Math.min(1, PRESS_GAIN * mouth_move_strength) * at('press', lips),
      upper: Math.min(1, mouth_move_strength) * at('upper', lips),
      blink: blinkAt(blinks, seconds),
      gazeX: gazeGain * (gaze.x - EYE_HOLD * EYE_RADIUS * Math.sin(pose.yaw)),
      gazeY: gazeGain * (gaze.y + EYE_HOLD * EYE_RADIUS * Math.sin(pose.pitch)),
      brow: browGain * headEnvelope(durationSeconds, seconds) * raised,
    }
    // The -0 of a product with 0 becomes 0: a pose at rest is the rest pose exactly.
    return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, value + 0])) as FramePose
  }
  return { frameCount: Math.max(1, Math.round(durationSeconds * video_fps)), poseAt }
}
