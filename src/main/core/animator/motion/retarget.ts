import { clamp, smoothstep } from '../mesh/easing.ts'
import type { FramePose, HeadRotation } from '../types.ts'
import type { ClipParameters } from '../clip-parameters.ts'
import type { FaceReading } from './read-face.ts'
import { percentile, smooth } from '../series.ts'

/** One moment of a performance, free of who performs it: what a driver's face does against its own rest. */
export type Moment = HeadRotation &
  Pick<FaceReading, 'shiftX' | 'shiftY' | 'gap' | 'gazeX' | 'gazeY'> & {
    /** 0 .. 1 teeth shown by the lips alone */
    readonly bare: number
    /** -1 rounded .. 0 .. 1 spread */
    readonly wide: number
    /** -1 lowered .. 1 raised */
    readonly brow: number
    /** 0 open .. 1 shut */
    readonly closure: number
  }

/** A driver over time. Where no face was seen a moment is between its neighbours, and at rest where they are far. */
export type Performance = {
  /** Against the driver's first picture. */
  readonly relative: readonly Moment[]
  /** Against the driver's usual face; head angles against a level, frontal head. */
  readonly absolute: readonly Moment[]
  /** Pictures without the face. */
  readonly missing: number
}

/** What the source does by itself in the picture that is moved. */
export type OwnFace = Pick<FaceReading, 'gap' | 'width'> & { readonly rotation: HeadRotation }

const REST: Moment = {
  yaw: 0,
  pitch: 0,
  roll: 0,
  shiftX: 0,
  shiftY: 0,
  gap: 0,
  bare: 0,
  wide: 0,
  brow: 0,
  closure: 0,
  gazeX: 0,
  gazeY: 0,
}
const KEYS = Object.keys(REST) as (keyof Moment)[]

/** How much wider (mouth units) a spread mouth is, and narrower a rounded one; how much higher raised brows are (face heights). */
const SPREAD_WIDTH = 0.09
const ROUND_WIDTH = 0.2
const BROW_HEIGHT = 0.02
/** The lids' gap that counts as open is that of the upper fifth of a clip. */
const OPEN_SHARE = 0.8
/** Gaussian widths in seconds: heads are heavy, lids are quick. */
const SMOOTH_SECONDS: Readonly<Record<keyof Moment, number>> = {
  yaw: 0.05,
  pitch: 0.05,
  roll: 0.05,
  shiftX: 0.05,
  shiftY: 0.05,
  gap: 0.022,
  bare: 0.035,
  wide: 0.035,
  brow: 0.05,
  closure: 0.012,
  gazeX: 0.035,
  gazeY: 0.035,
}
/** Longest stretch without a face that is bridged, and the time in which a longer one comes to rest. */
const BRIDGE_SECONDS = 0.5
const SETTLE_SECONDS = 0.25

/** Fills what is missing and smooths each curve over time. */
const settle = (seen: readonly (Moment | undefined)[], fps: number): Moment[] => {
  const curve = (key: keyof Moment): Float32Array => {
    const out = new Float32Array(seen.length)
    let before = -1
    for (let i = 0; i < seen.length; i++) {
      const here = seen[i]
      if (here) {
        out[i] = here[key]
        before = i
        continue
      }
      const found = seen.findIndex((moment, k) => k > i && moment !== undefined)
      const after = found < 0 ? undefined : seen[found]?.[key]
      const from = before < 0 ? undefined : seen[before]?.[key]
      const isBridge = from !== undefined && after !== undefined && (found - before) / fps <= BRIDGE_SECONDS
      const fromShare = 1 - smoothstep(0, SETTLE_SECONDS, (i - before) / fps)
      const afterShare = 1 - smoothstep(0, SETTLE_SECONDS, (found - i) / fps)
      out[i] = isBridge
        ? from + ((after - from) * (i - before)) / (found - before)
        : (from ?? 0) * fromShare + (after ?? 0) * afterShare
    }
    return smooth(out, SMOOTH_SECONDS[key] * fps)
  }
  const curves = KEYS.map(curve)
  return seen.map((_, i) => Object.fromEntries(KEYS.map((key, k) => [key, curves[k]?.[i] ?? 0])) as Moment)
}

/** What was read of a driver in one picture; `closure` 0..1 and `gap` already weighed with other evidence than the mesh. */
export type DriverReading = FaceReading & { readonly closure: number; readonly bare: number }

/** Turns readings of a driver (undefined: no face there) at `fps` into curves. `level` is the first face's own rotation. */
export const performanceOf = (
  readings: readonly (DriverReading | undefined)[],
  level: HeadRotation,
  fps: number,
): Performance => {
  const seen = readings.filter((reading) => reading !== undefined)
  const first = seen[0]
  const usual = (key: keyof FaceReading, share: number, from = seen): number =>
    percentile(
      from.map((r) => r[key]),
      share,
    )
  const still = seen.filter(({ gap }) => gap < 0.06)
  const usualFace = {
    gap: 0,
    width: usual('width', 0.5, still.length > 0 ? still : seen),
    brow: usual('brow', 0.5),
    gazeX: usual('gazeX', 0.5),
    gazeY: usual('gazeY', 0.5),
  }
  const against = (
    zero: Pick<FaceReading, 'gap' | 'width' | 'brow' | 'gazeX' | 'gazeY'>,
    turn: HeadRotation,
    shift: 0 | 1,
  ): Moment[] =>
    settle(
      readings.map((reading) => {
        if (!reading) return undefined
        const wider = reading.width - zero.width
        return {
          yaw: reading.yaw + turn.yaw,
          pitch: reading.pitch + turn.pitch,
          roll: reading.roll + turn.roll,
          shiftX: shift * reading.shiftX,
          shiftY: shift * reading.shiftY,
          gap: reading.gap - zero.gap,
          bare: reading.bare,
          wide: wider > 0 ? wider / SPREAD_WIDTH : wider / ROUND_WIDTH,
          brow: (reading.brow - zero.brow) / BROW_HEIGHT,
          closure: reading.closure,
          // Behind closing lids an iris is a guess.
          gazeX: (reading.gazeX - zero.gazeX) * (1 - smoothstep(0.2, 0.6, reading.closure)),
          gazeY: (reading.gazeY - zero.gazeY) * (1 - smoothstep(0.2, 0.6, reading.closure)),
        }
      }),
      fps,
    )
  return {
    relative: first ? against(first, { yaw: 0, pitch: 0, roll: 0 }, 1) : readings.map(() => REST),
    absolute: first ? against(usualFace, level, 0) : readings.map(() => REST),
    missing: readings.length - seen.length,
  }
}

/** How far the lids of each reading are down, by the gap between them against the clip's open eyes. */
export const lidClosures = (lids: readonly number[]): number[] => {
  const open = percentile(lids, OPEN_SHARE) || 1
  return lids.map((gap) => clamp((1 - gap / open - 0.14) / 0.5))
}

/** Gap of the lips that is seen for one unit of jaw, mouth widths, and the widest jaw. */
const GAP_PER_JAW = 0.21
const WIDEST_JAW = 1.6
/** Of a gap full of teeth so much was made by the lips, and not by the jaw. */
const BARE_SHARE = 0.6
/** A smile of the source's own, read from the width of its mouth in mouth units. */
const SMILE_FROM = 0.94
const SMILE_SPAN = 0.1
/** A turned puppet shows less than the whole turn (its outline stays): pose for one unit of turn seen. */
const TURN_GAIN = { yaw: 1.15, pitch: 2, roll: 1.05 }
const bounded = (value: number, limit: number): number => limit * Math.tanh(value / limit)

/**
 * The pose that makes `own`, the source as it is in its picture, do what the driver does at this moment.
 *
 * With `relative` either retargeting switch leaves only eyes or lips moving, as the service does it (contract, section 5).
 */
export const poseFor = (
  parameters: ClipParameters,
  performance: Performance,
  index: number,
  own: OwnFace,
): FramePose => {
  const { relative, eye_retargeting: eyesOnly, lip_retargeting: lipsOnly } = parameters
  const relativeMoment = performance.relative[index] ?? REST
  const absoluteMoment = performance.absolute[index] ?? REST
  const moment = relative ? relativeMoment : absoluteMoment
  const isPartial = relative && (eyesOnly || lipsOnly)

  const isZeroed = parameters.lip_zero && !eyesOnly && !lipsOnly && own.gap > parameters.lip_zero_threshold
  const base = isZeroed || !relative ? 0 : own.gap
  const gap = lipsOnly
    ? parameters.lip_retargeting_multiplier * absoluteMoment.gap
    : isPartial
      ? own.gap
      : base + moment.gap * (1 - BARE_SHARE * moment.bare)
  const target = Math.max(0, gap)
  const missing = own.gap > 0 ? clamp(1 - target / own.gap) : 0

  // A smile of its own does not add to the driver's: it is taken off as far as the driver shows something.
  const smile = clamp((own.width - SMILE_FROM) / SMILE_SPAN, 0, 1.2)
  const shown = relative ? smoothstep(0.1, 0.7, Math.abs(moment.wide)) : 1
  const wide = isPartial ? 0 : clamp(moment.wide - smile * shown, -1, 1.3)

  const closure = eyesOnly ? parameters.eyes_retargeting_multiplier * moment.closure : moment.closure
  const turn = relative ? { yaw: 0, pitch: 0, roll: 0 } : own.rotation
  const whole = isPartial ? 0 : 1
  return {
    yaw: whole * bounded(TURN_GAIN.yaw * (moment.yaw - turn.yaw), 0.4),
    pitch: whole * bounded(TURN_GAIN.pitch * (moment.pitch - turn.pitch), 0.35),
    roll: whole * bounded(TURN_GAIN.roll * (moment.roll - turn.roll), 0.4),
    shiftX: whole * bounded(moment.shiftX, 0.3),
    shiftY: whole * bounded(moment.shiftY, 0.3),
    jaw: clamp(((target - own.gap) / GAP_PER_JAW) * (target < own.gap ? 0.4 : 1), -WIDEST_JAW, WIDEST_JAW),
    wide,
    press: missing,
    upper: isPartial ? 0 : moment.bare,
    blink: isPartial && !eyesOnly ? 0 : clamp(closure),
    gazeX: whole * clamp(1.6 * moment.gazeX, -0.16, 0.16),
    gazeY: whole * clamp(1.2 * moment.gazeY, -0.08, 0.08),
    brow: whole * clamp(moment.brow, -1.3, 1.3),
  }
}
