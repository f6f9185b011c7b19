import { smoothstep } from '../mesh/easing.ts'
import { chance } from './chance.ts'

const BLINK_CHANNEL = 101
const GAZE_CHANNEL = 103

/** Seconds. The lids stay shut longer than a frame at 15 fps, so that every blink is seen closed. */
const CLOSING = 0.075
const SHUT = 0.07
const OPENING = 0.15
const BLINK_SECONDS = CLOSING + SHUT + OPENING

/**
 * When blinks begin, in seconds: exactly round(rate x duration) of them, one in each equal stretch of the video, inside it
 * where chance and the voice want it (people blink in pauses).
 *
 * @param loudness 0 .. 1 at a time in seconds
 */
export function scheduleBlinks(
  durationSeconds: number,
  blinksPerSecond: number,
  seed: number,
  loudness: (seconds: number) => number,
): number[] {
  const count = Math.round(durationSeconds * blinksPerSecond)
  const stretch = durationSeconds / Math.max(1, count)
  return Array.from({ length: count }, (_, index) => {
    const tries = [0, 1, 2].map((turn) => {
      const jitter = (chance(seed, BLINK_CHANNEL + turn * 7, index) - 0.5) * 0.6
      return Math.max(0, (index + 0.5 + jitter) * stretch - BLINK_SECONDS / 2)
    })
    return tries.reduce((best, time) => (loudness(time) < loudness(best) ? time : best))
  }).filter((time) => time + CLOSING + SHUT < durationSeconds)
}

/** How far the lids are down at a time: 0 open .. 1 shut. */
export function blinkAt(starts: readonly number[], seconds: number): number {
  let shut = 0
  for (const start of starts) {
    const since = seconds - start
    if (since <= 0 || since >= BLINK_SECONDS) continue
    shut = Math.max(shut, Math.min(smoothstep(0, CLOSING, since), 1 - smoothstep(CLOSING + SHUT, BLINK_SECONDS, since)))
  }
  return shut
}

/** Where the eyes rest from `seconds` on, in eye widths from straight ahead. */
export type Fixation = { readonly seconds: number; readonly x: number; readonly y: number }

const SACCADE_SECONDS = 0.045
const REACH_X = 0.055
const REACH_Y = 0.018
const HOME_SHARE = 0.45

/** Small jumps of the eyes every .45 to 2.35 s, nearly half of them back to the viewer; both ends look straight ahead. */
export function scheduleGaze(durationSeconds: number, seed: number): Fixation[] {
  const fixations: Fixation[] = [{ seconds: -1, x: 0, y: 0 }]
  let seconds = 0.4
  for (let index = 0; seconds < durationSeconds - 0.5; index++) {
    seconds += 0.45 + 1.9 * chance(seed, GAZE_CHANNEL, index * 4)
    const home = seconds > durationSeconds - 0.5 || chance(seed, GAZE_CHANNEL, index * 4 + 1) < HOME_SHARE
    const spread = (slot: number): number => (home ? 0 : chance(seed, GAZE_CHANNEL, index * 4 + slot) * 2 - 1)
    fixations.push({
      seconds: Math.min(seconds, durationSeconds - 0.2),
      x: spread(2) * REACH_X,
      y: spread(3) * REACH_Y,
    })
  }
  return fixations
}

/** Gaze at a time. */
export function gazeAt(fixations: readonly Fixation[], seconds: number): { readonly x: number; readonly y: number } {
  const at = fixations.findLastIndex((fixation) => fixation.seconds <= seconds)
  const here = fixations[at] ?? { seconds: 0, x: 0, y: 0 }
  const from = fixations[at - 1] ?? here
  const part = smoothstep(here.seconds, here.seconds + SACCADE_SECONDS, seconds)
  return { x: from.x + (here.x - from.x) * part, y: from.y + (here.y - from.y) * part }
}
