import { smoothstep } from '../mesh/easing.ts'
import type { PortraitParameters } from '../portrait-parameters.ts'
import type { FramePose } from '../types.ts'
import { wander } from './chance.ts'

type MotionTemplate = PortraitParameters['template_id']

type Temper = Readonly<Record<'yaw' | 'pitch' | 'roll' | 'sway' | 'periodsPerSecond' | 'nod' | 'brow', number>>

/** The head without the face. */
export type HeadPose = Pick<FramePose, 'yaw' | 'pitch' | 'roll' | 'shiftX' | 'shiftY'>

/**
 * Standard deviation over the video at strength 1 of each turn (degrees) and of the sway (face heights), how many periods of them a second
 * has, the degrees that the head dips on a stressed syllable, and how far the brows rise with the phrase (0 .. 1). Chosen on sheets of the
 * portraits: a newsreader's head hardly leaves the middle, a singer's turns by up to ten degrees. Neighbours are a factor of two apart.
 */
export const TEMPERS: Readonly<Record<MotionTemplate, Temper>> = {
  calm: { yaw: 1.05, pitch: 0.55, roll: 0.42, sway: 0.0028, periodsPerSecond: 0.24, nod: 0.5, brow: 0.35 },
  normal: { yaw: 2.1, pitch: 1.1, roll: 0.85, sway: 0.0055, periodsPerSecond: 0.36, nod: 1.1, brow: 0.65 },
  active: { yaw: 4.2, pitch: 2.1, roll: 1.6, sway: 0.01, periodsPerSecond: 0.54, nod: 2.2, brow: 1 },
}

const RADIANS = Math.PI / 180
/** Turns bend towards this many standard deviations instead of passing it. */
const LIMIT = 2.4
const START_SECONDS = 0.7
const END_SECONDS = 0.6
/** At rest for the last frame of the slowest video (15 fps). */
const REST_SECONDS = 1 / 15
const GRID_SECONDS = 0.05
const LONG_SECONDS = 120

type Channel = (seconds: number) => number

/** 0 at both ends of the video, 1 between. */
export function headEnvelope(durationSeconds: number, seconds: number): number {
  const end = durationSeconds - REST_SECONDS
  const half = Math.max(0.01, end / 2)
  return (
    smoothstep(0, Math.min(START_SECONDS, half), seconds) *
    (1 - smoothstep(end - Math.min(END_SECONDS, half), end, seconds))
  )
}

/**
 * A wandering channel with mean 0 and standard deviation 1 over this video, whatever the seed: a short video does not come
 * out still or wild by chance. Long videos need no such help and are left as they fall.
 */
function steadyChannel(seed: number, channel: number, periodsPerSecond: number, durationSeconds: number): Channel {
  const raw = (seconds: number): number => wander(seed, channel, seconds * periodsPerSecond)
  const count = Math.ceil(Math.min(durationSeconds, LONG_SECONDS) / GRID_SECONDS)
  const grid = Array.from({ length: count }, (_, i) => i * GRID_SECONDS)
  const average = (of: (seconds: number) => number): number => {
    const weights = grid.map((seconds) => headEnvelope(durationSeconds, seconds))
    const total = weights.reduce((sum, weight) => sum + weight, 1e-6)
    return grid.reduce((sum, seconds, i) => sum + (weights[i] as number) * of(seconds), 0) / total
  }
  const mean = average(raw)
  const deviation = Math.max(0.15, Math.sqrt(average((seconds) => (raw(seconds) - mean) ** 2)))
  return (seconds) => LIMIT * Math.tanh((raw(seconds) - mean) / deviation / LIMIT)
}

/**
 * Head motion of one video as a function of time.
 *
 * @param strength 0 .. 1
 * @param activity 0 .. 1 how much is being said around a time
 * @param stress 0 .. 1 how strongly the syllable at a time stands out
 */
export function createHead(
  template: MotionTemplate,
  strength: number,
  durationSeconds: number,
  seed: number,
  activity: (seconds: number) => number,
  stress: (seconds: number) => number,
): (seconds: number) => HeadPose {
  const { yaw, pitch, roll, sway, nod, periodsPerSecond } = TEMPERS[template]
  const [yawAt, pitchAt, rollAt, swayX, swayY] = [1, 1.13, 0.87, 0.71, 0.79].map((rate, channel) =>
    steadyChannel(seed, channel + 1, rate * periodsPerSecond, durationSeconds),
  ) as [Channel, Channel, Channel, Channel, Channel]
  return (seconds) => {
    const gain = strength * headEnvelope(durationSeconds, seconds)
    const lively = gain * (0.6 + 0.4 * activity(seconds))
    return {
      yaw: lively * yaw * RADIANS * yawAt(seconds),
      pitch: lively * pitch * RADIANS * pitchAt(seconds) - gain * nod * RADIANS * stress(seconds),
      roll: lively * roll * RADIANS * rollAt(seconds),
      shiftX: lively * sway * swayX(seconds),
      shiftY: lively * 0.6 * sway * swayY(seconds),
    }
  }
}
